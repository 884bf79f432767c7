import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from 'grammy'
import type { Update } from 'grammy/types'
import type { Logger } from '../../log.ts'
import { backoff, type Timing, toTelegramError } from './calls.ts'

/** Neither edits nor channel posts: a command counts as it was first said, by someone with an own id. */
export const ALLOWED_UPDATES = ['message', 'callback_query'] as const
const MAX_WAIT_MS = 60_000
// A slow update holds up the next ones no longer than this; it is finished all the same.
const MAX_BATCH_MS = 5_000
const LAST_WORD_MS = 2_000

/**
 * Long polling until `signal` aborts: at least once, nothing dropped.
 *
 * grammY's own loop gives up on a conflict and sleeps through a stop, so this one stands in for it. Fetching the next
 * batch is what confirms the last, so an update is handled before Telegram forgets it.
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
  let offset = 0
  let failures = 0
  let lastTold: string | undefined

  while (!signal.aborted) {
    try {
      const updates = await api.getUpdates(
        { offset, timeout: timing.pollSeconds, allowed_updates: ALLOWED_UPDATES },
        toGrammySignal(signal),
      )
      if (failures > 0) log.info({ failures }, 'telegram polling works again')
      failures = 0
      lastTold = undefined
      offset = updates.reduce((next, update) => Math.max(next, update.update_id + 1), offset)
      await handledOrLate(updates.map(handle))
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
  if (offset > 0) {
    await api
      .getUpdates({ offset, limit: 1, timeout: 0 }, toGrammySignal(AbortSignal.timeout(LAST_WORD_MS)))
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
