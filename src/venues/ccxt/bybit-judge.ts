import type { Judgement } from './exchange.ts'
import type { Answered } from './failures.ts'
import { field } from './readings.ts'

/**
 * Timed out or broke inside; "repeated request" and "is being processed" speak of another request that may have been taken.
 */
const UNCERTAIN = new Set([5004, 10000, 10014, 10016, 10019, 110079])
const CLOCK = new Set([10002])
/** Not there, ended, cancelled before. */
const NOT_FOUND = new Set([110001, 110008, 110010])
const DUPLICATE = new Set([110072])
/** Of the account, of the address, of the whole system. */
const BUSY = new Set([10006, 10018, 10429])

/** Refusals that the desk tells apart, whichever venue they come from. */
const NAMED: Readonly<Record<number, string>> = {
  110004: 'INSUFFICIENT_MARGIN',
  110006: 'INSUFFICIENT_MARGIN',
  110007: 'INSUFFICIENT_MARGIN',
  110012: 'INSUFFICIENT_MARGIN',
  110014: 'INSUFFICIENT_MARGIN',
  110017: 'REDUCE_ONLY_WOULD_INCREASE',
  110044: 'INSUFFICIENT_MARGIN',
  110045: 'INSUFFICIENT_MARGIN',
  110051: 'INSUFFICIENT_MARGIN',
  110052: 'INSUFFICIENT_MARGIN',
  110053: 'INSUFFICIENT_MARGIN',
  110094: 'NOTIONAL_BELOW_MIN',
}

/** Bybit bans an address for ten minutes. */
const BAN_MS = 600_000
const PAUSE_MS = 1_000

/**
 * By `retCode` where there is one, else by HTTP status. Bybit says no with status 200; 403 without a code is its guard against
 * too many requests of one address, or against a place that it does not serve, both before anything is read.
 *
 * @see https://bybit-exchange.github.io/docs/v5/error
 */
export function judgeBybit({ status, body, text, headers }: Answered): Judgement {
  const code = Number(field(body, 'retCode'))
  const isCoded = Number.isFinite(code) && code !== 0
  const reason = isCoded ? `${code} ${field(body, 'retMsg')}` : `HTTP ${status} ${text.slice(0, 100)}`
  if (BUSY.has(code) || status === 429 || (!isCoded && status === 403 && /too frequent/i.test(text))) {
    const isBanned = code === 10018 || status === 403
    return { kind: 'busy', reason, retryAfterMs: isBanned ? BAN_MS : pauseFrom(headers) }
  }
  if (!isCoded || UNCERTAIN.has(code) || status >= 500) return { kind: 'uncertain', reason }
  if (CLOCK.has(code)) return { kind: 'clock', reason }
  if (DUPLICATE.has(code)) return { kind: 'duplicate', reason }
  if (NOT_FOUND.has(code)) return { kind: 'not-found', reason }
  const name = NAMED[code]
  return { kind: 'refused', reason: name === undefined ? reason : `${name} ${reason}` }
}

/** Bybit tells the instant at which the count starts anew, and its own time beside it. */
function pauseFrom(headers: Readonly<Record<string, unknown>>): number {
  const lowered = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const pause = Number(lowered.get('x-bapi-limit-reset-timestamp')) - Number(lowered.get('timenow'))
  return Number.isFinite(pause) ? Math.min(Math.max(0, pause), 5 * PAUSE_MS) : PAUSE_MS
}
