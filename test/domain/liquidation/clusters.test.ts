import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../../src/domain/forecast.ts'
import { clustersAt } from '../../../src/domain/liquidation/clusters.ts'
import { advanceMap, createLiquidationMap } from '../../../src/domain/liquidation/map.ts'
import type { FeedDeclaration, Tick } from '../../../src/domain/market/tick.ts'
import { HOUR, type TimestampMs } from '../../../src/domain/units.ts'
import { bar, depth, funding, hour, openInterest, panelOf } from './setup.ts'

const FEEDS: FeedDeclaration[] = (['bar', 'open-interest', 'funding', 'book-depth'] as const).map((feed) => ({
  feed,
  venue: 'a',
  asset: 'ETH',
  cadence: HOUR,
}))

/** Hours of small moves around 100, everything published each hour. */
const market = (hours: number, level: (i: number) => number = (i) => 100 + Math.sin(i) / 2): Tick[] =>
  Array.from({ length: hours }, (_, i) => {
    const close = level(i)
    return [
      bar({ at: hour(i), high: close * 1.002, low: close * 0.998, close }),
      openInterest(hour(i), 1_000),
      funding(hour(i), 1e-4),
      depth(hour(i), 500),
    ]
  }).flat()

const clustersOf = (ticks: Tick[], at: TimestampMs, previous: readonly Cluster[] = []): readonly Cluster[] => {
  const panel = panelOf(ticks)
  const map = advanceMap(createLiquidationMap({ asset: 'ETH' }), panel, 'ETH', at)
  return clustersAt({ map, panel, feeds: FEEDS, asset: 'ETH', at, previous })
}

test('long-held positions opened at 100 make clusters where the formula says', () => {
  const clusters = clustersOf(market(300), hour(299))
  for (const [side, level] of [
    ['sell', 80.8],
    ['sell', 90.9],
    ['buy', 118.8],
    ['buy', 108.9],
  ] as const) {
    const found = clusters.find(
      (cluster) => cluster.side === side && cluster.lowPrice <= level && level <= cluster.highPrice,
    )
    assert.ok(
      found,
      `Expected a ${side} cluster around ${level}, were ${clusters.map((c) => `${c.side} ${c.peakPrice}`)}`,
    )
    assert.ok(Math.abs(found.peakPrice / level - 1) < 0.012, `${level}: peak at ${found.peakPrice}`)
  }
})

test('what a cluster says of itself hangs together', () => {
  const clusters = clustersOf(market(300), hour(299))
  const price = 100 + Math.sin(299) / 2
  assert.ok(clusters.length >= 4)
  for (const cluster of clusters) {
    const { lowPrice, peakPrice, highPrice, side, notional, shareOfOpenInterest } = cluster
    assert.ok(lowPrice <= peakPrice && peakPrice <= highPrice)
    assert.ok(side === 'sell' ? peakPrice < price : peakPrice > price)
    assert.ok(Math.abs(shareOfOpenInterest - notional / (1_000 * price)) < 1e-9 && shareOfOpenInterest < 0.5)
    assert.ok(Math.abs(cluster.distance - 1e4 * Math.abs(peakPrice / price - 1)) < 1e-6)
    assert.ok(cluster.distanceSigma > 0 && cluster.age > 0 && cluster.gain! > 0)
    assert.deepEqual(cluster.venueShares, { a: 1 })
  }
  for (const side of ['sell', 'buy'] as const) {
    const sizes = clusters.filter((cluster) => cluster.side === side).map(({ notional }) => notional)
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    )
  }
})

test('without a book the gain is not known', () => {
  const bookless = market(300).filter((tick) => tick.type !== 'book-depth')
  assert.ok(clustersOf(bookless, hour(299)).every(({ gain }) => gain === undefined))
})

test('a book of a venue whose open interest is not known says nothing of the gain', () => {
  const spot = market(300).map((tick) => (tick.type === 'book-depth' ? { ...tick, venue: 'a-spot' } : tick))
  const clusters = clustersOf(spot, hour(299))
  assert.ok(clusters.length > 0 && clusters.every(({ gain }) => gain === undefined))
})

test('a cluster keeps its id from bar to bar and gets the same one on every machine', () => {
  const ticks = market(330)
  const panel = panelOf(ticks)
  const run = () => {
    const map = createLiquidationMap({ asset: 'ETH' })
    let clusters: readonly Cluster[] = []
    const seen: string[][] = []
    for (let i = 0; i < 330; i++) {
      advanceMap(map, panel, 'ETH', hour(i))
      clusters = clustersAt({ map, panel, feeds: FEEDS, asset: 'ETH', at: hour(i), previous: clusters })
      assert.equal(
        new Set(clusters.map(({ clusterId }) => clusterId)).size,
        clusters.length,
        'ids are unique in a list',
      )
      if (i >= 300) seen.push(clusters.map(({ clusterId }) => clusterId).sort())
    }
    return seen
  }
  const [first, again] = [run(), run()]
  assert.deepEqual(first, again)
  const everSeen = new Set(first.flat())
  assert.ok(
    everSeen.size <= first[0]!.length + 2,
    `${everSeen.size} ids over 30 quiet hours for ${first[0]!.length} clusters`,
  )
})

test('a crash through a cluster takes it off the list, and what grows there later is another one', () => {
  const ticks = market(300)
  const before = clustersOf(ticks, hour(299))
  const near = before.find((cluster) => cluster.side === 'sell' && cluster.lowPrice < 90.9 && 90.9 < cluster.highPrice)!
  const crash = [...ticks, bar({ at: hour(300), high: 100, low: 89, close: 99 }), openInterest(hour(300), 900)]
  const after = clustersOf(crash, hour(300), before)
  assert.ok(after.every(({ clusterId }) => clusterId !== near.clusterId))
  assert.ok(
    after.some(({ clusterId }) => before.some((cluster) => cluster.clusterId === clusterId)),
    'deeper ones stay',
  )
})

const reasonAt = (ticks: Tick[], at: TimestampMs): string | undefined => {
  const [cluster] = clustersOf(ticks, at)
  const answer = cluster?.confidence['24h']
  return answer?.kind === 'undetermined' ? answer.reason : undefined
}

test('confidence is undetermined, with the reason, on stale or thin inputs and without a calibration', () => {
  const ticks = market(300)
  assert.equal(reasonAt(ticks, hour(299)), 'NO_CALIBRATION')
  assert.equal(reasonAt(ticks, hour(302)), 'STALE_PRICE')
  const silent = ticks.filter((tick) => tick.type !== 'open-interest' || tick.eventAt < hour(290))
  assert.equal(reasonAt(silent, hour(299)), 'STALE_OPEN_INTEREST')
  assert.equal(reasonAt(market(40), hour(39)), 'TOO_LITTLE_HISTORY')
})

test('a dead open-interest feed of three days takes the clusters away instead of showing old ones', () => {
  const silent = market(300).filter((tick) => tick.type !== 'open-interest' || tick.eventAt < hour(200))
  assert.deepEqual(clustersOf(silent, hour(299)), [])
})

test('without prices or open interest there are no clusters', () => {
  assert.deepEqual(clustersOf([], hour(0)), [])
  assert.deepEqual(
    clustersOf(
      market(100).filter((tick) => tick.type === 'bar'),
      hour(99),
    ),
    [],
  )
})

test('clusters as of an instant do not change with what is received later', () => {
  const ticks = market(300, (i) => 100 + 4 * Math.sin(i / 7))
  for (const at of [hour(150), hour(211), hour(260)]) {
    assert.deepEqual(
      clustersOf(ticks, at),
      clustersOf(
        ticks.filter((tick) => tick.receivedAt <= at),
        at,
      ),
    )
  }
})
