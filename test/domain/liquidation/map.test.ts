import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coinsByBin, density, extentOf } from '../../../src/domain/liquidation/density.ts'
import { LEVERAGE_BUCKETS } from '../../../src/domain/liquidation/leverage.ts'
import {
  advanceMap,
  createLiquidationMap,
  type LiquidationMap,
  mapOpenInterest,
} from '../../../src/domain/liquidation/map.ts'
import { LONG, SHORT } from '../../../src/domain/liquidation/position-bins.ts'
import type { Tick } from '../../../src/domain/market/tick.ts'
import { DAY, HOUR, price, timestamp } from '../../../src/domain/units.ts'
import { bar, funding, hour, openInterest, panelOf } from './setup.ts'

const advanced = (ticks: readonly Tick[], options: Partial<Parameters<typeof createLiquidationMap>[0]> = {}) => {
  const last = Math.max(...ticks.map((tick) => tick.receivedAt))
  return advanceMap(createLiquidationMap({ asset: 'ETH', ...options }), panelOf(ticks), 'ETH', timestamp(last))
}
const leveraged = (map: LiquidationMap, side: 'sell' | 'buy'): number =>
  coinsByBin(map, side).coins.reduce((sum, coins) => sum + coins, 0)
/** Coins waiting between two prices. */
const waiting = (map: LiquidationMap, side: 'sell' | 'buy', lowPrice: number, highPrice: number): number =>
  extentOf(map, side, { lowPrice: price(lowPrice), highPrice: price(highPrice), at: map.advancedTo }).notional

/** Hours of a quiet market at `close`, with open interest each hour. */
const quiet = (from: number, to: number, close: number, coins: number): Tick[] =>
  Array.from({ length: to - from }, (_, i) => hour(from + i)).flatMap((at) => [
    bar({ at, high: close * 1.001, low: close * 0.999, close }),
    openInterest(at, coins),
  ])

test('without open interest the map stays empty', () => {
  const map = advanced(Array.from({ length: 48 }, (_, i) => bar({ at: hour(i), high: 101, low: 99, close: 100 })))
  assert.deepEqual(mapOpenInterest(map), {})
  assert.ok(density(map, { price: price(100) }).every(({ bins }) => bins.every(({ notional }) => notional === 0)))
})

test('positions opened at a price wait where their leverage is liquidated', () => {
  const map = advanced(quiet(0, 200, 100, 1_000))
  for (const [side, level] of [
    ['sell', 90.9],
    ['sell', 80.8],
    ['sell', 95.48],
    ['buy', 109],
    ['buy', 118.8],
    ['buy', 104.5],
  ] as const) {
    const at = waiting(map, side, level * 0.993, level * 1.007)
    const beside = waiting(map, side, level * 0.98, level * 0.988)
    assert.ok(at > 1_000 && at > 10 * beside, `${side} ${level}: ${at} there, ${beside} beside`)
  }
  assert.equal(waiting(map, 'sell', 99.9, 130), 0)
  assert.equal(waiting(map, 'buy', 70, 100.1), 0)
})

const step = fc.record({
  move: fc.double({ min: -0.12, max: 0.12, noNaN: true }),
  width: fc.double({ min: 0, max: 0.08, noNaN: true }),
  coins: fc.option(fc.double({ min: 0, max: 5_000, noNaN: true }), { freq: 2, nil: undefined }),
  lag: fc.integer({ min: 0, max: 3 }),
  venue: fc.constantFrom('a', 'b'),
  rate: fc.double({ min: -0.003, max: 0.003, noNaN: true }),
})

test('both legs of every venue sum to its open interest after every bar, and no bin is negative', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 120 }), (steps) => {
      let close = 100
      const ticks = steps.flatMap(({ move, width, coins, lag, venue, rate }, i) => {
        close *= Math.exp(move)
        const range = { at: hour(i), high: close * (1 + width), low: close * (1 - width), close }
        const reading = coins === undefined ? [] : [openInterest(hour(i), coins, { venue, lag: lag * HOUR })]
        return [bar(range), funding(hour(i), rate), ...reading]
      })
      const panel = panelOf(ticks)
      const map = createLiquidationMap({ asset: 'ETH' })
      for (let i = 0; i < steps.length; i++) {
        advanceMap(map, panel, 'ETH', hour(i))
        for (const [venue, { positions, openInterest: total }] of map.venues) {
          assert.ok(total >= 0)
          for (const leg of [LONG, SHORT] as const) {
            const bins = new Float64Array(positions.binCount)
            positions.collect(leg, bins)
            assert.ok(bins.every((coins) => coins >= 0) && positions.unlevered[leg]! >= 0)
            const sum = bins.reduce((all, coins) => all + coins, positions.unlevered[leg]!)
            const error = Math.abs(sum - total) / Math.max(1, total)
            assert.ok(error < 1e-9, `${venue} leg ${leg} after hour ${i}: ${sum} against ${total}`)
          }
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('fresh open interest without a lag is what the map holds', () => {
  const ticks = [
    ...quiet(0, 30, 100, 1_000),
    bar({ at: hour(30), high: 101, low: 99, close: 100 }),
    openInterest(hour(30), 1_250),
  ]
  assert.ok(Math.abs(mapOpenInterest(advanced(ticks)).a! - 1_250) < 1e-9)
})

test('a low takes every long it reaches, and only the next open interest can bring any back', () => {
  const before = advanced(quiet(0, 200, 100, 1_000))
  const crash = [...quiet(0, 200, 100, 1_000), bar({ at: hour(200), high: 100, low: 89, close: 92 })]
  const after = advanced(crash)
  assert.ok(waiting(before, 'sell', 89.5, 100) > 1_000)
  assert.equal(waiting(after, 'sell', 89.3, 100), 0)
  assert.ok(waiting(after, 'sell', 78, 85) > 0.9 * waiting(before, 'sell', 78, 85), 'what lies deeper is left')
  const swept = leveraged(before, 'sell') - leveraged(after, 'sell')
  const fall = 1_000 - mapOpenInterest(after).a!
  assert.ok(fall > 0.7 * swept && fall < swept, `open interest fell ${fall} for ${swept} swept`)
})

test('a high takes every short it reaches and leaves those beyond', () => {
  const before = advanced(quiet(0, 200, 100, 1_000))
  const after = advanced([...quiet(0, 200, 100, 1_000), bar({ at: hour(200), high: 111, low: 100, close: 101 })])
  assert.ok(waiting(before, 'buy', 100, 110.5) > 1_000)
  assert.equal(waiting(after, 'buy', 85, 110.7), 0)
  assert.ok(waiting(after, 'buy', 117, 121) > 0.9 * waiting(before, 'buy', 117, 121))
  assert.ok(leveraged(after, 'sell') > 0.7 * leveraged(before, 'sell'), 'longs lose only counterparties')
})

test('a figure measured before a crash and heard after it brings nothing back', () => {
  const late = 3 * HOUR
  const prices = Array.from({ length: 204 }, (_, i) =>
    bar({ at: hour(i), high: 100.1, low: i === 200 ? 89 : 99.9, close: 100 }),
  )
  const readings = Array.from({ length: 200 }, (_, i) => openInterest(hour(i), 1_000, { lag: late }))
  const heardBy = (at: number) => [...prices, ...readings].filter((tick) => tick.receivedAt <= hour(at))
  const [crashed, told] = [200, 202].map((at) => mapOpenInterest(advanced(heardBy(at))).a!)
  assert.ok(crashed! < 950, `open interest was ${crashed} after the crash`)
  assert.ok(Math.abs(told! - crashed!) < 1e-6, `and ${told} once what came before it was heard`)
})

test('figures that arrive later than they follow each other correct the map once, not again and again', () => {
  const prices = Array.from({ length: 120 }, (_, i) => bar({ at: hour(i), high: 100, low: 100, close: 100 }))
  const readings = Array.from({ length: 116 }, (_, i) =>
    openInterest(hour(i), i < 100 ? 1_000 : 1_500, { lag: 3 * HOUR }),
  )
  const panel = panelOf([...prices, ...readings])
  const map = createLiquidationMap({ asset: 'ETH' })
  for (let i = 0; i < 120; i++) {
    advanceMap(map, panel, 'ETH', hour(i))
    const held = mapOpenInterest(map).a ?? 1_000
    assert.ok(Math.abs(held - (i < 103 ? 1_000 : 1_500)) < 1e-6, `${held} at hour ${i}`)
  }
})

test('traded prices sweep a little less than the mark, and the map says so', () => {
  const traded = (series: 'mark' | 'spot') =>
    advanced([...quiet(0, 200, 100, 1_000).map((tick) => (tick.type === 'bar' ? { ...tick, series } : tick))])
  assert.equal(traded('spot').onTradedPrices, true)
  assert.equal(traded('mark').onTradedPrices, false)
})

test('a rise of open interest is placed at the price of its time, not of its arrival', () => {
  const path = (i: number) => (i < 24 ? 100 : 104)
  const ticks = Array.from({ length: 49 }, (_, i) => bar({ at: hour(i), high: path(i), low: path(i), close: path(i) }))
  const readings = [0, 12, 24 - 1, 48].map((i) => openInterest(hour(i), i >= 12 ? 2_000 : 1_000, { lag: 3 * HOUR }))
  const map = advanced([...ticks, ...readings.filter((tick) => tick.receivedAt <= hour(48))])
  const [old, now] = [waiting(map, 'sell', 90, 91.8), waiting(map, 'sell', 93.9, 95)]
  assert.ok(old > now, `10x longs opened at 100: ${old}, at 104: ${now}`)
})

test('a fall that no liquidation explains takes short-held positions first', () => {
  const before = advanced(quiet(0, 300, 100, 1_000))
  const after = advanced([
    ...quiet(0, 300, 100, 1_000),
    bar({ at: hour(300), high: 100.1, low: 99.9, close: 100 }),
    openInterest(hour(300), 700),
  ])
  const kept = (low: number, high: number) => waiting(after, 'sell', low, high) / waiting(before, 'sell', low, high)
  const [deep, near] = [kept(80, 82), kept(98, 99)]
  assert.ok(near < 0.2 && deep > 0.7, `5x kept ${deep}, 50x kept ${near}`)
  assert.ok(Math.abs(mapOpenInterest(after).a! - 700) < 1e-9)
})

test('crowded funding puts leverage on the longs', () => {
  const moody = (rate: number) => {
    const neutral = Array.from({ length: 300 }, (_, i) => funding(hour(i), i < 250 ? 1e-4 : rate))
    return advanced([...quiet(0, 300, 100, 1_000), ...neutral])
  }
  const [high, none, low] = [moody(2e-3), moody(1e-4), moody(-2e-3)].map(
    (map) => leveraged(map, 'sell') / leveraged(map, 'buy'),
  )
  assert.ok(high! > 1.2 && Math.abs(none! - 1) < 0.02 && low! < 0.85, `long over short: ${high}, ${none}, ${low}`)
})

test('a venue that offers 40x has no positions above it', () => {
  const map = advanced(quiet(0, 200, 100, 1_000), {
    margins: () =>
      LEVERAGE_BUCKETS.map(({ leverage, maintenanceRate }) => ({
        maintenanceRate,
        maintenanceOn: 'mark' as const,
        allowed: leverage <= 40,
      })),
  })
  assert.ok(waiting(map, 'sell', 97.5, 100) === 0 && waiting(map, 'sell', 95, 96) > 0)
})

test('one daily reading is enough for a map, spread over the day that it closes', () => {
  const bars = Array.from({ length: 24 * 20 + 1 }, (_, i) => {
    const close = 100 + (i % 24) / 6
    return bar({ at: hour(i), high: close, low: close, close })
  })
  const readings = Array.from({ length: 21 }, (_, day) => openInterest(hour(24 * day), 1_000 + 40 * day))
  const map = advanced([...bars, ...readings])
  assert.ok(Math.abs(mapOpenInterest(map).a! - 1_800) < 1e-6)
  const spread = density(map, { price: price(100) })[0].bins.filter(
    ({ price: p, notional }) => p > 89 && p < 95 && notional > 100,
  )
  assert.ok(spread.length > 10, `10x longs stand in ${spread.length} bins`)
})

test('an aggregate replaces the venues it contains and keeps their positions', () => {
  const venues = quiet(0, 100, 100, 600)
  const aggregate = Array.from({ length: 3 }, (_, i) => [
    bar({ at: hour(100 + i), high: 100.1, low: 99.9, close: 100 }),
    openInterest(hour(100 + i), 600),
    openInterest(hour(100 + i), 1_000, { venue: 'all-exchanges' }),
  ]).flat()
  const [before, after] = [advanced(venues), advanced([...venues, ...aggregate])]
  assert.deepEqual(Object.keys(mapOpenInterest(after)), ['all-exchanges'])
  assert.ok(leveraged(after, 'sell') > 0.9 * leveraged(before, 'sell'))
  const { venueShares } = extentOf(after, 'sell', { lowPrice: price(80), highPrice: price(100), at: hour(102) })
  assert.deepEqual(venueShares, { 'all-exchanges': 1 })
})

test('a venue not heard of for three days is dropped', () => {
  const other = [openInterest(hour(0), 500, { venue: 'b' }), openInterest(hour(5), 500, { venue: 'b' })]
  assert.deepEqual(Object.keys(mapOpenInterest(advanced([...quiet(0, 70, 100, 1_000), ...other]))).sort(), ['a', 'b'])
  assert.deepEqual(Object.keys(mapOpenInterest(advanced([...quiet(0, 90, 100, 1_000), ...other]))), ['a'])
})

test('positions grow older until they are replaced', () => {
  const map = advanced(quiet(0, 300, 100, 1_000))
  const age = (low: number, high: number) =>
    extentOf(map, 'sell', { lowPrice: price(low), highPrice: price(high), at: hour(299) }).age
  assert.ok(age(80, 82) > 3 * DAY && age(98, 99) < DAY, `5x ${age(80, 82) / HOUR} h, 50x ${age(98, 99) / HOUR} h`)
})

const wandering = (hours: number): Tick[] => {
  let close = 100
  return Array.from({ length: hours }, (_, i) => {
    close *= Math.exp(0.02 * Math.sin(i * 1.7) + 0.015 * Math.cos(i * 0.31))
    return [
      bar({ at: hour(i), high: close * 1.004, low: close * 0.995, close }),
      openInterest(hour(i), 1_000 + 200 * Math.sin(i / 9), { lag: (i % 3) * HOUR }),
      funding(hour(i), 1e-4 + 3e-4 * Math.sin(i / 40)),
    ]
  }).flat()
}
const pictureOf = (map: LiquidationMap) => [
  map.centre,
  [...coinsByBin(map, 'sell').coins],
  [...coinsByBin(map, 'buy').coins],
]

test('however the advance is cut up, the map is the same', () => {
  const panel = panelOf(wandering(200))
  const once = advanceMap(createLiquidationMap({ asset: 'ETH' }), panel, 'ETH', hour(199))
  const often = createLiquidationMap({ asset: 'ETH' })
  for (let i = 0; i < 200; i++) advanceMap(often, panel, 'ETH', hour(i))
  assert.deepEqual(pictureOf(often), pictureOf(once))
})

test('what is received later changes nothing of the map before', () => {
  const ticks = wandering(200)
  for (const at of [40, 90, 137].map(hour)) {
    const whole = advanceMap(createLiquidationMap({ asset: 'ETH' }), panelOf(ticks), 'ETH', at)
    const cut = advanceMap(
      createLiquidationMap({ asset: 'ETH' }),
      panelOf(ticks.filter((tick) => tick.receivedAt <= at)),
      'ETH',
      at,
    )
    assert.deepEqual(pictureOf(cut), pictureOf(whole))
  }
})

test('a map of one asset refuses another', () => {
  assert.throws(
    () => advanceMap(createLiquidationMap({ asset: 'ETH' }), panelOf([]), 'BTC', hour(0)),
    /Expected ETH, was BTC/,
  )
})
