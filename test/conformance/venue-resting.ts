import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isClose, newId, refOf, type Start } from './venue-support.ts'

/** Orders that rest: partial fills, cancels and their races, post-only, reduce-only, other hands. */
export function testResting(start: Start): void {
  test('an order that does not reach the market rests until it is cancelled', async (t) => {
    const { venue, control, resting, place, found } = await start(t)
    const ref = await place(resting())
    assert.equal((await found(ref)).state, 'accepted')
    assert.equal((await found(ref)).filledQuantity, 0)
    const [open, ...others] = await venue.openOrders(ref.instrumentId)
    assert.deepEqual(others, [])
    assert.equal(open?.venueOrderId, ref.venueOrderId)
    assert.equal(open?.side, 'buy')
    isClose(open!.quantity, 1.5)
    assert.equal(open?.clientOrderId, venue.capabilities.namesClientOrderId ? ref.clientOrderId : undefined)

    assert.deepEqual(await venue.cancel(ref), { kind: 'canceled' })
    assert.equal((await found(ref)).state, 'canceled')
    assert.deepEqual(await venue.openOrders(ref.instrumentId), [])
    assert.deepEqual(await venue.cancel(ref), { kind: 'not-open' })
    assert.equal(await control.acceptances(ref.clientOrderId), 1)
  })

  test('a resting order fills in part and then whole, at its limit', async (t) => {
    const { venue, control, resting, place, found } = await start(t)
    const ref = await place(resting())
    await control.fillResting(ref.clientOrderId, '0.6')
    const part = await found(ref)
    assert.equal(part.state, 'partially-filled')
    isClose(part.filledQuantity, 0.6)
    assert.equal((await venue.openOrders(ref.instrumentId))[0]?.state, 'partially-filled')
    await control.fillResting(ref.clientOrderId, '0.9')
    const whole = await found(ref)
    assert.equal(whole.state, 'filled')
    isClose(whole.filledQuantity, 1.5)
    isClose(whole.averageFillPrice!, 2900)
    isClose(await control.position(), 1.5)
    if (!venue.capabilities.listsFills) return
    const fills = await venue.fills(ref)
    assert.deepEqual(
      fills.map((fill) => [fill.quantity, fill.fillPrice, fill.liquidity ?? 'maker']),
      [
        [0.6, 2900, 'maker'],
        [0.9, 2900, 'maker'],
      ],
    )
    for (const fill of fills) isClose(fill.fee, fill.quantity * 2900 * 0.0002, 0.01)
    assert.deepEqual(await venue.fills(ref), fills)
  })

  test('a cancel keeps what had filled', async (t) => {
    const { venue, control, resting, place, found } = await start(t)
    const ref = await place(resting())
    await control.fillResting(ref.clientOrderId, '0.5')
    assert.deepEqual(await venue.cancel(ref), { kind: 'canceled' })
    const placed = await found(ref)
    assert.equal(placed.state, 'canceled')
    isClose(placed.filledQuantity, 0.5)
    isClose(await control.position(), 0.5)
  })

  test('a cancel that comes after the fill is told that nothing is open', async (t) => {
    const { venue, control, resting, place, found } = await start(t)
    const ref = await place(resting())
    await control.fillResting(ref.clientOrderId, '1.5')
    assert.deepEqual(await venue.cancel(ref), { kind: 'not-open' })
    assert.equal((await found(ref)).state, 'filled')
  })

  test('a cancel and a fill at once end in one of the two, and the books agree', async (t) => {
    const { venue, control, resting, place, found } = await start(t)
    for (let i = 0; i < 4; i++) {
      const before = await control.position()
      const ref = await place(resting({ quantity: '0.5' }))
      const fill = () =>
        control.fillResting(ref.clientOrderId, '0.5').then(
          () => 'filled',
          () => 'too late',
        )
      const [cancelled, filled] = await (i % 2 === 0
        ? Promise.all([venue.cancel(ref), fill()])
        : Promise.all([fill(), venue.cancel(ref)]).then(([a, b]) => [b, a] as const))
      const placed = await found(ref)
      assert.equal(placed.state, filled === 'filled' ? 'filled' : 'canceled')
      assert.equal(cancelled.kind, filled === 'filled' ? 'not-open' : 'canceled')
      isClose((await control.position()) - before, placed.filledQuantity)
    }
  })

  test('an order that never was is neither cancelled nor found', async (t) => {
    const { venue, instrument } = await start(t)
    const ref = { clientOrderId: newId(), instrumentId: instrument.instrumentId }
    assert.deepEqual(await venue.cancel(ref), { kind: 'not-open' })
    assert.equal(await venue.find(ref), undefined)
    assert.deepEqual(await venue.fills(ref), [])
  })

  test('an order that would take is refused when it is post-only, and rests where it would not', async (t) => {
    const { venue, control, resting, found } = await start(t)
    const crossing = resting({ postOnly: true, limitPrice: '3010' })
    const outcome = await venue.submit(crossing)
    if (!venue.capabilities.postOnly) {
      assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^POST_ONLY_UNSUPPORTED/)
      return
    }
    if (outcome.kind === 'accepted') {
      // Some venues take it first and end it at once.
      const { state, filledQuantity } = await found({ ...refOf(crossing), venueOrderId: outcome.venueOrderId })
      assert.ok(['rejected', 'canceled', 'expired'].includes(state) && filledQuantity === 0, `was ${state}`)
    } else assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^POST_ONLY_WOULD_TAKE/)
    assert.equal(await control.position(), 0)
    const passive = resting({ postOnly: true, limitPrice: '2999' })
    assert.equal((await venue.submit(passive)).kind, 'accepted')
    assert.equal((await venue.openOrders(passive.instrumentId)).length, 1)
  })

  test('a reduce-only order never opens, grows or turns a position', async (t) => {
    const { venue, control, order, place } = await start(t)
    const sell = { side: 'sell', limitPrice: '2990', reduceOnly: true } as const
    if (!venue.capabilities.reduceOnly) {
      const outcome = await venue.submit(order(sell))
      assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^REDUCE_ONLY_UNSUPPORTED/)
      return
    }
    await venue.submit(order(sell))
    assert.equal(await control.position(), 0)
    await place(order({ quantity: '2' }))
    await venue.submit(order({ reduceOnly: true }))
    isClose(await control.position(), 2)
    await place(order({ ...sell, quantity: '0.5' }))
    isClose(await control.position(), 1.5)
    await venue.submit(order({ ...sell, quantity: '4' }))
    const left = await control.position()
    assert.ok(left >= 0 && left <= 1.5, `Expected 0 to 1.5, was ${left}`)
    if (left > 0) await place(order({ ...sell, quantity: '1.5' }))
    assert.equal(await control.position(), 0)
    assert.deepEqual(await venue.positions(), [])
  })

  test('what rests is listed whoever made it; what another hand made bears no id of ours', async (t) => {
    const { venue, control, resting, place, instrument } = await start(t)
    const ours = await place(resting())
    const theirs = await control.otherHand({ side: 'sell', quantity: '0.7', limitPrice: '3200' })
    const open = await venue.openOrders(instrument.instrumentId)
    assert.deepEqual(
      new Set(open.map((order) => order.venueOrderId)),
      new Set([ours.venueOrderId, theirs.venueOrderId]),
    )
    const other = open.find((order) => order.venueOrderId === theirs.venueOrderId)!
    assert.equal(other.clientOrderId, undefined)
    assert.equal(other.side, 'sell')
    isClose(other.quantity, 0.7)
  })

  test('a cancel whose request or answer is lost is unknown until the venue is asked', async (t) => {
    const { venue, control, resting, place, found } = await start(t)
    const [one, two] = [await place(resting()), await place(resting())]
    control.loseNext('request', 'cancel')
    assert.equal((await venue.cancel(one)).kind, 'unknown')
    assert.equal((await found(one)).state, 'accepted')
    control.loseNext('answer', 'cancel')
    assert.equal((await venue.cancel(two)).kind, 'unknown')
    assert.equal((await found(two)).state, 'canceled')
    assert.deepEqual(await venue.cancel(two), { kind: 'not-open' })
    assert.deepEqual(await venue.cancel(one), { kind: 'canceled' })
  })

  test('a cancel that names only our id finds its order', async (t) => {
    const { venue, resting, place } = await start(t)
    const ref = await place(resting())
    if (!venue.capabilities.findsByClientOrderId) return // the venue does not know our ids: what it answers then is a fact of its own
    assert.deepEqual(await venue.cancel(refOf(ref)), { kind: 'canceled' })
  })
}
