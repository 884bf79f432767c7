import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { VenueUnreachableError } from '../../../src/domain/execution/venue-unreachable.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { type InstrumentId, instrumentIdOf } from '../../../src/domain/instrument.ts'
import { later } from '../../../src/domain/units.ts'
import type { OrderRequest, VenueEvent } from '../../../src/ports.ts'
import { createDydx } from '../../../src/venues/ccxt/dydx.ts'
import { candidatesFor } from '../../../src/venues/ccxt/dydx-numbers.ts'
import type { VenueKeys } from '../../../src/venues/ccxt/trading-client.ts'
import { eventually, refOf } from '../../conformance/venue-support.ts'
import { createDydxFormat, DYDX_KEYS, type DydxSettings, PERMITTED_KEY } from '../../support/exchange/dydx.ts'
import type { Chain } from '../../support/exchange/dydx-node.ts'
import { createNumberRecord } from '../../support/exchange/dydx-record.ts'
import { DYDX_INSTRUMENTS } from '../../support/exchange/dydx-shapes.ts'
import { createLoopbackVenue, NO_LIMITS, openLoopback, quoteOf } from '../../support/exchange/open.ts'

let made = 0
const newId = (): ClientOrderId => base32Hash(`dydx-wire/${made++}`, 128) as ClientOrderId
const ETH = instrumentIdOf('ETH', 'dydx')

async function start(t: TestContext, changed: Omit<Partial<DydxSettings>, 'core'> & { keys?: VenueKeys } = {}) {
  const record = createNumberRecord()
  const { keys = DYDX_KEYS, ...settings } = changed
  let chain: Chain | undefined
  const createExchange = () => createDydx({ numbers: record, firstPauseMs: 1 })
  const opened = await openLoopback(t, {
    ...{ exchange: createExchange(), keys, core: { instruments: DYDX_INSTRUMENTS }, limits: NO_LIMITS },
    format: (core) => createDydxFormat({ ...settings, core, onChain: (made) => (chain = made) }),
  })
  const { server, control } = opened
  const order = (more: Partial<OrderRequest> = {}): OrderRequest => ({
    ...{ clientOrderId: newId(), instrumentId: ETH as InstrumentId, side: 'buy', quantity: '1.5', limitPrice: '3010' },
    ...{ timeInForce: 'ioc', postOnly: false, reduceOnly: false, validUntil: later(control.clock.now(), 10_000) },
    ...more,
  })
  /** The same desk after a restart: nothing in memory, the numbers on record. */
  function restart() {
    const quoteAt = (asset: string) => quoteOf(server.core, asset)
    const { clock } = control
    const venue = createLoopbackVenue({
      ...{ exchange: createExchange(), keys, endpoint: server.endpoint, clock, quoteAt, limits: NO_LIMITS },
    })
    t.after(() => venue.close())
    return venue
  }
  return {
    ...opened,
    record,
    order,
    restart,
    chain: chain!,
    resting: { limitPrice: '2900', timeInForce: 'gtc' } as const,
  }
}
const placed = (chain: Chain) => {
  const { message } = chain.transactions.at(-1)!
  assert.ok(message.kind === 'place')
  return message
}

test('an order goes out signed, in the chain’s units, and pays nobody who brought it', async (t) => {
  const { venue, order, resting, chain, control } = await start(t)
  await venue.submit(order(resting))
  const { nonce } = chain.transactions[0]!
  const { id, ...message } = placed(chain)
  assert.equal(id.flags, 64)
  assert.equal(id.owner, DYDX_KEYS.walletAddress)
  assert.deepEqual(message, {
    ...{ kind: 'place', side: 'buy', quantums: '1500000000', subticks: '2900000000', timeInForce: 'gtt' },
    ...{ goodTilBlock: undefined, goodTilBlockTime: control.clock.now() / 1000 + 30 * 24 * 3600 },
    ...{ reduceOnly: false, routerAddress: '' },
  })
  // The chain takes it for thirty seconds after its nonce: until the ten that it is valid for are over.
  assert.equal(nonce, control.clock.now() + 10_000 - 30_000)
})

test('orders that are signed in the same millisecond have nonces of their own', async (t) => {
  const { venue, order, resting, chain } = await start(t)
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, () => venue.submit(order({ ...resting, quantity: '0.1' }))),
  )
  assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(['accepted']))
  assert.equal(new Set(chain.transactions.map(({ nonce }) => nonce)).size, 10)
})

test('an immediate order is good for some blocks, for fewer when there is less time, and never for none', async (t) => {
  const { venue, order, chain, control } = await start(t)
  for (const [validMs, blocks] of [
    [60_000, 5],
    [10_000, 5],
    [4_000, 2],
    [500, 1],
  ] as const) {
    const before = chain.height() + 1
    await venue.submit(order({ quantity: '0.1', validUntil: later(control.clock.now(), validMs) }))
    const { id, goodTilBlock, goodTilBlockTime } = placed(chain)
    assert.deepEqual([id.flags, goodTilBlock! - before, goodTilBlockTime], [0, blocks, undefined])
  }
})

test('an immediate order that arrives after its block is refused and changes nothing', async (t) => {
  const { venue, order, server, control } = await start(t)
  const request = order()
  control.delayNextSubmit(10_500)
  const outcome = await venue.submit(request)
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^REQUEST_EXPIRED/)
  assert.equal(await control.acceptances(request.clientOrderId), 0)
  assert.equal(server.asked.filter((path) => path.includes('broadcast')).length, 1)
})

for (const [lateMs, kind] of [
  [9_000, 'accepted'],
  [11_000, 'rejected'],
] as const) {
  test(`an order that rests, valid for ten seconds and ${lateMs} ms on its way, is ${kind}`, async (t) => {
    const { venue, order, resting, control } = await start(t)
    control.delayNextSubmit(lateMs)
    const request = order(resting)
    assert.equal((await venue.submit(request)).kind, kind)
    assert.equal(await control.acceptances(request.clientOrderId), kind === 'accepted' ? 1 : 0)
  })
}

test('an immediate order that finds nothing has expired; after a restart nobody knows it, and nothing was traded', async (t) => {
  const { venue, order, restart, control } = await start(t)
  const request = order({ limitPrice: '2990' })
  const outcome = await venue.submit(request)
  assert.equal(outcome.kind, 'accepted')
  assert.deepEqual([(await venue.find(refOf(request)))?.state, await control.position()], ['expired', 0])
  assert.equal(await restart().find(refOf(request)), undefined)
})

test('an immediate order that was lost may still come, until its last block has passed', async (t) => {
  const { venue, order, control, chain } = await start(t)
  const request = order()
  control.loseNext('request', 'submit')
  const before = chain.height()
  assert.equal((await venue.submit(request)).kind, 'unknown')
  while (chain.height() < before + 6) await assert.rejects(venue.find(refOf(request)), VenueUnreachableError)
  assert.equal(await venue.find(refOf(request)), undefined)
})

test('two orders never share a number, even where both would have the same first', async (t) => {
  const { venue, order, resting, record, chain } = await start(t)
  const [one, two] = [order(resting), order(resting)]
  // The first number of the second order is taken by the first one.
  record.taken.set(candidatesFor(two.clientOrderId)[0]!, one.clientOrderId)
  for (const request of [one, two]) assert.equal((await venue.submit(request)).kind, 'accepted')
  const numbers = chain.transactions.map(({ message }) => (message.kind === 'place' ? message.id.number : -1))
  assert.deepEqual(numbers, [candidatesFor(two.clientOrderId)[0], candidatesFor(two.clientOrderId)[1]])
  const open = await venue.openOrders(one.instrumentId)
  assert.deepEqual(
    new Set(open.map(({ clientOrderId }) => clientOrderId)),
    new Set([one.clientOrderId, two.clientOrderId]),
  )
  assert.deepEqual(await venue.cancel(refOf(two)), { kind: 'canceled' })
  assert.deepEqual(
    [(await venue.find(refOf(one)))?.state, (await venue.find(refOf(two)))?.state],
    ['accepted', 'canceled'],
  )
})

test('after a restart orders are named again: asked for, listed and pushed', async (t) => {
  const { venue, order, resting, restart, control } = await start(t)
  const request = order(resting)
  const since = control.clock.now()
  await venue.submit(request)
  await venue.close()
  const next = restart()
  const heard: VenueEvent[] = []
  const stop = new AbortController()
  t.after(() => stop.abort())
  await next.watch((event) => heard.push(event), stop.signal)
  await control.fillResting(request.clientOrderId, '0.5')
  await eventually(
    () => heard.some(({ kind }) => kind === 'fill') && heard.some(({ kind }) => kind === 'order'),
    'the fill',
  )
  for (const event of heard) {
    assert.ok(event.kind !== 'reconnected')
    assert.equal((event.kind === 'order' ? event.order : event.fill).clientOrderId, request.clientOrderId)
  }
  // Two desks in one millisecond would sign with the same nonce.
  await control.pass(1)
  const again = restart()
  assert.equal((await again.find(refOf(request)))?.state, 'partially-filled')
  assert.equal((await again.openOrders(ETH))[0]?.clientOrderId, request.clientOrderId)
  assert.equal((await restart().fillsSince(ETH, since))[0]?.clientOrderId, request.clientOrderId)
  assert.deepEqual(await again.cancel(refOf(request)), { kind: 'canceled' })
})

test('what an indexer that is behind does not know is not said to be nowhere', async (t) => {
  let behindMs = 0
  const { venue, order } = await start(t, { behindMs: () => behindMs })
  assert.equal(await venue.find(refOf(order())), undefined)
  behindMs = 6_000
  await assert.rejects(venue.find(refOf(order())), VenueUnreachableError)
})

test('a refusal of the question that follows an order says nothing about the order', async (t) => {
  const { venue, order, resting, control } = await start(t)
  const request = order(resting)
  control.rateLimitNext('question')
  assert.equal((await venue.submit(request)).kind, 'unknown')
  assert.equal(await control.acceptances(request.clientOrderId), 1)
  assert.equal((await venue.find(refOf(request)))?.state, 'accepted')
})

test('a reduce-only order that would rest is refused: the chain takes immediate ones only', async (t) => {
  const { venue, order, resting } = await start(t)
  const outcome = await venue.submit(order({ ...resting, reduceOnly: true }))
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^REDUCE_ONLY_NEEDS_IOC/)
})

test('an order that ccxt would scale wrong is not signed', async (t) => {
  const { venue, order, chain, server } = await start(t)
  server.core.setQuote('SHIB', { bestBid: 0.00001, bestAsk: 0.000011, size: 1e9 })
  const outcome = await venue.submit(
    order({ instrumentId: instrumentIdOf('SHIB', 'dydx'), quantity: '3000000', limitPrice: '0.000011' }),
  )
  assert.notEqual(outcome.kind, 'accepted')
  assert.match('reason' in outcome ? outcome.reason : '', /Expected quantums of 3000000 for SHIB, was 30000000/)
  assert.deepEqual(chain.transactions, [])
})

test('a key that the account permits to order and to cancel trades, and cannot withdraw', async (t) => {
  const { venue, order, resting, chain } = await start(t, {
    keys: { ...DYDX_KEYS, privateKey: PERMITTED_KEY },
    permits: ['/dydxprotocol.clob.MsgPlaceOrder', '/dydxprotocol.clob.MsgCancelOrder'],
  })
  assert.deepEqual(await venue.keyRights(), { canTrade: true, canWithdraw: false, boundToAddresses: false })
  const request = order(resting)
  assert.equal((await venue.submit(request)).kind, 'accepted')
  assert.deepEqual(await venue.cancel(refOf(request)), { kind: 'canceled' })
  assert.deepEqual(
    chain.transactions.map(({ authenticators }) => authenticators),
    [[7], [7]],
  )
})

test('a permitted key that may move funds says so, and one that may not trade is refused', async (t) => {
  const keys = { ...DYDX_KEYS, privateKey: PERMITTED_KEY }
  const trades = ['/dydxprotocol.clob.MsgPlaceOrder', '/dydxprotocol.clob.MsgCancelOrder']
  const { venue } = await start(t, { keys, permits: [...trades, '/dydxprotocol.sending.MsgWithdrawFromSubaccount'] })
  assert.equal((await venue.keyRights()).canWithdraw, true)
  const { venue: other } = await start(t, { keys, permits: ['/dydxprotocol.sending.MsgCreateTransfer'] })
  await assert.rejects(other.keyRights(), /Expected a key that may trade for dydx1/)
  const { venue: stranger } = await start(t, { keys })
  await assert.rejects(stranger.keyRights(), /Expected a key that may trade for dydx1/)
})
