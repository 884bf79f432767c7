import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import type { ClientOrderId } from '../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { ASSET } from './venue-control.ts'
import { isClose, refOf, type Start } from './venue-support.ts'

/** Orders that take liquidity, the numbers they carry and what is refused. */
export function testOrders(start: Start): void {
  test('an order within reach of the market is filled at the touch or a little worse, with its fee', async (t) => {
    const { venue, control, order, place, found } = await start(t)
    for (const [side, limitPrice] of [
      ['buy', '3010'],
      ['sell', '2990'],
    ] as const) {
      const request = order({ side, limitPrice })
      const ref = await place(request)
      const placed = await found(ref)
      assert.equal(placed.state, 'filled')
      assert.equal(placed.kind, 'limit')
      assert.equal(placed.side, side)
      assert.equal(placed.venueOrderId, ref.venueOrderId)
      isClose(placed.quantity, 1.5)
      isClose(placed.filledQuantity, 1.5)
      const worse = side === 'buy' ? placed.averageFillPrice! - 3000.5 : 2999.5 - placed.averageFillPrice!
      assert.ok(worse >= -1e-9 && worse < 5, `Expected to pay up to 5 USD over the touch, was ${worse}`)
      assert.equal(await control.acceptances(request.clientOrderId), 1)
      if (!venue.capabilities.listsFills) continue
      const fills = await venue.fills(ref)
      isClose(
        fills.reduce((sum, fill) => sum + fill.quantity, 0),
        1.5,
      )
      for (const fill of fills) {
        isClose(fill.fee, fill.quantity * fill.fillPrice * 0.0005, 0.01)
        assert.equal(fill.side, side)
        assert.equal(fill.cause, 'order')
        assert.equal(fill.venueOrderId, ref.venueOrderId)
        if (venue.capabilities.namesClientOrderId) assert.equal(fill.clientOrderId, request.clientOrderId)
      }
    }
  })

  test('an order too large for its limit fills in part, never beyond the limit, and the rest is gone', async (t) => {
    const { venue, order, place, found } = await start(t)
    for (const [side, limitPrice] of [
      ['buy', '3004'],
      ['sell', '2996'],
    ] as const) {
      const ref = await place(order({ side, quantity: '5000', limitPrice }))
      const placed = await found(ref)
      assert.ok(placed.state === 'canceled' || placed.state === 'expired', `was ${placed.state}`)
      assert.ok(placed.filledQuantity > 0 && placed.filledQuantity < 5000, `was ${placed.filledQuantity}`)
      const average = placed.averageFillPrice!
      assert.ok(side === 'buy' ? average <= 3004 : average >= 2996, `was ${average}`)
      for (const fill of await venue.fills(ref)) {
        assert.ok(side === 'buy' ? fill.fillPrice <= 3004 : fill.fillPrice >= 2996, `was ${fill.fillPrice}`)
      }
      assert.deepEqual(await venue.openOrders(ref.instrumentId), [])
    }
  })

  test('an immediate order whose limit does not reach the market fills nothing and does not rest', async (t) => {
    const { venue, control, order } = await start(t)
    const request = order({ limitPrice: '2990' })
    const outcome = await venue.submit(request)
    if (outcome.kind === 'accepted') {
      const placed = (await venue.find({ ...refOf(request), venueOrderId: outcome.venueOrderId }))!
      assert.ok(placed.state === 'canceled' || placed.state === 'expired', `was ${placed.state}`)
      assert.equal(placed.filledQuantity, 0)
      assert.equal(placed.averageFillPrice, undefined)
    } else assert.equal(outcome.kind, 'rejected')
    assert.deepEqual(await venue.openOrders(request.instrumentId), [])
    assert.equal(await control.position(), 0)
  })

  test('one base coin sent is one base coin held, whatever the venue counts in', async (t) => {
    const { venue, control, order, place, found } = await start(t)
    const ref = await place(order({ quantity: '1' }))
    isClose(await control.position(), 1)
    isClose((await found(ref)).quantity, 1)
    isClose((await found(ref)).filledQuantity, 1)
    isClose((await venue.positions()).find(({ instrumentId }) => instrumentId === ref.instrumentId)!.quantity, 1)
    await place(order({ side: 'sell', limitPrice: '2990', quantity: '0.3' }))
    isClose(await control.position(), 0.7)
  })

  test('a number that is no decimal multiple of lot or tick never reaches the books', async (t) => {
    const { venue, control, order, instrument } = await start(t)
    const half = (step: string): string => new Decimal(step).div(2).toFixed()
    const offLot = new Decimal(1).plus(half(instrument.lotSize)).toFixed()
    const offTick = new Decimal(3000).plus(half(instrument.tickSize)).toFixed()
    const numbers = ['NaN', 'Infinity', '1e3', '-1', '0', '', '1,5', '0x10', ' 1']
    const requests = [
      ...[...numbers, offLot].map((quantity) => order({ quantity })),
      ...[...numbers, '-Infinity', offTick].map((limitPrice) => order({ limitPrice })),
    ]
    for (const request of requests) {
      const outcome = await venue.submit(request)
      assert.equal(outcome.kind, 'rejected', `${request.quantity} at ${request.limitPrice}: ${JSON.stringify(outcome)}`)
      assert.equal(await control.acceptances(request.clientOrderId), 0)
    }
    assert.equal(await control.position(), 0)
  })

  test('an order below the smallest notional, of an unknown instrument or under a malformed id is rejected', async (t) => {
    const { venue, control, order, instrument } = await start(t)
    const tooSmall = new Decimal(instrument.lotSize).toFixed()
    const requests = [
      ...(Number(tooSmall) * 2999 < instrument.minNotional ? [order({ quantity: tooSmall })] : []),
      order({ instrumentId: instrumentIdOf(ASSET, 'elsewhere') }),
      order({ instrumentId: instrumentIdOf('NOSUCHCOIN', venue.venueId) }),
      order({ clientOrderId: 'two words' as ClientOrderId }),
    ]
    for (const request of requests) {
      const outcome = await venue.submit(request)
      assert.equal(outcome.kind, 'rejected', JSON.stringify(outcome))
      assert.ok(outcome.kind === 'rejected' && outcome.reason.length > 0)
      assert.equal(await control.acceptances(request.clientOrderId), 0)
    }
    assert.equal(await control.position(), 0)
  })

  test('without a price there is no quote, and nothing trades', async (t) => {
    const { venue, control, order } = await start(t)
    await control.setQuote(undefined)
    assert.equal(await venue.quote(ASSET), undefined)
    await venue.submit(order())
    assert.equal(await control.position(), 0)
  })

  test('a quote says what is on offer now', async (t) => {
    const { venue, control } = await start(t)
    const before = (await venue.quote(ASSET))!
    assert.deepEqual([before.bestBid, before.bestAsk], [2999.5, 3000.5])
    await control.setQuote({ bestBid: 3100, bestAsk: 3101 })
    const after = (await venue.quote(ASSET))!
    assert.deepEqual([after.bestBid, after.bestAsk], [3100, 3101])
  })

  test('the position is the sum of the fills, whatever was traded', async (t) => {
    const { venue, control, order, found, instrument } = await start(t)
    if (!venue.capabilities.listsFills) return // the venue lists no fills: what it answers then is a fact of its own
    const trade = fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      lots: fc.integer({ min: 10, max: 40_000 }),
      limit: fc.integer({ min: 2_970, max: 3_030 }),
    })
    const property = fc.asyncProperty(fc.array(trade, { minLength: 1, maxLength: 5 }), async (trades) => {
      let expected = new Decimal(await control.position())
      for (const { side, lots, limit } of trades) {
        const quantity = new Decimal(instrument.lotSize).mul(lots).toFixed()
        const request = order({ side, quantity, limitPrice: String(limit) })
        const outcome = await venue.submit(request)
        if (outcome.kind === 'rejected') continue
        assert.equal(outcome.kind, 'accepted')
        const ref = { ...refOf(request), venueOrderId: outcome.kind === 'accepted' ? outcome.venueOrderId : undefined }
        let filled = new Decimal(0)
        for (const fill of await venue.fills(ref)) {
          assert.ok(side === 'buy' ? fill.fillPrice <= limit : fill.fillPrice >= limit)
          assert.ok(new Decimal(fill.quantity).mod(instrument.lotSize).isZero(), `was ${fill.quantity}`)
          filled = filled.plus(fill.quantity)
        }
        assert.ok(filled.lte(quantity))
        isClose((await found(ref)).filledQuantity, filled.toNumber())
        expected = side === 'buy' ? expected.plus(filled) : expected.minus(filled)
      }
      isClose(await control.position(), expected.toNumber(), 1e-6)
    })
    await fc.assert(property, { numRuns: 6 })
  })

  test('orders sent at once for one instrument are all booked, once each', async (t) => {
    const { venue, control, order } = await start(t)
    const requests = Array.from({ length: 12 }, () => order({ quantity: '0.1' }))
    const outcomes = await Promise.all(requests.map((request) => venue.submit(request)))
    assert.deepEqual(new Set(outcomes.map((outcome) => outcome.kind)), new Set(['accepted']))
    isClose(await control.position(), 1.2)
    isClose((await venue.positions())[0]!.quantity, 1.2)
    for (const request of requests) assert.equal(await control.acceptances(request.clientOrderId), 1)
  })

  test('an asset is named in capitals and has decimal steps', async (t) => {
    const { venue, instrument } = await start(t)
    assert.equal(instrument.instrumentId, instrumentIdOf(ASSET, venue.venueId))
    assert.equal(instrument.asset, ASSET)
    assert.match(instrument.lotSize, /^\d+(\.\d+)?$/)
    assert.match(instrument.tickSize, /^\d+(\.\d+)?$/)
    assert.ok(instrument.minNotional >= 0)
    await assert.rejects(venue.instrument('eth/usd'), RangeError)
  })
}
