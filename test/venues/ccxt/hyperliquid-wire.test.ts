import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { VenueUnreachableError } from '../../../src/domain/execution/venue-unreachable.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { duration, later } from '../../../src/domain/units.ts'
import type { OrderRequest, StopRequest, VenueEvent } from '../../../src/ports.ts'
import { createHyperliquid, type HyperliquidOptions } from '../../../src/venues/ccxt/hyperliquid.ts'
import { judgeHyperliquid } from '../../../src/venues/ccxt/hyperliquid-judge.ts'
import { priceAsSigned, tickAt, worstPrice } from '../../../src/venues/ccxt/hyperliquid-steps.ts'
import { hexIds } from '../../../src/venues/ccxt/ids.ts'
import type { VenueKeys } from '../../../src/venues/ccxt/trading-client.ts'
import { eventually } from '../../conformance/venue-support.ts'
import {
  API_WALLET,
  createHyperliquidFormat,
  createReferenceSigner,
  HYPERLIQUID_KEYS,
  type HyperliquidSettings,
} from '../../support/exchange/hyperliquid.ts'
import { HYPERLIQUID_INSTRUMENTS } from '../../support/exchange/hyperliquid-shapes.ts'
import { AT, NO_LIMITS, openLoopback } from '../../support/exchange/open.ts'
import type { Asked } from '../../support/exchange/server.ts'

let made = 0
const newId = (): ClientOrderId => base32Hash(`hyperliquid-wire/${made++}`, 128) as ClientOrderId

type Changed = Partial<HyperliquidSettings> & HyperliquidOptions & { keys?: VenueKeys }

async function start(t: TestContext, { keys = HYPERLIQUID_KEYS, scheduledCancel, ...changed }: Changed = {}) {
  const requests: Asked[] = []
  const { fillsPerPage } = changed
  const opened = await openLoopback(t, {
    exchange: createHyperliquid({
      ...(fillsPerPage !== undefined && { fillsPerPage }),
      ...(scheduledCancel !== undefined && { scheduledCancel }),
    }),
    keys,
    format: (core) => createHyperliquidFormat({ ...changed, core }),
    core: { countdown: 'takes-stops', instruments: HYPERLIQUID_INSTRUMENTS },
    limits: NO_LIMITS,
    sandbox: changed.isTestnet ?? false,
    onRequest: (asked) => requests.push(asked),
  })
  const common = () => ({
    ...{ clientOrderId: newId(), instrumentId: 'ETH-USDC-PERP.HYPERLIQUID' as OrderRequest['instrumentId'] },
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
  const actions = () => requests.filter(({ path }) => path === '/exchange').map(({ body }) => body)
  return { ...opened, order, stop, requests, actions }
}

async function listen(t: TestContext, venue: Awaited<ReturnType<typeof start>>['venue']): Promise<VenueEvent[]> {
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  await venue.watch((event) => heard.push(event), ending.signal)
  return heard
}

test('an order is one signed action, with our 128 bits as its cloid and the time after which it is refused', async (t) => {
  const { venue, order, actions } = await start(t)
  const request = order({ limitPrice: '3010.0', quantity: '1.5000' })
  assert.equal((await venue.submit(request)).kind, 'accepted')
  const [{ signature, ...sent }, ...others] = actions() as [Record<string, unknown>]
  assert.deepEqual(others, [])
  assert.deepEqual(Object.keys(signature as object), ['r', 's', 'v'])
  const cloid = hexIds.toVenue(request.clientOrderId)
  assert.match(cloid, /^0x[0-9a-f]{32}$/)
  assert.deepEqual(sent, {
    action: {
      type: 'order',
      // Without zeros at the end, which would make it another signer's.
      orders: [{ a: 1, b: true, p: '3010', s: '1.5', r: false, t: { limit: { tif: 'Ioc' } }, c: cloid }],
      grouping: 'na',
    },
    nonce: AT,
    expiresAfter: AT + 10_000,
  })
})

test('nothing but orders, cancels and countdowns is ever signed: no builder, no referrer', async (t) => {
  const { venue, order, stop, control, actions } = await start(t, { scheduledCancel: true, volume: 2_000_000 })
  const resting = order({ limitPrice: '2900', timeInForce: 'gtc' })
  await venue.submit(resting)
  await venue.submit(order())
  await venue.submitStop(stop())
  await venue.cancel(resting)
  await venue.countdown(duration(10_000))
  await venue.countdown(undefined)
  await venue.fillsSince(resting.instrumentId, control.clock.now())
  await Promise.all([venue.positions(), venue.account(), venue.keyRights(), venue.status('ETH')])
  const signed = actions().map(({ action }) => action as Record<string, unknown>)
  assert.deepEqual(
    signed.map(({ type }) => type),
    ['order', 'order', 'order', 'cancelByCloid', 'scheduleCancel', 'scheduleCancel'],
  )
  for (const action of signed) assert.ok(!('builder' in action))
  assert.deepEqual(signed.slice(-2), [{ type: 'scheduleCancel', time: AT + 10_000 }, { type: 'scheduleCancel' }])
  const nonces = actions().map(({ nonce }) => nonce)
  assert.equal(new Set(nonces).size, nonces.length)
})

test('what is signed is what the venue’s own library signs', () => {
  const signer = createReferenceSigner(false) as ReturnType<typeof createReferenceSigner> & Hashing
  const orders = [{ a: 4, b: true, p: '1670.1', s: '0.0147', r: false, t: { limit: { tif: 'Ioc' } } }]
  const hash = signer.actionHash({ type: 'order', orders, grouping: 'na' }, undefined, 1677777606040)
  assert.equal(Buffer.from(hash).toString('hex'), '0fcbeda5ae3c4950a548021552a4fea2226858c4453571bf3f24ba017eac2908')

  // The library's examples are signed at the instant 0, for which ccxt would write too few digits.
  signer.intToBase16 = (value) => value.toString(16).padStart(11, '0')
  const common = { a: 1, b: true, p: '100', s: '100', r: false }
  const withCloid = { ...common, t: { limit: { tif: 'Gtc' } }, c: '0x00000000000000000000000000000001' }
  assert.deepEqual(signer.signL1Action({ type: 'order', orders: [withCloid], grouping: 'na' }, 0), {
    r: '0x41ae18e8239a56cacbc5dad94d45d0b747e5da11ad564077fcac71277a946e3',
    s: '0x3c61f667e747404fe7eea8f90ab0e76cc12ce60270438b2058324681a00116da',
    v: 27,
  })
  const stop = { ...common, t: { trigger: { isMarket: true, triggerPx: '103', tpsl: 'sl' } } }
  assert.deepEqual(signer.signL1Action({ type: 'order', orders: [stop], grouping: 'na' }, 0), {
    r: '0x98343f2b5ae8e26bb2587daad3863bc70d8792b09af1841b6fdd530a2065a3f9',
    s: '0x6b5bb6bb0633b710aa22b721dd9dee6d083646a5f8e581a20b545be6c1feb405',
    v: 27,
  })
  assert.deepEqual(signer.signL1Action({ type: 'scheduleCancel' }, 0), {
    r: '0x6cdfb286702f5917e76cd9b3b8bf678fcc49aec194c02a73e6d4f16891195df9',
    s: '0x6557ac307fa05d25b8d61f21fb8a938e703b3d9bf575f6717ba21ec61261b2a0',
    v: 27,
  })
})

interface Hashing {
  actionHash(action: unknown, vaultAddress: undefined, nonce: number): Uint8Array
  intToBase16: (value: number) => string
}

test('the test network is another signature', async (t) => {
  const { venue, order } = await start(t, { isTestnet: true })
  assert.equal((await venue.submit(order())).kind, 'accepted')
})

test('a stop triggers by the mark, only reduces, and may fill a fifth through its trigger', async (t) => {
  const { venue, order, stop, actions } = await start(t)
  await venue.submit(order())
  assert.equal((await venue.submitStop(stop({ triggerPrice: '2800.1' }))).kind, 'accepted')
  const [placed] = (actions().at(-1)!.action as { orders: Record<string, unknown>[] }).orders
  assert.deepEqual(
    [placed?.b, placed?.p, placed?.r, placed?.t],
    [false, '2240', true, { trigger: { isMarket: true, triggerPx: '2800.1', tpsl: 'sl' } }],
  )
})

test('an immediate order that found nothing was taken and has expired, though the venue calls it an error', async (t) => {
  const { venue, order } = await start(t)
  const request = order({ limitPrice: '2990' })
  const outcome = await venue.submit(request)
  const found = await venue.find(request)
  assert.ok(outcome.kind === 'accepted' && found?.venueOrderId === outcome.venueOrderId)
  assert.deepEqual([found?.state, found?.filledQuantity], ['expired', 0])
})

test('a stop that is answered without its id is asked for, and is never called refused when that fails', async (t) => {
  const { venue, control, order, stop, server } = await start(t, { stopsWait: true })
  await venue.submit(order())
  const request = stop()
  const outcome = await venue.submitStop(request)
  assert.ok(outcome.kind === 'accepted' && (await venue.find(request))?.venueOrderId === outcome.venueOrderId)
  control.loseNext('answer', 'question')
  assert.equal((await venue.submitStop(stop())).kind, 'unknown')
  control.rateLimitNext('question')
  assert.equal((await venue.submitStop(stop())).kind, 'unknown')
  assert.equal(server.core.openOrders().length, 3)
})

test('an immediate order that found nothing and whose id is not to be had ends with what the venue said', async (t) => {
  const { venue, control, order } = await start(t)
  control.rateLimitNext('question')
  const outcome = await venue.submit(order({ limitPrice: '2990' }))
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /could not immediately match/)
})

test('an order’s average is that of its fills, as the order does not say', async (t) => {
  const { venue, control, order } = await start(t)
  await control.setQuote({ bestBid: 2999.5, bestAsk: 3000, size: 1 })
  const request = order()
  await venue.submit(request)
  const [first, second] = await venue.fills(request)
  assert.deepEqual([first?.fillPrice, second?.fillPrice], [3000, 3001.5])
  assert.equal((await venue.find(request))?.averageFillPrice, (3000 + 0.5 * 3001.5) / 1.5)
})

for (const newestFirst of [false, true]) {
  test(`fills are listed whole whether pages begin with the ${newestFirst ? 'latest' : 'oldest'}`, async (t) => {
    const { venue, control, order } = await start(t, { fillsPerPage: 4, newestFirst })
    const since = control.clock.now()
    await control.otherTrades(23)
    const fills = await venue.fillsSince(order().instrumentId, since)
    assert.equal(new Set(fills.map(({ tradeId }) => tradeId)).size, 23)
    assert.equal(fills.length, 23)
  })
}

test('more fills within a millisecond than a page has are no answer rather than half of one', async (t) => {
  const { venue, control, order } = await start(t, { fillsPerPage: 3 })
  await control.otherTrades(3)
  await assert.rejects(venue.fillsSince(order().instrumentId, control.clock.now()), VenueUnreachableError)
})

test('a fill that is pushed without our id has it by its order', async (t) => {
  const { venue, control, order } = await start(t, { namesCloid: false })
  const heard = await listen(t, venue)
  const request = order({ limitPrice: '2900', timeInForce: 'gtc' })
  await venue.submit(request)
  await control.fillResting(request.clientOrderId, '0.5')
  await eventually(() => heard.some(({ kind }) => kind === 'fill'), 'the fill')
  const fill = heard.find((event) => event.kind === 'fill')?.fill
  assert.deepEqual([fill?.clientOrderId, fill?.quantity], [request.clientOrderId, 0.5])
})

test('a fill against somebody who is being liquidated is an order of ours', async (t) => {
  const { venue, server } = await start(t)
  const heard = await listen(t, venue)
  const fill = (more: object) => ({
    ...{ coin: 'ETH', px: '3000.0', sz: '0.5', side: 'B', time: AT, startPosition: '0.0', dir: 'Close Short', tid: 7 },
    ...{ closedPnl: '0.0', hash: '0x00', oid: 9, crossed: true, fee: '0.1', feeToken: 'USDC', ...more },
  })
  const liquidation = { liquidatedUser: '0x360878d351f05975e25f1807a27895e1e5e004fb', markPx: '1', method: 'market' }
  const ours = { ...liquidation, liquidatedUser: HYPERLIQUID_KEYS.walletAddress.toUpperCase().replace('X', 'x') }
  server.push({
    channel: 'userFills',
    data: {
      user: HYPERLIQUID_KEYS.walletAddress,
      fills: [
        fill({ liquidation }),
        fill({ tid: 8, liquidation: ours }),
        fill({ tid: 9, dir: 'Auto-Deleveraging' }),
        fill({ tid: 10, coin: 'HYPE' }),
      ],
    },
  })
  await eventually(() => heard.length >= 3, 'the fills')
  assert.deepEqual(
    heard.map((event) => event.kind === 'fill' && event.fill.cause),
    ['order', 'liquidation', 'deleveraging'],
  )
})

test('a stop is pushed as a stop, and ends as what it became', async (t) => {
  const { venue, control, order, stop } = await start(t)
  const heard = await listen(t, venue)
  await venue.submit(order())
  const request = stop()
  await venue.submitStop(request)
  await control.setQuote({ bestBid: 2795, bestAsk: 2796 })
  await control.setMark(2799)
  const ofStop = () =>
    heard.flatMap((event) =>
      event.kind === 'order' && event.order.clientOrderId === request.clientOrderId ? [event.order] : [],
    )
  await eventually(() => ofStop().at(-1)?.state === 'filled', 'the stop to be filled')
  assert.deepEqual(new Set(ofStop().map(({ kind }) => kind)), new Set(['stop']))
})

test('the account’s own key may withdraw; one that the account did not approve may nothing', async (t) => {
  const own = { ...HYPERLIQUID_KEYS, walletAddress: API_WALLET }
  const first = await start(t, { keys: own, account: API_WALLET, role: { role: 'user' } })
  assert.deepEqual(await first.venue.keyRights(), { canTrade: true, canWithdraw: true })
  const second = await start(t, { role: { role: 'agent', data: { user: `0x${'4'.repeat(40)}` } } })
  assert.deepEqual(await second.venue.keyRights(), { canTrade: false, canWithdraw: false })
  const third = await start(t, { role: { role: 'missing' } })
  assert.deepEqual(await third.venue.keyRights(), { canTrade: false, canWithdraw: false })
})

test('an account with one balance for everything is not traded on', async (t) => {
  const { venue, order, server } = await start(t, { abstraction: 'unifiedAccount' })
  await assert.rejects(venue.submit(order()), /Expected an account whose perpetuals have a balance of their own/)
  assert.equal(server.core.orders().length, 0)
})

test('no countdown is claimed unless it is asked for, and the venue’s refusal of one is told', async (t) => {
  const plain = await start(t)
  assert.equal(plain.venue.capabilities.countdownCancel, 'none')
  await assert.rejects(plain.venue.countdown(duration(10_000)), RangeError)
  const poor = await start(t, { scheduledCancel: true, volume: 373 })
  await assert.rejects(
    poor.venue.countdown(duration(10_000)),
    (error) => error instanceof VenueUnreachableError && /until enough volume traded/.test(error.message),
  )
})

test('an exchange that says something special is halted', async (t) => {
  const { venue } = await start(t, { specialStatuses: { upgrade: true } })
  assert.deepEqual(await venue.status('ETH'), { kind: 'halted', reason: 'specialStatuses={"upgrade":true}' })
})

test('every multiple of the tick up to twice the price is a price that the venue takes', () => {
  assert.equal(tickAt('3000', 4), '0.1')
  assert.equal(tickAt('5100', 4), '1')
  assert.equal(tickAt('95000', 5), '1')
  assert.equal(tickAt('180', 2), '0.01')
  assert.equal(tickAt('0.3', 0), '0.00001')
  assert.equal(tickAt('0.00001234', 0), '0.000001')
  assert.throws(() => tickAt('0', 4), RangeError)
  const cents = fc.integer({ min: 1, max: 20_000_000 })
  const property = fc.property(
    cents,
    fc.integer({ min: 0, max: 5 }),
    fc.double({ min: 0.001, max: 2, noNaN: true }),
    check,
  )
  function check(price: number, szDecimals: number, share: number): void {
    const tick = tickAt(String(price / 100), szDecimals)
    const multiple = Math.max(1, Math.floor(((price / 100) * share) / Number(tick)))
    const text = (multiple * Number(tick)).toFixed(6)
    assert.equal(Number(priceAsSigned(text, szDecimals)), Number(text))
  }
  fc.assert(property, { numRuns: 500 })
})

test('a price with more figures than the venue takes is not sent', async (t) => {
  const { venue, order, actions } = await start(t)
  // Above twice the price that the tick was chosen at.
  const outcome = await venue.submit(order({ limitPrice: '10000.1' }))
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^PRICE_NOT_ON_TICK price=10000.1/)
  assert.deepEqual(actions(), [])
  assert.equal(priceAsSigned('123456', 4), '123456')
})

test('the worst price of a stop lies beyond its trigger and is one that the venue takes', () => {
  const property = fc.property(
    fc.integer({ min: 100, max: 20_000_000 }),
    fc.constantFrom('buy' as const, 'sell' as const),
    (cents, side) => {
      const trigger = String(cents / 100)
      const worst = worstPrice(trigger, { side, through: 0.2, szDecimals: 4 })
      assert.equal(priceAsSigned(worst, 4), worst)
      assert.ok(side === 'buy' ? Number(worst) >= Number(trigger) * 1.19 : Number(worst) <= Number(trigger) * 0.81)
    },
  )
  fc.assert(property, { numRuns: 300 })
})

test('what an error means for an order follows from its text', () => {
  const judge = (body: unknown, status = 200) =>
    judgeHyperliquid({ status, headers: {}, text: 'text', body, errorName: 'ExchangeError' })
  const err = (response: string) => judge({ status: 'err', response })
  const ofOrder = (error: string) =>
    judge({ status: 'ok', response: { type: 'order', data: { statuses: [{ error }] } } })
  assert.match(ofOrder('Insufficient margin to place order. asset=84').reason, /^INSUFFICIENT_MARGIN Insufficient/)
  assert.match(ofOrder('Order must have minimum value of $10. asset=1').reason, /^NOTIONAL_BELOW_MIN/)
  assert.match(ofOrder('Post only order would have immediately matched, bbo was 1@2. asset=1').reason, /^POST_ONLY/)
  assert.match(ofOrder('Reduce only order would increase position. asset=1').reason, /^REDUCE_ONLY_WOULD_INCREASE/)
  const cases: readonly (readonly [judged: ReturnType<typeof judge>, kind: string])[] = [
    [ofOrder('Price must be divisible by tick size. asset=1'), 'refused'],
    [ofOrder('Order was never placed, already canceled, or filled. asset=1'), 'not-found'],
    [ofOrder('Order could not immediately match against any resting orders. asset=1'), 'refused'],
    [ofOrder('Duplicate cloid. asset=1'), 'duplicate'],
    [judge({ status: 'unknownOid' }), 'not-found'],
    [err('User or API Wallet 0xb8 does not exist.'), 'refused'],
    [err('Invalid nonce: duplicate nonce 1'), 'clock'],
    [err('Action expired.'), 'clock'],
    [err('Too many cumulative requests sent (37986 > 10436) for cumulative volume traded $437.92.'), 'busy'],
    [judge(null, 429), 'busy'],
    [judge(undefined, 422), 'refused'],
    [judge(undefined, 502), 'uncertain'],
    [judge(undefined, 200), 'uncertain'],
    [judge({ status: 'err', response: 'x' }, 500), 'uncertain'],
  ]
  for (const [judged, kind] of cases) assert.equal(judged.kind, kind, judged.reason)
})
