import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { VenueUnreachableError } from '../../../src/domain/execution/venue-unreachable.ts'
import { later, timestamp } from '../../../src/domain/units.ts'
import { createBybit } from '../../../src/venues/ccxt/bybit.ts'
import type { VenueKeys } from '../../../src/venues/ccxt/trading-client.ts'
import { eventually } from '../../conformance/venue-support.ts'
import { BYBIT_KEYS, type BybitSettings, createBybitFormat } from '../../support/exchange/bybit.ts'
import { BYBIT_INSTRUMENTS } from '../../support/exchange/bybit-shapes.ts'
import { AT } from '../../support/exchange/open.ts'
import type { Asked } from '../../support/exchange/server.ts'
import { openWire } from '../../support/exchange/wire.ts'

const DAY = 24 * 3_600_000
const start = (
  t: TestContext,
  { sandbox = false, ...changed }: Omit<Partial<BybitSettings>, 'keys'> & { keys?: VenueKeys; sandbox?: boolean } = {},
) =>
  openWire(t, {
    sandbox,
    exchange: createBybit(),
    keys: changed.keys ?? BYBIT_KEYS,
    format: (core) => createBybitFormat({ ...changed, core, keys: BYBIT_KEYS }),
    core: { instruments: BYBIT_INSTRUMENTS },
  })

test('an order goes out once, under our id alone, with the time that it may be taken in', async (t) => {
  const { venue, order, sent } = await start(t)
  const request = order()
  assert.equal((await venue.submit(request)).kind, 'accepted')
  const [asked, ...others] = sent('/v5/order/create')
  assert.deepEqual(others, [])
  assert.deepEqual(asked?.body, {
    ...{ category: 'linear', symbol: 'ETHUSDT', side: 'Buy', orderType: 'Limit', qty: '1.5', price: '3010' },
    ...{ timeInForce: 'IOC', positionIdx: 0, orderLinkId: request.clientOrderId },
  })
  assert.equal(asked?.headers['x-bapi-timestamp'], String(AT))
  assert.equal(asked?.headers['x-bapi-recv-window'], '10000')
  assert.equal(asked?.headers.referer, undefined)
})

test('orders that leave together have each a window of its own, and questions the usual one', async (t) => {
  const { venue, order, requests } = await start(t)
  await venue.instrument('ETH')
  const windows = [2_000, 7_000, 3_600_000]
  await Promise.all([
    ...windows.map((ms) => venue.submit(order({ quantity: '0.1', validUntil: later(timestamp(AT), ms) }))),
    venue.positions(),
  ])
  const windowOf = ({ headers }: Asked): string => String(headers['x-bapi-recv-window'])
  const orders = requests.filter(({ path }) => path === '/v5/order/create')
  assert.deepEqual(new Set(orders.map(windowOf)), new Set(['2000', '7000', '60000']))
  assert.equal(windowOf(requests.findLast(({ path }) => path === '/v5/position/list')!), '5000')
})

test('a stop waits for the mark price in the direction of its side, and closes only', async (t) => {
  const { venue, order, stop, sent } = await start(t)
  await venue.submit(order())
  assert.equal((await venue.submitStop(stop())).kind, 'accepted')
  const { body } = sent('/v5/order/create').at(-1)!
  assert.deepEqual(
    [body.orderType, body.triggerBy, body.triggerDirection, body.triggerPrice, body.reduceOnly, body.closeOnTrigger],
    ['Market', 'MarkPrice', 2, '2800', true, true],
  )
})

test('a stop goes by one id before and after, in the list of fills too', async (t) => {
  const { venue, control, order, stop, heard, listen } = await start(t)
  await venue.submit(order())
  await control.pass(1_000)
  const request = stop()
  const placed = await venue.submitStop(request)
  await listen()
  await control.setQuote({ bestBid: 2790, bestAsk: 2791 })
  await control.setMark(2790)
  const venueOrderId = placed.kind === 'accepted' ? placed.venueOrderId : ''
  const [fill, ...others] = await venue.fillsSince(request.instrumentId, control.clock.now())
  assert.deepEqual(others, [])
  assert.deepEqual([fill?.clientOrderId, fill?.venueOrderId], [request.clientOrderId, venueOrderId])
  assert.deepEqual(await venue.fills(request), [fill])
  await eventually(() => heard.some((event) => event.kind === 'fill'), 'the fill')
  for (const event of heard) {
    if (event.kind === 'fill') assert.deepEqual(event.fill, fill)
    if (event.kind === 'order') assert.deepEqual([event.order.venueOrderId, event.order.kind], [venueOrderId, 'stop'])
  }
})

test('a post-only order that would take is taken first and refused when it is read: both are told', async (t) => {
  const { venue, order, heard, listen } = await start(t)
  await listen()
  const request = order({ postOnly: true, timeInForce: 'gtc' })
  assert.equal((await venue.submit(request)).kind, 'accepted')
  const found = await venue.find(request)
  assert.deepEqual([found?.state, found?.filledQuantity], ['rejected', 0])
  assert.match(found?.reason ?? '', /^POST_ONLY_WOULD_TAKE/)
  await eventually(() => heard.length > 0, 'the refusal')
  const [event] = heard
  assert.ok(event?.kind === 'order' && event.order.state === 'rejected')
})

test('an id that was used again names its latest order', async (t) => {
  const { venue, control, order } = await start(t)
  const request = order({ limitPrice: '2900', timeInForce: 'gtc' })
  await venue.submit(request)
  await venue.cancel(request)
  await control.pass(1_000)
  const second = await venue.submit({ ...request, validUntil: later(control.clock.now(), 10_000) })
  const found = await venue.find(request)
  assert.equal(found?.state, 'accepted')
  assert.equal(found?.venueOrderId, second.kind === 'accepted' ? second.venueOrderId : '')
})

test('what ended before the venue’s last restart is found in its history', async (t) => {
  const { venue, order, sent } = await start(t, { forgetsEnded: true })
  const request = order()
  await venue.submit(request)
  assert.equal((await venue.find(request))?.state, 'filled')
  assert.equal(sent('/v5/order/history').length, 1)
})

test('fills of weeks are asked for a week at a time, and a payment of funding is none', async (t) => {
  const { venue, control, order, sent } = await start(t, { fundedAt: AT + DAY })
  await venue.submit(order({ quantity: '1' }))
  await control.pass(15 * DAY)
  await venue.submit(order({ quantity: '2', validUntil: later(control.clock.now(), 10_000) }))
  const fills = await venue.fillsSince(order().instrumentId, timestamp(AT))
  assert.deepEqual(
    fills.map(({ quantity }) => quantity),
    [1, 2],
  )
  assert.equal(sent('/v5/execution/list').length, 3)
})

test('a fee in MNT is told in USD', async (t) => {
  const { venue, order } = await start(t, { mntPrice: 0.8 })
  const request = order()
  await venue.submit(request)
  const [fill] = await venue.fills(request)
  assert.ok(Math.abs(fill!.fee - 1.5 * 3000.5 * 0.0005) < 1e-6, `was ${fill!.fee}`)
})

test('an order below the smallest notional is refused by its name', async (t) => {
  const { venue, order } = await start(t)
  const outcome = await venue.submit(order({ quantity: '0.01', limitPrice: '400', timeInForce: 'gtc' }))
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^NOTIONAL_BELOW_MIN 110094/)
})

for (const [what, changed, expected] of [
  ['a classic account', { account: { unifiedMarginStatus: 1 } }, /unified account at Bybit, was unifiedMarginStatus 1/],
  ['isolated margin', { account: { marginMode: 'ISOLATED_MARGIN' } }, /cross margin at Bybit/],
] as const) {
  test(`${what} is not traded on`, async (t) => {
    const { venue, order, server } = await start(t, changed)
    await assert.rejects(venue.instrument('ETH'), expected)
    await assert.rejects(venue.submit(order()), RangeError)
    assert.equal(server.core.orders().length, 0)
  })
}

test('an account in hedge mode is not traded on, nor is its position told for a net one', async (t) => {
  const { venue, order, control } = await start(t, { hedgeMode: true })
  const request = order()
  const outcome = await venue.submit(request)
  assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /position idx not match/)
  await control.otherHand({ side: 'buy', quantity: '1' })
  await assert.rejects(venue.positions(), /Expected the one-way position mode at Bybit, was hedge mode of ETHUSDT/)
  assert.equal(await control.acceptances(request.clientOrderId), 0)
})

test('announced maintenance halts while it goes on, and is asked for twice a minute at most', async (t) => {
  const event = { id: 'f9d6842d', title: 'Upgrade of matching', product: [1, 2], serviceTypes: [1], env: 1 }
  let announcements: readonly unknown[] = [{ ...event, state: 'scheduled' }]
  const { venue, control, sent } = await start(t, { announcements: () => announcements })
  assert.deepEqual(await venue.status('ETH'), { kind: 'trading' })
  announcements = [{ ...event, state: 'ongoing' }]
  assert.deepEqual(await venue.status('ETH'), { kind: 'trading' })
  await control.pass(30_000)
  assert.deepEqual(await venue.status('ETH'), { kind: 'halted', reason: 'MAINTENANCE Upgrade of matching' })
  assert.equal(sent('/v5/system/status').length, 2)
  announcements = [
    { ...event, state: 'ongoing', product: [3] },
    { ...event, state: 'ongoing', env: 2 },
  ]
  await control.pass(30_000)
  assert.deepEqual(await venue.status('ETH'), { kind: 'trading' })
})

test('what a key may do follows from its permissions, its kind and its addresses', async (t) => {
  const cases = [
    [{ readOnly: 1 }, { canTrade: false, canWithdraw: false, boundToAddresses: true }],
    [{ ips: ['*'] }, { canTrade: true, canWithdraw: false, boundToAddresses: false }],
    [
      {
        permissions: { ContractTrade: [], Derivatives: ['DerivativesTrade'], Wallet: ['AccountTransfer', 'Withdraw'] },
      },
      { canTrade: true, canWithdraw: true, boundToAddresses: true },
    ],
    [
      { permissions: { ContractTrade: ['Position'], Spot: ['SpotTrade'] } },
      { canTrade: false, canWithdraw: false, boundToAddresses: true },
    ],
  ] as const
  for (const [key, expected] of cases) {
    const { venue } = await start(t, { key })
    assert.deepEqual(await venue.keyRights(), expected)
  }
})

test('keys that the venue does not know leave questions unanswered and nothing sent', async (t) => {
  const { venue, order, server } = await start(t, { keys: { apiKey: 'loopback-key', secret: 'another' } })
  await assert.rejects(
    venue.account(),
    (error) => error instanceof VenueUnreachableError && /10004/.test(error.message),
  )
  assert.equal((await venue.submit(order())).kind, 'unknown')
  assert.equal(server.core.orders().length, 0)
})

test('on the practice exchange all is the same', async (t) => {
  const { venue, order, heard, listen } = await start(t, { sandbox: true })
  await listen()
  assert.equal((await venue.submit(order())).kind, 'accepted')
  await eventually(() => heard.some(({ kind }) => kind === 'fill'), 'a fill')
  assert.equal((await venue.keyRights()).canTrade, true)
})
