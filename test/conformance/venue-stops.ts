import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration } from '../../src/domain/units.ts'
import { isClose, type Start } from './venue-support.ts'

/** What rests for the desk's protection: stops by mark price, and the countdown that clears away after its silence. */
export function testStops(start: Start): void {
  test('a stop rests until the mark reaches its trigger, then closes at the market', async (t) => {
    const { venue, control, order, stop, place, placeStop, found } = await start(t)
    await place(order())
    if (!venue.capabilities.protectiveStops) {
      const outcome = await venue.submitStop(stop())
      assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^STOPS_UNSUPPORTED/)
      assert.deepEqual(await venue.openOrders(order().instrumentId), [])
      return
    }
    const ref = await placeStop(stop())
    const [open] = await venue.openOrders(ref.instrumentId)
    assert.equal(open?.kind, 'stop')
    assert.equal(open?.venueOrderId, ref.venueOrderId)
    isClose(open!.quantity, 1.5)
    await control.setMark(2801)
    assert.equal((await found(ref)).state, 'accepted')
    isClose(await control.position(), 1.5)

    await control.setQuote({ bestBid: 2795, bestAsk: 2796 })
    await control.setMark(2799)
    const closed = await found(ref)
    assert.equal(closed.state, 'filled')
    isClose(closed.filledQuantity, 1.5)
    assert.ok(closed.averageFillPrice! <= 2795, `was ${closed.averageFillPrice}`)
    assert.equal(await control.position(), 0)
    assert.deepEqual(await venue.openOrders(ref.instrumentId), [])
  })

  test('a stop that protects a short buys once the mark has risen', async (t) => {
    const { venue, control, order, stop, place, placeStop, found } = await start(t)
    if (!venue.capabilities.protectiveStops) return // the venue has no stops: what it answers then is a fact of its own
    await place(order({ side: 'sell', limitPrice: '2990' }))
    const ref = await placeStop(stop({ side: 'buy', triggerPrice: '3200' }))
    await control.setMark(3199)
    isClose(await control.position(), -1.5)
    await control.setQuote({ bestBid: 3205, bestAsk: 3206 })
    await control.setMark(3201)
    assert.equal((await found(ref)).state, 'filled')
    assert.equal(await control.position(), 0)
  })

  test('a stop that is larger than the position closes it and no more', async (t) => {
    const { venue, control, order, stop, place, placeStop, found } = await start(t)
    if (!venue.capabilities.protectiveStops) return // the venue has no stops: what it answers then is a fact of its own
    await place(order({ quantity: '1' }))
    const ref = await placeStop(stop({ quantity: '1' }))
    await place(order({ side: 'sell', limitPrice: '2990', quantity: '0.4' }))
    await control.setQuote({ bestBid: 2790, bestAsk: 2791 })
    await control.setMark(2790)
    assert.equal(await control.position(), 0)
    assert.notEqual((await found(ref)).state, 'accepted')
    isClose((await found(ref)).filledQuantity, 0.6)
  })

  test('a stop that is cancelled no longer triggers', async (t) => {
    const { venue, control, order, stop, place, placeStop, found } = await start(t)
    if (!venue.capabilities.protectiveStops) return // the venue has no stops: what it answers then is a fact of its own
    await place(order())
    const ref = await placeStop(stop())
    assert.deepEqual(await venue.cancel(ref), { kind: 'canceled' })
    await control.setMark(2700)
    assert.equal((await found(ref)).state, 'canceled')
    isClose(await control.position(), 1.5)
    assert.deepEqual(await venue.cancel(ref), { kind: 'not-open' })
  })

  test('a stop whose trigger is reached already is refused or closes at once, but never rests', async (t) => {
    const { venue, control, order, stop, place } = await start(t)
    if (!venue.capabilities.protectiveStops) return // the venue has no stops: what it answers then is a fact of its own
    await place(order())
    const outcome = await venue.submitStop(stop({ triggerPrice: '3100' }))
    assert.deepEqual(await venue.openOrders(order().instrumentId), [])
    isClose(await control.position(), outcome.kind === 'rejected' ? 1.5 : 0)
  })

  test('a stop with a malformed number is refused', async (t) => {
    const { venue, control, stop } = await start(t)
    for (const changed of [{ quantity: 'NaN' }, { quantity: '-1' }, { triggerPrice: '0' }, { triggerPrice: '1e3' }]) {
      const request = stop(changed)
      assert.equal((await venue.submitStop(request)).kind, 'rejected')
      assert.equal(await control.acceptances(request.clientOrderId), 0)
    }
  })

  test('a countdown that is not renewed clears what rests; a renewed or disarmed one does not', async (t) => {
    const { venue, control, order, resting, stop, place, placeStop, found } = await start(t)
    const { countdownCancel, protectiveStops } = venue.capabilities
    if (countdownCancel === 'none') {
      const ref = await place(resting())
      await assert.rejects(venue.countdown(duration(10_000)), RangeError)
      await control.pass(20_000)
      assert.equal((await found(ref)).state, 'accepted')
      return
    }
    await place(order())
    const ref = await place(resting())
    const stopRef = protectiveStops ? await placeStop(stop()) : undefined
    await venue.countdown(duration(10_000))
    await control.pass(8_000)
    await venue.countdown(duration(10_000))
    await control.pass(8_000)
    assert.equal((await found(ref)).state, 'accepted')
    await venue.countdown(undefined)
    await control.pass(20_000)
    assert.equal((await found(ref)).state, 'accepted')
    await venue.countdown(duration(10_000))
    await control.pass(11_000)
    assert.equal((await found(ref)).state, 'canceled')
    if (stopRef)
      assert.equal((await found(stopRef)).state, countdownCancel === 'spares-stops' ? 'accepted' : 'canceled')
    isClose(await control.position(), 1.5)
    // What is sent after the silence is not swept away by it.
    const after = await place(resting())
    assert.equal((await found(after)).state, 'accepted')
  })
}
