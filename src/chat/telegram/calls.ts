import { setTimeout as sleep } from 'node:timers/promises'
import { GrammyError, HttpError } from 'grammy'
import type { Logger } from '../../log.ts'
import { createTurns } from './turns.ts'

const MAX_TRIES = 4
const MAX_WAIT_SECONDS = 60

export interface Timing {
  /** How long one getUpdates waits at the server. */
  readonly pollSeconds: number
  /** Between two messages to one chat: Telegram's own figure is about one a second. */
  readonly paceMs: number
  /** First wait after a failed poll; doubles up to a minute. */
  readonly backoffMs: number
}

export const DEFAULT_TIMING: Timing = { pollSeconds: 25, paceMs: 1_000, backoffMs: 2_000 }

const MAX_BACKOFF_MS = 60_000
/** How long to wait after so many failures in a row: doubling, at most a minute. */
export const backoff = (timing: Timing, failures: number): number =>
  Math.min(timing.backoffMs * 2 ** Math.min(failures, 10), MAX_BACKOFF_MS)

/** A failed call to the Bot API, in words that never hold the token. */
export class TelegramError extends Error {
  override readonly name = 'TelegramError'
  readonly code: number | undefined
  readonly migratedTo: string | undefined
  readonly retryAfterSeconds: number | undefined
  constructor(
    message: string,
    facts: { code?: number; migratedTo?: string; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message)
    this.code = facts.code
    this.migratedTo = facts.migratedTo
    this.retryAfterSeconds = facts.retryAfterSeconds
  }
}

/**
 * grammY's errors carry the request's address, and with it the token, in their cause. This keeps the words and drops the
 * object.
 */
export function toTelegramError(error: unknown, token: string): TelegramError {
  if (error instanceof TelegramError) return error
  const scrub = (text: string): string => text.replaceAll(token, '[token]')
  if (error instanceof GrammyError) {
    const { migrate_to_chat_id: migratedTo, retry_after: retryAfterSeconds } = error.parameters
    return new TelegramError(scrub(`Telegram refused ${error.method}: ${error.error_code} ${error.description}`), {
      code: error.error_code,
      retryAfterSeconds,
      ...(migratedTo === undefined ? {} : { migratedTo: String(migratedTo) }),
    })
  }
  if (error instanceof HttpError) {
    const cause = error.error instanceof Error ? `: ${scrub(error.error.message)}` : ''
    return new TelegramError(`Telegram could not be reached${cause}`)
  }
  return new TelegramError(scrub(error instanceof Error ? error.message : String(error)))
}

export interface Calls {
  /** Runs a call, waiting out flood control (at most a minute at a time, four tries). Throws only `TelegramError`. */
  run<T>(call: () => Promise<T>): Promise<T>
  /** The same, in turn and paced with everything else that goes to this chat. */
  toChat<T>(chat: string, call: (chat: string) => Promise<T>): Promise<T>
}

/** Calls to the Bot API with the manners it asks for: one message a second a chat, and waiting when told to. */
export function createCalls({
  token,
  timing,
  signal,
  log,
}: {
  token: string
  timing: Timing
  signal: AbortSignal
  log: Logger
}): Calls {
  const inTurn = createTurns()
  const lastSentAt = new Map<string, number>()
  const movedTo = new Map<string, string>()

  const run = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await call()
      } catch (thrown) {
        const error = toTelegramError(thrown, token)
        const wait = error.retryAfterSeconds
        if (error.code !== 429 || wait === undefined || wait > MAX_WAIT_SECONDS || tries >= MAX_TRIES) throw error
        log.warn({ retryAfterSeconds: wait, tries }, 'telegram asks to slow down')
        await sleep(wait * 1000, undefined, { signal }).catch(() => {
          throw new TelegramError('Telegram asked to wait, and the adapter was closed meanwhile', { code: 429 })
        })
      }
    }
  }

  const paced = async <T>(chat: string, call: (chat: string) => Promise<T>): Promise<T> => {
    const wait = (lastSentAt.get(chat) ?? 0) + timing.paceMs - Date.now()
    if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => undefined)
    try {
      return await run(() => call(movedTo.get(chat) ?? chat))
    } catch (thrown) {
      const error = toTelegramError(thrown, token)
      if (error.migratedTo === undefined) throw error
      const target = error.migratedTo
      log.warn({ chat, movedTo: target }, 'this Telegram group became a supergroup: put its new id into the settings')
      movedTo.set(chat, target)
      return await run(() => call(target))
    } finally {
      lastSentAt.set(chat, Date.now())
    }
  }

  return {
    run,
    toChat: (chat, call) => inTurn(chat, () => paced(chat, call)),
  }
}
