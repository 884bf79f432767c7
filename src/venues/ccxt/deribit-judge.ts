import type { Judgement } from './exchange.ts'
import type { Answered } from './failures.ts'
import { field } from './readings.ts'

/** General failures, of which nobody says how far the request had got. */
const UNCERTAIN = new Set([10001, 11031, 11094, 13008, 13028])
/** `timed_out`: it came after its `valid_until`, and the matching engine has not seen it. */
const CLOCK = new Set([13888])
/** Not there, closed, somebody else's, not open. */
const NOT_FOUND = new Set([10004, 10010, 10029, 11008, 11044])
/** Too many requests, "retry", the queue full, too many at once, settlement: refused before matching. */
const BUSY = new Set([10028, 10040, 10041, 10047, 10066])

/** Refusals that the desk tells apart, whichever venue they come from. */
const NAMED: Readonly<Record<number, string>> = {
  10002: 'NOTIONAL_BELOW_MIN',
  10009: 'INSUFFICIENT_MARGIN',
  10032: 'NOTIONAL_BELOW_MIN',
  10039: 'INSUFFICIENT_MARGIN',
  11054: 'POST_ONLY_WOULD_TAKE',
}
/** An "other" rejection, such as `reduce_direction`. */
const OF_REDUCE_ONLY = /reduce/i

/** A used-up account is given the credit for one more order every fifth of a second. */
const PAUSE_MS = 250

/**
 * By JSON-RPC error code where there is one, else by HTTP status. Cancelling by label answers with how many it cancelled: none is
 * no error to Deribit, and is one to whoever wanted a certain order cancelled.
 *
 * @see https://docs.deribit.com/#rpc-error-codes
 */
export function judgeDeribit({ status, body, text }: Answered): Judgement {
  if (String(field(body, 'result')) === '0') return { kind: 'not-found', reason: 'no open order has this label' }
  const error = field(body, 'error')
  const code = Number(field(error, 'code'))
  const reason = Number.isFinite(code) ? describe(error) : `HTTP ${status} ${text.slice(0, 100)}`
  if (status === 429 || BUSY.has(code)) return { kind: 'busy', reason, retryAfterMs: PAUSE_MS }
  if (UNCERTAIN.has(code) || !Number.isFinite(code)) return { kind: 'uncertain', reason }
  if (CLOCK.has(code)) return { kind: 'clock', reason }
  if (NOT_FOUND.has(code)) return { kind: 'not-found', reason }
  const name = NAMED[code] ?? (OF_REDUCE_ONLY.test(reason) ? 'REDUCE_ONLY_WOULD_INCREASE' : undefined)
  return { kind: 'refused', reason: name === undefined ? reason : `${name} ${reason}` }
}

/** `-32602 Invalid params: must be positive (amount)` */
function describe(error: unknown): string {
  const data = field(error, 'data')
  const detail = typeof data === 'string' ? data : field(data, 'reason')
  const parameter = field(data, 'param')
  return `${field(error, 'code')} ${field(error, 'message')}${detail ? `: ${detail}` : ''}${parameter ? ` (${parameter})` : ''}`
}
