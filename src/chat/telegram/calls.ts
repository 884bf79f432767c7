import { setTimeout as sleep } from 'node:timers/promises'
import { GrammyError, HttpError } from 'grammy'
import type { Logger } from '../../log.ts'
import type { FloodGate } from '../flood.ts'
import { DEFAULT_LIMITS, type Errand, type TelegramLimits } from './limits.ts'

const MAX_TRIES = 4
const MAX_WAIT_SECONDS = 60
/** Longer than a group's minute and a wait that Telegram asks for, one after the other. */
const MAX_STANDSTILL_MS = 125_000

export interface Timing {
  /** How long one getUpdates waits at the server. */
  readonly pollSeconds: number
  /** What is sent at most. */
  readonly limits: TelegramLimits
  /** First wait after a failed poll; doubles up to a minute. */
  readonly backoffMs: number
}

export const DEFAULT_TIMING: Timing = { pollSeconds: 25, limits: DEFAULT_LIMITS, backoffMs: 2_000 }

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
  /** The same in one chat, wherever it has moved to; for what Telegram does not count. */
  inChat<T>(chat: string, call: (chat: string) => Promise<T>): Promise<T>
  /** The same for a message or an edit: when the limits let it through, the urgent first. */
  toChat<T>(errand: Errand, call: (chat: string) => Promise<T>): Promise<T>
  /** ms until the limits let it through. */
  readyIn(errand: Errand): number
}

/** Calls to the Bot API with the manners it asks for: within its limits, and waiting when told to. */
export function createCalls({
  token,
  gate,
  signal,
  log,
}: {
  token: string
  gate: FloodGate
  signal: AbortSignal
  log: Logger
}): Calls {
  const movedTo = new Map<string, string>()
  const standing = (chat: string): string => movedTo.get(chat) ?? chat

  const patiently = async <T>(call: () => Promise<T>, pause: (ms: number) => void): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await call()
      } catch (thrown) {
        const error = toTelegramError(thrown, token)
        const wait = error.retryAfterSeconds
        if (error.code !== 429 || wait === undefined) throw error
        pause(wait * 1000)
        if (wait > MAX_WAIT_SECONDS || tries >= MAX_TRIES) throw error
        log.warn({ retryAfterSeconds: wait, tries }, 'telegram asks to slow down')
        await sleep(wait * 1000, undefined, { signal }).catch(() => {
          throw new TelegramError('Telegram asked to wait, and the adapter was closed meanwhile', { code: 429 })
        })
      }
    }
  }

  const inChat = async <T>(chat: string, call: (chat: string) => Promise<T>): Promise<T> => {
    const here = standing(chat)
    const pause = (ms: number): void => gate.pause(here, ms)
    try {
      return await patiently(() => call(here), pause)
    } catch (thrown) {
      const error = toTelegramError(thrown, token)
      if (error.migratedTo === undefined) throw error
      const target = error.migratedTo
      log.warn({ chat, movedTo: target }, 'this Telegram group became a supergroup: put its new id into the settings')
      movedTo.set(chat, target)
      return await patiently(() => call(target), pause)
    }
  }

  const readyIn = ({ chat, urgency }: Errand): number => gate.readyIn(standing(chat), urgency)

  return {
    run: (call) => patiently(call, () => undefined),
    inChat,
    readyIn,
    async toChat(errand, call) {
      const wait = readyIn(errand)
      if (wait > MAX_STANDSTILL_MS) {
        const retryAfterSeconds = Math.ceil(wait / 1000)
        const text = `Telegram wants nothing sent to chat ${errand.chat} for ${retryAfterSeconds} s`
        throw new TelegramError(text, { code: 429, retryAfterSeconds })
      }
      try {
        return await gate.pass(standing(errand.chat), errand.urgency, () => inChat(errand.chat, call))
      } catch (thrown) {
        throw toTelegramError(thrown, token)
      }
    },
  }
}
