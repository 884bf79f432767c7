import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { VenueUnreachableError } from '../../../src/domain/execution/venue-unreachable.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { later } from '../../../src/domain/units.ts'
import type { OrderRequest, StopRequest, VenueEvent } from '../../../src/ports.ts'
import { createDeribit } from '../../../src/venues/ccxt/deribit.ts'
import { judgeDeribit } from '../../../src/venues/ccxt/deribit-judge.ts'
import type { VenueKeys } from '../../../src/venues/ccxt/trading-client.ts'
import { eventually } from '../../conformance/venue-support.ts'
import { createDeribitFormat, DERIBIT_KEYS, type DeribitSettings } from '../../support/exchange/deribit.ts'
import { DERIBIT_INSTRUMENTS } from '../../support/exchange/deribit-shapes.ts'
import { AT, NO_LIMITS, openLoopback } from '../../support/exchange/open.ts'
import type { Asked } from '../../support/exchange/server.ts'

const HOUR = 3_600_000
let made = 0
const newId = (): ClientOrderId => base32Hash(`deribit-wire/${made++}`, 128) as ClientOrderId

async function start(t: TestContext, changed: Omit<Partial<DeribitSettings>, 'keys'> & { keys?: VenueKeys } = {}) {
  const requests: Asked[] = []
  const opened = await openLoopback(t, {
    exchange: createDeribit({ fillsPerPage: 4 }),
    keys: changed.keys ?? DERIBIT_KEYS,
    format: (core) => createDeribitFormat({ ...changed, core, keys: DERIBIT_KEYS }),
    core: { duplicateIds: 'taken', instruments: DERIBIT_INSTRUMENTS },
    limits: NO_LIMITS,
    onRequest: (asked) => requests.push(asked),
  })
  const common = () => ({
    ...{ clientOrderId: newId(), instrumentId: 'ETH-USDC-PERP.DERIBIT' as OrderRequest['instrumentId'] },
    validUntil: later(opened.control.clock.now(), 10_000),
  })
  const order = (more: Partial<OrderRequest> = {}): OrderRequest => ({
    ...common(),
    ...{ side: 'buy', quantity: '1.5', limitPrice: '3010', timeInForce: 'ioc', postOnly: false, reduceOnly: false },
    ...more,
  })
  const stop = (more: Partial<StopRequest> = {}): StopRequest => ({
    ...{ ...common(), side: 'sell', quantity: '1.5', triggerPrice: '2800' },
    ...more,
  })
  return { ...opened, order, stop, requests }
}

test('an order says its amount in coins and in contracts, our id as its label, and until when it may be taken', async (t) => {
  const { venue, order, requests } = await start(t)
  const request = order({ timeInForce: 'gtc', limitPrice: '2990', postOnly: true })
  assert.equal((await venue.submit(request)).kind, 'accepted')
  const { path, query } = requests.at(-1)!
  assert.equal(path, '/api/v2/private/buy')
  assert.deepEqual(query, {
    ...{ instrument_name: 'ETH_USDC-PERPETUAL', type: 'limit', amount: '1.5', contracts: '1500', price: '2990' },
    ...{ label: request.clientOrderId, valid_until: String(AT + 10_000), time_in_force: 'good_til_cancelled' },
    ...{ post_only: 'true', reject_post_only: 'true' },
  })
})

test('the lot is in coins although ccxt calls a thousandth of one the size of a contract', async (t) => {
  const { venue, order, server } = await start(t)
  const { lotSize, tickSize, instrumentId } = await venue.instrument('ETH')
  assert.deepEqual([lotSize, tickSize, instrumentId], ['0.001', '0.05', 'ETH-USDC-PERP.DERIBIT'])
  await venue.submit(order({ quantity: '0.25' }))
  assert.equal(server.core.position('ETH'), 0.25)
  assert.equal((await venue.positions())[0]?.quantity, 0.25)
})

test('a stop goes by the mark price and only reduces', async (t) => {
  const { venue, order, stop, requests } = await start(t)
  await venue.submit(order())
  const request = stop()
  assert.equal((await venue.submitStop(request)).kind, 'accepted')
  const { path, query } = requests.at(-1)!
  assert.equal(path, '/api/v2/private/sell')
  assert.deepEqual(
    [query.type, query.trigger, query.trigger_price, query.reduce_only, query.label],
    ['stop_market', 'mark_price', '2800', 'true', request.clientOrderId],
  )
})

test('a stop that was triggered keeps its id, and its fills are those of the order that it became', async (t) => {
  const { venue, control, order, stop, server } = await start(t)
  await venue.submit(order())
  const request = stop()
  const placed = await venue.submitStop(request)
  await control.setQuote({ bestBid: 2795, bestAsk: 2796 })
  await control.setMark(2799)
  const found = await venue.find(request)
  assert.ok(placed.kind === 'accepted' && found?.venueOrderId === placed.venueOrderId)
  assert.deepEqual([found?.kind, found?.state], ['stop', 'filled'])
  const fills = await venue.fills({ ...request, venueOrderId: found?.venueOrderId })
  assert.deepEqual(
    fills.map(({ quantity }) => quantity),
    [1.5],
  )
  assert.notEqual(fills[0]?.venueOrderId, found?.venueOrderId)
  assert.equal(server.core.position('ETH'), 0)
})

test('of two orders under one label the one is meant whose id is named, else the older', async (t) => {
  const { venue, control, order } = await start(t)
  const request = order({ limitPrice: '2900', timeInForce: 'gtc' })
  const first = await venue.submit(request)
  await control.pass(10)
  const second = await venue.submit({ ...request, quantity: '2' })
  assert.ok(first.kind === 'accepted' && second.kind === 'accepted')
  assert.equal((await venue.find(request))?.venueOrderId, first.venueOrderId)
  assert.equal((await venue.find({ ...request, venueOrderId: second.venueOrderId }))?.quantity, 2)
  // A cancel by label takes both, and nothing of it stays behind.
  assert.deepEqual(await venue.cancel(request), { kind: 'canceled' })
  assert.deepEqual(await venue.openOrders(request.instrumentId), [])
})

test('orders and trades that have left the recent records are found among the historical ones', async (t) => {
  const { venue, control, order } = await start(t)
  const since = control.clock.now()
  const [old, unfilled] = [order(), order({ limitPrice: '2900', timeInForce: 'gtc' })]
  await venue.submit(old)
  await venue.submit(unfilled)
  await venue.cancel(unfilled)
  await control.otherTrades(6)
  await control.pass(30 * HOUR)
  const latest = order({ side: 'sell', limitPrice: '2990', quantity: '0.5' })
  await venue.submit(latest)
  assert.equal((await venue.find(old))?.state, 'filled')
  assert.equal((await venue.find(unfilled))?.state, 'canceled')
  assert.deepEqual(
    (await venue.fills(old)).map(({ quantity }) => quantity),
    [1.5],
  )
  const fills = await venue.fillsSince(old.instrumentId, since)
  assert.equal(fills.length, 8)
  assert.equal(new Set(fills.map(({ tradeId }) => tradeId)).size, 8)
  assert.equal(fills.at(-1)?.clientOrderId, latest.clientOrderId)
})

test('a key that may move money says so; where it may not read keys, addresses are not told', async (t) => {
  const { venue, requests } = await start(t, { scope: 'connection mainaccount trade:read_write wallet:read_write' })
  assert.deepEqual(await venue.keyRights(), { canTrade: true, canWithdraw: true })
  assert.ok(requests.every(({ search }) => !search.includes(DERIBIT_KEYS.secret)))
})

test('a key that only reads cannot trade, and is bound to no address unless one is named', async (t) => {
  const { venue } = await start(t, { scope: 'account:read trade:read wallet:none', addresses: [] })
  assert.deepEqual(await venue.keyRights(), { canTrade: false, canWithdraw: false, boundToAddresses: false })
})

test('where all coins are collateral together the account is told as a whole', async (t) => {
  const { venue } = await start(t, { crossCollateral: true })
  assert.equal((await venue.account()).equity, 10_000_000)
})

test('a locked platform is halted', async (t) => {
  const { venue } = await start(t, { locked: true })
  assert.deepEqual(await venue.status('ETH'), { kind: 'halted', reason: 'locked=true' })
})

test('keys that the venue does not know: orders are rejected and questions have no answer', async (t) => {
  const { venue, order, server } = await start(t, { keys: { ...DERIBIT_KEYS, secret: 'another' } })
  const outcome = await venue.submit(order())
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^13004 invalid_credentials/)
  await assert.rejects(
    venue.account(),
    (error) => error instanceof VenueUnreachableError && /13004/.test(error.message),
  )
  assert.equal(server.core.orders().length, 0)
})

test('a stream whose login is refused once is tried again', async (t) => {
  const { venue, order, server } = await start(t)
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  await venue.watch((event) => heard.push(event), ending.signal)
  server.push({ jsonrpc: '2.0', id: 99, error: { code: 13009, message: 'unauthorized' } })
  await eventually(() => heard.some(({ kind }) => kind === 'reconnected'), 'the stream to be back')
  await venue.submit(order())
  await eventually(() => heard.some(({ kind }) => kind === 'fill'), 'a fill after it')
})

test('a number with an exponent is read as the number it is', async (t) => {
  const { venue, server } = await start(t)
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  await venue.watch((event) => heard.push(event), ending.signal)
  const trade = {
    ...{ trade_id: 'ETH_USDC-1', trade_seq: 1, timestamp: AT, instrument_name: 'ETH_USDC-PERPETUAL', direction: 'buy' },
    ...{ order_id: '7', price: 3000, amount: 0.001, fee: 1.5e-7, fee_currency: 'USDC', liquidity: 'T' },
    // Whose liquidation it was: the other side's.
    liquidation: 'M',
  }
  server.push({ jsonrpc: '2.0', method: 'subscription', params: { channel: 'user.trades.any.any.raw', data: [trade] } })
  await eventually(() => heard.length > 0, 'the fill')
  const [event] = heard
  assert.ok(event?.kind === 'fill')
  assert.deepEqual([event.fill.fee, event.fill.cause, event.fill.clientOrderId], [1.5e-7, 'order', undefined])
})

test('what an error means for an order follows from its code, and without one nothing is concluded', () => {
  const judge = (code: number | undefined, { status = 400, data = undefined as unknown } = {}) =>
    judgeDeribit({
      ...{ status, headers: {}, text: '', errorName: 'ExchangeError' },
      body: code === undefined ? undefined : { jsonrpc: '2.0', error: { code, message: 'm', data } },
    })
  const cases: readonly (readonly [code: number | undefined, kind: string, reason?: RegExp])[] = [
    [10009, 'refused', /^INSUFFICIENT_MARGIN 10009 m/],
    [11054, 'refused', /^POST_ONLY_WOULD_TAKE/],
    [10002, 'refused', /^NOTIONAL_BELOW_MIN/],
    [10012, 'refused'],
    [13004, 'refused'],
    [13009, 'refused'],
    [-32602, 'refused'],
    [10004, 'not-found'],
    [11044, 'not-found'],
    [10010, 'not-found'],
    [13888, 'clock'],
    [10028, 'busy'],
    [10040, 'busy'],
    [10047, 'busy'],
    [10001, 'uncertain'],
    [11094, 'uncertain'],
    [13028, 'uncertain'],
    [undefined, 'uncertain'],
  ]
  for (const [code, kind, reason = /./] of cases) {
    assert.equal(judge(code).kind, kind, `${code}`)
    assert.match(judge(code).reason, reason)
  }
  assert.equal(judge(undefined, { status: 429 }).kind, 'busy')
  assert.match(
    judge(11030, { data: 'reduce_direction' }).reason,
    /^REDUCE_ONLY_WOULD_INCREASE 11030 m: reduce_direction/,
  )
  assert.equal(
    judge(-32602, { data: { reason: 'must be positive', param: 'amount' } }).reason,
    '-32602 m: must be positive (amount)',
  )
})
