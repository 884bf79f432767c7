import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from 'grammy'
import type { Update } from 'grammy/types'
import type { Logger } from '../../log.ts'
import { backoff, type Timing, toTelegramError } from './calls.ts'

/** Neither edits nor channel posts: a command counts as it was first said, by someone with an own id. */
export const ALLOWED_UPDATES = ['message', 'callback_query'] as const
const MAX_WAIT_MS = 60_000
// A slow update holds up the next ones no longer than this; it is finished all the same, and confirmed only then.
const MAX_BATCH_MS = 5_000
/** As many as Telegram gives at once. */
const PAGE = 100
/** While one is late Telegram repeats it at every poll. */
const LATE_LOOK_MS = 1_000
const LAST_WORD_MS = 2_000

/**
 * Long polling until `signal` aborts: at least once, nothing dropped.
 *
 * grammY's own loop gives up on a conflict and sleeps through a stop, so this one stands in for it. Asking from an offset on is
 * what confirms everything before it, so it never passes an update that is still being handled: should this process die, Telegram
 * gives it to the next. Only where a whole poll brings nothing but known ones is that given up, for what waits behind them.
 */
export async function poll({
  api,
  token,
  timing,
  signal,
  log,
  handle,
}: {
  api: Api
  token: string
  timing: Timing
  signal: AbortSignal
  log: Logger
  /** Never rejects. */
  handle: (update: Update) => Promise<void>
}): Promise<void> {
  const inHand = new Set<number>()
  /** Handled, and not confirmed yet because an earlier one is in hand. */
  const handled = new Set<number>()
  let next = 0
  let failures = 0
  const offset = (): number => Math.min(next, ...inHand)
  let lastTold: string | undefined

  const take = async (update: Update): Promise<void> => {
    const { update_id: id } = update
    inHand.add(id)
    next = Math.max(next, id + 1)
    await handle(update)
    inHand.delete(id)
    handled.add(id)
  }

  while (!signal.aborted) {
    try {
      const updates = await api.getUpdates(
        { offset: offset(), timeout: inHand.size > 0 ? 0 : timing.pollSeconds, allowed_updates: ALLOWED_UPDATES },
        toGrammySignal(signal),
      )
      if (failures > 0) log.info({ failures }, 'telegram polling works again')
      failures = 0
      lastTold = undefined
      const fresh = updates.filter(({ update_id: id }) => !inHand.has(id) && !handled.has(id))
      if (fresh.length === 0 && updates.length >= PAGE) {
        log.warn(
          { late: inHand.size },
          'telegram updates confirmed unfinished: more wait behind them than one poll brings',
        )
        inHand.clear()
      }
      await handledOrLate(fresh.map(take))
      for (const id of handled) if (id < offset()) handled.delete(id)
      if (fresh.length === 0 && inHand.size > 0) await sleep(LATE_LOOK_MS, undefined, { signal }).catch(() => undefined)
    } catch (thrown) {
      if (signal.aborted) break
      const error = toTelegramError(thrown, token)
      const wait = (error.retryAfterSeconds ?? 0) * 1000 || backoff(timing, failures)
      failures++
      const told = tell(error.code, error.message)
      if (told !== lastTold) log.error({ code: error.code }, told)
      lastTold = told
      await sleep(Math.min(wait, MAX_WAIT_MS), undefined, { signal }).catch(() => undefined)
    }
  }

  // Confirms what was handled, so that the next start is not sent it again. Missing it only costs a redelivery.
  if (next > 0) {
    await api
      .getUpdates({ offset: offset(), limit: 1, timeout: 0 }, toGrammySignal(AbortSignal.timeout(LAST_WORD_MS)))
      .catch(() => undefined)
  }
}

function tell(code: number | undefined, message: string): string {
  switch (code) {
    case 409:
      if (message.includes('webhook')) {
        return 'A webhook is set for this Telegram bot (409 Conflict): another process takes its updates. Stop it, or restart this one. Trying again.'
      }
      return 'Another process polls Telegram with the same bot token (409 Conflict): stop it, or give each its own bot. Trying again.'
    case 401:
    case 404:
      return 'Telegram no longer accepts the bot token: ask @BotFather for the current one and restart. Trying again.'
    default:
      return `${message}. Trying again.`
  }
}

/** An update counts as taken once it is handled, or after five seconds. */
export async function handledOrLate(handling: readonly Promise<void>[]): Promise<void> {
  if (handling.length === 0) return
  const late = new AbortController()
  const timer = sleep(MAX_BATCH_MS, undefined, { signal: late.signal }).catch(() => undefined)
  await Promise.race([Promise.all(handling), timer])
  late.abort()
}

type GrammySignal = NonNullable<Parameters<Api['getUpdates']>[1]>
/** The same object: grammY types an older AbortSignal than Node has. */
export const toGrammySignal = (signal: AbortSignal): GrammySignal => signal as unknown as GrammySignal
