import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Engine, loadEngine } from '../../models/engine.ts'
import { FEATURE_COUNT, FEATURES, VENUE_FEATURE_COUNT, WINDOW_HOURS } from '../../models/features.ts'
import { allButPriceAndFunding, type Hidden } from '../../models/hiding.ts'
import {
  fitNetworkNormaliser,
  foreignNames,
  lastRowInputs,
  MARKET_INPUTS,
  toNetworkInput,
} from '../../models/network-batches.ts'
import { VENUE_INPUTS, venueFeaturesHidden } from '../../models/network-venues.ts'
import { type AssetHours, assetIdOf, type Sample, VENUE_SLOTS, venueIdOf } from '../../models/samples.ts'
import { createRandom } from '../../src/domain/random.ts'
import { makeHours } from './made-hours.ts'

const HOURS = 200
/** Features of another level and spread than the made ones, one without spread and one that is not known. */
const [SHIFTED, FLAT, UNKNOWN] = [0, 1, 2]

let engine: Engine
before(async () => {
  engine = await loadEngine({ prefer: 'wasm' })
})

function madeHours(): AssetHours {
  const hours = makeHours({ hours: HOURS, asset: 'BTC' })
  for (let i = 0; i < HOURS; i++) {
    hours.values[i * FEATURE_COUNT + SHIFTED] = 100 + 10 * hours.values[i * FEATURE_COUNT + SHIFTED]!
    hours.values[i * FEATURE_COUNT + FLAT] = 7
    hours.mask[i * FEATURE_COUNT + UNKNOWN] = 0
  }
  const size = HOURS * VENUE_FEATURE_COUNT
  const venueOf = (venue: string, known: number) => ({
    venue,
    values: Float32Array.from({ length: size }, (_, k) => 3 + Math.sin(k * 1.7)),
    mask: new Uint8Array(size).fill(known),
  })
  return { ...hours, venues: [venueOf('bybit', 1), venueOf('okx', 0), venueOf('a new one', 1)] }
}

const samplesOf = (hours: AssetHours): Sample[] =>
  Array.from({ length: HOURS - WINDOW_HOURS }, (_, k) => ({ hours, i: k + WINDOW_HOURS }))

/** The columns of one hour of the only sample of a batch. */
function built(sample: Sample, hide?: () => Hidden | undefined) {
  const normaliser = fitNetworkNormaliser(samplesOf(sample.hours))
  const { input, dispose } = toNetworkInput(engine.tf, [sample], normaliser, { venues: true, hide })
  const market = input.market.dataSync<'float32'>().slice()
  const venues = input.venues!.dataSync<'float32'>().slice()
  const result = {
    market: (hour: number, column: number) => market[hour * MARKET_INPUTS + column]!,
    venue: (slot: number, hour: number, column: number) =>
      venues[(slot * WINDOW_HOURS + hour) * VENUE_INPUTS + column]!,
    assetIds: [...input.assetIds.dataSync()],
    venueIds: [...input.venueIds!.dataSync()],
    present: [...input.present!.dataSync()],
  }
  dispose()
  return result
}

test('a window is normalised by the training hours and stands beside its masks', () => {
  const hours = madeHours()
  const { market } = built({ hours, i: 150 })
  const raw = (hour: number, f: number): number => hours.values[(150 - WINDOW_HOURS + 1 + hour) * FEATURE_COUNT + f]!
  const known = samplesOf(hours).map(({ i }) => hours.values[i * FEATURE_COUNT + SHIFTED]!)
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const spread = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length)
  for (const hour of [0, 30, WINDOW_HOURS - 1]) {
    assert.ok(Math.abs(market(hour, SHIFTED) - (raw(hour, SHIFTED) - mean) / spread) < 1e-4)
    assert.equal(market(hour, FLAT), 0)
    assert.equal(market(hour, UNKNOWN), 0)
    assert.equal(market(hour, FEATURE_COUNT + SHIFTED), 1)
    assert.equal(market(hour, FEATURE_COUNT + FLAT), 1)
    assert.equal(market(hour, FEATURE_COUNT + UNKNOWN), 0)
  }
})

test('a wild hour is held at five spreads; a feature on another level is hidden and named', () => {
  const hours = madeHours()
  const values = hours.values.slice()
  values[150 * FEATURE_COUNT + SHIFTED] = 1e6
  for (let i = 0; i < HOURS; i++) values[i * FEATURE_COUNT + 3]! += i > 150 ? 1e3 : 0
  const normaliser = fitNetworkNormaliser(samplesOf(hours))
  const wild = { hours: { ...hours, values }, i: 150 }
  const window = (sample: Sample): Float32Array => {
    const { input, dispose } = toNetworkInput(engine.tf, [sample], normaliser, { venues: false })
    const written = input.market.dataSync<'float32'>().slice(-MARKET_INPUTS)
    dispose()
    return written
  }
  assert.equal(window(wild)[SHIFTED], 5)
  assert.deepEqual(foreignNames(wild, normaliser), [])
  const elsewhere = { ...wild, i: 195 }
  assert.deepEqual(foreignNames(elsewhere, normaliser), [FEATURES[3]!.name])
  assert.deepEqual([window(elsewhere)[3], window(elsewhere)[FEATURE_COUNT + 3]], [0, 0])
})

test('venues stand in their slots with their ids, and an unknown venue is any other', () => {
  const { assetIds, venueIds, present, venue } = built({ hours: madeHours(), i: 100 })
  assert.deepEqual(assetIds, [assetIdOf('BTC')])
  assert.deepEqual(venueIds, [venueIdOf('bybit'), 0, 0, 0, 0, 0])
  assert.deepEqual(present, [1, 0, 1, 0, 0, 0])
  assert.equal(venue(0, 5, VENUE_FEATURE_COUNT), 1)
  assert.equal(venue(1, 5, VENUE_FEATURE_COUNT), 0)
  assert.ok(Math.abs(venue(0, 5, 0)) <= 5)
  for (let slot = 3; slot < VENUE_SLOTS; slot++) assert.equal(venue(slot, 5, VENUE_FEATURE_COUNT), 0)
})

test('what is hidden reads as not known, of the market and of each venue', () => {
  const bare = allButPriceAndFunding()
  const hidden = { ...bare, hours: 10 }
  const { market, venue } = built({ hours: madeHours(), i: 100 }, () => hidden)
  const ofVenue = venueFeaturesHidden(hidden)
  assert.ok(ofVenue.includes(1) && ofVenue.includes(0))
  for (const hour of [9, 10, WINDOW_HOURS - 1]) {
    for (let f = 3; f < FEATURE_COUNT; f++) {
      assert.equal(market(hour, FEATURE_COUNT + f), hour < 10 || bare.features[f] === 1 ? 0 : 1, FEATURES[f]!.name)
    }
    for (let f = 0; f < VENUE_FEATURE_COUNT; f++) {
      assert.equal(venue(0, hour, VENUE_FEATURE_COUNT + f), hour < 10 || ofVenue[f] === 1 ? 0 : 1)
      if (ofVenue[f] === 1) assert.equal(venue(0, hour, f), 0)
    }
  }
})

test('while fitting, one asset and venue in ten is forgotten', () => {
  const sample = { hours: madeHours(), i: 100 }
  const normaliser = fitNetworkNormaliser([sample])
  const many = new Array<Sample>(400).fill(sample)
  const { input, dispose } = toNetworkInput(engine.tf, many, normaliser, { venues: true, forget: createRandom(2) })
  const forgotten = input.assetIds.dataSync().filter((id) => id === 0).length
  const ofVenue = Array.from({ length: 400 }, (_, k) => input.venueIds!.dataSync()[k * VENUE_SLOTS]!)
  dispose()
  assert.ok(forgotten > 20 && forgotten < 60, `${forgotten}`)
  const hiddenVenues = ofVenue.filter((id) => id === 0).length
  assert.ok(hiddenVenues > 20 && hiddenVenues < 60, `${hiddenVenues}`)
})

test('last rows are the last hour of the window, and a sample without a full window is refused', () => {
  const hours = madeHours()
  const samples = samplesOf(hours).slice(0, 3)
  const normaliser = fitNetworkNormaliser(samplesOf(hours))
  const { rows, width } = lastRowInputs(samples, normaliser)
  samples.forEach((sample, k) => {
    const { market } = built(sample)
    for (let f = 0; f < width; f++) assert.equal(rows[k * width + f], market(WINDOW_HOURS - 1, f))
  })
  assert.throws(
    () => toNetworkInput(engine.tf, [{ hours, i: WINDOW_HOURS - 2 }], normaliser, { venues: false }),
    RangeError,
  )
})
