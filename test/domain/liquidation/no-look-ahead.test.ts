/**
 * Nothing depends on what is received later (specification §2.2, T7): the state at an instant, out of a panel that holds the
 * future too, is the one recomputed from scratch out of what had been received by then. Two leaks planted on purpose show that
 * the check would see one.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, type TestContext, test } from 'node:test'
import { featureWindow } from '../../../models/features.ts'
import { sha256 } from '../../../src/domain/hash.ts'
import { clustersAt } from '../../../src/domain/liquidation/clusters.ts'
import { conditionsAt } from '../../../src/domain/liquidation/conditions.ts'
import { advanceMap, createLiquidationMap, type LiquidationMap } from '../../../src/domain/liquidation/map.ts'
import { LONG, SHORT } from '../../../src/domain/liquidation/position-bins.ts'
import { createPanel, type Panel } from '../../../src/domain/market/panel.ts'
import type { FeedDeclaration, Tick } from '../../../src/domain/market/tick.ts'
import { createRandom } from '../../../src/domain/random.ts'
import { DAY, HOUR, later, type TimestampMs, timestamp } from '../../../src/domain/units.ts'
import type { MarketSource } from '../../../src/ports.ts'
import { createReplayMarket } from '../../../src/venues/replay/market.ts'
import { createSimulatedMarket } from '../../../src/venues/simulated/market.ts'
import { madeUpConfidence } from './made-up-confidence.ts'

const ASSET = 'ETH'
const INSTANTS = 200
const calibrations = madeUpConfidence()

/** Starts on a panel; then answers, at instants that rise, with everything known then in one string. */
type StateOf = (panel: Panel, feeds: readonly FeedDeclaration[]) => (at: TimestampMs) => string

interface Recorded {
  readonly ticks: readonly Tick[]
  readonly feeds: readonly FeedDeclaration[]
}

/** The instants at which a state differs from the one recomputed out of what had been received by then. */
function leaksOf(stateOf: StateOf, { ticks, feeds }: Recorded, instants: readonly TimestampMs[]): TimestampMs[] {
  const panelOf = (known: readonly Tick[]): Panel => {
    const panel = createPanel()
    for (const tick of known) panel.apply(tick)
    return panel
  }
  const whole = stateOf(panelOf(ticks), feeds)
  return instants.filter((at) => {
    const known = ticks.filter(({ receivedAt }) => receivedAt <= at)
    assert.ok(known.length > 0 && known.length < ticks.length, 'something lies on either side of the instant')
    return whole(at) !== stateOf(panelOf(known), feeds)(at)
  })
}

const everythingOf = (map: LiquidationMap) => ({
  centre: map.centre,
  shares: map.shares,
  swept: [...map.swept.notional, ...map.swept.evenly],
  learned: map.learning.report(),
  labels: map.bars.guard.labels(),
  venues: [...map.venues].map(([venue, { positions, openInterest, since }]) => {
    const legs = [LONG, SHORT].map((leg) => {
      const [coins, born] = [new Float64Array(positions.binCount), new Float64Array(positions.binCount)]
      positions.collect(leg as typeof LONG, coins, born)
      return { unlevered: positions.unlevered[leg], coins: [...coins], born: [...born] }
    })
    return { venue, openInterest, since, legs }
  }),
})

/** Map, conditions, clusters and confidence. */
const mapState: StateOf = (panel, feeds) => {
  const map = createLiquidationMap({ asset: ASSET })
  return (at) => {
    advanceMap(map, panel, ASSET, at)
    const question = { map, panel, feeds, asset: ASSET, at, previous: [], calibrations }
    const clusters = clustersAt(question)
    return sha256(JSON.stringify([everythingOf(map), conditionsAt(map, panel, question), clusters]))
  }
}

const featureState: StateOf = (panel, feeds) => (at) => {
  const { values, mask, ...rest } = featureWindow(panel, ASSET, at, feeds)
  return sha256(JSON.stringify([[...values], [...mask], rest]))
}

/** A panel that answers one join as of an hour later. */
const early = (panel: Panel, feed: 'open-interest' | 'bar'): Panel => ({
  ...panel,
  latest: (kind, venue, asset, at) => panel.latest(kind, venue, asset, kind === feed ? later(at, HOUR) : at),
  between: (kind, venue, asset, from, at) =>
    panel.between(kind, venue, asset, from, kind === feed ? later(at, HOUR) : at),
})

/** Instants at random, to the millisecond, in order. */
function instantsIn(t: TestContext, from: number, to: number, count = INSTANTS): readonly TimestampMs[] {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  const random = createRandom(seed)
  return Array.from({ length: count }, () => timestamp(Math.floor(from + random() * (to - from)))).sort((a, b) => a - b)
}

async function read(source: MarketSource, cadence?: typeof HOUR): Promise<Recorded> {
  const ticks: Tick[] = []
  for await (const step of source.steps()) ticks.push(...step.ticks)
  return { ticks, feeds: source.feeds.map((feed) => ({ ...feed, cadence: cadence ?? feed.cadence })) }
}

const [FROM, HISTORY_DAYS] = [timestamp(Date.UTC(2025, 5, 1)), 14]
const FIRST = FROM - (HISTORY_DAYS - 4) * DAY
const LAST = FROM + DAY / 2
/** Two weeks of hours, then a day of five minutes. */
const simulated = read(
  createSimulatedMarket({ seed: 5, assets: [ASSET], from: FROM, to: later(FROM, DAY), warmupDays: HISTORY_DAYS }),
  HOUR,
)

suite('on the simulated market', () => {
  test('map, clusters and confidence at 200 instants are those of the truncated record', async (t) => {
    const market = await simulated
    assert.deepEqual(leaksOf(mapState, market, instantsIn(t, FIRST, LAST)), [])
  })

  test('what is compared is not empty: clusters with a confidence, of positions on every venue', async () => {
    const { ticks, feeds } = await simulated
    const panel = createPanel()
    for (const tick of ticks) panel.apply(tick)
    const map = advanceMap(createLiquidationMap({ asset: ASSET }), panel, ASSET, FROM)
    const clusters = clustersAt({ map, panel, feeds, asset: ASSET, at: FROM, previous: [], calibrations })
    assert.ok(clusters.some(({ confidence }) => confidence['24h'].kind === 'estimated'))
    assert.equal(everythingOf(map).venues.length, 3)
  })

  test('features of the models at 200 instants are those of the truncated record', async (t) => {
    assert.deepEqual(leaksOf(featureState, await simulated, instantsIn(t, FIRST, LAST)), [])
  })

  test('a feature that reads the next hour is caught', async (t) => {
    const leaking: StateOf = (panel, feeds) => {
      const features = featureState(panel, feeds)
      return (at) => `${features(at)} ${panel.lastBar(ASSET, later(at, HOUR))?.closePrice}`
    }
    const instants = instantsIn(t, FIRST, LAST, 40)
    assert.ok(leaksOf(leaking, await simulated, instants).length > 30)
  })

  for (const feed of ['open-interest', 'bar'] as const) {
    test(`the ${feed} join of the map, moved an hour ahead, is caught`, async (t) => {
      const leaking: StateOf = (panel, feeds) => mapState(early(panel, feed), feeds)
      assert.ok(leaksOf(leaking, await simulated, instantsIn(t, FIRST, LAST, 20)).length > 15)
    })
  }
})

const FOLDER = '../shared/data/panel'
suite('on recorded ETH', { skip: existsSync(FOLDER) ? undefined : `the recorded panels are not at ${FOLDER}` }, () => {
  const [from, to] = [timestamp(Date.UTC(2025, 0, 10)), timestamp(Date.UTC(2025, 2, 10))]
  const open = (until: TimestampMs) =>
    createReplayMarket({ folder: FOLDER, assets: [ASSET], from, to: until, warmupDays: 10 })
  const recorded = existsSync(FOLDER) ? open(to).then((source) => read(source)) : undefined

  test('map, clusters and confidence at 200 instants of two months are those of the truncated record', async (t) => {
    assert.deepEqual(leaksOf(mapState, (await recorded)!, instantsIn(t, from, to - 2 * HOUR)), [])
  })

  test('features of the models at 200 instants of two months are those of the truncated record', async (t) => {
    assert.deepEqual(leaksOf(featureState, (await recorded)!, instantsIn(t, from, to - 2 * HOUR)), [])
  })

  test('a join moved an hour ahead is caught', async (t) => {
    const leaking: StateOf = (panel, feeds) => mapState(early(panel, 'bar'), feeds)
    assert.ok(leaksOf(leaking, (await recorded)!, instantsIn(t, from, to - 2 * HOUR, 20)).length > 15)
  })

  test('the record read to two hours past an instant says the same up to it as the whole record', async (t) => {
    const { ticks } = (await recorded)!
    for (const at of instantsIn(t, from + 10 * DAY, to - 3 * HOUR, 5)) {
      const cut = await read(await open(later(at, 2 * HOUR)))
      const known = (tick: Tick): boolean => tick.receivedAt <= at
      assert.deepEqual(cut.ticks.filter(known), ticks.filter(known))
    }
  })
})
