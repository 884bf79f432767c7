import type { Judgement } from './exchange.ts'
import { type Answered, RequestFailure } from './failures.ts'
import { field } from './readings.ts'

/**
 * What a node says of a transaction that it does not take, by module and code. It was not spread to other nodes.
 *
 * @see https://github.com/dydxprotocol/v4-chain/blob/main/protocol/x/clob/types/errors.go
 */
const CLOB: Readonly<Record<number, Exclude<Judgement['kind'], 'busy'>>> = {
  // Past the block or the time that it was good till, or too far before it.
  ...{ 10: 'clock', 11: 'clock', 3003: 'clock' },
  // There is no such order, or it has gone.
  ...{ 2: 'not-found', 3006: 'not-found', 3010: 'not-found' },
  // An order under this number is there, is filled, or was cancelled a moment ago.
  ...{ 7: 'duplicate', 20: 'duplicate', 24: 'duplicate', 30: 'duplicate' },
  ...{ 3005: 'duplicate', 3008: 'duplicate', 3009: 'duplicate' },
  // A cancel is on its way already.
  ...{ 9: 'uncertain', 32: 'uncertain' },
}
/** Too many orders in these blocks; a node that has just been started. */
const CLOB_BUSY = new Set([47, 5001])
/** Of the Cosmos SDK: the nonce is outside of its window or was used, the block has passed, it is there already. */
const SDK: Readonly<Record<number, Exclude<Judgement['kind'], 'busy'>>> = { 32: 'clock', 30: 'clock', 19: 'duplicate' }
const SDK_MEMPOOL_FULL = 20

/** Refusals that the desk tells apart, whichever venue they come from. */
const NAMED: Readonly<Record<number, string>> = {
  2001: 'REDUCE_ONLY_WOULD_INCREASE',
  2002: 'REDUCE_ONLY_WOULD_INCREASE',
  2003: 'POST_ONLY_WOULD_TAKE',
  3007: 'INSUFFICIENT_MARGIN',
  9003: 'REDUCE_ONLY_NEEDS_IOC',
}

const BLOCK_MS = 1_000
const SHORT_PAUSE_MS = 500

/** The answers of a node's RPC, of its REST interface and of the indexer. */
export function judgeDydx(answer: Answered): Judgement {
  const { status, text, headers } = answer
  const body = answer.body ?? parsed(text)
  const result = field(body, 'result')
  const code = Number(field(result, 'code'))
  if (code > 0) return judgeTransaction(result, code)
  const said = saidBy(body) ?? text.slice(0, 100)
  const reason = `HTTP ${status} ${said}`
  if (/tx already exists in cache/i.test(said)) return { kind: 'duplicate', reason }
  if (status === 429 || /mempool is full/i.test(said)) {
    const seconds = Number(headers['retry-after'] ?? headers['Retry-After'])
    return { kind: 'busy', reason, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : SHORT_PAUSE_MS }
  }
  // Only the indexer's own words: any server may know no such page.
  if (status === 404 && Array.isArray(field(body, 'errors'))) return { kind: 'not-found', reason }
  return { kind: status >= 400 && status < 500 && status !== 404 && status !== 408 ? 'refused' : 'uncertain', reason }
}

function judgeTransaction(result: unknown, code: number): Judgement {
  const module = String(field(result, 'codespace') ?? '')
  const reason = `${module} ${code} ${String(field(result, 'log') ?? '')}`.slice(0, 200)
  if ((module === 'clob' && CLOB_BUSY.has(code)) || (module === 'sdk' && code === SDK_MEMPOOL_FULL))
    return { kind: 'busy', reason, retryAfterMs: BLOCK_MS }
  const kind = (module === 'clob' ? CLOB : module === 'sdk' ? SDK : {})[code] ?? 'refused'
  const name = module === 'clob' ? NAMED[code] : undefined
  return { kind, reason: name === undefined ? reason : `${name} ${reason}` }
}

/** An order that had ended when it was to be cancelled, in the words of the chain. */
export const noSuchOrder = (log: string): RequestFailure =>
  new RequestFailure('answered', log, {
    answer: {
      status: 200,
      body: { result: { code: 3006, codespace: 'clob', log } },
      text: log,
      headers: {},
      errorName: 'OrderNotFound',
    },
  })

/** Undefined where the venue says that there is none. */
export async function ifAny<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof RequestFailure && error.answer && judgeDydx(error.answer).kind === 'not-found')
      return undefined
    throw error
  }
}

function saidBy(body: unknown): string | undefined {
  const errors = field(body, 'errors')
  const error = field(body, 'error')
  const said =
    (Array.isArray(errors) ? field(errors[0], 'msg') : undefined) ??
    field(error, 'data') ??
    field(error, 'message') ??
    field(body, 'message')
  return typeof said === 'string' ? said : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // It was no JSON: an error page.
    return undefined
  }
}
