import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { OrderRef, Venue, VenueEvent } from '../../src/ports.ts'
import { eventually, isClose, type Start } from './venue-support.ts'

/** What is heard without asking: every order and fill at least once; twice or in another order does no harm. */
export function testEvents(start: Start): void {
  test('orders and fills are heard as they happen, each at least once', async (t) => {
    const { venue, control, order, resting, place } = await start(t)
    const heard = await listen(t, venue)
    if (!venue.capabilities.pushesOrders) {
      await place(order())
      assert.deepEqual(heard, [])
      return
    }
    const taken = await place(order())
    await eventually(() => statesOf(heard, taken).includes('filled'), 'a fill at once to be heard')
    const rested = await place(resting())
    await eventually(() => statesOf(heard, rested).includes('accepted'), 'an order to be heard')
    await control.fillResting(rested.clientOrderId, '0.6')
    await eventually(() => statesOf(heard, rested).includes('partially-filled'), 'a partial fill to be heard')
    await venue.cancel(rested)
    await eventually(() => statesOf(heard, rested).includes('canceled'), 'a cancel to be heard')

    for (const [ref, quantity] of [
      [taken, 1.5],
      [rested, 0.6],
    ] as const) {
      await eventually(() => Math.abs(filledOf(heard, ref) - quantity) < 1e-9, `${quantity} in fills to be heard`)
    }
    for (const event of heard) {
      if (event.kind === 'reconnected' || !venue.capabilities.namesClientOrderId) continue
      const { clientOrderId } = event.kind === 'order' ? event.order : event.fill
      assert.ok(clientOrderId === taken.clientOrderId || clientOrderId === rested.clientOrderId)
    }
  })

  test('fills that are heard bear the ids of those that are listed', async (t) => {
    const { venue, order, place } = await start(t)
    const { pushesOrders, listsFills } = venue.capabilities
    if (!pushesOrders || !listsFills) return // the venue pushes or lists no fills: what it answers then is a fact of its own
    const heard = await listen(t, venue)
    const ref = await place(order())
    await eventually(() => filledOf(heard, ref) >= 1.5 - 1e-9, 'the fills')
    const listed = new Set((await venue.fills(ref)).map((fill) => fill.tradeId))
    assert.deepEqual(new Set(fillsOf(heard, ref).keys()), listed)
  })

  test('the same news twice and in reverse adds up to the same', async (t) => {
    const { venue, control, resting, place, found } = await start(t)
    if (!venue.capabilities.pushesOrders) return // the venue pushes nothing: what it answers then is a fact of its own
    const heard = await listen(t, venue)
    control.holdEvents()
    const ref = await place(resting())
    await control.fillResting(ref.clientOrderId, '0.6')
    await control.fillResting(ref.clientOrderId, '0.9')
    assert.deepEqual(fillsOf(heard, ref), new Map())
    await control.releaseEvents({ reversed: true, times: 2 })
    await eventually(() => statesOf(heard, ref).filter((state) => state === 'filled').length >= 2, 'all of it, twice')
    await eventually(() => Math.abs(filledOf(heard, ref) - 1.5) < 1e-9, 'fills of 1.5 in all')
    const ids = heard.flatMap((event) => (event.kind === 'fill' ? [event.fill.tradeId] : []))
    assert.ok(ids.length > new Set(ids).size, 'Expected every fill more than once')
    isClose((await found(ref)).filledQuantity, 1.5)
  })

  test('other hands and the venue itself are heard too', async (t) => {
    const { venue, control, order, place } = await start(t)
    if (!venue.capabilities.pushesOrders) return // the venue pushes nothing: what it answers then is a fact of its own
    await place(order())
    const heard = await listen(t, venue)
    const { venueOrderId } = await control.otherHand({ side: 'buy', quantity: '0.8' })
    await control.liquidate('0.5')
    const fills = () => heard.flatMap((event) => (event.kind === 'fill' ? [event.fill] : []))
    await eventually(() => fills().some((fill) => fill.venueOrderId === venueOrderId), 'the trade of another hand')
    await eventually(() => fills().some((fill) => fill.cause === 'liquidation'), 'the liquidation')
    for (const fill of fills()) assert.equal(fill.clientOrderId, undefined)
  })

  test('after a cut the listener is told that it may have missed something, and hears again', async (t) => {
    const { venue, control, resting, place } = await start(t)
    if (!venue.capabilities.pushesOrders) return // the venue pushes nothing: what it answers then is a fact of its own
    const heard = await listen(t, venue)
    await control.dropSockets()
    await eventually(() => heard.some((event) => event.kind === 'reconnected'), 'to be told of the cut')
    const ref = await place(resting())
    await eventually(() => statesOf(heard, ref).includes('accepted'), 'an order after the cut')
  })

  test('nothing is heard after the signal', async (t) => {
    const { venue, order, place } = await start(t)
    if (!venue.capabilities.pushesOrders) return // the venue pushes nothing: what it answers then is a fact of its own
    const stop = new AbortController()
    const stopped: VenueEvent[] = []
    await venue.watch((event) => stopped.push(event), stop.signal)
    const heard = await listen(t, venue)
    stop.abort()
    const ref = await place(order())
    await eventually(() => statesOf(heard, ref).includes('filled'), 'the other listener to hear')
    assert.deepEqual(stopped, [])
  })
}

async function listen(t: TestContext, venue: Venue): Promise<VenueEvent[]> {
  const stop = new AbortController()
  t.after(() => stop.abort())
  const heard: VenueEvent[] = []
  await venue.watch((event) => heard.push(event), stop.signal)
  return heard
}

const statesOf = (heard: readonly VenueEvent[], { venueOrderId }: OrderRef): string[] =>
  heard.flatMap((event) =>
    event.kind === 'order' && event.order.venueOrderId === venueOrderId ? [event.order.state] : [],
  )

/** Each trade once, however often it was heard. */
const fillsOf = (heard: readonly VenueEvent[], { venueOrderId }: OrderRef): Map<string, number> =>
  new Map(
    heard.flatMap((event) =>
      event.kind === 'fill' && event.fill.venueOrderId === venueOrderId
        ? [[event.fill.tradeId, event.fill.quantity] as const]
        : [],
    ),
  )

const filledOf = (heard: readonly VenueEvent[], ref: OrderRef): number =>
  [...fillsOf(heard, ref).values()].reduce((sum, quantity) => sum + quantity, 0)
