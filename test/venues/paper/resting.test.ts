import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { bps, duration, later, price, timestamp, usd } from '../../../src/domain/units.ts'
import type { OrderRequest, Quote, StopRequest, VenueEvent } from '../../../src/ports.ts'
import { applyTrade, EMPTY_BOOK } from '../../../src/venues/paper/book.ts'
import { createMemoryLedger } from '../../../src/venues/paper/memory-ledger.ts'
import { createPaperVenue, type PaperVenueOptions } from '../../../src/venues/paper/paper-venue.ts'
import { createVirtualClock } from '../../../src/venues/virtual-clock.ts'

const START = timestamp(Date.UTC(2026, 0, 5))
const INSTRUMENT = instrumentIdOf('ETH', 'paper')

function openPaper(options: Partial<PaperVenueOptions> = {}) {
  const clock = createVirtualClock(START)
  const ledger = createMemoryLedger()
  let touch: readonly [number, number] | undefined = [2999.9, 3000.1]
  const quoteAt = (): Quote | undefined =>
    touch && {
      at: clock.now(),
      bestBid: price(touch[0]),
      bestAsk: price(touch[1]),
      dailyVolumeNotional: usd(1e9),
      dailyVolatility: 0.03,
    }
  const venue = createPaperVenue({ venueId: 'paper', ledger, clock, quoteAt, ...options })
  let sent = 0
  const common = () => ({
    clientOrderId: `ORDER${++sent}` as ClientOrderId,
    instrumentId: INSTRUMENT,
    quantity: '2',
    validUntil: later(clock.now(), 10_000),
  })
  return {
    clock,
    ledger,
    venue,
    quote: (bestBid: number, bestAsk: number) => {
      touch = [bestBid, bestAsk]
    },
    noQuote: () => {
      touch = undefined
    },
    position: () => ledger.position('paper', INSTRUMENT),
    order: (changed: Partial<OrderRequest> = {}): OrderRequest => ({
      ...common(),
      side: 'buy',
      limitPrice: '2990',
      timeInForce: 'gtc',
      postOnly: false,
      reduceOnly: false,
      ...changed,
    }),
    stop: (changed: Partial<StopRequest> = {}): StopRequest => ({
      ...common(),
      side: 'sell',
      triggerPrice: '2900',
      ...changed,
    }),
  }
}
const BUY_NOW = { limitPrice: '3010', timeInForce: 'ioc' } as const
const SELL_NOW = { side: 'sell', limitPrice: '2980', timeInForce: 'ioc' } as const

test('a resting buy fills whole, at its limit and as a maker, once the ask has come to it and not before', async () => {
  const { venue, order, quote } = openPaper()
  const request = order()
  await venue.submit(request)
  quote(2989.9, 2990.1)
  assert.equal((await venue.find(request))?.state, 'accepted')
  quote(2985, 2986)
  assert.equal((await venue.find(request))?.state, 'filled')
  const [fill, ...others] = await venue.fills(request)
  assert.deepEqual(others, [])
  assert.deepEqual([fill?.quantity, fill?.fillPrice, fill?.liquidity], [2, 2990, 'maker'])
  assert.equal(fill?.fee.toFixed(4), (2 * 2990 * 0.0002).toFixed(4))
})

test('a resting sell fills when the bid reaches it, whichever question is asked first', async () => {
  for (const ask of ['openOrders', 'fillsSince', 'positions', 'account', 'cancel', 'submit'] as const) {
    const { venue, order, stop, quote, position } = openPaper()
    const request = order({ side: 'sell', limitPrice: '3050' })
    await venue.submit(request)
    quote(3050, 3050.2)
    const questions = {
      openOrders: () => venue.openOrders(INSTRUMENT),
      fillsSince: () => venue.fillsSince(INSTRUMENT, START),
      positions: () => venue.positions(),
      account: () => venue.account(),
      cancel: () => venue.cancel(request),
      submit: () => venue.submit(order({ limitPrice: '2000' })),
    }
    const answer = await questions[ask]()
    assert.equal(await position(), -2, ask)
    if (ask === 'cancel') assert.deepEqual(answer, { kind: 'not-open' })
    if (ask === 'openOrders') assert.deepEqual(answer, [])
    if (ask === 'positions') assert.equal((answer as readonly unknown[]).length, 1)
    assert.equal(stop().side, 'sell')
  }
})

test('an order that crosses takes what its limit allows; the rest waits for another quote', async () => {
  const { venue, clock, order, position } = openPaper()
  const request = order({ quantity: '5000', limitPrice: '3002' })
  await venue.submit(request)
  const taken = await position()
  assert.ok(taken > 0 && taken < 5000, `was ${taken}`)
  assert.equal((await venue.find(request))?.state, 'partially-filled')
  assert.equal(await position(), taken)
  clock.advanceTo(later(START, 1_000))
  assert.equal((await venue.find(request))?.state, 'filled')
  const last = (await venue.fills(request)).at(-1)!
  assert.deepEqual([last.fillPrice, last.liquidity], [3002, 'maker'])
})

test('post-only says what it would have taken, and immediate-or-cancel is no place for it', async () => {
  const { venue, order } = openPaper()
  assert.deepEqual(await venue.submit(order({ postOnly: true, limitPrice: '3000.1' })), {
    kind: 'rejected',
    reason: 'POST_ONLY_WOULD_TAKE side=buy limitPrice=3000.1 bestAsk=3000.1',
  })
  const both = await venue.submit(order({ ...BUY_NOW, postOnly: true }))
  assert.equal(both.kind === 'rejected' && both.reason, 'POST_ONLY_NEVER_RESTS timeInForce=ioc')
})

test('every refusal has its code and its numbers', async () => {
  const { venue, clock, order, stop, noQuote } = openPaper()
  const refused = async (request: OrderRequest | StopRequest, reason: RegExp) => {
    const outcome = await ('triggerPrice' in request ? venue.submitStop(request) : venue.submit(request))
    assert.equal(outcome.kind, 'rejected')
    assert.match(outcome.kind === 'rejected' ? outcome.reason : '', reason)
    assert.equal(await venue.find(request), undefined)
  }
  await refused(order({ quantity: '1.0005' }), /^QUANTITY_NOT_ON_LOT quantity=1\.0005 lotSize=0\.001$/)
  await refused(order({ limitPrice: '3000.001' }), /^PRICE_NOT_ON_TICK limitPrice=3000\.001 tickSize=0\.01$/)
  await refused(order({ quantity: '0.006' }), /^NOTIONAL_BELOW_MIN notional=18\.00 min=20$/)
  await refused(order({ instrumentId: instrumentIdOf('ETH', 'elsewhere') }), /^UNKNOWN_INSTRUMENT/)
  await refused(order({ clientOrderId: 'two words' as ClientOrderId }), /^CLIENT_ORDER_ID_MALFORMED/)
  await refused(
    order({ ...SELL_NOW, reduceOnly: true }),
    /^REDUCE_ONLY_WOULD_INCREASE side=sell quantity=2 position=0$/,
  )
  await refused(stop({ triggerPrice: '3000' }), /^STOP_WOULD_TRIGGER side=sell triggerPrice=3000 mark=3000$/)
  const late = later(clock.now(), -1)
  await refused(
    order({ validUntil: late }),
    /^REQUEST_EXPIRED validUntil=2026-01-04T23:59:59\.999Z at=2026-01-05T00:00:00\.000Z$/,
  )
  await refused(stop({ validUntil: late }), /^REQUEST_EXPIRED/)
  noQuote()
  await refused(order(), /^NO_QUOTE asset=ETH/)
  for (const [bid, ask] of [
    [2999, Number.NaN],
    [3000, 2000],
  ] as const) {
    const quoteAt = () => ({ at: START, bestBid: bid as Quote['bestBid'], bestAsk: ask as Quote['bestAsk'] })
    const broken = openPaper({ quoteAt })
    assert.equal(await broken.venue.quote('ETH'), undefined)
    const outcome = await broken.venue.submit(order())
    assert.match(outcome.kind === 'rejected' ? outcome.reason : '', /^NO_QUOTE/)
  }
})

test('resting reduce-only orders shrink with the position and end with it', async () => {
  const { venue, order, quote, position } = openPaper()
  await venue.submit(order(BUY_NOW))
  const exit = order({ side: 'sell', limitPrice: '3100', reduceOnly: true })
  await venue.submit(exit)
  await venue.submit(order({ ...SELL_NOW, quantity: '0.5' }))
  quote(3100, 3101)
  const done = await venue.find(exit)
  assert.deepEqual([done?.state, done?.filledQuantity, done?.reason], ['canceled', 1.5, 'REDUCE_ONLY_SHRUNK'])
  assert.equal(await position(), 0)

  quote(2999.9, 3000.1)
  await venue.submit(order(BUY_NOW))
  const second = order({ side: 'sell', limitPrice: '3100', reduceOnly: true })
  await venue.submit(second)
  await venue.submit(order(SELL_NOW))
  assert.match((await venue.find(second))?.reason ?? '', /^REDUCE_ONLY_NOTHING_LEFT/)
  assert.deepEqual(await venue.openOrders(INSTRUMENT), [])
})

test('a stop with nothing left to close ends without a trade', async () => {
  const { venue, order, stop, quote, position } = openPaper()
  await venue.submit(order(BUY_NOW))
  const request = stop()
  await venue.submitStop(request)
  await venue.submit(order(SELL_NOW))
  quote(2890, 2890.2)
  const ended = await venue.find(request)
  assert.deepEqual([ended?.state, ended?.filledQuantity], ['canceled', 0])
  assert.equal(await position(), 0)
})

test('a stop closes at the market with impact, beyond its trigger where the market has gone', async () => {
  const { venue, order, stop, quote } = openPaper()
  await venue.submit(order({ ...BUY_NOW, quantity: '1000', limitPrice: '3100' }))
  const request = stop({ quantity: '1000' })
  await venue.submitStop(request)
  quote(2850, 2850.2)
  const closed = (await venue.find(request))!
  assert.equal(closed.state, 'filled')
  assert.ok(closed.averageFillPrice! < 2850, `was ${closed.averageFillPrice}`)
  assert.equal((await venue.fills(request))[0]?.liquidity, 'taker')
})

test('a countdown that ran out unseen cancels what rested then, before the market reaches it', async () => {
  const { venue, clock, order, stop, quote, position } = openPaper()
  const [request, protection] = [order(), stop()]
  await venue.submit(request)
  await venue.submitStop(protection)
  await venue.countdown(duration(5_000))
  clock.advanceTo(later(START, 6_000))
  quote(2950, 2950.2)
  quote(2980, 2980.2)
  await venue.countdown(duration(5_000))
  const ended = await venue.find(request)
  assert.deepEqual([ended?.state, ended?.reason], ['canceled', 'COUNTDOWN_LAPSED'])
  assert.equal((await venue.find(protection))?.state, 'accepted')
  assert.equal(await position(), 0)
})

test('a halt stops all trading, also of what rests, and lets cancels through', async () => {
  let halted = false
  const { venue, order, quote } = openPaper({
    statusAt: () => (halted ? { kind: 'halted', reason: 'maintenance' } : { kind: 'trading' }),
  })
  const [one, two] = [order(), order()]
  await venue.submit(one)
  await venue.submit(two)
  halted = true
  quote(2900, 2900.2)
  assert.equal((await venue.find(one))?.state, 'accepted')
  assert.deepEqual(await venue.cancel(two), { kind: 'canceled' })
  const outcome = await venue.submit(order())
  assert.equal(outcome.kind === 'rejected' && outcome.reason, 'VENUE_HALTED reason=maintenance')
  halted = false
  assert.equal((await venue.find(one))?.state, 'filled')
})

test('in memory too an id is refused while its order is on its way, and taken afterwards', async () => {
  let release = () => {}
  let arrived = () => {}
  const isOpen = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { venue, ledger, order } = openPaper({
    hooks: {
      whileOpen: async () => {
        arrived()
        await held
      },
    },
  })
  const request = order(BUY_NOW)
  const first = venue.submit(request)
  await isOpen
  assert.deepEqual(await venue.submit(request), {
    kind: 'rejected',
    reason: 'DUPLICATE_CLIENT_ORDER_ID clientOrderId=ORDER1',
  })
  release()
  assert.equal((await first).kind, 'accepted')
  assert.equal((await venue.submit(request)).kind, 'accepted')
  assert.equal((await ledger.acceptances('paper')).get(request.clientOrderId), 2)
  assert.equal((await venue.fills(request)).length, 2)
})

test('a larger order pays a worse average price', async () => {
  const { venue, order } = openPaper()
  const pay = async (quantity: string) => {
    const request = order({ ...BUY_NOW, quantity, limitPrice: '3030' })
    await venue.submit(request)
    return (await venue.find(request))!.averageFillPrice!
  }
  assert.ok((await pay('200')) > (await pay('1')))
})

test('events that come late, twice or never change nothing at the venue', async () => {
  const held: (() => void)[] = []
  const { venue, order } = openPaper({
    hooks: {
      deliver: (event, pass) => {
        if (event.kind === 'fill') held.push(() => pass(event))
      },
    },
  })
  const heard: VenueEvent[] = []
  await venue.watch((event) => heard.push(event), new AbortController().signal)
  const request = order(BUY_NOW)
  await venue.submit(request)
  assert.equal((await venue.find(request))?.state, 'filled')
  assert.deepEqual(heard, [])
  for (const release of [...held, ...held]) release()
  assert.equal(heard.length, 2)
  assert.equal((await venue.fills(request)).length, 1)
})

test('realised profit and entry account for all the money that went out and came in', () => {
  const trade = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: fc.integer({ min: 1, max: 5_000 }).map((lots) => (lots / 1000).toFixed(3)),
    fill_price: fc.integer({ min: 1_000, max: 5_000 }).map(String),
    fee_usd: fc.constant('0.5'),
  })
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 20 }), (trades) => {
      const book = trades.reduce(applyTrade, EMPTY_BOOK)
      const spent = trades.reduce(
        (sum, { side, quantity, fill_price }) =>
          sum.plus(new Decimal(quantity).mul(fill_price).mul(side === 'buy' ? 1 : -1)),
        new Decimal(0),
      )
      // What was spent is what is held at its entry, less what was gained.
      const accounted = new Decimal(book.position).mul(book.entry).minus(book.realized)
      assert.ok(accounted.minus(spent).abs().lt(1e-6), `${accounted} and ${spent}`)
      assert.equal(Number(book.fees), trades.length * 0.5)
      if (Number(book.position) === 0) assert.equal(book.entry, '0')
    }),
  )
})

test('force needs a position as large as what it closes', async () => {
  const { venue, order } = openPaper()
  await assert.rejects(venue.acts.liquidate(INSTRUMENT, '1'), /above 0 and up to 0 to close, was 1/)
  await venue.submit(order(BUY_NOW))
  await assert.rejects(venue.acts.deleverage(INSTRUMENT, '2.5'), /up to 2 to close/)
  await venue.acts.deleverage(INSTRUMENT, '0.5')
  const fill = (await venue.fillsSince(INSTRUMENT, START)).at(-1)!
  assert.deepEqual([fill.side, fill.fillPrice, fill.fee, fill.cause], ['sell', 3000, 0, 'deleveraging'])
})

test('the account of a leveraged position by hand', async () => {
  const { venue, order, quote } = openPaper({ leverage: 5, equity: usd(100_000), takerFee: bps(0), makerFee: bps(0) })
  await venue.submit(order({ side: 'sell', limitPrice: '3000.2', quantity: '10' }))
  await venue.acts.fillResting({ ...order(), clientOrderId: 'ORDER1' as ClientOrderId }, '10')
  quote(3099.9, 3100.1)
  const account = await venue.account()
  assert.equal(account.equity.toFixed(2), (100_000 - 10 * 99.8).toFixed(2))
  assert.equal(account.initialMargin.toFixed(2), (31_000 / 5).toFixed(2))
  assert.equal(account.maintenanceMargin.toFixed(2), (31_000 * 0.005).toFixed(2))
  const [position] = await venue.positions()
  assert.equal(position?.liquidationPrice?.toFixed(2), ((3000.2 * 1.2) / 1.005).toFixed(2))
})

test('options that make no sense are refused', () => {
  assert.throws(() => openPaper({ leverage: 0.5 }), /leverage of at least 1, was 0.5/)
  assert.throws(() => openPaper({ makerFee: bps(-1) }), /maker fee of zero or more bps, was -1/)
})

test('whatever is done, the book is what its rows add up to, and the events name every trade once', async () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('price' as const), mid: fc.integer({ min: 2_900, max: 3_100 }) }),
    fc.record({
      kind: fc.constant('order' as const),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      lots: fc.integer({ min: 10, max: 9_000 }),
      limitPrice: fc.integer({ min: 2_900, max: 3_100 }).map(String),
      timeInForce: fc.constantFrom('gtc' as const, 'ioc' as const),
      reduceOnly: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('stop' as const),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      lots: fc.integer({ min: 10, max: 9_000 }),
      triggerPrice: fc.integer({ min: 2_900, max: 3_100 }).map(String),
    }),
    fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(9) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30 }), async (acts) => {
      const { venue, ledger, clock, order, stop, quote } = openPaper()
      const events: VenueEvent[] = []
      await venue.watch((event) => events.push(event), new AbortController().signal)
      for (const step of acts) {
        clock.advanceTo(later(clock.now(), 500))
        const open = await venue.openOrders(INSTRUMENT)
        if (step.kind === 'price') quote(step.mid - 0.5, step.mid + 0.5)
        else if (step.kind === 'cancel') {
          const target = open[step.which]
          if (target) await venue.cancel({ ...order(), venueOrderId: target.venueOrderId })
        } else {
          const { kind: _, lots, ...rest } = step
          const quantity = (lots / 1000).toFixed(3)
          if ('triggerPrice' in rest) await venue.submitStop(stop({ ...rest, quantity }))
          else await venue.submit(order({ ...rest, quantity }))
        }
        const { book } = await ledger.read('paper', INSTRUMENT)
        for (const resting of book.orders.filter(({ kind, reduceOnly }) => kind === 'limit' && reduceOnly)) {
          const closes = resting.side === 'sell' ? Number(book.position) : -Number(book.position)
          assert.ok(Number(resting.open) <= closes, `${resting.open} to close of ${book.position}`)
        }
      }
      const fills = await venue.fillsSince(INSTRUMENT, START)
      const summed = fills.reduce(
        (book, fill) =>
          applyTrade(book, {
            side: fill.side,
            quantity: String(fill.quantity),
            fill_price: String(fill.fillPrice),
            fee_usd: String(fill.fee),
          }),
        EMPTY_BOOK,
      )
      const { book } = await ledger.read('paper', INSTRUMENT)
      for (const key of ['position', 'entry', 'realized', 'fees'] as const) {
        assert.ok(new Decimal(summed[key]).minus(book[key]).abs().lt(1e-6), `${key}: ${summed[key]} and ${book[key]}`)
      }
      const heard = events.flatMap((event) => (event.kind === 'fill' ? [event.fill.tradeId] : []))
      assert.deepEqual(
        heard,
        fills.map((fill) => fill.tradeId),
      )
    }),
    { numRuns: 60 },
  )
})
