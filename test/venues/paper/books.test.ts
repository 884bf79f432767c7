import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { bps, later, usd } from '../../../src/domain/units.ts'
import type { VenueEvent } from '../../../src/ports.ts'
import { applyTrade, EMPTY_BOOK } from '../../../src/venues/paper/book.ts'
import { BUY_NOW, INSTRUMENT, openPaper, START } from './open-paper.ts'

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
