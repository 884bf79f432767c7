import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { judgeDydx } from '../../../src/venues/ccxt/dydx-judge.ts'
import { signerFrom } from '../../../src/venues/ccxt/dydx-key.ts'
import { candidatesFor, createNumbers } from '../../../src/venues/ccxt/dydx-numbers.ts'
import { asPassed, toRawFill, toRawOrder } from '../../../src/venues/ccxt/dydx-shapes.ts'
import { UnreadableError } from '../../../src/venues/ccxt/failures.ts'
import { createNumberRecord } from '../../support/exchange/dydx-record.ts'
import { orderUuid, subaccountIdOf } from '../../support/exchange/dydx-shapes.ts'

const MARKET = {
  ...{ asset: 'BTC', marketId: 'BTC-USD', symbol: 'BTC/USDC:USDC', contractSize: '1' },
  ...{ contractStep: '0.0001', tickSize: '1', minNotional: 0 },
}
/** As the indexer answered in November 2025. */
const ORDER = {
  ...{ id: '0f0981cb-152e-57d3-bea9-4d8e0dd5ed35', subaccountId: '5113b9c6-885f-5f80-a2cc-ae0d93795419' },
  ...{ clientId: '1700756032', clobPairId: '0', side: 'BUY', size: '0.0001', totalFilled: '0.0001', price: '110372' },
  ...{ type: 'LIMIT', status: 'FILLED', timeInForce: 'IOC', reduceOnly: true, orderFlags: '0' },
  ...{ goodTilBlock: '63049881', createdAtHeight: '63049869', clientMetadata: '1', postOnly: false },
  ...{ updatedAt: '2025-11-12T11:19:52.470Z', updatedAtHeight: '63049869', ticker: 'BTC-USD', subaccountNumber: 0 },
}
const FILL = {
  ...{ id: '6450e369-1dc3-5229-8dc2-fb3b5d1cf2ab', side: 'BUY', liquidity: 'TAKER', type: 'LIMIT', market: 'BTC-USD' },
  ...{ marketType: 'PERPETUAL', price: '105117', size: '0.0001', fee: '0', affiliateRevShare: '0' },
  ...{ createdAt: '2025-11-12T11:19:52.470Z', createdAtHeight: '63049869', orderId: ORDER.id, clientMetadata: '1' },
}

test('an order and its fill are read as the indexer wrote them', () => {
  const order = toRawOrder(ORDER, MARKET)
  assert.deepEqual([order.clientId, order.state, order.filledContracts], ['1700756032', 'filled', '0.0001'])
  const fill = toRawFill(FILL, MARKET, order.clientId)
  assert.deepEqual(
    [fill.venueOrderId, fill.at, fill.price],
    [ORDER.id, Date.UTC(2025, 10, 12, 11, 19, 52, 470), '105117'],
  )
})

test('the exchange on loopback makes the ids that the indexer makes', () => {
  const address = 'dydx1n56z5fhmemtffzkt2eqyf9kuc7ycjfs86mvqy7'
  assert.equal(subaccountIdOf(address), ORDER.subaccountId)
  assert.equal(orderUuid(address, 1_700_756_032, 0, 0), ORDER.id)
})

test('what one node took from its book has not ended, until its block has passed', () => {
  const order = toRawOrder({ ...ORDER, status: 'BEST_EFFORT_CANCELED', totalFilled: '0' }, MARKET)
  assert.equal(order.state, 'accepted')
  assert.equal(asPassed(order).state, 'canceled')
  const part = toRawOrder({ ...ORDER, status: 'BEST_EFFORT_CANCELED', totalFilled: '0.00005' }, MARKET)
  assert.deepEqual([part.state, asPassed(part).state], ['partially-filled', 'canceled'])
  assert.equal(asPassed({ ...part, filledContracts: '0.0001' }).state, 'filled')
})

test('what is no order and no fill is not read as one', () => {
  for (const wrong of [{ status: 'WHO_KNOWS' }, { size: 'NaN' }, { side: 'LONG' }, { id: '' }, { clientId: null }]) {
    assert.throws(() => toRawOrder({ ...ORDER, ...wrong }, MARKET), UnreadableError)
  }
  for (const wrong of [{ type: 'WHO_KNOWS' }, { createdAt: 'yesterday' }, { price: 'NaN' }, { liquidity: '' }]) {
    assert.throws(() => toRawFill({ ...FILL, ...wrong }, MARKET, undefined), UnreadableError)
  }
})

const judged = (status: number, body: unknown, text = JSON.stringify(body)) =>
  judgeDydx({ status, body, text, headers: {}, errorName: 'ExchangeError' })
const refusedBy = (codespace: string, code: number) => judged(200, { result: { code, codespace, log: 'why' } })

test('each refusal of a node means what it means for the order', () => {
  const kinds = [
    ...[10, 11, 3003].map((code) => [refusedBy('clob', code).kind, 'clock'] as const),
    ...[3006, 3010].map((code) => [refusedBy('clob', code).kind, 'not-found'] as const),
    ...[20, 24, 30, 3005, 3008].map((code) => [refusedBy('clob', code).kind, 'duplicate'] as const),
    [refusedBy('clob', 5001).kind, 'busy'] as const,
    [refusedBy('sdk', 32).kind, 'clock'] as const,
    [refusedBy('sdk', 19).kind, 'duplicate'] as const,
    [refusedBy('sdk', 4).kind, 'refused'] as const,
    // The same numbers mean other things elsewhere.
    [refusedBy('sdk', 10).kind, 'refused'] as const,
    [refusedBy('subaccounts', 3006).kind, 'refused'] as const,
  ]
  for (const [kind, expected] of kinds) assert.equal(kind, expected)
  assert.match(refusedBy('clob', 3007).reason, /^INSUFFICIENT_MARGIN clob 3007 why/)
  assert.match(refusedBy('clob', 2003).reason, /^POST_ONLY_WOULD_TAKE/)
})

test('only the indexer’s own word for it says that there is no such order', () => {
  assert.equal(judged(404, undefined, '{"errors":[{"msg":"Unable to find order id 1"}]}').kind, 'not-found')
  assert.equal(judged(404, undefined, '<html>404 Not Found</html>').kind, 'uncertain')
  assert.equal(judged(502, undefined, '').kind, 'uncertain')
  assert.equal(judged(500, { error: { code: -32603, data: 'tx already exists in cache' } }).kind, 'duplicate')
  assert.equal(judged(500, { error: { code: -32603, data: 'mempool is full: 5000' } }).kind, 'busy')
  assert.equal(judged(403, { errors: [{ msg: 'blocked', code: 'GEOBLOCKED' }] }).kind, 'refused')
})

test('numbers are of 32 bits, eight to choose from, and no two orders have the same one', async () => {
  const ids = fc.uniqueArray(
    fc.string().map((text) => base32Hash(text, 128) as ClientOrderId),
    { minLength: 2 },
  )
  await fc.assert(
    fc.asyncProperty(ids, async (orders) => {
      const numbers = createNumbers(createNumberRecord())
      const given = await Promise.all(orders.map((id) => numbers.reserve(id)))
      assert.equal(new Set(given).size, orders.length)
      for (const [i, id] of orders.entries()) {
        assert.ok(candidatesFor(id).every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** 32))
        assert.equal(numbers.ids.toVenue(id), String(given[i]))
        assert.equal(numbers.ids.fromVenue(String(given[i])), id)
        assert.equal(await numbers.reserve(id), given[i])
      }
    }),
  )
})

const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
const KEY = Buffer.alloc(33, 2).toString('base64')
const permission = (id: number, ...messages: readonly string[]) => ({
  id: String(id),
  type: 'AllOf',
  config: base64([
    { type: 'SignatureVerification', config: KEY },
    ...messages.map((urls) => ({ type: 'MessageFilter', config: base64(urls) })),
  ]),
})
const TRADES = '/dydxprotocol.clob.MsgPlaceOrder,/dydxprotocol.clob.MsgCancelOrder'

test('of several permissions the narrowest signs, and the key has the rights of all', () => {
  const signer = signerFrom(KEY, 'own', { account_authenticators: [permission(1), permission(2, TRADES)] })
  assert.deepEqual(signer, {
    authenticators: [2],
    rights: { canTrade: true, canWithdraw: true, boundToAddresses: false },
  })
  assert.equal(signerFrom(KEY, 'own', { account_authenticators: [permission(2, TRADES)] })?.rights.canWithdraw, false)
})

test('filters that must all let a message through let only that through which all do', () => {
  const send = '/cosmos.bank.v1beta1.MsgSend'
  const both = permission(3, `${TRADES},${send}`, TRADES)
  assert.equal(signerFrom(KEY, 'own', { account_authenticators: [both] })?.rights.canWithdraw, false)
  assert.equal(signerFrom(KEY, 'own', { account_authenticators: [permission(4, TRADES, send)] }), undefined)
})
