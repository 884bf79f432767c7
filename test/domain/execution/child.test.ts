import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ChildDecision, type ChildInputs, decideChild } from '../../../src/domain/execution/child.ts'
import { applyOrderEvent, type ClientOrderId, isTerminal, type Order } from '../../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { createRandom } from '../../../src/domain/random.ts'
import { baseQty, bps, duration, price, timestamp, usd } from '../../../src/domain/units.ts'

const instrument = {
  instrumentId: instrumentIdOf('ETH', 'paper'),
  asset: 'ETH',
  venue: 'paper',
  lotSize: '0.001',
  tickSize: '0.01',
  minNotional: usd(20),
}
const quoteAt = (mid: number) => ({ bestBid: price(mid - 0.05), bestAsk: price(mid + 0.05), dailyVolatility: 0.03 })
const base: ChildInputs = {
  leg: 0,
  slice: 3,
  side: 'sell',
  quantity: baseQty(10),
  startsAt: timestamp(0),
  endsAt: timestamp(120_000),
  now: timestamp(0),
  orders: [],
  quote: quoteAt(3000),
  instrument,
  urgency: 'normal',
  passiveWait: duration(20_000),
  arrivalMid: price(3000),
  maxSlippage: bps(30),
  priceCollar: bps(50),
  mayCross: true,
}
const order = (over: Partial<Order> = {}): Order => ({
  clientOrderId: `ORDER${over.attempt ?? 0}` as ClientOrderId,
  kind: 'child',
  instrumentId: instrument.instrumentId,
  leg: 0,
  slice: 3,
  attempt: 0,
  side: 'sell',
  quantity: baseQty(10),
  limitPrice: price(3000.05),
  timeInForce: 'gtc',
  postOnly: true,
  reduceOnly: false,
  state: 'accepted',
  filledQuantity: baseQty(0),
  arrivalMid: price(3000),
  createdAt: timestamp(0),
  updatedAt: timestamp(0),
  ...over,
})
const decide = (over: Partial<ChildInputs>): ChildDecision => decideChild({ ...base, ...over })

test('a child begins post-only at the touch', () => {
  const { kind, ...place } = decide({}) as Extract<ChildDecision, { kind: 'place' }>
  assert.equal(kind, 'place')
  assert.deepEqual(place, { style: 'passive', attempt: 0, quantity: 10, limitPrice: 3000.05 })
  assert.equal((decide({ side: 'buy' }) as typeof place & ChildDecision).limitPrice, 2999.95)
})

test('it rests for twenty seconds, or a third of a slice that is shorter than a minute', () => {
  assert.deepEqual(decide({ orders: [order()], now: timestamp(1) }), {
    kind: 'wait',
    until: 20_000,
    reason: 'rests at the touch',
  })
  const short = decide({ orders: [order()], now: timestamp(1), endsAt: timestamp(30_000) })
  assert.equal(short.kind === 'wait' && short.until, 10_000)
})

test('it is put anew when mid has moved by more than a tick, and keeps its place in the queue when it has not', () => {
  const rested = { orders: [order()], now: timestamp(20_000) }
  assert.equal(decide({ ...rested, quote: quoteAt(3000.01) }).kind, 'wait')
  const moved = decide({ ...rested, quote: quoteAt(2999.9) })
  assert.equal(moved.kind === 'cancel' && moved.reason, 'mid has moved: put anew')
  const anew = decide({ ...rested, orders: [order({ state: 'canceled' })], quote: quoteAt(2999.9) })
  assert.ok(anew.kind === 'place' && anew.style === 'passive')
  assert.deepEqual([anew.attempt, anew.limitPrice], [1, 2999.95])
})

test('after three times anew it crosses, one sigma of a minute past mid', () => {
  const tried = [0, 1, 2, 3].map((attempt) =>
    order({ attempt, state: 'canceled', createdAt: timestamp(attempt * 20_000) }),
  )
  const now = timestamp(80_000)
  const crossing = decide({ orders: tried, now })
  assert.ok(crossing.kind === 'place' && crossing.style === 'cross')
  assert.equal(crossing.attempt, 4)
  assert.equal(crossing.limitPrice.toFixed(2), (3000 * (1 - 0.03 / Math.sqrt(1440))).toFixed(2))
  const calm = decide({ orders: tried, now, quote: { ...quoteAt(3000), dailyVolatility: 0.001 } })
  assert.equal(calm.kind === 'place' && calm.limitPrice.toFixed(2), '2999.10')
  const crossed = [...tried, order({ attempt: 4, timeInForce: 'ioc', state: 'canceled', filledQuantity: baseQty(4) })]
  assert.deepEqual(decide({ orders: crossed, now }), {
    kind: 'done',
    filled: 4,
    left: 6,
    reason: 'crossed, the rest rolls on',
  })
})

test('a post-only order that would have taken is an attempt, and is tried anew on a newer price', () => {
  const rejected = order({ state: 'rejected', reason: 'POST_ONLY_WOULD_TAKE', updatedAt: timestamp(100) })
  const soon = decide({ orders: [rejected], now: timestamp(200) })
  assert.equal(soon.kind === 'wait' && soon.until, 2_100)
  const next = decide({ orders: [rejected], now: timestamp(2_100) })
  assert.deepEqual(next.kind === 'place' && [next.style, next.attempt], ['passive', 1])
  const all = [0, 1, 2, 3].map((attempt) => order({ attempt, state: 'rejected' }))
  const crossing = decide({ orders: all, now: timestamp(9_000) })
  assert.ok(crossing.kind === 'place' && crossing.style === 'cross')
})

test('an order that is not settled is waited for, whatever else would be due', () => {
  for (const state of ['initialized', 'submitted', 'unknown'] as const) {
    for (const now of [1, 50_000, 500_000]) {
      assert.equal(decide({ orders: [order({ state })], now: timestamp(now), hold: 'halted' }).kind, 'wait')
    }
  }
})

test('no limit lies past the slippage allowed since arrival, and past it nothing is sent', () => {
  const near = decide({ urgency: 'panic', quote: quoteAt(2992), maxSlippage: bps(30) })
  assert.equal(near.kind === 'place' && near.limitPrice, 2991)
  const past = decide({ urgency: 'panic', quote: quoteAt(2990), maxSlippage: bps(30) })
  assert.equal(past.kind === 'wait' && past.reason, 'the market is past the worst price allowed')
})

test('panic crosses at once, and nothing crosses where it may not', () => {
  const panic = decide({ urgency: 'panic' })
  assert.equal(panic.kind === 'place' && panic.style, 'cross')
  const held = decide({ urgency: 'panic', mayCross: false })
  assert.equal(held.kind === 'place' && held.style, 'passive')
  const tried = [0, 1, 2, 3].map((attempt) => order({ attempt, state: 'canceled' }))
  assert.equal(decide({ orders: tried, now: timestamp(90_000), mayCross: false }).kind, 'wait')
})

test('what rests is taken back when the slice is over or the guard says so', () => {
  const over = decide({ orders: [order()], now: timestamp(120_000) })
  assert.equal(over.kind === 'cancel' && over.reason, 'the slice is over')
  assert.equal(decide({ orders: [order()], hold: 'stale book' }).kind, 'cancel')
  const after = decide({ orders: [order({ state: 'canceled', filledQuantity: baseQty(7) })], now: timestamp(120_000) })
  assert.deepEqual([after.kind, after.kind === 'done' && after.left], ['done', 3])
})

test('a part below the minimum of the venue rolls on', () => {
  const done = decide({ orders: [order({ state: 'canceled', filledQuantity: baseQty(9.995) })] })
  assert.deepEqual([done.kind, done.kind === 'done' && done.left.toFixed(3)], ['done', '0.005'])
})

/** A venue and a process that is killed at any line: whatever happens, what is on record decides. */
function live(
  seed: number,
  urgency: ChildInputs['urgency'],
): { orders: readonly Order[]; mostOpen: number; asked: number } {
  const random = createRandom(seed)
  let orders: Order[] = []
  let mid = 3000
  let mostOpen = 0
  let asked = 0
  const change = (one: Order, next: Order) => {
    orders = orders.map((other) => (other === one ? next : other))
  }
  for (let now = 0; now < 200_000 && asked < 2_000; asked++) {
    mid += (random() - 0.5) * 0.2
    const at = timestamp(now)
    const decision = decideChild({
      ...base,
      urgency,
      orders,
      now: at,
      quote: random() < 0.05 ? undefined : quoteAt(mid),
      mayCross: random() < 0.9,
      ...(random() < 0.03 && { hold: 'guard' }),
    })
    if (decision.kind === 'place') {
      const placed = order({
        attempt: decision.attempt,
        quantity: decision.quantity,
        limitPrice: decision.limitPrice,
        timeInForce: decision.style === 'cross' ? 'ioc' : 'gtc',
        state: 'initialized',
        arrivalMid: price(mid),
        createdAt: at,
        updatedAt: at,
      })
      assert.ok(!orders.some((one) => one.attempt === placed.attempt), `seed ${seed}: attempt ${placed.attempt} twice`)
      orders = [...orders, placed]
    } else if (decision.kind === 'cancel') {
      if (random() < 0.8) {
        const state = random() < 0.9 ? 'canceled' : 'filled'
        const filledQuantity = state === 'filled' ? decision.order.quantity : decision.order.filledQuantity
        change(decision.order, applyOrderEvent(decision.order, { kind: 'reported', state, filledQuantity }, at))
      }
    } else if (decision.kind === 'done' && now >= base.endsAt) break
    // The wire and whoever resolves: at any time, in any order, sometimes not at all.
    for (const one of orders.filter(({ state }) => !isTerminal(state))) {
      if (random() < 0.3) continue
      const filledQuantity = baseQty(Math.min(one.quantity, one.filledQuantity + Math.floor(random() * 4)))
      const ended = one.timeInForce === 'ioc' ? ('canceled' as const) : ('accepted' as const)
      const news =
        one.state === 'initialized'
          ? random() < 0.2
            ? ({ kind: 'rejected', reason: 'POST_ONLY_WOULD_TAKE' } as const)
            : ({ kind: random() < 0.3 ? 'unknown' : 'submitted', reason: 'timeout' } as const)
          : ({ kind: 'reported', state: ended, filledQuantity } as const)
      change(one, applyOrderEvent(one, news, at))
    }
    mostOpen = Math.max(mostOpen, orders.filter(({ state }) => !isTerminal(state)).length)
    now +=
      decision.kind === 'wait' ? Math.max(1, Math.round((decision.until - now) * random())) : Math.round(random() * 500)
  }
  return { orders, mostOpen, asked }
}

test('killed and resumed at any line: one open order at most, never more than the part, at most five attempts', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.constantFrom('normal' as const, 'urgent' as const, 'panic' as const),
      (seed, urgency) => {
        const { orders, mostOpen, asked } = live(seed, urgency)
        const filled = orders.reduce((sum, one) => sum + one.filledQuantity, 0)
        assert.ok(asked < 2_000, 'it comes to an end')
        assert.ok(mostOpen <= 1, `open at once: ${mostOpen}`)
        assert.ok(filled <= 10 + 1e-9, `filled ${filled} of 10`)
        assert.ok(orders.length <= 5, `attempts: ${orders.length}`)
        assert.ok(orders.filter(({ timeInForce }) => timeInForce === 'ioc').length <= 1)
      },
    ),
    { numRuns: 300 },
  )
})
