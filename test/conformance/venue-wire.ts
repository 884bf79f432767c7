import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VenueUnreachableError } from '../../src/domain/execution/venue-unreachable.ts'
import { later } from '../../src/domain/units.ts'
import { ASSET } from './venue-control.ts'
import { eventually, isClose, refOf, type Start } from './venue-support.ts'

/** What the wire does: lost requests and answers, ids sent twice, late requests, refusals unread, clocks apart, silence. */
export function testWire(start: Start): void {
  test('a request that is lost leaves the outcome unknown and no order', async (t) => {
    const { venue, control, resting } = await start(t)
    control.loseNext('request', 'submit')
    const request = resting()
    assert.equal((await venue.submit(request)).kind, 'unknown')
    assert.equal(await venue.find(refOf(request)), undefined)
    assert.deepEqual(await venue.openOrders(request.instrumentId), [])
    assert.equal(await control.acceptances(request.clientOrderId), 0)
  })

  test('an answer that is lost leaves the outcome unknown until the venue is asked; nothing was sent twice', async (t) => {
    const { venue, control, resting } = await start(t)
    control.loseNext('answer', 'submit')
    const request = resting()
    assert.equal((await venue.submit(request)).kind, 'unknown')
    assert.equal(await control.acceptances(request.clientOrderId), 1)
    const [open] = await venue.openOrders(request.instrumentId)
    isClose(open!.quantity, 1.5)
    if (venue.capabilities.namesClientOrderId) assert.equal(open!.clientOrderId, request.clientOrderId)
    if (!venue.capabilities.findsByClientOrderId) return
    const found = await venue.find(refOf(request))
    assert.equal(found?.state, 'accepted')
    assert.equal(found?.venueOrderId, open!.venueOrderId)
  })

  test('a fill behind a lost answer is found by our id', async (t) => {
    const { venue, control, order } = await start(t)
    control.loseNext('answer', 'submit')
    const request = order()
    assert.equal((await venue.submit(request)).kind, 'unknown')
    isClose(await control.position(), 1.5)
    if (!venue.capabilities.findsByClientOrderId) return
    const found = await venue.find(refOf(request))
    assert.equal(found?.state, 'filled')
    isClose(found!.filledQuantity, 1.5)
  })

  test('a stop whose answer is lost is unknown and rests', async (t) => {
    const { venue, control, order, stop, place } = await start(t)
    if (!venue.capabilities.protectiveStops) return // the venue has no stops: what it answers then is a fact of its own
    await place(order())
    control.loseNext('answer', 'submit')
    const request = stop()
    assert.equal((await venue.submitStop(request)).kind, 'unknown')
    const open = await venue.openOrders(request.instrumentId)
    assert.deepEqual(
      open.map(({ kind, quantity }) => [kind, quantity]),
      [['stop', 1.5]],
    )
    if (venue.capabilities.findsByClientOrderId) assert.equal((await venue.find(refOf(request)))?.kind, 'stop')
  })

  test('an id sent twice is refused while its order is open, as far as the venue refuses it', async (t) => {
    const { venue, control, resting, place, semantics } = await start(t)
    const request = resting()
    const ref = await place(request)
    const second = await venue.submit(request)
    if (semantics.duplicateIds === 'taken') {
      assert.equal(second.kind, 'accepted')
      assert.equal(await control.acceptances(request.clientOrderId), 2)
      return
    }
    // An adapter may say that it does not know: there is an order under this id, and whether it is this one is asked.
    assert.notEqual(second.kind, 'accepted')
    assert.equal(await control.acceptances(request.clientOrderId), 1)
    assert.equal((await venue.openOrders(request.instrumentId)).length, 1)
    await venue.cancel(ref)
    const third = await venue.submit(request)
    const isTaken = semantics.duplicateIds === 'refused-while-open'
    assert.equal(third.kind === 'accepted', isTaken)
    assert.equal(await control.acceptances(request.clientOrderId), isTaken ? 2 : 1)
  })

  test('nothing is sent after its time', async (t) => {
    const { venue, control, resting, stop } = await start(t)
    const validUntil = later(control.clock.now(), -1)
    const requests = [resting({ validUntil })]
    const outcome = await venue.submit(requests[0]!)
    assert.match(outcome.kind === 'rejected' ? outcome.reason : outcome.kind, /^REQUEST_EXPIRED/)
    assert.equal(await control.acceptances(requests[0]!.clientOrderId), 0)
    const late = stop({ validUntil })
    assert.equal((await venue.submitStop(late)).kind, 'rejected')
    assert.equal(await control.acceptances(late.clientOrderId), 0)
  })

  test('a request that is held up on its way past its time is refused by the venue, where it can', async (t) => {
    const { venue, control, resting } = await start(t)
    control.delayNextSubmit(60_000)
    const request = resting()
    const outcome = await venue.submit(request)
    if (venue.capabilities.refusesLateRequests) {
      assert.equal(outcome.kind, 'rejected', JSON.stringify(outcome))
      assert.match(outcome.kind === 'rejected' ? outcome.reason : '', /^REQUEST_EXPIRED/)
      assert.equal(await control.acceptances(request.clientOrderId), 0)
    } else assert.equal(await control.acceptances(request.clientOrderId), 1)
  })

  test('too many requests is a refusal unread: the order is not there and nothing was tried again', async (t) => {
    const { venue, control, resting, semantics } = await start(t)
    control.rateLimitNext('submit')
    const request = resting()
    assert.equal((await venue.submit(request)).kind, semantics.rateLimited)
    assert.equal(await control.acceptances(request.clientOrderId), 0)
    assert.deepEqual(await venue.openOrders(request.instrumentId), [])
    assert.equal((await venue.submit(resting())).kind, 'accepted')
  })

  test('a question that is refused for too many requests, or lost, is no answer', async (t) => {
    const { venue, control, resting, place } = await start(t)
    const ref = await place(resting())
    control.rateLimitNext('question')
    await assert.rejects(venue.find(ref), VenueUnreachableError)
    control.loseNext('answer', 'question')
    await assert.rejects(venue.openOrders(ref.instrumentId), VenueUnreachableError)
    assert.equal((await venue.openOrders(ref.instrumentId)).length, 1)
  })

  for (const taken of [true, false]) {
    test(`a server error to an order that was ${taken ? '' : 'not '}taken leaves the outcome unknown`, async (t) => {
      const { venue, control, resting, semantics } = await start(t)
      control.failNextSubmit({ taken })
      const request = resting()
      assert.equal((await venue.submit(request)).kind, semantics.serverError)
      assert.equal(await control.acceptances(request.clientOrderId), taken ? 1 : 0)
      assert.equal((await venue.openOrders(request.instrumentId)).length, taken ? 1 : 0)
    })
  }

  test('while the wire is down questions throw, verbs are unknown, and afterwards all is as it was', async (t) => {
    const { venue, control, order, resting, place, found } = await start(t)
    const ref = await place(resting())
    await control.setReachable(false)
    const questions = [
      () => venue.find(ref),
      () => venue.openOrders(ref.instrumentId),
      () => venue.positions(),
      () => venue.account(),
      ...(venue.capabilities.listsFills
        ? [() => venue.fills(ref), () => venue.fillsSince(ref.instrumentId, control.clock.now())]
        : []),
    ]
    for (const question of questions) await assert.rejects(question(), VenueUnreachableError)
    const request = order()
    assert.equal((await venue.submit(request)).kind, 'unknown')
    assert.equal((await venue.cancel(ref)).kind, 'unknown')
    await control.setReachable(true)
    await eventually(
      () =>
        venue.quote(ASSET).then(
          (quote) => quote !== undefined,
          () => false,
        ),
      'the venue to be in reach again',
    )
    assert.equal(await control.acceptances(request.clientOrderId), 0)
    assert.equal((await found(ref)).state, 'accepted')
    assert.deepEqual(await venue.cancel(ref), { kind: 'canceled' })
  })

  test('with clocks apart an order is taken or refused, and the answer is true', async (t) => {
    const { venue, control, resting, stop } = await start(t)
    for (const skew of [-45_000, 45_000, 0]) {
      await control.skew(skew)
      const request = resting()
      const outcome = await venue.submit(request)
      assert.notEqual(outcome.kind, 'unknown', JSON.stringify(outcome))
      const taken = await control.acceptances(request.clientOrderId)
      assert.equal(taken, outcome.kind === 'accepted' ? 1 : 0, `${skew} ms: ${JSON.stringify(outcome)}`)
      if (outcome.kind === 'accepted') {
        const ref = { ...refOf(request), venueOrderId: outcome.venueOrderId }
        assert.deepEqual(await venue.cancel(ref), { kind: 'canceled' })
      }
      if (skew === 0) assert.equal(outcome.kind, 'accepted')
    }
    assert.deepEqual(await venue.openOrders(stop().instrumentId), [])
  })
}
