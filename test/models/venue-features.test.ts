import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { appendColumns, emptyColumns, sampleColumns } from '../../models/columns.ts'
import { FEATURES, featureWindow, probeWindow, WINDOW_HOURS } from '../../models/features.ts'
import { VENUE_SLOTS } from '../../models/samples.ts'
import { VENUE_FEATURE_COUNT, VENUE_FEATURES, venueRowsOf } from '../../models/venue-features.ts'
import { HOUR, later, timestamp } from '../../src/domain/units.ts'
import { panelOf, type RecordedMarket, recordMarket } from './market.ts'

let market: RecordedMarket
before(async () => {
  market = await recordMarket()
})

const HOURS = 800
const at = timestamp(Date.UTC(2024, 5, 1))
const column = (venue: string, value: number, cadenceHours = 1) => ({
  venue,
  cadenceHours,
  values: Array.from({ length: HOURS }, (_, i) => value * (1 + 1e-4 * (i % 24))),
})
const indexOf = (name: string): number => VENUE_FEATURES.findIndex((feature) => feature.name === name)

test('every feature, of the market and of each venue, is known on the made-up market', () => {
  const window = probeWindow()
  const unknown = (mask: Uint8Array, features: readonly { readonly name: string }[]) =>
    features
      .filter((_, f) => mask.every((known, at) => at % features.length !== f || known === 0))
      .map(({ name }) => name)
  assert.deepEqual(unknown(window.mask, FEATURES), [])
  assert.deepEqual(
    window.venues.map(({ venue }) => venue),
    ['probe-a', 'probe-b', 'probe-spot'].slice(0, window.venues.length),
  )
  for (const { mask } of window.venues.slice(0, 2)) assert.deepEqual(unknown(mask, VENUE_FEATURES), [])
})

test('every venue that publishes has its rows, and what it does not publish is masked', () => {
  const { venues } = featureWindow(panelOf(market.ticks), 'ETH', market.to, market.feeds, { venues: true })
  assert.deepEqual(
    venues.map(({ venue }) => venue),
    ['sim-a', 'sim-b', 'sim-c'],
  )
  for (const { values, mask } of venues) {
    assert.equal(values.length, WINDOW_HOURS * VENUE_FEATURE_COUNT)
    for (const name of ['open-interest-change-24h', 'funding-z', 'open-interest-share', 'age-funding'])
      assert.equal(mask[(WINDOW_HOURS - 1) * VENUE_FEATURE_COUNT + indexOf(name)], 1, name)
  }
  const [simA, , simC] = venues.map(({ mask }) => mask.subarray((WINDOW_HOURS - 1) * VENUE_FEATURE_COUNT))
  assert.equal(simA![indexOf('taker-imbalance-24h')], 1)
  for (const name of ['taker-imbalance-24h', 'depth-z', 'liquidation-imbalance-24h'])
    assert.equal(simC![indexOf(name)], 0)
  const shares = venues.map(
    ({ values }) => values[(WINDOW_HOURS - 1) * VENUE_FEATURE_COUNT + indexOf('open-interest-share')]!,
  )
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-5)
  assert.deepEqual(
    shares.toSorted((a, b) => b - a),
    shares,
  )
})

test('venue rows are not worked out unless they are asked for', () => {
  assert.deepEqual(featureWindow(panelOf(market.ticks), 'ETH', market.to, market.feeds).venues, [])
})

test('the largest venues come first, those without open interest after them, the aggregate not at all', () => {
  const columns = emptyColumns(at, HOURS)
  columns.openInterest.push(
    column('small', 5),
    column('all-exchanges', 1_000),
    column('large', 70),
    column('middle', 20),
  )
  for (const venue of ['zeta', 'bybit', 'alpha', 'large']) columns.funding.push(column(venue, 1e-4))
  columns.takerBought.push(column('zeta', 1))
  columns.takerSold.push(column('zeta', 1))
  assert.deepEqual(
    venueRowsOf(columns, 3).map(({ venue }) => venue),
    ['large', 'middle', 'small', 'zeta', 'bybit', 'alpha'],
  )
  assert.equal(venueRowsOf(columns, 3).length, VENUE_SLOTS)
})

test('the aggregate stands alone when there is nothing else', () => {
  const columns = emptyColumns(at, HOURS)
  columns.openInterest.push(column('all-exchanges', 1_000))
  assert.deepEqual(
    venueRowsOf(columns, 3).map(({ venue }) => venue),
    ['all-exchanges'],
  )
})

test('a change over fewer hours than the feed has between two readings is not known', () => {
  const columns = emptyColumns(at, HOURS)
  columns.openInterest.push(column('large', 70, 4))
  const { mask } = venueRowsOf(columns, 1)[0]!
  assert.equal(mask[indexOf('open-interest-change-1h')], 0)
  assert.equal(mask[indexOf('open-interest-change-4h')], 1)
})

test('the last row alone is the last row of a window', () => {
  const panel = panelOf(market.ticks)
  for (const minutes of [0, 20, 47]) {
    const instant = later(market.from, 40 * HOUR + minutes * 60_000)
    const one = featureWindow(panel, 'ETH', instant, market.feeds, { hours: 1, venues: true })
    const all = featureWindow(panel, 'ETH', instant, market.feeds, { venues: true })
    assert.equal(one.values.length, FEATURES.length)
    const agree = (a: Float32Array, b: Float32Array) =>
      assert.ok(a.every((value, f) => Math.abs(value - b[f]!) <= 1e-5 * Math.max(1, Math.abs(value))))
    agree(one.values, all.values.slice(-FEATURES.length))
    assert.deepEqual(one.mask, all.mask.slice(-FEATURES.length))
    one.venues.forEach(({ venue, values, mask }, v) => {
      assert.equal(all.venues[v]!.venue, venue)
      agree(values, all.venues[v]!.values.slice(-VENUE_FEATURE_COUNT))
      assert.deepEqual(mask, all.venues[v]!.mask.slice(-VENUE_FEATURE_COUNT))
    })
    assert.deepEqual([one.fresh, one.priceHours, one.maskedFeeds], [all.fresh, all.priceHours, all.maskedFeeds])
  }
})

test('columns sampled in pieces are the columns sampled in one go', () => {
  const panel = panelOf(market.ticks)
  const whole = sampleColumns(panel, 'ETH', market.feeds, { at: market.to, hours: 96 })
  const pieces = sampleColumns(panel, 'ETH', market.feeds, { at: later(market.to, -48 * HOUR), hours: 48 })
  for (const hours of [24, 0])
    appendColumns(pieces, sampleColumns(panel, 'ETH', market.feeds, { at: later(market.to, -hours * HOUR), hours: 24 }))
  assert.deepEqual(pieces, whole)
})
