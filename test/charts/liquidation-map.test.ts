import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawPicture } from '../../src/charts/draw.ts'
import { chartOptions } from '../../src/charts/options.ts'
import { inkOf, LEVELS, rampOf, themeOf } from '../../src/charts/theme.ts'
import { advanceMap, createLiquidationMap } from '../../src/domain/liquidation/map.ts'
import { snapshotOf } from '../../src/domain/liquidation/snapshot.ts'
import { createPanel } from '../../src/domain/market/panel.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import { DAY, HOUR, later, timestamp } from '../../src/domain/units.ts'
import { createPublisher, STEP } from '../../src/venues/simulated/publication.ts'
import { createWorld } from '../../src/venues/simulated/world.ts'
import { cluster, colourAt, heap, hourly, look, luminance, mapPicture, START, snapshot, written } from './pictures.ts'

const BIN = 0.0025
/** The middle of the bin so many bins from 3,000. */
const binAt = (distance: number): number => Math.exp((Math.round(Math.log(3000) / BIN) + distance) * BIN)

test('a cell is coloured by its side and the more strongly the more waits there', () => {
  const steps = (distance: number) => (distance <= 40 ? distance ** 2 * 1e4 : 0)
  const picture = mapPicture({ snapshots: hourly(12, { price: 3000, longs: steps, shorts: steps }), clusters: [] })
  for (const dark of [false, true]) {
    for (const side of ['sell', 'buy'] as const) {
      const ramp = rampOf(themeOf(dark), side)
      const levels = [4, 12, 20, 28, 38].map((distance) => {
        const level = binAt(side === 'sell' ? -distance : distance)
        const colour = colourAt(picture, { x: START + 5.5 * HOUR, price: level, dark })
        assert.ok(ramp.includes(colour), `${colour} at ${level} is of the scale of ${side}`)
        return ramp.indexOf(colour)
      })
      assert.deepEqual(
        levels,
        [...new Set(levels)].sort((a, b) => a - b),
      )
    }
  }
})

test('the scales run away from the background evenly, and equal steps of both sides look equally strong', () => {
  for (const dark of [false, true]) {
    const theme = themeOf(dark)
    for (const side of ['sell', 'buy'] as const) {
      const brightness = rampOf(theme, side).map(luminance)
      const ordered = brightness.toSorted((a, b) => (dark ? a - b : b - a))
      assert.equal(brightness.length, LEVELS)
      assert.deepEqual(brightness, ordered)
    }
    for (const [i, colour] of theme.longs.entries()) {
      const [longs, shorts] = [luminance(colour), luminance(theme.shorts[i]!)]
      assert.ok(Math.abs(Math.cbrt(longs) - Math.cbrt(shorts)) < 0.1, `${colour} and ${theme.shorts[i]}`)
    }
  }
})

test('where nothing waits the background shows', () => {
  const picture = mapPicture({ snapshots: hourly(12, { price: 3000, longs: heap(30, 1e7), shorts: heap(30, 1e7) }) })
  assert.equal(colourAt(picture, { x: START + 5.5 * HOUR, price: binAt(-6) }), themeOf(false).background)
})

test('what waits is shown until price has run into it', () => {
  const before = snapshot({ at: START, price: 3000, longs: heap(8, 1e7), shorts: heap(20, 5e6) })
  const after = snapshot({ at: later(START, HOUR), price: 2960, longs: heap(40, 1e7), shorts: heap(20, 5e6) })
  const picture = mapPicture({ snapshots: [before, after], clusters: [] })
  const shown = (hours: number) => colourAt(picture, { x: START + hours * HOUR, price: binAt(-10) })
  assert.ok(themeOf(false).longs.includes(shown(0.5)))
  assert.ok(!themeOf(false).longs.includes(shown(1.5)))
})

test('hours that are not on record stay empty', () => {
  const all = hourly(24, { price: 3000 })
  const picture = mapPicture({ snapshots: all.filter((_, i) => i < 8 || i >= 16), clusters: [] })
  const at = (hours: number) => colourAt(picture, { x: START + hours * HOUR, price: binAt(-24) })
  assert.ok(themeOf(false).longs.includes(at(6.5)) && themeOf(false).longs.includes(at(20.5)))
  assert.equal(at(12.3), themeOf(false).background)
})

test('a cluster is named with side, price, notional and confidence, in the colour of its side', () => {
  const { texts } = look(mapPicture())
  const [longs, shorts] = ['longs 2,823.50', 'shorts 3,154.00'].map(
    (words) => texts.find(({ text }) => text === words)!,
  )
  assert.equal(longs!.fill, inkOf(themeOf(false), 'sell'))
  assert.equal(shorts!.fill, inkOf(themeOf(false), 'buy'))
  assert.ok(texts.some(({ text, top }) => text === '$61.4 M · 42 %' && Math.abs(top - longs!.bottom) < 20))
  assert.ok(texts.some(({ text, top }) => text === '$61.4 M · <1 %' && Math.abs(top - shorts!.bottom) < 20))
  assert.ok(shorts!.bottom < longs!.top)
})

test('a cluster without a confidence is given none', () => {
  const texts = written(mapPicture({ clusters: [cluster({ confidence: undefined })] }))
  assert.ok(texts.includes('$61.4 M'))
  assert.ok(!texts.some((text) => /· .*%/.test(text)))
})

test('of many clusters the largest of each side are named, and how many are not is said', () => {
  const clusters = Array.from({ length: 9 }, (_, i) =>
    cluster({
      clusterId: `k${i}`,
      lowPrice: 2700 + 10 * i,
      peakPrice: 2702 + 10 * i,
      highPrice: 2706 + 10 * i,
      notional: (i + 1) * 1e6,
    }),
  )
  const texts = written(mapPicture({ clusters }))
  assert.deepEqual(texts.filter((text) => /^\$\d+ M ·/.test(text)).sort(), [
    '$5 M · 42 %',
    '$6 M · 42 %',
    '$7 M · 42 %',
    '$8 M · 42 %',
    '$9 M · 42 %',
  ])
  assert.ok(texts.includes('(4 smaller unnamed)'))
})

test('the price axis reaches to every cluster and not far beyond what matters', () => {
  const axisOf = (over: Parameters<typeof mapPicture>[0]) =>
    chartOptions(mapPicture(over)).yAxis as { min: number; max: number }
  const snapshots = hourly(24, { price: 3000, longs: () => 1e6, shorts: heap(10, 1e6) })
  const near = axisOf({ snapshots, clusters: [] })
  assert.ok(near.min > 3000 * 0.87 && near.min < 3000 * 0.89, `${near.min}`)
  assert.ok(near.max > 3000 * 1.03 && near.max < 3000 * 1.07, `nothing waits above: ${near.max}`)
  const far = axisOf({ snapshots, clusters: [cluster({ lowPrice: 2290, peakPrice: 2300, highPrice: 2310 })] })
  assert.ok(far.min < 2290 && far.min > 2250, `${far.min}`)
})

test('time is told in UTC, prices with thousands apart, the legend in USD', () => {
  const texts = written(mapPicture())
  for (const words of [
    '6 Jan',
    '3,100',
    '$0',
    '$1 M',
    'per 0.25 % of price',
    'time (UTC); line: price, grey: its range',
  ])
    assert.ok(texts.includes(words), `${words} is written among ${texts.join(' | ')}`)
  assert.ok(written(mapPicture({ snapshots: hourly(24) })).includes('12:00'))
})

test('a map without a snapshot is refused with the remedy', () => {
  assert.throws(
    () => chartOptions(mapPicture({ snapshots: [] })),
    /^RangeError: Expected at least one snapshot, was none: take one/,
  )
})

test('three days of a simulated market are drawn in less than a second, in a small document', (t) => {
  const picture = mapPicture({ snapshots: simulated(72), clusters: [] })
  drawPicture(picture)
  const begun = performance.now()
  drawPicture(picture)
  const took = performance.now() - begun
  const { svg } = look(picture)
  t.diagnostic(`${Math.round(took)} ms, ${svg.length} characters of SVG`)
  assert.ok(took < 1000, `${took} ms`)
  assert.ok(svg.length < 300_000, `${svg.length} characters`)
  const { longs, shorts } = themeOf(false)
  for (const colour of [longs[4]!, shorts[4]!]) assert.ok(svg.includes(`fill="${colour}"`), `${colour} is used`)
})

function simulated(hours: number) {
  const [days, seed] = [20, 7]
  const start = timestamp(Date.UTC(2026, 0, 1))
  const world = createWorld({ seed, preset: 'default', asset: 'ETH', startPrice: 3_000, openInterestUsd: 8e9 })
  const publish = createPublisher({
    asset: 'ETH',
    from: later(start, (days + 1) * DAY),
    normal: createGaussian(createRandom(seed)),
  })
  const [panel, map] = [createPanel(), createLiquidationMap({ asset: 'ETH' })]
  const snapshots = []
  for (let i = 1; i <= (days * DAY) / STEP; i++) {
    const at = later(start, i * STEP)
    const ticks = publish(world.step(), at)
    for (const tick of ticks) panel.apply(tick)
    if (ticks.length > 0) advanceMap(map, panel, 'ETH', at)
    const bar = panel.lastBar('ETH', at)
    if (bar && i % (HOUR / STEP) === 0 && i * STEP > days * DAY - hours * HOUR) {
      snapshots.push(snapshotOf(map, { at, price: bar.closePrice, lowPrice: bar.lowPrice, highPrice: bar.highPrice }))
    }
  }
  return snapshots
}
