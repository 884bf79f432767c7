import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, type TestContext, test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import type { ClientOrderId } from '../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { bps, price, timestamp, usd } from '../../src/domain/units.ts'
import type { Clock, OrderRequest, Quote, Venue } from '../../src/ports.ts'
import type { VenueHooks } from '../../src/venues/paper/paper-venue.ts'

export interface VenueSetting {
  readonly clock: Clock
  readonly quoteAt: () => Quote | undefined
  readonly takerFee: ReturnType<typeof bps>
  readonly hooks: VenueHooks
}

export interface OpenVenue {
  readonly venue: Venue
  /** How often the venue's own books say that they accepted this id. */
  readonly acceptances: (clientOrderId: ClientOrderId) => Promise<number>
}

const AT = timestamp(Date.UTC(2026, 0, 5))
/** 3,000 USD, 0.2 USD wide, 2 million USD within 1 %. */
const QUOTE: Quote = {
  at: AT,
  bestBid: price(2999.9),
  bestAsk: price(3000.1),
  depthNotional: usd(2_000_000),
  dailyVolumeNotional: usd(1e9),
  dailyVolatility: 0.03,
}
const FEE = bps(5)

/**
 * What the desk relies on from any venue, run against every adapter.
 *
 * @param open - a venue with empty books under this setting; `t.after` closes what it opened
 */
export function describeVenue(name: string, open: (t: TestContext, setting: VenueSetting) => Promise<OpenVenue>): void {
  const start = async (t: TestContext, change: { hooks?: VenueHooks; quote?: Quote | 'none' } = {}) => {
    const quote = change.quote === 'none' ? undefined : (change.quote ?? QUOTE)
    const clock: Clock = { kind: 'virtual', now: () => AT }
    const opened = await open(t, { clock, quoteAt: () => quote, takerFee: FEE, hooks: change.hooks ?? {} })
    const instrument = await opened.venue.instrument('ETH')
    const order = (changed: Partial<OrderRequest> = {}): OrderRequest => ({
      clientOrderId: newId(),
      instrumentId: instrument.instrumentId,
      side: 'buy',
      quantity: '1.5',
      limitPrice: '3010',
      timeInForce: 'ioc',
      reduceOnly: false,
      ...changed,
    })
    return { ...opened, instrument, order }
  }
  const rejected = async (venue: Venue, order: OrderRequest, reason: RegExp) => {
    const outcome = await venue.submit(order)
    assert.equal(outcome.kind, 'rejected')
    assert.match(outcome.kind === 'rejected' ? outcome.reason : '', reason)
    assert.equal(await venue.find(order.clientOrderId), undefined)
    assert.deepEqual(await venue.fills(order.clientOrderId), [])
  }

  describe(`venue ${name}`, () => {
    test('an order within reach of the market is accepted and filled, at the touch or a little worse', async (t) => {
      const { venue, order, acceptances } = await start(t)
      for (const [side, limitPrice] of [
        ['buy', '3010'],
        ['sell', '2990'],
      ] as const) {
        const request = order({ side, limitPrice })
        const outcome = await venue.submit(request)
        assert.equal(outcome.kind, 'accepted')
        const found = (await venue.find(request.clientOrderId))!
        assert.equal(found.state, 'filled')
        assert.equal(found.filledQuantity, 1.5)
        assert.equal(outcome.kind === 'accepted' && outcome.venueOrderId, found.venueOrderId)
        const worse = side === 'buy' ? found.averageFillPrice! - 3000.1 : 2999.9 - found.averageFillPrice!
        assert.ok(worse >= 0 && worse < 5, `Expected to pay up to 5 USD over the touch, was ${worse}`)
        const fills = await venue.fills(request.clientOrderId)
        for (const fill of fills) {
          assert.ok(Math.abs(fill.fee - fill.quantity * fill.fillPrice * 0.0005) < 1e-6)
          assert.equal(fill.side, side)
          assert.equal(fill.filledAt, AT)
        }
        assert.equal(await acceptances(request.clientOrderId), 1)
      }
    })

    test('an order too large for its limit fills in part, never beyond the limit, and the rest is cancelled', async (t) => {
      const { venue, order } = await start(t)
      for (const [side, limitPrice] of [
        ['buy', '3004'],
        ['sell', '2996'],
      ] as const) {
        const request = order({ side, quantity: '5000', limitPrice })
        assert.equal((await venue.submit(request)).kind, 'accepted')
        const found = (await venue.find(request.clientOrderId))!
        assert.equal(found.state, 'canceled')
        assert.ok(found.filledQuantity > 0 && found.filledQuantity < 5000, `was ${found.filledQuantity}`)
        for (const fill of await venue.fills(request.clientOrderId)) {
          assert.ok(side === 'buy' ? fill.fillPrice <= 3004 : fill.fillPrice >= 2996, `was ${fill.fillPrice}`)
        }
      }
    })

    test('an order whose limit does not reach the market is accepted and cancelled unfilled', async (t) => {
      const { venue, order } = await start(t)
      const request = order({ limitPrice: '2990' })
      assert.equal((await venue.submit(request)).kind, 'accepted')
      const found = (await venue.find(request.clientOrderId))!
      assert.equal(found.state, 'canceled')
      assert.equal(found.filledQuantity, 0)
      assert.equal(found.averageFillPrice, undefined)
    })

    test('a larger order pays a worse average price', async (t) => {
      const { venue, order } = await start(t)
      const pay = async (quantity: string) => {
        const request = order({ quantity, limitPrice: '3030' })
        await venue.submit(request)
        return (await venue.find(request.clientOrderId))!.averageFillPrice!
      }
      assert.ok((await pay('200')) > (await pay('1')))
    })

    test('a number that is no decimal multiple of lot or tick is rejected with the numbers', async (t) => {
      const { venue, order } = await start(t)
      for (const quantity of ['NaN', 'Infinity', '1e3', '-1', '0', '', '1.0005', '1,5', '0x10', ' 1']) {
        await rejected(venue, order({ quantity }), /^QUANTITY_NOT_ON_LOT quantity=.* lotSize=0\.001$/)
      }
      for (const limitPrice of ['NaN', 'Infinity', '-Infinity', '3000.001', '0', '-3000', '3e3']) {
        await rejected(venue, order({ limitPrice }), /^PRICE_NOT_ON_TICK limitPrice=.* tickSize=0\.01$/)
      }
      assert.equal(await venue.position(order().instrumentId), 0)
    })

    test('an order below the smallest notional is rejected with both amounts', async (t) => {
      const { venue, order } = await start(t)
      await rejected(venue, order({ quantity: '0.006' }), /^NOTIONAL_BELOW_MIN notional=18\.00 min=20$/)
    })

    test('an instrument of another venue and an id it cannot carry are rejected', async (t) => {
      const { venue, order } = await start(t)
      await rejected(venue, order({ instrumentId: instrumentIdOf('ETH', 'elsewhere') }), /^UNKNOWN_INSTRUMENT/)
      await rejected(venue, order({ clientOrderId: 'two words' as ClientOrderId }), /^CLIENT_ORDER_ID_MALFORMED/)
    })

    test('without a quote, or with one that is no number, nothing is traded', async (t) => {
      const broken = { ...QUOTE, bestAsk: Number.NaN as Quote['bestAsk'] }
      const crossed = { ...QUOTE, bestAsk: price(2000) }
      for (const quote of ['none', broken, crossed] as const) {
        const { venue, order } = await start(t, { quote })
        assert.equal(await venue.quote('ETH'), undefined)
        await rejected(venue, order(), /^NO_QUOTE asset=ETH/)
      }
    })

    test('an answer that is lost leaves the outcome unknown until the venue is asked', async (t) => {
      const { venue, order, acceptances } = await start(t, { hooks: { losesAnswer: () => true } })
      const request = order()
      assert.equal((await venue.submit(request)).kind, 'unknown')
      assert.equal((await venue.find(request.clientOrderId))!.state, 'filled')
      assert.equal(await acceptances(request.clientOrderId), 1)
    })

    test('a request that is lost leaves the outcome unknown and no order', async (t) => {
      const { venue, order, acceptances } = await start(t, { hooks: { losesRequest: () => true } })
      const request = order()
      assert.equal((await venue.submit(request)).kind, 'unknown')
      assert.equal(await venue.find(request.clientOrderId), undefined)
      assert.equal(await acceptances(request.clientOrderId), 0)
    })

    test('an id is refused while its order is open and counted when it is taken again afterwards', async (t) => {
      let release = () => {}
      let opened = () => {}
      const isOpen = new Promise<void>((resolve) => {
        opened = resolve
      })
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const whileOpen = async () => {
        opened()
        await held
      }
      const { venue, order, acceptances } = await start(t, { hooks: { whileOpen } })
      const request = order()
      const first = venue.submit(request)
      await isOpen
      const second = await venue.submit(request)
      assert.deepEqual(second, {
        kind: 'rejected',
        reason: `DUPLICATE_CLIENT_ORDER_ID clientOrderId=${request.clientOrderId}`,
      })
      release()
      assert.equal((await first).kind, 'accepted')
      assert.equal(await acceptances(request.clientOrderId), 1)
      assert.equal((await venue.submit(request)).kind, 'accepted')
      assert.equal(await acceptances(request.clientOrderId), 2)
    })

    test('the position is the sum of the fills, whatever was traded', async (t) => {
      const { venue, order } = await start(t)
      const trade = fc.record({
        side: fc.constantFrom('buy' as const, 'sell' as const),
        lots: fc.integer({ min: 7, max: 400_000 }),
        limit: fc.integer({ min: 297_000, max: 303_000 }),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(trade, { minLength: 1, maxLength: 6 }), async (trades) => {
          const before = await venue.position(order().instrumentId)
          let expected = new Decimal(before)
          for (const { side, lots, limit } of trades) {
            const request = order({ side, quantity: (lots / 1000).toFixed(3), limitPrice: (limit / 100).toFixed(2) })
            await venue.submit(request)
            let filled = new Decimal(0)
            for (const fill of await venue.fills(request.clientOrderId)) {
              assert.ok(side === 'buy' ? fill.fillPrice <= limit / 100 : fill.fillPrice >= limit / 100)
              assert.ok(new Decimal(fill.quantity).mod('0.001').isZero())
              filled = filled.plus(fill.quantity)
            }
            assert.ok(filled.lte(request.quantity))
            expected = side === 'buy' ? expected.plus(filled) : expected.minus(filled)
          }
          assert.ok(
            expected
              .minus(await venue.position(order().instrumentId))
              .abs()
              .lt(1e-9),
          )
        }),
        { numRuns: 15 },
      )
    })

    test('a reduce-only order brings the position nearer to zero and is rejected where it would not', async (t) => {
      const { venue, order } = await start(t)
      const sell = { side: 'sell', limitPrice: '2990', reduceOnly: true } as const
      await rejected(venue, order(sell), /^REDUCE_ONLY_WOULD_INCREASE side=sell quantity=1\.5 position=0$/)
      await venue.submit(order({ quantity: '2' }))
      await rejected(venue, order({ reduceOnly: true }), /^REDUCE_ONLY_WOULD_INCREASE side=buy/)
      await rejected(venue, order({ ...sell, quantity: '2.001' }), /quantity=2\.001 position=2$/)
      assert.equal((await venue.submit(order({ ...sell, quantity: '2' }))).kind, 'accepted')
      assert.equal(await venue.position(order().instrumentId), 0)
    })

    test('orders sent at once for one instrument are all booked, once each', async (t) => {
      const { venue, order, acceptances } = await start(t)
      const requests = Array.from({ length: 12 }, () => order({ quantity: '0.1' }))
      const outcomes = await Promise.all(requests.map((request) => venue.submit(request)))
      assert.deepEqual(new Set(outcomes.map((outcome) => outcome.kind)), new Set(['accepted']))
      assert.ok(Math.abs((await venue.position(order().instrumentId)) - 1.2) < 1e-9)
      for (const request of requests) assert.equal(await acceptances(request.clientOrderId), 1)
    })

    test('reading fills twice gives the same trades under the same ids', async (t) => {
      const { venue, order } = await start(t)
      const [one, two] = [order({ quantity: '150', limitPrice: '3030' }), order()]
      await venue.submit(one)
      await venue.submit(two)
      const fills = await venue.fills(one.clientOrderId)
      assert.deepEqual(await venue.fills(one.clientOrderId), fills)
      const ids = [...fills, ...(await venue.fills(two.clientOrderId))].map((fill) => fill.tradeId)
      assert.equal(new Set(ids).size, ids.length)
    })

    test('an asset is named in capitals and has decimal steps', async (t) => {
      const { venue } = await start(t)
      for (const asset of ['ETH', 'BTC', 'SOL']) {
        const instrument = await venue.instrument(asset)
        assert.equal(instrument.instrumentId, instrumentIdOf(asset, venue.venueId))
        assert.match(instrument.lotSize, /^\d+(\.\d+)?$/)
        assert.match(instrument.tickSize, /^\d+(\.\d+)?$/)
        assert.ok(instrument.minNotional > 0)
      }
      await assert.rejects(venue.instrument('eth/usd'), /Expected an asset in capitals such as ETH, was eth\/usd/)
    })
  })
}

const newId = (): ClientOrderId => randomBytes(13).toString('hex').toUpperCase() as ClientOrderId
