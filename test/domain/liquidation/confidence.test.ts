/**
 * Confidence on the synthetic market: fitted on some worlds, judged on one it has not seen, through the same calls as training.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { brierSkill, calibrationError, rocAuc } from '../../../src/domain/calibration.ts'
import type { BareCluster } from '../../../src/domain/liquidation/clusters.ts'
import type { Conditions } from '../../../src/domain/liquidation/conditions.ts'
import {
  type ConfidenceSample,
  confidenceFor,
  type FittedConfidence,
  probabilitiesOf,
} from '../../../src/domain/liquidation/confidence.ts'
import { fitConfidence } from '../../../src/domain/liquidation/confidence-fit.ts'
import { collectConfidenceSamples } from '../../../src/domain/liquidation/confidence-samples.ts'
import { bps, DAY, duration, fraction, HOUR, later, price, timestamp, usd } from '../../../src/domain/units.ts'
import { createSimulatedMarket } from '../../../src/venues/simulated/market.ts'

const DAYS = 365
const FROM = timestamp(Date.UTC(2025, 0, 1))

async function samplesOf(seed: number): Promise<readonly ConfidenceSample[]> {
  // A window that opens at its end: a year of hourly history and nothing after.
  const market = createSimulatedMarket({
    seed,
    assets: ['ETH'],
    from: FROM,
    to: FROM,
    warmupDays: DAYS,
    preset: 'realistic',
  })
  const feeds = market.feeds.map((feed) => ({ ...feed, cadence: HOUR }))
  return collectConfidenceSamples(market.steps(), { asset: 'ETH', feeds })
}

let train: ConfidenceSample[]
let unseen: readonly ConfidenceSample[]
let calibration: FittedConfidence
before(async () => {
  const years = [await samplesOf(1), await samplesOf(2)]
  train = years.flatMap((samples, i) =>
    samples.map((sample) => ({ ...sample, at: later(sample.at, i * (DAYS + 10) * DAY) })),
  )
  unseen = await samplesOf(11)
  const fitted = fitConfidence(train, {
    calibratedOn: 'simulated',
    trainedOn: 'two simulated years of ETH',
    horizon: '24h',
  })
  assert.ok(fitted.kind === 'fitted')
  calibration = fitted
})

test('every day gives its clusters once, and an event needs a touch', () => {
  assert.ok(calibration.counts.days > 2 * 0.9 * DAYS && calibration.counts.samples > calibration.counts.days)
  assert.ok(train.every(({ outcomes }) => Object.values(outcomes).every(({ touched, event }) => touched || !event)))
  assert.ok(train.every(({ at }) => at % DAY === 0))
  assert.deepEqual(JSON.parse(JSON.stringify(calibration)), calibration)
})

test('on a world it has not seen, confidence is calibrated and better than climatology', (t) => {
  const outcomes = unseen.map(({ outcomes }): number => (outcomes['24h']?.event ? 1 : 0))
  const forecasts = unseen.map(({ features }) => probabilitiesOf(features, calibration).confidence)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [skill, auc, ratio] = [
    brierSkill(forecasts, outcomes),
    rocAuc(forecasts, outcomes),
    mean(forecasts) / mean(outcomes),
  ]
  const { ece } = calibrationError(forecasts, outcomes)
  t.diagnostic(
    `${outcomes.length} samples, base ${mean(outcomes).toFixed(3)}: Brier skill ${skill.toFixed(3)}, AUC ${auc.toFixed(3)}, ECE ${ece.toFixed(3)}, mean p/base ${ratio.toFixed(2)}`,
  )
  assert.ok(skill > 0.05 && auc > 0.8, `skill ${skill}, AUC ${auc}`)
  assert.ok(ratio > 0.6 && ratio < 1.6, `mean forecast over base rate ${ratio}`)
})

test('outcomes dealt out at random leave nothing to find', () => {
  // The same forecasts against the outcomes of other days: skill must vanish, or the judge is at fault.
  const outcomes = unseen.map((_, i): number =>
    unseen[(i * 7919 + 13) % unseen.length]!.outcomes['24h']?.event ? 1 : 0,
  )
  const forecasts = unseen.map(({ features }) => probabilitiesOf(features, calibration).confidence)
  assert.ok(brierSkill(forecasts, outcomes) < 0.01)
  assert.ok(Math.abs(rocAuc(forecasts, outcomes) - 0.5) < 0.12)
})

const conditions: Conditions = {
  price: price(3_000),
  hourlyVolatility: 0.006,
  fastVolatility: 0.006,
  openInterestNotional: 8e9,
  depth: { sell: 3e10, buy: 6e10 },
  fundingZ: 0.5,
  openInterestChange: 0.01,
  quality: 'good',
  coverage: fraction(1),
  dataAge: duration(HOUR),
}
const clusterAt = (peak: number, over: Partial<BareCluster> = {}): BareCluster => ({
  clusterId: 'X',
  asset: 'ETH',
  side: peak < conditions.price ? 'sell' : 'buy',
  lowPrice: price(peak * 0.995),
  peakPrice: price(peak),
  highPrice: price(peak * 1.005),
  notional: usd(2.5e8),
  shareOfOpenInterest: fraction(0.03),
  distance: bps(1e4 * Math.abs(peak / conditions.price - 1)),
  distanceSigma: 1,
  gain: 0.4,
  age: duration(12 * HOUR),
  venueShares: { a: fraction(1) },
  firstSeenAt: FROM,
  leverage: [
    { leverage: 10, share: fraction(1), lowEntryPrice: price(3_000), highEntryPrice: price(3_000), openedAt: FROM },
  ],
  ...over,
})
const estimated = (cluster: BareCluster, over: Partial<Conditions> = {}) => {
  const confidence = confidenceFor(cluster, { ...conditions, ...over }, { horizon: '24h', calibration })
  assert.ok(confidence.kind === 'estimated')
  return confidence
}

test('nearer clusters are likelier, and the interval holds the estimate', () => {
  const path = [2_980, 2_950, 2_900, 2_800, 2_600].map((peak) => estimated(clusterAt(peak)))
  for (const [i, { confidence, low, high, pTouch }] of path.entries()) {
    assert.ok(low <= confidence && confidence <= high && confidence >= 0.0001 && confidence <= 0.99)
    if (i > 0) assert.ok(confidence <= path[i - 1]!.confidence && pTouch < path[i - 1]!.pTouch)
  }
  assert.ok(path[0]!.confidence > 5 * path.at(-1)!.confidence)
})

test('confidence is for the horizon it was calibrated on and says on what', () => {
  const { horizon, calibratedOn, quality } = estimated(clusterAt(2_900))
  assert.deepEqual([horizon, calibratedOn, quality], [DAY, 'simulated', 'good'])
})

test('what is not known is masked: the answer stays, in range', () => {
  const { gain: _, ...bookless } = clusterAt(2_900)
  const masked = estimated(bookless, { depth: undefined, fundingZ: undefined, openInterestChange: undefined })
  assert.ok(masked.confidence > 0.0001 && masked.confidence < 0.9)
})

test('it is undetermined before it is wrong', () => {
  const ask = (over: Partial<Conditions>, given?: FittedConfidence) =>
    confidenceFor(clusterAt(2_900), { ...conditions, ...over }, { horizon: '24h', calibration: given })
  assert.deepEqual(ask({}), { kind: 'undetermined', reason: 'NO_CALIBRATION' })
  assert.deepEqual(ask({ undetermined: 'STALE_OPEN_INTEREST' }, calibration), {
    kind: 'undetermined',
    reason: 'STALE_OPEN_INTEREST',
  })
})

test('too few outcomes are said, with how many are needed, and nothing is claimed', () => {
  const little = fitConfidence(train.slice(0, 300), {
    calibratedOn: 'simulated',
    trainedOn: 'almost nothing',
    horizon: '24h',
  })
  assert.ok(little.kind === 'too-few-outcomes' && little.needed > little.counts.episodes)
  assert.deepEqual(confidenceFor(clusterAt(2_900), conditions, { horizon: '24h', calibration: little }), {
    kind: 'undetermined',
    reason: 'TOO_FEW_OUTCOMES',
  })
})

test('what is missing or coarse widens the interval and leaves the estimate', () => {
  const whole = estimated(clusterAt(2_900))
  for (const over of [{ coverage: fraction(0.6) }, { quality: 'poor' as const }, { quality: 'reduced' as const }]) {
    const thin = estimated(clusterAt(2_900), over)
    assert.ok(thin.high - thin.low > whole.high - whole.low, JSON.stringify(over))
  }
})
