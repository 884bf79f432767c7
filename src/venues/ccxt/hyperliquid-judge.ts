import type { Judgement } from './exchange.ts'
import type { Answered } from './failures.ts'
import { field } from './readings.ts'

/** After its `expiresAfter`, or signed with a nonce that is not of this time: refused before the action is looked at. */
const CLOCK = /\bexpire|\bnonce\b/i
const NOT_FOUND = /never placed, already canceled, or filled|unknownOid/
/** Whatever is wrong with an id, there may be an order under it: that is asked for, and not called refused. */
const DUPLICATE = /\bcloid\b|\bduplicate\b/i
/** By address rather than by machine: so many requests per dollar that was ever traded. */
const BUSY = /Too many cumulative requests|rate limit/i
/** An immediate order that found nothing: on record with an id, and ended. */
const FOUND_NOTHING = /could not immediately match/

/** Refusals that the desk tells apart, whichever venue they come from. */
const NAMED: readonly (readonly [text: RegExp, name: string])[] = [
  [/Insufficient margin/i, 'INSUFFICIENT_MARGIN'],
  [/Reduce only order would increase/i, 'REDUCE_ONLY_WOULD_INCREASE'],
  [/minimum value of/i, 'NOTIONAL_BELOW_MIN'],
  [/Post only order would have immediately matched/i, 'POST_ONLY_WOULD_TAKE'],
]

const SHORT_PAUSE_MS = 500
/** An address that has used up its requests has one every ten seconds. */
const LONG_PAUSE_MS = 10_000

/**
 * By the text, as there are no codes: `{status: 'err', response}` for an action that was refused whole, and an `error` among the
 * `statuses` for one order of it, both with HTTP 200.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses
 */
export function judgeHyperliquid({ status, body, text }: Answered): Judgement {
  const said = errorIn(body)
  const reason = said ?? `HTTP ${status} ${text.slice(0, 100)}`
  if (status === 429) return { kind: 'busy', reason, retryAfterMs: SHORT_PAUSE_MS }
  // A body that it could not make an action of, or that is none of its actions.
  if (status === 422) return { kind: 'refused', reason }
  if (said === undefined || status >= 500) return { kind: 'uncertain', reason }
  if (BUSY.test(said)) return { kind: 'busy', reason, retryAfterMs: LONG_PAUSE_MS }
  if (CLOCK.test(said)) return { kind: 'clock', reason }
  if (NOT_FOUND.test(said)) return { kind: 'not-found', reason }
  if (DUPLICATE.test(said)) return { kind: 'duplicate', reason }
  const name = NAMED.find(([pattern]) => pattern.test(said))?.[1]
  return { kind: 'refused', reason: name === undefined ? reason : `${name} ${reason}` }
}

/** It has no order under the id that was asked for. */
export const isUnknownOrder = ({ body }: Answered): boolean => field(body, 'status') === 'unknownOid'

export const foundNothing = ({ body }: Answered): boolean => FOUND_NOTHING.test(errorIn(body) ?? '')

/** What it says is wrong, undefined where it says nothing of the kind. */
function errorIn(body: unknown): string | undefined {
  const response = field(body, 'response')
  if (field(body, 'status') === 'err') return String(response)
  if (field(body, 'status') === 'unknownOid') return 'unknownOid'
  const statuses = field(field(response, 'data'), 'statuses')
  for (const error of [...(Array.isArray(statuses) ? statuses : []), field(field(response, 'data'), 'status'), body]) {
    const text = field(error, 'error')
    if (typeof text === 'string') return text
  }
  return undefined
}
