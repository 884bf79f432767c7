/**
 * What venues should not publish and sometimes do, driven through panel, map, clusters and confidence: nothing downstream may be
 * NaN or infinite, open interest must stay accounted for, and what was not believed must be said.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HORIZONS } from '../../../src/domain/forecast.ts'
import { type BareCluster, clustersAt } from '../../../src/domain/liquidation/clusters.ts'
import { type Conditions, conditionsAt } from '../../../src/domain/liquidation/conditions.ts'
import { density, extentOf } from '../../../src/domain/liquidation/density.ts'
import { advanceMap, createLiquidationMap, type LiquidationMap } from '../../../src/domain/liquidation/map.ts'
import { LONG, SHORT } from '../../../src/domain/liquidation/position-bins.ts'
import { snapshotOf } from '../../../src/domain/liquidation/snapshot.ts'
import { createPanel, type Panel } from '../../../src/domain/market/panel.ts'
import type { FeedDeclaration, Tick } from '../../../src/domain/market/tick.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { HOUR, price } from '../../../src/domain/units.ts'
import { madeUpConfidence } from './made-up-confidence.ts'
import { bar, depth, funding, hour, openInterest } from './setup.ts'

const FEEDS: readonly FeedDeclaration[] = (['a', 'b'] as const).flatMap((venue) => [
  { feed: 'open-interest', venue, asset: 'ETH', cadence: HOUR },
  { feed: 'funding', venue, asset: 'ETH', cadence: HOUR },
  ...(venue === 'a' ? ([{ feed: 'bar', venue, asset: 'ETH', cadence: HOUR }] as const) : []),
])

const calibrations = madeUpConfidence()

/** Everything that a reader of the map can see, at one instant. */
interface Seen {
  readonly clusters: readonly BareCluster[]
  readonly conditions: Conditions | undefined
}

/** The map, step by step, with every invariant held. */
function follow() {
  const panel = createPanel()
  const map = createLiquidationMap({ asset: 'ETH' })
  let clusters: ReturnType<typeof clustersAt> = []
  return {
    panel,
    map,
    step(ticks: readonly Tick[], n: number): Seen {
      for (const tick of ticks) panel.apply(tick)
      const at = hour(n)
      advanceMap(map, panel, 'ETH', at)
      const question = { asset: 'ETH', at, feeds: FEEDS }
      clusters = clustersAt({ map, panel, ...question, previous: clusters, calibrations })
      const conditions = conditionsAt(map, panel, question)
      checkFinite({ clusters, conditions, ...pictures(map, panel, n) }, `hour ${n}`)
      checkIdentity(map, n)
      for (const { confidence } of clusters) for (const horizon of HORIZONS) checkOrder(confidence[horizon])
      return { clusters, conditions }
    },
  }
}

function pictures(map: LiquidationMap, panel: Panel, n: number) {
  const last = panel.lastBar('ETH', hour(n))
  if (!last) return {}
  const { closePrice, lowPrice, highPrice } = last
  const snapshot = snapshotOf(map, { at: hour(n), price: closePrice, lowPrice, highPrice })
  return { density: density(map, { price: closePrice }), snapshot, learned: map.shares }
}

function checkFinite(value: unknown, path: string): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${path} was ${value}`)
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) checkFinite(inner, `${path}.${key}`)
}

function checkIdentity(map: LiquidationMap, n: number): void {
  for (const [venue, { positions, openInterest: total }] of map.venues) {
    assert.ok(Number.isFinite(total) && total >= 0, `${venue} holds ${total} at hour ${n}`)
    for (const leg of [LONG, SHORT] as const) {
      const bins = new Float64Array(positions.binCount)
      positions.collect(leg, bins)
      assert.ok(bins.every((coins) => coins >= 0) && positions.unlevered[leg]! >= 0)
      const sum = bins.reduce((all, coins) => all + coins, positions.unlevered[leg]!)
      const error = Math.abs(sum - total) / Math.max(total, 1e-9)
      assert.ok(error < 1e-9, `${venue} leg ${leg} at hour ${n}: ${sum} against ${total}`)
    }
  }
}

function checkOrder(confidence: ReturnType<typeof clustersAt>[number]['confidence']['24h']): void {
  if (confidence.kind === 'undetermined') return
  const { low, confidence: middle, high } = confidence
  assert.ok(0 <= low && low <= middle && middle <= high && high <= 1)
}

/** Hours of a market in good order, two venues; what is to go wrong is put in by `spoil`. */
function market(hours: number, seed: number, spoil: (ticks: readonly Tick[], n: number) => readonly Tick[]) {
  const normal = createGaussian(createRandom(seed))
  let close = 100
  const coins = { a: 1_000, b: 400 }
  return Array.from({ length: hours }, (_, n) => {
    const at = hour(n)
    const open = close
    close *= Math.exp(0.006 * normal())
    const ticks: Tick[] = [
      bar({ at, high: 1.002 * Math.max(open, close), low: 0.998 * Math.min(open, close), close }),
      depth(at, 5_000),
    ]
    for (const venue of ['a', 'b'] as const) {
      coins[venue] *= Math.exp(0.01 * normal())
      ticks.push(openInterest(at, coins[venue], { venue }), funding(at, 1e-4 + 1e-4 * normal(), venue))
    }
    return spoil(ticks, n)
  })
}

/** Changes of one feed, as a function of the tick. */
const only =
  <K extends Tick['type']>(kind: K, change: (tick: Extract<Tick, { type: K }>) => readonly Tick[]) =>
  (ticks: readonly Tick[]): readonly Tick[] =>
    ticks.flatMap((tick) => (tick.type === kind ? change(tick as Extract<Tick, { type: K }>) : [tick]))
const times = (factor: (price: number) => number, venue = 'a') => {
  let last = 100
  return (ticks: readonly Tick[]): readonly Tick[] =>
    ticks.map((tick) => {
      if (tick.type === 'bar') last = tick.closePrice
      if (tick.type !== 'open-interest' || tick.venue !== venue) return tick
      return { ...tick, openInterest: (tick.openInterest * factor(last)) as typeof tick.openInterest }
    })
}
const raw = (tick: Tick, fields: Record<string, number>): Tick => ({ ...tick, ...fields }) as Tick

/** What can go wrong for some hours; the names appear in the shrunk counterexample. */
const FAULTS = {
  'funding pinned': only('funding', (tick) => [raw(tick, { fundingRate: 1e-4 })]),
  'funding missing': only('funding', () => []),
  'funding not a number': only('funding', (tick) => [raw(tick, { fundingRate: Number.NaN })]),
  'open interest negative': times(() => -1),
  'open interest zero': times(() => 0),
  'open interest not a number': times(() => Number.NaN),
  'open interest endless': times(() => Number.POSITIVE_INFINITY),
  'open interest missing': only('open-interest', () => []),
  'contract ten times the size': times(() => 10),
  'contract a hundredth the size': times(() => 0.01),
  'told in USD': times((price) => price),
  'told in USD on both': (ticks: readonly Tick[]) => times((price) => price, 'b')(times((price) => price)(ticks)),
  'rows twice': (ticks: readonly Tick[]) => [...ticks, ...ticks],
  'rows twice, an hour late': (ticks: readonly Tick[]) => [
    ...ticks,
    ...ticks.map((tick) => raw(tick, { receivedAt: tick.receivedAt + HOUR })),
  ],
  'rows reversed': (ticks: readonly Tick[]) => [...ticks].reverse(),
  'rows of earlier': (ticks: readonly Tick[]) => ticks.map((tick) => raw(tick, { eventAt: tick.eventAt - 5 * HOUR })),
  'high below low': only('bar', (tick) => [raw(tick, { highPrice: tick.lowPrice, lowPrice: tick.highPrice })]),
  'price zero': only('bar', (tick) => [raw(tick, { lowPrice: 0, closePrice: 0 })]),
  'price negative': only('bar', (tick) => [raw(tick, { closePrice: -tick.closePrice })]),
  'price not a number': only('bar', (tick) => [raw(tick, { highPrice: Number.NaN })]),
  'price 40 % down': only('bar', (tick) => [scaled(tick, 0.6)]),
  'price 40 % up': only('bar', (tick) => [scaled(tick, 1.4)]),
  'price missing': only('bar', () => []),
  'price standing still': only('bar', (tick) => [
    raw(tick, { highPrice: 100, lowPrice: 100, openPrice: 100, closePrice: 100 }),
  ]),
  'no depth': only('book-depth', (tick) => [raw(tick, { bidNotional: 0, askNotional: 0 })]),
} as const
type Fault = keyof typeof FAULTS

function scaled(tick: Extract<Tick, { type: 'bar' }>, factor: number): Tick {
  const { openPrice, highPrice, lowPrice, closePrice } = tick
  return raw(tick, {
    openPrice: openPrice * factor,
    highPrice: highPrice * factor,
    lowPrice: lowPrice * factor,
    closePrice: closePrice * factor,
  })
}

test('whatever goes wrong, alone or together, nothing downstream is NaN or infinite and both legs sum to the open interest', (t) => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  const fault = fc.record({
    name: fc.constantFrom(...(Object.keys(FAULTS) as Fault[])),
    from: fc.integer({ min: 0, max: 130 }),
    hours: fc.constantFrom(1, 2, 24, 80),
  })
  fc.assert(
    fc.property(fc.array(fault, { minLength: 1, maxLength: 6 }), fc.nat(1_000), (faults, walk) => {
      const { step } = follow()
      const steps = market(150, walk, (ticks, n) =>
        faults
          .filter(({ from, hours }) => n >= from && n < from + hours)
          .reduce<readonly Tick[]>((spoilt, { name }) => FAULTS[name](spoilt), ticks),
      )
      for (const [n, ticks] of steps.entries()) step(ticks, n)
    }),
    { numRuns: 60, seed },
  )
})

const [CALM, AFTER] = [100, 140]
/** A calm market in which one thing goes wrong from hour 100 on for some hours. */
function spoilt(fault: Fault, hours: number, until = AFTER) {
  const { step, map, panel } = follow()
  const steps = market(until, 7, (ticks, n) => (n >= CALM && n < CALM + hours ? FAULTS[fault](ticks) : ticks))
  const seen = steps.map((ticks, n) => step(ticks, n))
  return { seen, map, panel, kinds: new Set(map.bars.guard.labels().map(({ kind }) => kind)) }
}
const openInterestOf = ({ map }: { map: LiquidationMap }): number =>
  [...map.venues.values()].reduce((sum, venue) => sum + venue.openInterest, 0)

for (const [fault, kind] of [
  ['told in USD', 'unit-change'],
  ['told in USD on both', 'unit-change'],
  ['contract ten times the size', 'contract-size'],
  ['contract a hundredth the size', 'contract-size'],
] as const) {
  test(`open interest ${fault} is labelled ${kind}, and neither map nor clusters take it for positions`, () => {
    const right = spoilt(fault, 0)
    for (const hours of [6, AFTER]) {
      const wrong = spoilt(fault, hours)
      assert.ok(wrong.kinds.has(kind), [...wrong.kinds].join())
      assert.ok(Math.abs(openInterestOf(wrong) / openInterestOf(right) - 1) < 0.05)
      for (const n of [CALM, CALM + 3, CALM + 10]) {
        const [seen, expected] = [wrong.seen[n]!.conditions!, right.seen[n]!.conditions!]
        const ratio = seen.openInterestNotional / expected.openInterestNotional
        assert.ok(Math.abs(ratio - 1) < 0.05, `open interest ${ratio} times at hour ${n}`)
        assert.ok(Math.abs(seen.openInterestChange! - expected.openInterestChange!) < 0.05)
        assert.ok(Math.abs(wrong.seen[n]!.clusters.length - right.seen[n]!.clusters.length) <= 2)
      }
    }
  })
}

test('for a day after such a change the quality is at most reduced, then good again', () => {
  for (const fault of ['told in USD', 'contract ten times the size'] as const) {
    const { seen } = spoilt(fault, AFTER)
    const qualities = seen.map(({ conditions }) => conditions?.quality)
    assert.equal(qualities[CALM - 1], 'good')
    assert.deepEqual(new Set(qualities.slice(CALM, CALM + 24)), new Set(['reduced']))
    assert.equal(qualities[CALM + 24], 'good')
  }
})

test('a step that no unit explains is a jump: labelled, and the quality reduced', () => {
  const { step, map } = follow()
  const steps = market(110, 7, (ticks, n) => (n >= CALM ? times(() => 7)(ticks) : ticks))
  const seen = steps.map((ticks, n) => step(ticks, n))
  assert.deepEqual(new Set(map.bars.guard.labels().map(({ kind }) => kind)), new Set(['jump']))
  assert.equal(seen.at(-1)!.conditions!.quality, 'reduced')
})

test('open interest of zero or below is labelled and passed over', () => {
  const right = openInterestOf(spoilt('open interest zero', 0))
  for (const fault of ['open interest zero', 'open interest negative'] as const) {
    const wrong = spoilt(fault, 10)
    assert.deepEqual([...wrong.kinds], ['not-positive'])
    assert.ok(Math.abs(openInterestOf(wrong) / right - 1) < 0.05)
    assert.ok(wrong.seen[CALM + 5]!.conditions!.openInterestNotional > 0)
  }
})

test('bars that cannot be are labelled and leave no trace', () => {
  for (const fault of ['high below low', 'price zero', 'price negative', 'price not a number'] as const) {
    const [wrong, missing] = [spoilt(fault, 3), spoilt('price missing', 3)]
    assert.deepEqual([...wrong.kinds], ['bad-bar'])
    assert.deepEqual(wrong.seen, missing.seen, fault)
  }
})

test('rows that come twice leave no trace, and an older bar that comes after a newer one is labelled', () => {
  const right = spoilt('rows twice', 0)
  const twice = spoilt('rows twice', 10)
  assert.deepEqual(twice.seen, right.seen)
  assert.deepEqual([...twice.kinds], [])
  assert.ok(spoilt('rows of earlier', 3).kinds.has('late-bar'))
  assert.ok(spoilt('rows twice, an hour late', 3).kinds.has('late-bar'))
})

test('a price gap of 40 % sweeps what it jumps over, and the map goes on around the new price', () => {
  const [before, after] = [CALM, CALM + 1].map((until) => spoilt('price 40 % down', AFTER, until))
  const { closePrice } = before!.panel.lastBar('ETH', hour(CALM))!
  const longs = ({ map }: { map: LiquidationMap }): number =>
    extentOf(map, 'sell', { lowPrice: price(0.65 * closePrice), highPrice: price(closePrice), at: hour(AFTER) })
      .notional
  assert.ok(longs(before!) > 1_000 && longs(after!) === 0, `${longs(before!)} before, ${longs(after!)} after`)
  for (const fault of ['price 40 % down', 'price 40 % up'] as const) {
    const { seen, panel } = spoilt(fault, AFTER)
    const now = panel.lastBar('ETH', hour(AFTER))!.closePrice
    const { clusters } = seen.at(-1)!
    assert.ok(clusters.length > 0)
    for (const { side, peakPrice } of clusters) assert.ok(side === 'sell' ? peakPrice < now : peakPrice > now)
  }
})

test('funding pinned at one value says nothing about the crowd, and missing for a day is not known', () => {
  const { seen } = spoilt('funding pinned', AFTER, CALM + 38)
  assert.ok(Math.abs(seen.at(-1)!.conditions!.fundingZ!) < 1e-9)
  const steps = market(150, 3, FAULTS['funding pinned'])
  const { step } = follow()
  const pinned = steps.map((ticks, n) => step(ticks, n)).at(-1)!.conditions!
  assert.equal(pinned.fundingZ, 0)
  const gone = spoilt('funding missing', 80, CALM + 60).seen
  assert.notEqual(gone[CALM + 20]!.conditions!.fundingZ, undefined)
  assert.equal(gone[CALM + 55]!.conditions!.fundingZ, undefined)
  assert.notEqual(gone[CALM + 55]!.conditions!.quality, 'good')
})

test('open interest missing for days is stale first, and then there are no clusters', () => {
  const { seen } = spoilt('open interest missing', 200, CALM + 90)
  assert.equal(seen[CALM + 5]!.conditions!.undetermined, 'STALE_OPEN_INTEREST')
  assert.equal(seen[CALM + 80]!.conditions!.undetermined, 'NO_OPEN_INTEREST')
  assert.equal(seen[CALM + 80]!.clusters.length, 0)
})

test('a bar or figure that cannot be does not reach the panel', () => {
  const panel = createPanel()
  const sound = bar({ at: hour(1), high: 101, low: 99, close: 100 })
  assert.equal(panel.apply(sound), true)
  assert.equal(panel.apply(raw(bar({ at: hour(2), high: 101, low: 99, close: 100 }), { lowPrice: 102 })), false)
  assert.equal(panel.apply(raw(funding(hour(2), 1e-4), { fundingRate: Number.NaN })), false)
  assert.deepEqual(panel.lastBar('ETH', hour(3)), sound)
  assert.equal(panel.refused('ETH', hour(0), hour(3)).length, 2)
  assert.equal(panel.refused('BTC', hour(0), hour(3)).length, 0)
})
