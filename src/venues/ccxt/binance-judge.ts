import type { Judgement } from './exchange.ts'
import type { Answered } from './failures.ts'
import { field } from './readings.ts'

/** Execution status unknown, or the reason is: the order may be there. */
const UNCERTAIN = new Set([-1000, -1001, -1006, -1007, -1016])
/** Outside of the receive window: of the gateway, and of the matching engine. */
const CLOCK = new Set([-1021, -5028])
const NOT_FOUND = new Set([-2011, -2013])
const DUPLICATE = new Set([-4116, -20132])
/** Too many requests, too many orders, overloaded: documented as not executed. */
const BUSY = new Set([-1003, -1008, -1015])

/** Refusals that the desk tells apart, whichever venue they come from. */
const NAMED: Readonly<Record<number, string>> = {
  [-2019]: 'INSUFFICIENT_MARGIN',
  [-2022]: 'REDUCE_ONLY_WOULD_INCREASE',
  [-4164]: 'NOTIONAL_BELOW_MIN',
  [-5022]: 'POST_ONLY_WOULD_TAKE',
}

const LONG_PAUSE_MS = 60_000
const SHORT_PAUSE_MS = 1_000

/**
 * By error code where there is one, else by HTTP status: 429 and 418 come from the gateway before the order is read; anything
 * from 500 on says nothing about it.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
 */
export function judgeBinance({ status, body, text, headers }: Answered): Judgement {
  const code = Number(field(body, 'code'))
  const reason = Number.isFinite(code) ? `${code} ${field(body, 'msg')}` : `HTTP ${status} ${text.slice(0, 100)}`
  if (status === 429 || status === 418 || BUSY.has(code)) {
    const seconds = Number(headers['retry-after'] ?? headers['Retry-After'])
    const pause = status === 418 ? LONG_PAUSE_MS : SHORT_PAUSE_MS
    return { kind: 'busy', reason, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : pause }
  }
  if (UNCERTAIN.has(code) || status >= 500 || status === 408 || !Number.isFinite(code))
    return { kind: 'uncertain', reason }
  if (CLOCK.has(code)) return { kind: 'clock', reason }
  if (DUPLICATE.has(code)) return { kind: 'duplicate', reason }
  // The same code also says that the account may not act at all.
  if (NOT_FOUND.has(code) && !/disabled/i.test(reason)) return { kind: 'not-found', reason }
  const name = NAMED[code]
  return { kind: 'refused', reason: name === undefined ? reason : `${name} ${reason}` }
}
