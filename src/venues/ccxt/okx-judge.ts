import type { Judgement } from './exchange.ts'
import type { Answered } from './failures.ts'
import { field } from './readings.ts'

/** Timed out, unavailable, busy inside, "repeated request", being cancelled already: documented as saying nothing of the order. */
const UNCERTAIN = new Set(['50001', '50004', '50005', '50013', '50026', '50042', '51149', '51410', '51412'])
/** Of the request, of `expTime`, and of the matching engine: refused for the time alone. */
const CLOCK = new Set(['50036', '50037', '50102'])
const NOT_FOUND = new Set(['51400', '51401', '51402', '51416', '51503', '51603'])
const DUPLICATE = new Set(['50071', '51016', '51065', '51068'])
/** Of the endpoint, of operations, of the account's orders. */
const BUSY = new Set(['50011', '50040', '50061'])

/** Refusals that the desk tells apart, whichever venue they come from. */
const NAMED: Readonly<Record<string, string>> = {
  '51007': 'NOTIONAL_BELOW_MIN',
  '51008': 'INSUFFICIENT_MARGIN',
  '51020': 'NOTIONAL_BELOW_MIN',
  '51119': 'INSUFFICIENT_MARGIN',
  '51120': 'NOTIONAL_BELOW_MIN',
  '51127': 'INSUFFICIENT_MARGIN',
  '51131': 'INSUFFICIENT_MARGIN',
  '51169': 'REDUCE_ONLY_WOULD_INCREASE',
  '51170': 'REDUCE_ONLY_WOULD_INCREASE',
}

/** OKX does not say when; it counts in windows of two seconds, which empty bit by bit. */
const PAUSE_MS = 500

/**
 * By the code of the one order that a request was about (`sCode`), else by that of the request, else by HTTP status. Codes may
 * have a sub-code, as in `51008_1000`.
 *
 * @see https://www.okx.com/docs-v5/en/#error-code
 */
export function judgeOkx({ status, body, text }: Answered): Judgement {
  const { code, message } = codeOf(body)
  const reason = code === undefined ? `HTTP ${status} ${text.slice(0, 100)}` : `${code} ${message}`
  const plain = code?.split('_')[0] ?? ''
  if (BUSY.has(plain) || (status === 429 && code === undefined)) return { kind: 'busy', reason, retryAfterMs: PAUSE_MS }
  if (code === undefined || UNCERTAIN.has(plain) || status >= 500) return { kind: 'uncertain', reason }
  if (CLOCK.has(plain)) return { kind: 'clock', reason }
  if (DUPLICATE.has(plain)) return { kind: 'duplicate', reason }
  if (NOT_FOUND.has(plain)) return { kind: 'not-found', reason }
  const name = NAMED[plain]
  return { kind: 'refused', reason: name === undefined ? reason : `${name} ${reason}` }
}

/** Undefined where OKX names no error: it may still have answered with one in HTML. */
export function codeOf(body: unknown): { readonly code?: string; readonly message?: string } {
  const row = field(field(body, 'data'), 0)
  const said = String(field(row, 'sCode') ?? '')
  if (said !== '' && said !== '0') return { code: said, message: String(field(row, 'sMsg') ?? '') }
  const code = String(field(body, 'code') ?? '')
  // 1 and 2 say that all or some of the operations failed, and the code is with the operation.
  if (code === '' || code === '0' || code === '1' || code === '2') return {}
  return { code, message: String(field(body, 'msg') ?? '') }
}
