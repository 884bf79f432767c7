import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { collectHours } from '../../models/dataset.ts'
import { FEATURE_COUNT, FEATURES, featureHash, featureWindow, WINDOW_HOURS } from '../../models/features.ts'
import { createPanel, type Panel } from '../../src/domain/market/panel.ts'
import { type FeedKind, GAUGE_KINDS } from '../../src/domain/market/tick.ts'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, duration, HOUR, later, MINUTE, timestamp } from '../../src/domain/units.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'
import { panelOf, type RecordedMarket, recordMarket } from './market.ts'

let market: RecordedMarket
before(async () => {
  market = await recordMarket()
})

const LAST = (WINDOW_HOURS - 1) * FEATURE_COUNT
const at = (name: string): number => FEATURES.findIndex((feature) => feature.name === name)
const known = (mask: Uint8Array, name: string): boolean => mask[LAST + at(name)] === 1
const GAUGES: readonly string[] = GAUGE_KINDS
/** Features that cannot be known without a kind of feed. */
const needing = (kind: FeedKind): string[] =>
  FEATURES.filter(({ feeds }) => feeds.includes(kind)).map(({ name }) => name)
/** What a market without options, funds, chain and sentiment cannot have. */
const isOfGauges = (name: string): boolean => FEATURES[at(name)]!.feeds.some((kind) => GAUGES.includes(kind))
const CLUSTERS = ['fuel-below-2', 'fuel-below-5', 'fuel-above-5', 'fuel-asymmetry', 'heavy-below']

/** Windows as of each instant, from a panel that has heard nothing later. */
function truncatedWindows(instants: readonly number[], read: (panel: Panel) => Panel = (panel) => panel) {
  const panel = createPanel()
  let next = 0
  return instants.map((instant) => {
    while (next < market.ticks.length && market.ticks[next]!.receivedAt <= instant) panel.apply(market.ticks[next++]!)
    return featureWindow(read(panel), 'ETH', timestamp(instant), market.feeds)
  })
}

test('a window is the same to the bit whether or not the future is known', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: market.from - 4 * DAY, max: market.to }), { minLength: 40, maxLength: 40 }),
      (drawn) => {
        const instants = drawn.sort((a, b) => a - b)
        const full = panelOf(market.ticks)
        truncatedWindows(instants).forEach((window, k) => {
          const again = featureWindow(full, 'ETH', timestamp(instants[k]!), market.feeds)
          assert.deepEqual(again.values, window.values)
          assert.deepEqual(again.mask, window.mask)
          assert.deepEqual(again.maskedFeeds, window.maskedFeeds)
        })
      },
    ),
    { numRuns: 1, verbose: 1 },
  )
})

test('seeing observations an hour early would be caught', () => {
  const early = (panel: Panel): Panel => ({
    ...panel,
    between: (feed, venue, asset, from, until) =>
      panel
        .between(feed, venue, asset, later(from, HOUR), later(until, HOUR))
        .map((tick) => ({ ...tick, eventAt: later(tick.eventAt, -HOUR), receivedAt: later(tick.receivedAt, -HOUR) })),
  })
  const full = early(panelOf(market.ticks))
  const instants = [market.from + 5 * HOUR, market.from + 30 * HOUR]
  truncatedWindows(instants, early).forEach((window, k) => {
    const again = featureWindow(full, 'ETH', timestamp(instants[k]!), market.feeds)
    assert.notDeepEqual(again.values, window.values)
  })
})

test('every feature is known when every feed is there', () => {
  const window = featureWindow(panelOf(market.ticks), 'ETH', market.to, market.feeds)
  // One venue has bars, and nobody reads gauges here.
  const alone = [
    'price-dispersion',
    'other-return-1h',
    'other-return-24h',
    'relative-return-24h',
    'other-correlation-72h',
  ]
  const missing = FEATURES.filter(({ name }) => !known(window.mask, name) && !isOfGauges(name)).map(({ name }) => name)
  assert.deepEqual(missing.sort(), alone.sort())
  assert.deepEqual(window.maskedFeeds, [])
  assert.equal(window.fresh, true)
  assert.equal(window.priceHours, WINDOW_HOURS - 1)
})

test('a window is filled at any minute, also where history was fetched by the hour', () => {
  const panel = panelOf(market.ticks)
  for (const minutes of [5, 20, 35, 55]) {
    const window = featureWindow(panel, 'ETH', later(market.from, HOUR + minutes * MINUTE), market.feeds)
    assert.equal(window.priceHours, WINDOW_HOURS - 1)
    assert.deepEqual(window.maskedFeeds, [])
  }
})

test('price and funding alone mask all the rest', () => {
  const feeds = market.feeds.filter(({ feed }) => feed === 'bar' || feed === 'funding')
  const window = featureWindow(panelOf(market.ticks), 'ETH', market.to, feeds)
  const masked: FeedKind[] = ['account-ratio', 'book-depth', 'liquidations', 'open-interest', 'taker-flow']
  assert.deepEqual([...window.maskedFeeds].sort(), masked)
  for (const name of [
    'return-720h',
    'log-volatility',
    'garman-klass-24h',
    'volume-z',
    'funding-z',
    'funding-streak',
    'until-expiry',
  ])
    assert.ok(known(window.mask, name), name)
  for (const name of new Set(masked.flatMap(needing))) {
    assert.ok(!known(window.mask, name), name)
    assert.equal(window.values[LAST + at(name)], 0)
  }
})

test('a gauge that nobody declared is not missed, one that was declared and is silent is', () => {
  const panel = panelOf(market.ticks)
  assert.deepEqual(featureWindow(panel, 'ETH', market.to, market.feeds).maskedFeeds, [])
  const promised = { feed: 'fear-greed' as const, venue: 'somewhere', asset: 'ETH', cadence: DAY }
  assert.deepEqual(featureWindow(panel, 'ETH', market.to, [...market.feeds, promised]).maskedFeeds, ['fear-greed'])
})

test('open interest every four hours hides hourly changes and keeps longer ones', () => {
  const isKept = (instant: number): boolean => instant % (4 * HOUR) === 0
  const ticks = market.ticks.filter(
    (tick) => tick.type !== 'open-interest' || (tick.venue === 'sim-a' && isKept(tick.eventAt)),
  )
  const feeds = market.feeds
    .filter(({ feed, venue }) => feed !== 'open-interest' || venue === 'sim-a')
    .map((feed) => (feed.feed === 'open-interest' ? { ...feed, cadence: duration(4 * HOUR) } : feed))
  const window = featureWindow(panelOf(ticks), 'ETH', market.to, feeds)
  assert.deepEqual(window.maskedFeeds, [])
  assert.ok(!known(window.mask, 'open-interest-change-1h'))
  for (const name of ['open-interest-change-4h', 'open-interest-change-24h', 'open-interest-z', 'fuel-below-5']) {
    assert.ok(known(window.mask, name), name)
  }
})

test('open interest once a day keeps the daily change and no map of liquidations', () => {
  const ticks = market.ticks.filter(
    (tick) => tick.type !== 'open-interest' || (tick.venue === 'sim-a' && tick.eventAt % DAY === 0),
  )
  const feeds = market.feeds
    .filter(({ feed, venue }) => feed !== 'open-interest' || venue === 'sim-a')
    .map((feed) => (feed.feed === 'open-interest' ? { ...feed, cadence: DAY } : feed))
  const { mask } = featureWindow(panelOf(ticks), 'ETH', market.to, feeds)
  assert.ok(known(mask, 'open-interest-change-24h'))
  for (const name of ['open-interest-change-4h', ...CLUSTERS]) assert.ok(!known(mask, name), name)
})

test('a feed that falls silent is masked from the last row back to when it was heard', () => {
  const cut = later(market.from, 60 * HOUR)
  const heard = market.ticks.filter((tick) => tick.type !== 'taker-flow' || tick.receivedAt <= cut)
  const window = featureWindow(panelOf(heard), 'ETH', later(cut, 3 * HOUR), market.feeds)
  assert.deepEqual(window.maskedFeeds, ['taker-flow'])
  const column = at('taker-imbalance-24h')
  const rows = Array.from({ length: WINDOW_HOURS }, (_, row) => window.mask[row * FEATURE_COUNT + column])
  assert.deepEqual(rows.slice(-4), [1, 1, 0, 0])
})

test('one venue falling silent is no fall of open interest', () => {
  const cut = later(market.from, 60 * HOUR)
  const heard = market.ticks.filter(
    (tick) => tick.type !== 'open-interest' || tick.venue !== 'sim-b' || tick.receivedAt <= cut,
  )
  const asked = later(cut, 5 * HOUR)
  const changeOf = (ticks: typeof market.ticks): number =>
    featureWindow(panelOf(ticks), 'ETH', asked, market.feeds).values[LAST + at('open-interest-change-24h')]!
  // sim-b holds three coins in ten: counted as lost they would be a change of −0.36.
  assert.ok(Math.abs(changeOf(heard) - changeOf(market.ticks)) < 0.1)
})

test('depth and liquidations of a venue without open interest say nothing about shares of it', () => {
  const feeds = market.feeds.filter(({ feed, venue }) => feed !== 'open-interest' || venue === 'sim-c')
  const { mask, maskedFeeds } = featureWindow(panelOf(market.ticks), 'ETH', market.to, feeds)
  assert.deepEqual(maskedFeeds, [])
  for (const name of ['gain-below', 'gain-above', 'depth-to-open-interest', 'liquidated-longs-24h'])
    assert.ok(!known(mask, name), name)
  for (const name of [...CLUSTERS, 'liquidation-imbalance-24h', 'depth-z']) assert.ok(known(mask, name), name)
})

test('the spread of funding needs two venues', () => {
  const feeds = market.feeds.filter(({ feed, venue }) => feed !== 'funding' || venue === 'sim-a')
  const { mask } = featureWindow(panelOf(market.ticks), 'ETH', market.to, feeds)
  assert.ok(known(mask, 'funding') && !known(mask, 'funding-spread'))
})

test('training rows are the rows that a live window has', async () => {
  const from = timestamp(Date.UTC(2024, 0, 1))
  const to = later(from, 40 * DAY)
  const open = () => createSimulatedMarket({ seed: 9, assets: ['ETH'], from, to, warmupDays: 1 })
  const [hours] = await collectHours(open())
  const panel = createPanel()
  const source = open()
  for await (const step of source.steps()) for (const tick of step.ticks) panel.apply(tick)
  const random = createRandom(3)
  for (let k = 0; k < 5; k++) {
    const i = hours!.firstUsable + Math.floor(random() * (hours!.instants.length - hours!.firstUsable))
    const window = featureWindow(panel, 'ETH', timestamp(hours!.instants[i]!), source.feeds)
    const trained = hours!.values.subarray(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT)
    trained.forEach((value, f) => {
      const live = window.values[LAST + f]!
      const name = `${FEATURES[f]!.name} at row ${i}`
      // Chain-linked open interest starts elsewhere, so the last digits may differ.
      assert.ok(Math.abs(value - live) <= 1e-4 * Math.max(1, Math.abs(live)), `${name}: Expected ${live}, was ${value}`)
    })
  }
})

test('the hash of the features is the same on every call and has sixteen digits', () => {
  assert.match(featureHash(), /^[0-9a-f]{16}$/)
  assert.equal(featureHash(), featureHash())
})
