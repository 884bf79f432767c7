import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { VenueUnreachableError } from '../../../src/domain/execution/venue-unreachable.ts'
import { duration, later } from '../../../src/domain/units.ts'
import type { OrderRequest } from '../../../src/ports.ts'
import { createOkx } from '../../../src/venues/ccxt/okx.ts'
import type { VenueKeys } from '../../../src/venues/ccxt/trading-client.ts'
import { eventually } from '../../conformance/venue-support.ts'
import { createOkxFormat, OKX_KEYS, type OkxSettings } from '../../support/exchange/okx.ts'
import { OKX_INSTRUMENTS } from '../../support/exchange/okx-shapes.ts'
import { AT, createLoopbackVenue } from '../../support/exchange/open.ts'
import { openWire } from '../../support/exchange/wire.ts'

const HOUR = 3_600_000
const start = (
  t: TestContext,
  { sandbox = false, ...changed }: Omit<Partial<OkxSettings>, 'keys'> & { keys?: VenueKeys; sandbox?: boolean } = {},
) =>
  openWire(t, {
    sandbox,
    exchange: createOkx(),
    keys: changed.keys ?? OKX_KEYS,
    format: (core) => createOkxFormat({ ...changed, core, keys: OKX_KEYS }),
    core: { instruments: OKX_INSTRUMENTS },
  })

test('an order goes out once, in contracts, under our id and with the instant until which it may be taken', async (t) => {
  const { venue, order, sent } = await start(t)
  const request = order()
  assert.equal((await venue.submit(request)).kind, 'accepted')
  const [asked, ...others] = sent('/api/v5/trade/order').filter(({ method }) => method === 'POST')
  assert.deepEqual(others, [])
  assert.deepEqual(asked?.body, {
    ...{ instId: 'ETH-USDT-SWAP', tdMode: 'cross', side: 'buy', ordType: 'ioc', sz: '15', px: '3010' },
    ...{ clOrdId: request.clientOrderId, tag: 'breakwater' },
  })
  assert.equal(asked?.headers.exptime, String(AT + 10_000))
})

test('so many coins are ten times as many contracts of ETH and a hundred times as many of BTC, both ways', async (t) => {
  const { venue, control, order, sent, server, heard, listen } = await start(t)
  server.core.setQuote('BTC', { bestBid: 60_000, bestAsk: 60_001, size: 30 })
  await listen()
  const btc = 'BTC-USDT-PERP.OKX' as OrderRequest['instrumentId']
  assert.deepEqual(
    [(await venue.instrument('ETH')).lotSize, (await venue.instrument('BTC')).lotSize],
    ['0.001', '0.0001'],
  )
  const orders = [order({ quantity: '0.7' }), order({ instrumentId: btc, quantity: '0.7', limitPrice: '60100' })]
  for (const each of orders) assert.equal((await venue.submit(each)).kind, 'accepted')
  const posted = sent('/api/v5/trade/order').filter(({ method }) => method === 'POST')
  assert.deepEqual(
    posted.map(({ body }) => body.sz),
    ['7', '70'],
  )
  assert.deepEqual([server.core.position('ETH'), server.core.position('BTC')], [0.7, 0.7])
  const held = new Map((await venue.positions()).map(({ instrumentId, quantity }) => [instrumentId, quantity]))
  await eventually(() => heard.filter(({ kind }) => kind === 'fill').length >= 2, 'the fills')
  for (const each of orders) {
    const found = await venue.find(each)
    const [listed] = await venue.fills(each)
    const [since] = await venue.fillsSince(each.instrumentId, control.clock.now())
    const told = heard.flatMap((event) => (event.kind === 'fill' ? [event.fill] : []))
    const [pushed] = told.filter(({ clientOrderId }) => clientOrderId === each.clientOrderId)
    assert.deepEqual([found?.quantity, found?.filledQuantity, held.get(each.instrumentId)], [0.7, 0.7, 0.7])
    assert.deepEqual([listed?.quantity, since?.quantity, pushed?.quantity], [0.7, 0.7, 0.7])
    assert.deepEqual(pushed, listed)
  }
})

test('a stop goes to the service of conditional orders, by mark price, reduce-only, with nothing of ccxt’s own', async (t) => {
  const { venue, order, stop, sent } = await start(t)
  await venue.submit(order())
  const request = stop()
  assert.equal((await venue.submitStop(request)).kind, 'accepted')
  assert.deepEqual(sent('/api/v5/trade/order-algo').at(-1)?.body, {
    ...{ instId: 'ETH-USDT-SWAP', tdMode: 'cross', side: 'sell', ordType: 'conditional', sz: '15' },
    ...{ slTriggerPx: '2800', slTriggerPxType: 'mark', slOrdPx: '-1', reduceOnly: true },
    algoClOrdId: request.clientOrderId,
  })
})

test('a refusal inside of an answer that says that all went well is a refusal', async (t) => {
  const { venue, control, order, stop } = await start(t)
  await venue.submit(order())
  const reached = await venue.submitStop(stop({ triggerPrice: '3100' }))
  assert.match(reached.kind === 'rejected' ? reached.reason : reached.kind, /^51304 SL trigger price/)
  const request = stop()
  assert.equal((await venue.submitStop(request)).kind, 'accepted')
  const again = await venue.submitStop(request)
  assert.match(again.kind === 'unknown' ? again.reason : again.kind, /^DUPLICATE_CLIENT_ORDER_ID 51065/)
  assert.equal(await control.acceptances(request.clientOrderId), 1)
})

test('an order that arrives after its time, though its signature is young, is refused', async (t) => {
  const { venue, control, order, sent } = await start(t)
  await venue.instrument('ETH')
  control.delayNextSubmit(15_000)
  const request = order()
  const outcome = await venue.submit(request)
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^REQUEST_EXPIRED/)
  assert.equal(sent('/api/v5/trade/order').length, 1)
  assert.equal(await control.acceptances(request.clientOrderId), 0)
})

test('a stop that arrives after its time is refused too, one that has long to live is signed as of now', async (t) => {
  const { venue, control, order, stop, sent } = await start(t)
  await venue.submit(order())
  control.delayNextSubmit(10_001)
  const late = stop()
  const outcome = await venue.submitStop(late)
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^REQUEST_EXPIRED/)
  assert.equal(await control.acceptances(late.clientOrderId), 0)
  const signedAt = (): number =>
    Date.parse(String(sent('/api/v5/trade/order-algo').at(-1)?.headers['ok-access-timestamp']))
  assert.equal(signedAt(), AT - 20_000)
  control.delayNextSubmit(9_999)
  assert.equal((await venue.submitStop(stop())).kind, 'accepted')
  const now = control.clock.now()
  assert.equal((await venue.submitStop(stop({ validUntil: later(now, 60_000) }))).kind, 'accepted')
  assert.equal(signedAt(), now)
})

test('a post-only order that would take is taken first and cancelled at once: that is a refusal', async (t) => {
  const { venue, order, heard, listen } = await start(t)
  await listen()
  const request = order({ postOnly: true, timeInForce: 'gtc' })
  assert.equal((await venue.submit(request)).kind, 'accepted')
  const found = await venue.find(request)
  assert.deepEqual([found?.state, found?.reason], ['rejected', 'POST_ONLY_WOULD_TAKE cancelSource=31'])
  await eventually(() => heard.length > 0, 'the refusal')
  assert.ok(heard[0]?.kind === 'order' && heard[0].order.state === 'rejected')
})

test('what a stop traded bears the id of the stop, heard and listed, also for who has never seen it before', async (t) => {
  const { venue, control, order, stop, heard, listen, server, sent } = await start(t)
  await venue.submit(order())
  await control.pass(1_000)
  const request = stop()
  await venue.submitStop(request)
  await listen()
  await control.setQuote({ bestBid: 2790, bestAsk: 2791 })
  await control.setMark(2790)
  const { instrumentId } = request
  const [fill, ...others] = await venue.fillsSince(instrumentId, control.clock.now())
  assert.deepEqual(others, [])
  assert.equal(fill?.clientOrderId, request.clientOrderId)
  assert.deepEqual(await venue.fills(request), [fill])
  await eventually(() => heard.some((event) => event.kind === 'fill'), 'the fill')
  assert.deepEqual(
    heard.flatMap((event) => (event.kind === 'fill' ? [event.fill] : [])),
    [fill],
  )

  const stranger = createLoopbackVenue({
    ...{ exchange: createOkx(), keys: OKX_KEYS, endpoint: server.endpoint, clock: control.clock },
    quoteAt: () => undefined,
  })
  t.after(() => stranger.close())
  for (let i = 0; i < 2; i++) assert.deepEqual(await stranger.fillsSince(instrumentId, control.clock.now()), [fill])
  // Asked for once: the names are known then.
  assert.equal(sent('/api/v5/trade/orders-algo-history').length, 1)
})

test('fills of more than three days ago are asked for where they still are', async (t) => {
  const { venue, control, order, sent } = await start(t)
  const request = order()
  await venue.submit(request)
  await control.pass(80 * HOUR)
  const since = later(control.clock.now(), -81 * HOUR)
  assert.equal((await venue.fillsSince(request.instrumentId, since)).length, 1)
  assert.equal((await venue.fills(request)).length, 1)
  assert.deepEqual([sent('/api/v5/trade/fills-history').length, sent('/api/v5/trade/fills').length], [2, 0])
})

test('what was cancelled unfilled is forgotten after two hours; a stop whose order is forgotten has ended', async (t) => {
  const { venue, control, order, stop } = await start(t)
  const resting = order({ limitPrice: '2900', timeInForce: 'gtc' })
  await venue.submit(resting)
  await venue.cancel(resting)
  await venue.submit(order())
  const request = stop()
  await venue.submitStop(request)
  await control.setQuote(undefined)
  await control.setMark(2790)
  assert.equal((await venue.find(request))?.state, 'canceled')
  assert.equal((await venue.find(resting))?.state, 'canceled')
  await control.pass(2 * HOUR + 1)
  assert.equal((await venue.find(request))?.state, 'canceled')
  assert.equal(await venue.find(resting), undefined)
})

test('the countdown takes what we left resting, and neither stops nor what another hand left', async (t) => {
  const { venue, control, order, stop, sent } = await start(t)
  await venue.submit(order())
  const [resting, protecting] = [order({ limitPrice: '2900', timeInForce: 'gtc' }), stop()]
  await venue.submit(resting)
  await venue.submitStop(protecting)
  const theirs = await control.otherHand({ side: 'sell', quantity: '0.7', limitPrice: '3200' })
  await venue.countdown(duration(60_000))
  assert.deepEqual(sent('/api/v5/trade/cancel-all-after').at(-1)?.body, { timeOut: '60', tag: 'breakwater' })
  await control.pass(61_000)
  assert.equal((await venue.find(resting))?.state, 'canceled')
  const open = await venue.openOrders(resting.instrumentId)
  assert.deepEqual(new Set(open.map(({ kind }) => kind)), new Set(['stop', 'limit']))
  assert.ok(open.some(({ venueOrderId }) => venueOrderId === theirs.venueOrderId))
  for (const ms of [9_000, 121_000]) {
    await assert.rejects(venue.countdown(duration(ms)), /Expected a countdown of 10 to 120 seconds at OKX/)
  }
})

test('in the futures mode the account is that of its USDT', async (t) => {
  const { venue, order } = await start(t, { account: { acctLv: '2' } })
  await venue.submit(order({ quantity: '10' }))
  const { equity, initialMargin, maintenanceMargin } = await venue.account()
  assert.ok(Math.abs(initialMargin - 3_000) < 1 && Math.abs(maintenanceMargin - 150) < 1)
  assert.ok(equity > 9_999_900 && equity < 10_000_000, `was ${equity}`)
})

for (const [account, expected] of [
  [{ acctLv: '1' }, /Expected an account at OKX that has swaps, was acctLv 1/],
  [{ posMode: 'long_short_mode' }, /Expected the net position mode at OKX, was long_short_mode/],
] as const) {
  test(`an account with ${JSON.stringify(account)} is not traded on`, async (t) => {
    const { venue, order, server } = await start(t, { account })
    await assert.rejects(venue.instrument('ETH'), expected)
    await assert.rejects(venue.submit(order()), RangeError)
    assert.equal(server.core.orders().length, 0)
  })
}

test('announced maintenance of trading halts while it goes on, and is asked for twice a minute at most', async (t) => {
  const event = { title: 'Upgrade of trading', serviceType: '5', system: 'unified', maintType: '1', env: '1' }
  let announcements: readonly unknown[] = [{ ...event, state: 'scheduled' }]
  const { venue, control, sent } = await start(t, { announcements: () => announcements })
  assert.deepEqual(await venue.status('ETH'), { kind: 'trading' })
  announcements = [{ ...event, state: 'ongoing' }]
  assert.deepEqual(await venue.status('ETH'), { kind: 'trading' })
  await control.pass(30_000)
  assert.deepEqual(await venue.status('ETH'), { kind: 'halted', reason: 'MAINTENANCE Upgrade of trading' })
  assert.equal(sent('/api/v5/system/status').length, 2)
  announcements = [
    { ...event, state: 'ongoing', serviceType: '7' },
    { ...event, state: 'ongoing', env: '2' },
  ]
  await control.pass(30_000)
  assert.deepEqual(await venue.status('ETH'), { kind: 'trading' })
})

test('what a key may do is told with the account', async (t) => {
  const cases = [
    [
      { perm: 'read_only', ip: '' },
      { canTrade: false, canWithdraw: false, boundToAddresses: false },
    ],
    [
      { perm: 'read_only,trade,withdraw', ip: '192.0.2.7,192.0.2.8' },
      { canTrade: true, canWithdraw: true, boundToAddresses: true },
    ],
  ] as const
  for (const [account, expected] of cases) {
    const { venue } = await start(t, { account })
    assert.deepEqual(await venue.keyRights(), expected)
  }
})

test('keys that the venue does not know leave questions unanswered and nothing sent', async (t) => {
  const { venue, order, server } = await start(t, { keys: { ...OKX_KEYS, password: 'another' } })
  await assert.rejects(
    venue.account(),
    (error) => error instanceof VenueUnreachableError && /50105/.test(error.message),
  )
  assert.equal((await venue.submit(order())).kind, 'unknown')
  assert.equal(server.core.orders().length, 0)
})

test('a stream is logged into by the venue’s clock', async (t) => {
  const { venue, control, order, heard, listen } = await start(t)
  await control.skew(120_000)
  await listen()
  await venue.submit(order({ validUntil: later(control.clock.now(), 10_000) }))
  await eventually(() => heard.some(({ kind }) => kind === 'fill'), 'a fill')
})

test('a stream that is about to end is opened anew, and the gap is told', async (t) => {
  const { venue, order, server, heard, listen } = await start(t)
  await listen()
  server.push({ event: 'notice', code: '64008', msg: 'The connection will soon be closed for a service upgrade.' })
  await eventually(() => heard.some(({ kind }) => kind === 'reconnected'), 'the stream to be back')
  await venue.submit(order())
  await eventually(() => heard.some(({ kind }) => kind === 'fill'), 'a fill after it')
})

test('a pushed trade whose fee is not told has that of its order while it is the only one, and is a gap after that', async (t) => {
  const { server, heard, listen } = await start(t)
  await listen()
  const push = (more: Record<string, string>): void =>
    server.push({
      arg: { channel: 'orders', instType: 'SWAP' },
      data: [
        {
          ...{ instId: 'ETH-USDT-SWAP', ordId: '77', clOrdId: '', algoId: '', side: 'sell', state: 'partially_filled' },
          ...{
            sz: '20',
            accFillSz: '5',
            avgPx: '3000',
            fee: '-0.75',
            feeCcy: 'USDT',
            category: 'normal',
            execType: 'T',
          },
          ...{ tradeId: '1', fillSz: '5', fillPx: '3000', fillTime: String(AT), ...more },
        },
      ],
    })
  push({})
  await eventually(() => heard.length >= 2, 'the trade and its order')
  const [fill] = heard
  assert.deepEqual(fill?.kind === 'fill' ? [fill.fill.quantity, fill.fill.fee] : fill, [0.5, 0.75])
  push({ tradeId: '2', accFillSz: '10', fee: '-1.5' })
  await eventually(() => heard.some(({ kind }) => kind === 'reconnected'), 'the gap to be told')
  assert.ok(heard.every((event) => event.kind !== 'fill' || event.fill.tradeId === '1'))
})

test('on the practice exchange everything says so, and its own maintenance counts', async (t) => {
  const event = { title: 'Upgrade', serviceType: '5', state: 'ongoing' }
  let env = '1'
  const { venue, control, order, sent, heard, listen } = await start(t, {
    sandbox: true,
    announcements: () => [{ ...event, env }],
  })
  await listen()
  assert.equal((await venue.submit(order())).kind, 'accepted')
  await eventually(() => heard.some(({ kind }) => kind === 'fill'), 'a fill')
  assert.equal(sent('/api/v5/trade/order')[0]?.headers['x-simulated-trading'], '1')
  assert.deepEqual(await venue.status('ETH'), { kind: 'trading' })
  env = '2'
  await control.pass(30_000)
  assert.equal((await venue.status('ETH')).kind, 'halted')
})
