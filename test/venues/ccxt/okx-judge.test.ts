import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeOkx } from '../../../src/venues/ccxt/okx-judge.ts'

test('what an error means for an order follows from the code of the order, of the request, or the status', () => {
  const judge = (status: number, body?: unknown) =>
    judgeOkx({ status, headers: {}, text: '', body, errorName: 'ExchangeError' })
  const ofRequest = (code: string) => ({ code, msg: 'm', data: [] })
  const ofOrder = (sCode: string, code = '1') => ({ code, msg: 'All operations failed', data: [{ sCode, sMsg: 'm' }] })
  const cases: readonly (readonly [status: number, body: unknown, kind: string])[] = [
    [200, ofOrder('51000'), 'refused'],
    [200, ofOrder('51000', '0'), 'refused'],
    [200, ofOrder('51008'), 'refused'],
    [200, ofOrder('51008_1000'), 'refused'],
    [200, ofOrder('51169'), 'refused'],
    [200, ofOrder('51121'), 'refused'],
    [400, ofRequest('51000'), 'refused'],
    [401, ofRequest('50111'), 'refused'],
    [401, ofRequest('50113'), 'refused'],
    [200, ofRequest('50120'), 'refused'],
    [200, ofOrder('51400'), 'not-found'],
    [200, ofOrder('51416'), 'not-found'],
    [200, ofRequest('51603'), 'not-found'],
    [200, ofOrder('51016'), 'duplicate'],
    [200, ofOrder('51065', '0'), 'duplicate'],
    [200, ofOrder('50071'), 'duplicate'],
    [401, ofRequest('50102'), 'clock'],
    [200, ofOrder('50036'), 'clock'],
    [200, ofOrder('50037'), 'clock'],
    [429, ofRequest('50011'), 'busy'],
    [200, ofRequest('50011'), 'busy'],
    [200, ofOrder('50061'), 'busy'],
    [429, undefined, 'busy'],
    [429, ofRequest('50013'), 'uncertain'],
    [400, ofRequest('50004'), 'uncertain'],
    [503, ofRequest('50001'), 'uncertain'],
    [500, ofRequest('51149'), 'uncertain'],
    [200, ofOrder('51149'), 'uncertain'],
    [200, ofOrder('51410'), 'uncertain'],
    [500, ofRequest('50026'), 'uncertain'],
    [502, undefined, 'uncertain'],
    [403, undefined, 'uncertain'],
    [200, { code: '1', msg: 'Operation failed.', data: [] }, 'uncertain'],
  ]
  for (const [status, body, kind] of cases) {
    assert.equal(judge(status, body).kind, kind, `${status} ${JSON.stringify(body)}`)
  }
  const named = (code: string): string => judge(200, ofOrder(code)).reason.split(' ')[0]!
  assert.deepEqual(['51008_1000', '51170', '51020'].map(named), [
    'INSUFFICIENT_MARGIN',
    'REDUCE_ONLY_WOULD_INCREASE',
    'NOTIONAL_BELOW_MIN',
  ])
})
