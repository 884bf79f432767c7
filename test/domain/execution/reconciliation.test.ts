import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClientOrderId, Fill, Order } from '../../../src/domain/execution/order.ts'
import {
  inFlightOf,
  type ReportedFill,
  reconcileInstrument,
  venueMadeOrderId,
} from '../../../src/domain/execution/reconciliation.ts'
import { baseQty, price, timestamp, usd } from '../../../src/domain/units.ts'
import { keepBooks } from './kept-books.ts'
import { type Happening, happenings, INSTRUMENT, openRandomVenue, START } from './random-market.ts'

const RUNS = Number(process.env.RECONCILE_RUNS ?? 150)
const SEED = Number(process.env.RECONCILE_SEED ?? Date.now() % 2 ** 31)

for (const namesOurs of [true, false]) {
  const name = namesOurs ? 'a venue that names our ids' : 'a venue that names only its own ids'
  test(`over whatever happens, the books end equal to the ledger of ${name}`, async (t) => {
    t.diagnostic(`seed ${SEED}, ${RUNS} runs`)
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(happenings, fc.integer({ min: -500, max: 500 }), async (path, before) => {
        const run = await play(path, { namesOurs, before })
        for (const what of run.seen) seen.add(what)
        await run.assertEqualToLedger()
      }),
      { numRuns: RUNS, seed: SEED },
    )
    const expected = ['own fill', 'foreign fill', 'venue-made', 'never arrived', 'foreign order', 'died']
    assert.deepEqual(
      [...expected, ...(namesOurs ? [] : ['undecided'])].filter((what) => !seen.has(what)),
      [],
      'the random paths visit everything',
    )
  })
}

/** Lets it happen, and reconciles until nothing is under way any more. */
async function play(path: readonly Happening[], { namesOurs, before }: { namesOurs: boolean; before: number }) {
  const market = openRandomVenue({ namesOurs })
  const { venue, paper, ledger } = market
  const seen = new Set<string>()
  if (before !== 0) {
    const [side, quantity] = [before > 0 ? 'buy' : 'sell', (Math.abs(before) / 100).toFixed(2)] as const
    await paper.acts.otherHand({ instrumentId: INSTRUMENT, side, quantity })
  }
  const books = keepBooks({ instrumentId: INSTRUMENT, venue })
  await books.meet()
  const reconcile = async (diesAfter?: number): Promise<void> => {
    const found = await books.reconcile(market.now(), diesAfter)
    if (found.news.some(({ fills }) => fills.length > 0)) seen.add('own fill')
    if (found.foreignFills.length > 0) seen.add('foreign fill')
    if (found.venueMade.length > 0) seen.add('venue-made')
    if (found.foreignOrders.length > 0) seen.add('foreign order')
    if (found.undecided.length > 0) seen.add('undecided')
    if (diesAfter !== undefined) seen.add('died')
    assert.deepEqual(found.disputed, [])
  }
  for (const happening of path) {
    switch (happening.kind) {
      case 'send': {
        const { order, request } = market.draw(happening)
        books.save(order)
        market.setFate(happening.fate)
        const outcome = await venue.submit(request)
        if (outcome.kind !== 'unknown') {
          const event = { kind: 'reported', state: 'accepted', filledQuantity: baseQty(0) } as const
          assert.equal(outcome.kind, 'accepted')
          books.hear(order.clientOrderId, { ...event, venueOrderId: outcome.venueOrderId }, [], market.now())
        }
        break
      }
      case 'cancel': {
        const own = [...books.orders.values()].filter(({ kind }) => kind === 'child')
        const order = own[happening.pick % Math.max(1, own.length)]
        if (order) await venue.cancel(order)
        break
      }
      case 'push': {
        const events = market.pushed()
        const event = events[happening.pick % Math.max(1, events.length)]
        if (event) books.push(event, market.now())
        break
      }
      case 'reconcile':
        await reconcile(happening.diesAfter)
        break
      case 'fill-resting':
      case 'other-hand':
      case 'liquidate':
      case 'deleverage':
      case 'pass':
        await market.act(happening)
        break
    }
  }
  market.pass(120_000)
  for (let round = 0; round < 3; round++) await reconcile()
  if ([...books.orders.values()].some(({ reason }) => reason === 'NEVER_ARRIVED')) seen.add('never arrived')

  return {
    seen,
    async assertEqualToLedger(): Promise<void> {
      const all = await ledger.fillsSince('paper', INSTRUMENT, START)
      const own = all.filter(({ clientOrderId }) => clientOrderId !== undefined)
      const booked = [...books.fills.values()]
      const children = booked.filter((fill) => books.orders.get(fill.clientOrderId)!.kind === 'child')
      assert.deepEqual(ids(children), ids(own), 'no fill of ours twice, none lost, none of others')
      for (const fill of own) assert.equal(books.fills.get(fill.tradeId)!.clientOrderId, fill.clientOrderId)
      for (const order of books.orders.values()) {
        const filled = booked.filter(({ clientOrderId }) => clientOrderId === order.clientOrderId)
        close(order.filledQuantity, sum(filled), order.clientOrderId)
        const theirs = await venue.find(order)
        if (order.kind === 'child') assert.equal(order.state, theirs?.state ?? 'expired')
      }
      close(books.ours() + books.foreign(), (await venue.positions())[0]?.quantity ?? 0, 'position')
      const [orders, fills, foreign] = [new Map(books.orders), new Map(books.fills), books.foreign()]
      await books.reconcile(market.now())
      assert.deepEqual([books.orders, books.fills, books.foreign()], [orders, fills, foreign], 'again changes nothing')

      if (!namesOurs) return
      // Books that slept through all of it and wake to the whole ledger at once come to the same.
      const late = keepBooks({ instrumentId: INSTRUMENT, venue })
      for (const order of books.orders.values())
        if (order.kind === 'child')
          late.save({ ...order, state: 'submitted', filledQuantity: baseQty(0), reason: undefined })
      for (let round = 0; round < 2; round++) await late.reconcile(market.now())
      assert.deepEqual(ids([...late.fills.values()]), ids(booked))
      close(late.ours(), books.ours(), 'ours')
    },
  }
}

const AT = timestamp(Date.UTC(2026, 0, 5, 12))
const OWN = order({ clientOrderId: 'A'.repeat(26), venueOrderId: 'v-1' })

test('a fill under our id is booked, and one under an unknown id is other hands’', () => {
  const found = reconcile(
    [OWN],
    [fill({ clientOrderId: OWN.clientOrderId }), fill({ tradeId: 't2', venueOrderId: 'x' })],
  )
  assert.deepEqual(
    found.news[0]!.fills.map(({ tradeId }) => tradeId),
    ['t1'],
  )
  assert.deepEqual(
    found.foreignFills.map(({ tradeId }) => tradeId),
    ['t2'],
  )
})

test('a fill of the same size and the same second is no reason to take it for ours', () => {
  const found = reconcile([{ ...OWN, venueOrderId: undefined } as never], [fill({ venueOrderId: 'x' })])
  assert.deepEqual([found.news, found.foreignFills.length], [[], 1])
})

test('where the venue names no ids, a fill is ours by the venue’s order id, and waits while that is not known', () => {
  const byVenueId = reconcile([OWN], [fill({ venueOrderId: 'v-1' })], { namesOurs: false })
  assert.equal(byVenueId.news[0]!.fills.length, 1)
  const unknown = { ...OWN, state: 'unknown', venueOrderId: undefined } as never
  const waiting = reconcile([unknown], [fill({ venueOrderId: 'v-9' })], { namesOurs: false })
  assert.deepEqual([waiting.news, waiting.foreignFills, waiting.undecided.length], [[], [], 1])
  assert.equal(waiting.fillsUntil, AT - 1000, 'the watermark waits with it')
})

test('a fill that cannot be its order’s is disputed and not booked', () => {
  const wrongSide = reconcile([OWN], [fill({ clientOrderId: OWN.clientOrderId, side: 'buy' })])
  assert.match(wrongSide.disputed[0]!.reason, /^SIDE_DIFFERS/)
  const tooMuch = reconcile([OWN], [fill({ clientOrderId: OWN.clientOrderId, quantity: baseQty(2.5) })])
  assert.match(tooMuch.disputed[0]!.reason, /^MORE_THAN_ORDERED ordered=2 filled=2.5$/)
  assert.deepEqual([wrongSide.news, tooMuch.news], [[], []])
})

test('what the venue closes is an order of its own, as far as it was ours', () => {
  const held = [{ ...toFill(fill({ tradeId: 't0' })), clientOrderId: OWN.clientOrderId }]
  const close = fill({ tradeId: 't5', side: 'buy', quantity: baseQty(3), cause: 'deleveraging', venueOrderId: 'adl' })
  const found = reconcile([], [close], { fills: held })
  const [made] = found.venueMade
  assert.deepEqual(
    [made!.order.kind, made!.order.clientOrderId, made!.order.quantity, made!.fill.quantity],
    ['deleveraging', venueMadeOrderId(INSTRUMENT, 't5'), 1, 1],
  )
  assert.deepEqual([made!.foreignQuantity, found.foreignFills], [2, []])
})

test('an open order that is not ours is shown and nothing follows from it', () => {
  const theirs = { venueOrderId: 'x', side: 'buy', quantity: baseQty(1), state: 'accepted', filledQuantity: baseQty(0) }
  const found = reconcileInstrument(
    {
      instrumentId: INSTRUMENT,
      ours: { orders: [], fills: [] },
      theirs: { openOrders: [theirs as never], fills: [], namesOurs: true },
    },
    { at: AT },
  )
  assert.deepEqual([found.foreignOrders, found.news, found.toAsk], [[theirs], [], []])
})

test('orders whose fate is not known may have traded whole; others what is said and not booked', () => {
  const orders = [
    { ...OWN, state: 'unknown' },
    order({ clientOrderId: 'B'.repeat(26), side: 'buy', state: 'partially-filled', filledQuantity: baseQty(0.5) }),
    order({ clientOrderId: 'C'.repeat(26), side: 'buy', state: 'accepted' }),
  ] as Order[]
  assert.deepEqual(inFlightOf({ orders, fills: [] }), { buy: 0.5, sell: 2 })
})

function reconcile(
  orders: readonly Order[],
  fills: readonly ReportedFill[],
  { namesOurs = true, fills: booked = [] }: { namesOurs?: boolean; fills?: readonly Fill[] } = {},
) {
  const ours = { orders, fills: booked }
  return reconcileInstrument(
    { instrumentId: INSTRUMENT, ours, theirs: { openOrders: [], fills, namesOurs } },
    { at: AT },
  )
}

function order(over: Omit<Partial<Order>, 'clientOrderId'> & { clientOrderId: string }): Order {
  return {
    kind: 'child',
    instrumentId: INSTRUMENT,
    leg: 0,
    slice: 0,
    attempt: 0,
    side: 'sell',
    quantity: baseQty(2),
    limitPrice: price(3000),
    timeInForce: 'gtc',
    postOnly: false,
    reduceOnly: false,
    state: 'accepted',
    filledQuantity: baseQty(0),
    createdAt: AT,
    updatedAt: AT,
    ...over,
    clientOrderId: over.clientOrderId as ClientOrderId,
  }
}

function fill(over: Partial<ReportedFill> = {}): ReportedFill {
  return {
    tradeId: 't1',
    venueOrderId: 'v-1',
    instrumentId: INSTRUMENT,
    side: 'sell',
    quantity: baseQty(1),
    fillPrice: price(3000),
    fee: usd(1),
    filledAt: timestamp(AT - 1000),
    cause: 'order',
    ...over,
  }
}

const toFill = ({ cause: _, venueOrderId: __, ...rest }: ReportedFill): Fill => rest as Fill
const ids = (fills: readonly { readonly tradeId: string }[]): readonly string[] =>
  fills.map((one) => one.tradeId).sort()
const sum = (fills: readonly Fill[]): number => fills.reduce((all, { quantity }) => all + quantity, 0)
const close = (a: number, b: number, what: string): void =>
  assert.ok(Math.abs(a - b) < 1e-6, `Expected ${what} ${b}, was ${a}`)
