import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AssetRecord, valuePath } from '../../src/app/value-path.ts'
import type { Fill } from '../../src/domain/execution/order.ts'
import { baseQty, HOUR, later, timestamp } from '../../src/domain/units.ts'
import type { PathPoint } from '../../src/ports.ts'

const START = timestamp(Date.UTC(2026, 0, 5))
const at = (hours: number) => later(START, hours * HOUR)
const point = (hours: number, price: number, fundingRate?: number) =>
  ({ mark: at(hours), at: at(hours), price, ...(fundingRate === undefined ? {} : { fundingRate }) }) as PathPoint
const fill = (hours: number, side: 'buy' | 'sell', quantity: number, fillPrice: number, fee = 0) =>
  ({ side, quantity, fillPrice, fee, filledAt: at(hours) }) as Fill
const record = (over: Partial<AssetRecord>): AssetRecord => ({
  asset: 'ETH',
  exposure: baseQty(10),
  fills: [],
  path: [],
  ...over,
})

test('without a hedge both paths are the spot’s', () => {
  const { points, periods } = valuePath([record({ path: [point(0, 100), point(1, 90), point(2, 95)] })], HOUR)
  assert.deepEqual(
    points.map(({ unhedged, hedged, hedgeRatio }) => [unhedged, hedged, hedgeRatio]),
    [
      [0, 0, 0],
      [-100, -100, 0],
      [-50, -50, 0],
    ],
  )
  assert.deepEqual(
    periods.map(({ unhedged }) => unhedged),
    [-100, 50],
  )
})

test('a short earns what the price falls from its fill on, less its fee and what it was filled below the mark', () => {
  const { points, periods, assets } = valuePath(
    [record({ path: [point(0, 100), point(1, 100), point(2, 90)], fills: [fill(0.5, 'sell', 4, 99, 2)] })],
    HOUR,
  )
  assert.deepEqual(
    points.map(({ hedged }) => hedged),
    [0, -6, -66],
  )
  assert.deepEqual(
    periods.map(({ hedgeRatio }) => hedgeRatio),
    [0, 0.4],
  )
  const [{ spot, realized, unrealized, fees }] = assets as [(typeof assets)[number]]
  assert.deepEqual({ spot, realized, unrealized, fees }, { spot: -100, realized: 0, unrealized: 36, fees: 2 })
})

test('what was short before the window counts from its first price on', () => {
  const { points, assets } = valuePath(
    [record({ path: [point(0, 100), point(1, 90)], fills: [fill(-9, 'sell', 10, 200, 50)] })],
    HOUR,
  )
  assert.equal(points[1]!.hedged, 0)
  assert.deepEqual([assets[0]!.unrealized, assets[0]!.fees], [100, 0])
})

test('what is filled at the first mark belongs to the window, its fee included', () => {
  const fills = [fill(-1, 'sell', 1, 100, 7), fill(0, 'sell', 4, 100, 2)]
  const { points, assets } = valuePath([record({ path: [point(0, 100), point(1, 90)], fills })], HOUR)
  assert.deepEqual(
    points.map(({ hedged }) => hedged),
    [-2, -52],
  )
  assert.equal(assets[0]!.fees, 2)
})

test('parts always add up: spot, realised and open P&L less fees are the path', () => {
  const prices = fc.array(fc.integer({ min: 50, max: 200 }), { minLength: 2, maxLength: 12 })
  const trades = fc.array(
    fc.record({
      hours: fc.double({ min: -3, max: 12, noNaN: true }),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      lots: fc.integer({ min: 1, max: 50 }),
      price: fc.integer({ min: 50, max: 200 }),
      fee: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(prices, trades, (path, made) => {
      const fills = made
        .map(({ hours, side, lots, price, fee }) => fill(hours, side, lots / 10, price, fee))
        .sort((a, b) => a.filledAt - b.filledAt)
      const { points, assets } = valuePath([record({ path: path.map((price, i) => point(i, price)), fills })], HOUR)
      const { spot, realized, unrealized, fees } = assets[0]!
      assert.ok(Math.abs(points.at(-1)!.hedged - (spot + realized + unrealized - fees)) < 1e-6)
      assert.ok(Math.abs(points.at(-1)!.unhedged - spot) < 1e-6)
    }),
  )
})

test('assets add up, and one whose prices begin later counts from then on', () => {
  const eth = record({ path: [point(0, 100), point(1, 101), point(2, 102)] })
  const btc = record({ asset: 'BTC', exposure: baseQty(1), path: [point(1, 1000), point(2, 900)] })
  const { points } = valuePath([eth, btc], HOUR)
  assert.deepEqual(
    points.map(({ unhedged }) => unhedged),
    [0, 10, -80],
  )
  const { assets } = valuePath([eth, { ...btc, path: [] }], HOUR)
  assert.deepEqual(
    assets.map(({ asset }) => asset),
    ['ETH'],
  )
})

test('a step across a gap is on the path and no period', () => {
  const { points, periods } = valuePath([record({ path: [point(0, 100), point(3, 90), point(4, 91)] })], HOUR)
  assert.equal(points.length, 3)
  assert.deepEqual(
    periods.map(({ endedAt }) => endedAt),
    [at(4)],
  )
})

test('funding goes with the position and rate at the beginning of each step; a short receives when it is positive', () => {
  const fills = [fill(0.5, 'sell', 4, 100)]
  const path = [point(0, 100, 0.5), point(1, 100, 0.0008), point(2, 100), point(3, 100, 0.0008)]
  // Four coins short at 100 for an hour, an eighth of the interval.
  assert.ok(Math.abs(valuePath([record({ path, fills })], HOUR).assets[0]!.funding! - (400 * 0.0008) / 8) < 1e-12)
  assert.equal(valuePath([record({ path })], HOUR).assets[0]!.funding, undefined)
})

test('of nothing there is nothing', () => {
  assert.deepEqual(valuePath([], HOUR), { points: [], periods: [], assets: [] })
  assert.deepEqual(valuePath([record({})], HOUR).points, [])
})
