import assert from 'node:assert/strict'
import { test } from 'node:test'
import { later } from '../../src/domain/units.ts'
import { ASSET } from './venue-control.ts'
import { isClose, type Start } from './venue-support.ts'

/** What the account says of itself, and what others do to it: other hands, and the venue by force. */
export function testAccount(start: Start): void {
  test('every fill since an instant is listed once, over as many pages as there are', async (t) => {
    const { venue, control, order, place, instrument, semantics } = await start(t)
    if (!venue.capabilities.listsFills) return // the venue lists no fills: what it answers then is a fact of its own
    const since = control.clock.now()
    const count = 2 * semantics.fillsPerPage + 3
    await control.otherTrades(count)
    await control.pass(1_000)
    const ours = await place(order())
    const fills = await venue.fillsSince(instrument.instrumentId, since)
    assert.equal(new Set(fills.map((fill) => fill.tradeId)).size, fills.length)
    const others = fills.filter((fill) => fill.venueOrderId !== ours.venueOrderId)
    assert.equal(others.length, count)
    for (const fill of others) {
      assert.equal(fill.clientOrderId, undefined)
      assert.equal(fill.side, 'buy')
      assert.equal(fill.cause, 'order')
      isClose(fill.quantity, Number(instrument.lotSize))
    }
    const times = fills.map((fill) => fill.filledAt)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    isClose(
      fills.reduce((sum, fill) => sum + fill.quantity, 0),
      await control.position(),
      1e-6,
    )
    assert.deepEqual(await venue.fillsSince(instrument.instrumentId, since), fills)
    const last = fills.at(-1)!
    const newest = await venue.fillsSince(instrument.instrumentId, last.filledAt)
    assert.ok(newest.length > 0 && newest.every((fill) => fill.venueOrderId === ours.venueOrderId))
    assert.deepEqual(await venue.fillsSince(instrument.instrumentId, later(last.filledAt, 1)), [])
  })

  test('a position has its sign, its entry and its mark, and is gone when it is flat', async (t) => {
    const { venue, control, order, place, instrument } = await start(t)
    assert.deepEqual(await venue.positions(), [])
    await place(order({ side: 'sell', limitPrice: '2990', quantity: '2' }))
    await control.setMark(3050)
    const [position, ...others] = await venue.positions()
    assert.deepEqual(others, [])
    assert.equal(position?.instrumentId, instrument.instrumentId)
    isClose(position!.quantity, -2)
    if (position?.averageEntryPrice !== undefined) isClose(position.averageEntryPrice, 2999.5, 3)
    if (position?.markPrice !== undefined) isClose(position.markPrice, 3050, 0.5)
    if (venue.capabilities.tellsLiquidationPrice) {
      assert.ok(position!.liquidationPrice! > 3050, `was ${position!.liquidationPrice}`)
    } else assert.equal(position?.liquidationPrice, undefined)
    await place(order({ quantity: '2' }))
    assert.deepEqual(await venue.positions(), [])
  })

  test('the account starts with its equity and loses fees, spread and what the mark takes', async (t) => {
    const { venue, control, order, resting, place, semantics } = await start(t)
    const before = await venue.account()
    isClose(before.equity, semantics.startingEquity, 0.01)
    isClose(before.initialMargin, 0)
    isClose(before.maintenanceMargin, 0)
    const ref = await place(order({ quantity: '10' }))
    await control.setMark(2900)
    const held = await venue.account()
    // Ten coins bought at about 3000.5 and marked at 2900, with 5 bps of fee.
    isClose(before.equity - held.equity, 10 * 100.5 + 10 * 3000.5 * 0.0005, 15)
    assert.ok(held.initialMargin > held.maintenanceMargin, JSON.stringify(held))
    assert.ok(held.maintenanceMargin > 0 && held.maintenanceMargin < 29_000, JSON.stringify(held))
    const sellAll = order({ side: 'sell', limitPrice: '2980', quantity: '10' })
    await place({ ...sellAll, instrumentId: ref.instrumentId })
    const after = await venue.account()
    isClose(after.maintenanceMargin, 0)
    isClose(before.equity - after.equity, 10 + 2 * 10 * 3000 * 0.0005, 15)
    await place(resting({ quantity: '10' }))
    assert.ok((await venue.account()).equity <= after.equity + 0.01)
  })

  test('a trade of another hand is in the position and in the list, under no id of ours', async (t) => {
    const { venue, control, instrument } = await start(t)
    const since = control.clock.now()
    const { venueOrderId } = await control.otherHand({ side: 'sell', quantity: '0.8' })
    isClose((await venue.positions())[0]!.quantity, -0.8)
    if (!venue.capabilities.listsFills) return
    const fills = await venue.fillsSince(instrument.instrumentId, since)
    assert.ok(fills.length > 0)
    for (const fill of fills) {
      assert.equal(fill.venueOrderId, venueOrderId)
      assert.equal(fill.clientOrderId, undefined)
      assert.equal(fill.side, 'sell')
      assert.equal(fill.cause, 'order')
    }
  })

  for (const cause of ['liquidation', 'deleveraging'] as const) {
    test(`${cause} closes a part of the position and names itself as the cause`, async (t) => {
      const { venue, control, order, place, instrument, semantics } = await start(t)
      await place(order({ side: 'sell', limitPrice: '2990', quantity: '2' }))
      await control.pass(1_000)
      const since = control.clock.now()
      await (cause === 'liquidation' ? control.liquidate('0.5') : control.deleverage('0.5'))
      isClose((await venue.positions())[0]!.quantity, -1.5)
      isClose(await control.position(), -1.5)
      // A venue that never does has no word for it: what is left of the position is read all the same.
      if (!venue.capabilities.listsFills || (cause === 'deleveraging' && semantics.neverDeleverages)) return
      const fills = await venue.fillsSince(instrument.instrumentId, since)
      isClose(
        fills.reduce((sum, fill) => sum + fill.quantity, 0),
        0.5,
      )
      for (const fill of fills) {
        assert.equal(fill.cause, cause)
        assert.equal(fill.side, 'buy')
        assert.equal(fill.clientOrderId, undefined)
      }
    })
  }

  test('a halted venue says so and takes nothing', async (t) => {
    const { venue, control, order } = await start(t)
    assert.deepEqual(await venue.status(ASSET), { kind: 'trading' })
    await control.setHalted(true)
    const status = await venue.status(ASSET)
    assert.equal(status.kind, 'halted')
    assert.ok(status.kind === 'halted' && status.reason.length > 0)
    assert.equal((await venue.submit(order())).kind, 'rejected')
    await control.setHalted(false)
    assert.deepEqual(await venue.status(ASSET), { kind: 'trading' })
    assert.equal((await venue.submit(order())).kind, 'accepted')
  })

  test('a key says what it may do where the venue tells', async (t) => {
    const { venue, semantics } = await start(t)
    const rights = await venue.keyRights()
    assert.deepEqual(rights, semantics.keyRights)
    if (!venue.capabilities.tellsKeyRights) assert.equal(rights.canWithdraw, undefined)
  })
}
