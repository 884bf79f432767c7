import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeBybit } from '../../../src/venues/ccxt/bybit-judge.ts'

const AT = Date.UTC(2026, 0, 5)

test('what an error means for an order follows from its code, and without one from the status', () => {
  const judge = (status: number, retCode?: number, text = '') =>
    judgeBybit({ status, headers: {}, text, body: retCode && { retCode, retMsg: 'm' }, errorName: 'ExchangeError' })
  const cases: readonly (readonly [status: number, code: number | undefined, kind: string])[] = [
    [200, 10001, 'refused'],
    [200, 10003, 'refused'],
    [200, 10004, 'refused'],
    [200, 10005, 'refused'],
    [200, 10010, 'refused'],
    [200, 110003, 'refused'],
    [200, 110007, 'refused'],
    [200, 110017, 'refused'],
    [200, 110093, 'refused'],
    [200, 110001, 'not-found'],
    [200, 110008, 'not-found'],
    [200, 110010, 'not-found'],
    [200, 110072, 'duplicate'],
    [200, 10002, 'clock'],
    [200, 10006, 'busy'],
    [200, 10429, 'busy'],
    [403, 10018, 'busy'],
    [429, undefined, 'busy'],
    [200, 10000, 'uncertain'],
    [200, 10014, 'uncertain'],
    [200, 10016, 'uncertain'],
    [200, 10019, 'uncertain'],
    [200, 110079, 'uncertain'],
    [403, undefined, 'uncertain'],
    [502, undefined, 'uncertain'],
    [503, 10001, 'uncertain'],
  ]
  for (const [status, code, kind] of cases) assert.equal(judge(status, code).kind, kind, `${status} ${code}`)
  assert.deepEqual(judge(403, undefined, 'access too frequent'), {
    ...{ kind: 'busy', reason: 'HTTP 403 access too frequent', retryAfterMs: 600_000 },
  })
  const named = (code: number): string => judge(200, code).reason.split(' ')[0]!
  assert.deepEqual([110007, 110017, 110094].map(named), [
    'INSUFFICIENT_MARGIN',
    'REDUCE_ONLY_WOULD_INCREASE',
    'NOTIONAL_BELOW_MIN',
  ])
})

test('the pause after too many requests is the one that the venue tells', () => {
  const judge = (headers: Record<string, string>) =>
    judgeBybit({
      status: 200,
      headers,
      text: '',
      body: { retCode: 10006, retMsg: 'm' },
      errorName: 'RateLimitExceeded',
    })
  const told = { 'X-Bapi-Limit-Reset-Timestamp': String(AT + 700), Timenow: String(AT) }
  assert.deepEqual(judge(told), { kind: 'busy', reason: '10006 m', retryAfterMs: 700 })
  assert.deepEqual(judge({}), { kind: 'busy', reason: '10006 m', retryAfterMs: 1_000 })
})
