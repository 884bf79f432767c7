import {
  applyIsotonic,
  applyPlatt,
  blockOf,
  fitIsotonic,
  fitLogistic,
  fitPlatt,
  type IsotonicBlock,
  type LogisticModel,
  logit,
  normalCdf,
  type PlattScaling,
  predictLogistic,
  wilsonInterval,
} from '../calibration.ts'
import type { Cluster, ClusterConfidence, ModelIdentity } from '../forecast.ts'
import { clamp, DAY, type DurationMs, duration, fraction, HOUR, type TimestampMs } from '../units.ts'
import type { Conditions } from './conditions.ts'

/** Isotonic needs this many events in the calibration segment; with fewer, two Platt parameters are safer. */
const MIN_EVENTS_FOR_ISOTONIC = 200
/** Share of the days, the earliest, on which the two regressions are fitted; the rest calibrates their product. */
const FIT_SHARE = 0.6
const MIN_BLOCK = 30
const PLATT_BANDS = 10
const [LEAST, MOST] = [0.001, 0.99]

/** What the confidence of one cluster is computed from. NaN is not known. */
export interface ConfidenceFeatures {
  /** |ln(peak/price)| over the standard deviation of the calibration's horizon. */
  readonly distanceSigma: number
  /** ln(σ 6 h / σ 48 h). */
  readonly volatilityRatio: number
  /** ln(notional / open interest). */
  readonly size: number
  /** ln(notional / depth). */
  readonly sizeOfDepth: number
  readonly gain: number
  /** ln(1 + hours). */
  readonly age: number
  /** Positive when the crowd pays to stand on the cluster's side. */
  readonly crowding: number
  /** Log change over 24 h. */
  readonly openInterestChange: number
}

/** One cluster on one day, and what became of it. */
export interface ConfidenceSample {
  readonly at: TimestampMs
  readonly side: 'buy' | 'sell'
  readonly features: ConfidenceFeatures
  readonly touched: boolean
  /** Touched, and open interest then fell (or the liquidations were printed). */
  readonly event: boolean
}

/** A fitted confidence, plain JSON: what `fitConfidence` returns and `confidenceFor` reads. */
export interface ConfidenceCalibration {
  readonly calibratedOn: ModelIdentity['calibratedOn']
  /** What the samples were, in words: market, assets, dates, seeds. */
  readonly trainedOn: string
  readonly horizon: DurationMs
  readonly counts: {
    readonly samples: number
    readonly days: number
    readonly touched: number
    readonly events: number
  }
  /** P(touch) from [logit 2Φ(−distance), volatility ratio]. */
  readonly touch: LogisticModel
  /** P(event | touch) from `eventRow`. */
  readonly event: LogisticModel
  /** From the product to the confidence. */
  readonly final:
    | { readonly kind: 'isotonic'; readonly blocks: readonly IsotonicBlock[] }
    | ({ readonly kind: 'platt'; readonly blocks: readonly IsotonicBlock[] } & PlattScaling)
  /** Independent samples per sample: clusters of one side on one day share one price path. */
  readonly independence: number
}

/** The features of a cluster for a horizon; NaN where something is not known. */
export function confidenceFeatures(
  cluster: Omit<Cluster, 'confidence'>,
  conditions: Conditions,
  horizon: DurationMs,
): ConfidenceFeatures {
  const { price, hourlyVolatility, fastVolatility, openInterestNotional, depth, fundingZ, openInterestChange } =
    conditions
  const deviation = hourlyVolatility * Math.sqrt(horizon / HOUR)
  const notional = Math.max(cluster.notional, 1)
  return {
    distanceSigma: Math.abs(Math.log(cluster.peakPrice / price)) / deviation,
    volatilityRatio: Math.log(fastVolatility / hourlyVolatility),
    size: Math.log(notional / openInterestNotional),
    sizeOfDepth: depth ? Math.log(notional / depth[cluster.side]) : Number.NaN,
    gain: cluster.gain === undefined ? Number.NaN : Math.min(cluster.gain, 5),
    age: Math.log(1 + cluster.age / HOUR),
    crowding: fundingZ === undefined ? Number.NaN : clamp(cluster.side === 'sell' ? fundingZ : -fundingZ, -8, 8),
    openInterestChange: openInterestChange === undefined ? Number.NaN : clamp(openInterestChange, -0.5, 0.5),
  }
}

/**
 * How likely it is, within the calibration's horizon, that price touches the cluster and open interest then falls.
 *
 *     P(touch) · P(event | touch) → isotonic or Platt → [0.001, 0.99]
 *
 * P(touch) starts from the driftless reflection 2·Φ(−distance/σ√H). The interval is Wilson's (90 %) of the calibration
 * block that the product falls in, over independent samples.
 *
 * @see specification §1.6
 */
export function confidenceFor(
  cluster: Omit<Cluster, 'confidence'>,
  conditions: Conditions,
  calibration: ConfidenceCalibration | undefined,
): ClusterConfidence {
  if (conditions.undetermined) return { kind: 'undetermined', reason: conditions.undetermined }
  if (!calibration) return { kind: 'undetermined', reason: 'NO_CALIBRATION' }
  const features = confidenceFeatures(cluster, conditions, calibration.horizon)
  const { pTouch, pEventGivenTouch, confidence } = probabilitiesOf(features, calibration)
  const block = blockOf(calibration.final.blocks, pTouch * pEventGivenTouch)
  const interval = wilsonInterval(block.positives * calibration.independence, block.count * calibration.independence)
  return {
    kind: 'estimated',
    confidence: fraction(confidence),
    // Between two blocks the probability is interpolated and may leave the interval of the nearer one.
    low: fraction(Math.min(interval.low, confidence)),
    high: fraction(Math.max(interval.high, confidence)),
    pTouch: fraction(pTouch),
    pEventGivenTouch: fraction(pEventGivenTouch),
    horizon: calibration.horizon,
    quality: conditions.quality,
    calibratedOn: calibration.calibratedOn,
  }
}

/** The two probabilities and the calibrated confidence of one set of features. */
export function probabilitiesOf(
  features: ConfidenceFeatures,
  { touch, event, final }: Pick<ConfidenceCalibration, 'touch' | 'event' | 'final'>,
): { pTouch: number; pEventGivenTouch: number; confidence: number } {
  const pTouch = predictLogistic(touch, touchRow(features))
  const pEventGivenTouch = predictLogistic(event, eventRow(features))
  const product = pTouch * pEventGivenTouch
  const calibrated = final.kind === 'isotonic' ? applyIsotonic(final.blocks, product) : applyPlatt(final, product)
  return { pTouch, pEventGivenTouch, confidence: clamp(calibrated, LEAST, MOST) }
}

/**
 * Fits the confidence: two regressions on the earlier days, calibration of their product on the later ones, with a gap of
 * one horizon in between so that no outcome is seen by both.
 *
 * @param samples - any order; one (cluster, day) each
 * @param facts - `horizon` the outcomes were judged over
 * @throws {RangeError} when either part of the days has no samples, or nothing was ever touched
 */
export function fitConfidence(
  samples: readonly ConfidenceSample[],
  facts: Pick<ConfidenceCalibration, 'calibratedOn' | 'trainedOn'> & { readonly horizon?: DurationMs },
): ConfidenceCalibration {
  const horizon = facts.horizon ?? DAY
  const days = [...new Set(samples.map(dayOf))].sort((a, b) => a - b)
  const boundary = (days[Math.floor(FIT_SHARE * days.length)] ?? 0) * DAY
  const earlier = samples.filter(({ at }) => at + horizon <= boundary)
  const later = samples.filter(({ at }) => at >= boundary)
  const touchedEarlier = earlier.filter(({ touched }) => touched)
  if (touchedEarlier.length === 0 || later.length === 0) {
    throw new RangeError(
      `Expected touched clusters early and any late, were ${touchedEarlier.length} and ${later.length} of ${samples.length}: collect more days`,
    )
  }
  const touch = fitLogistic(
    earlier.map(({ features }) => touchRow(features)),
    earlier.map(({ touched }) => (touched ? 1 : 0)),
  )
  const event = fitLogistic(
    imputed(touchedEarlier.map(({ features }) => eventRow(features))),
    touchedEarlier.map((sample) => (sample.event ? 1 : 0)),
  )
  const products = later.map(
    ({ features }) => predictLogistic(touch, touchRow(features)) * predictLogistic(event, eventRow(features)),
  )
  const outcomes = later.map((sample): number => (sample.event ? 1 : 0))
  const events = outcomes.reduce((sum, outcome) => sum + outcome, 0)
  return {
    calibratedOn: facts.calibratedOn,
    trainedOn: facts.trainedOn,
    horizon: duration(horizon),
    counts: {
      samples: samples.length,
      days: days.length,
      touched: samples.filter(({ touched }) => touched).length,
      events: samples.filter((sample) => sample.event).length,
    },
    touch,
    event,
    final:
      events >= MIN_EVENTS_FOR_ISOTONIC
        ? { kind: 'isotonic', blocks: fitIsotonic(products, outcomes, { minCount: MIN_BLOCK }) }
        : { kind: 'platt', ...fitPlatt(products, outcomes), blocks: equalBands(products, outcomes) },
    independence: new Set(later.map((sample) => `${dayOf(sample)}/${sample.side}`)).size / later.length,
  }
}

const dayOf = ({ at }: Pick<ConfidenceSample, 'at'>): number => Math.floor(at / DAY)

const touchRow = ({ distanceSigma, volatilityRatio }: ConfidenceFeatures): number[] => [
  logit(clamp(2 * normalCdf(-distanceSigma), 1e-6, 1 - 1e-6)),
  volatilityRatio,
]

/** The inputs of P(event | touch); what is not known is NaN here (its mean in effect) with a mask of 0 at the end. */
const eventRow = (features: ConfidenceFeatures): number[] => {
  const { distanceSigma, size, sizeOfDepth, gain, age, crowding, openInterestChange } = features
  const known = (value: number): number => (Number.isNaN(value) ? 0 : 1)
  return [
    size,
    sizeOfDepth,
    gain,
    age,
    crowding,
    openInterestChange,
    distanceSigma,
    known(sizeOfDepth),
    known(crowding),
    known(openInterestChange),
  ]
}

/** Fills what is not known with the column's mean, so that it neither helps nor hurts the fit. */
function imputed(rows: readonly number[][]): number[][] {
  const means = rows[0]!.map((_, j) => {
    const known = rows.map((row) => row[j]!).filter((value) => !Number.isNaN(value))
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : 0
  })
  return rows.map((row) => row.map((value, j) => (Number.isNaN(value) ? means[j]! : value)))
}

/** Bands of equal count, for the interval where Platt scaling has no blocks. */
function equalBands(scores: readonly number[], outcomes: readonly number[]): readonly IsotonicBlock[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  const bands = Math.min(PLATT_BANDS, order.length)
  return Array.from({ length: bands }, (_, band) => {
    const members = order.slice(
      Math.round((band * order.length) / bands),
      Math.round(((band + 1) * order.length) / bands),
    )
    return {
      low: scores[members[0]!]!,
      high: scores[members.at(-1)!]!,
      count: members.length,
      positives: members.reduce((sum, i) => sum + outcomes[i]!, 0),
    }
  })
}
