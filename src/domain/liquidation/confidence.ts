import {
  applyIsotonic,
  applyPlatt,
  type IsotonicBlock,
  type LogisticModel,
  logit,
  normalCdf,
  type PlattScaling,
  predictLogistic,
  wilsonInterval,
} from '../calibration.ts'
import { type Cluster, type ClusterConfidence, HORIZON_LENGTH, type Horizon, type ModelIdentity } from '../forecast.ts'
import { clamp, DAY, fraction, HOUR, type TimestampMs } from '../units.ts'
import type { Conditions, Quality } from './conditions.ts'

/** Standard deviations of what was fitted on. */
const FARTHEST = 3
/** Lower than the specification's 0.001: within four hours a far cluster is rarer than that, and a floor above it miscalibrates. */
const [LEAST, MOST] = [0.0001, 0.99]
/** How much of a sample's weight is left where data are coarse or thin: judgement, so that the interval is wider there. */
const QUALITY_WEIGHT: Readonly<Record<Quality, number>> = { good: 1, reduced: 0.5, poor: 0.25 }

/** What the confidence of one cluster is computed from, whatever the horizon. NaN is not known. */
export interface ConfidenceFeatures {
  /** |ln(peak/price)| over the standard deviation of a day. */
  readonly distanceSigma: number
  /** ln(σ 6 h / σ 48 h). */
  readonly volatilityRatio: number
  /** ln(notional / open interest). */
  readonly size: number
  /** ln(notional / depth). */
  readonly sizeOfDepth: number
  readonly gain: number
  /** ln(1 + hours), of the median position. */
  readonly age: number
  /** Positive when the crowd pays to stand on the cluster's side. */
  readonly crowding: number
  /** Log change over 24 h. */
  readonly openInterestChange: number
  /** Entropy of the leverage shares, nats: 0 is one leverage only. */
  readonly leverageSpread: number
  readonly coverage: number
}

/** What became of a cluster within a horizon. */
export interface HorizonOutcome {
  readonly touched: boolean
  /** Touched, and open interest then fell (or the liquidations were printed). */
  readonly event: boolean
  /** Touched, and within two hours price went a standard deviation of two hours beyond. */
  readonly continued: boolean
}

/** One cluster on one day, and what became of it within each horizon; a horizon is missing where that cannot be known. */
export interface ConfidenceSample {
  readonly at: TimestampMs
  readonly side: 'buy' | 'sell'
  /** Which market: an asset, or a seed of a simulated one. Days of different series are taken as independent. */
  readonly series: string
  readonly features: ConfidenceFeatures
  readonly outcomes: Readonly<Partial<Record<Horizon, HorizonOutcome>>>
}

export type Calibrator =
  | { readonly kind: 'isotonic'; readonly blocks: readonly IsotonicBlock[] }
  | ({ readonly kind: 'platt'; readonly blocks: readonly IsotonicBlock[] } & PlattScaling)

/** How many of each the calibration rests on; `episodes` are days and sides with an event. */
export interface ConfidenceCounts {
  readonly samples: number
  readonly days: number
  readonly touched: number
  readonly events: number
  readonly episodes: number
}

/** The confidence of one horizon, plain JSON: what `fitConfidence` returns and `confidenceFor` reads. */
export type ConfidenceCalibration = {
  readonly calibratedOn: ModelIdentity['calibratedOn']
  /** What the samples were, in words: market, assets, dates, seeds. */
  readonly trainedOn: string
  readonly horizon: Horizon
  readonly counts: ConfidenceCounts
} & (
  | {
      readonly kind: 'fitted'
      /** P(touch) from [logit 2Φ(−distance), volatility ratio]. */
      readonly touch: LogisticModel
      /** P(event | touch) from `eventRow`. */
      readonly event: LogisticModel
      /** P(event | touch) from distance and volatility alone, for the baseline: the same model without the map. */
      readonly baselineEvent: LogisticModel
      /** From the product to the confidence. */
      readonly final: Calibrator
      readonly baselineFinal: Calibrator
      /** Independent samples per sample: clusters of one side on one day share one price path. */
      readonly independence: number
    }
  | { readonly kind: 'too-few-outcomes'; readonly needed: number }
)

export type FittedConfidence = Extract<ConfidenceCalibration, { kind: 'fitted' }>
export type ConfidenceCalibrations = Readonly<Partial<Record<Horizon, ConfidenceCalibration>>>

/** The features of a cluster; NaN where something is not known. */
export function confidenceFeatures(cluster: Omit<Cluster, 'confidence'>, conditions: Conditions): ConfidenceFeatures {
  const { price, hourlyVolatility, fastVolatility, openInterestNotional, depth, fundingZ, openInterestChange } =
    conditions
  const deviation = hourlyVolatility * Math.sqrt(DAY / HOUR)
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
    leverageSpread: cluster.leverage.reduce((sum, { share }) => sum - (share > 0 ? share * Math.log(share) : 0), 0),
    coverage: conditions.coverage,
  }
}

/**
 * How likely it is, within a horizon, that price touches the cluster and open interest then falls.
 *
 *     P(touch) · P(event | touch) → isotonic or Platt → [0.0001, 0.99]
 *
 * P(touch) starts from the driftless reflection 2·Φ(−distance/σ√H). The interval is Wilson's (90 %) of the calibration blocks
 * around the product, over independent samples, of which fewer count where data are missing or coarse.
 *
 * @see specification §1.6
 */
export function confidenceFor(
  cluster: Omit<Cluster, 'confidence'>,
  conditions: Conditions,
  { horizon, calibration }: { horizon: Horizon; calibration: ConfidenceCalibration | undefined },
): ClusterConfidence {
  if (conditions.undetermined) return { kind: 'undetermined', reason: conditions.undetermined }
  if (!calibration) return { kind: 'undetermined', reason: 'NO_CALIBRATION' }
  if (calibration.kind === 'too-few-outcomes') return { kind: 'undetermined', reason: 'TOO_FEW_OUTCOMES' }
  const { pTouch, pEventGivenTouch, confidence, baseline } = probabilitiesOf(
    confidenceFeatures(cluster, conditions),
    calibration,
  )
  const weight = calibration.independence * conditions.coverage * QUALITY_WEIGHT[conditions.quality]
  const interval = intervalAt(calibration.final.blocks, pTouch * pEventGivenTouch, weight)
  return {
    kind: 'estimated',
    confidence: fraction(confidence),
    // Platt's curve and the clipping know nothing of the blocks and may leave their interval.
    low: fraction(Math.min(interval.low, confidence)),
    high: fraction(Math.max(interval.high, confidence)),
    pTouch: fraction(pTouch),
    pEventGivenTouch: fraction(pEventGivenTouch),
    baseline: fraction(baseline),
    horizon: HORIZON_LENGTH[horizon],
    quality: conditions.quality,
    coverage: conditions.coverage,
    dataAge: conditions.dataAge,
    calibratedOn: calibration.calibratedOn,
  }
}

/** Wilson's interval between the centres of neighbouring blocks, as the probability itself lies between them. */
function intervalAt(blocks: readonly IsotonicBlock[], score: number, weight: number): { low: number; high: number } {
  const of = (block: IsotonicBlock) => wilsonInterval(block.positives * weight, block.count * weight)
  const centre = ({ low, high }: IsotonicBlock): number => (low + high) / 2
  const after = blocks.findIndex((block) => score <= centre(block))
  if (after === 0) return of(blocks[0]!)
  if (after < 0) {
    const { low, high } = of(blocks.at(-1)!)
    return { low, high: Math.min(1, high * Math.max(1, score / Math.max(centre(blocks.at(-1)!), Number.MIN_VALUE))) }
  }
  const [left, right] = [blocks[after - 1]!, blocks[after]!]
  const share = (score - centre(left)) / Math.max(centre(right) - centre(left), Number.MIN_VALUE)
  const [below, above] = [of(left), of(right)]
  return { low: below.low + share * (above.low - below.low), high: below.high + share * (above.high - below.high) }
}

export interface ConfidenceAnswer {
  readonly pTouch: number
  readonly pEventGivenTouch: number
  readonly confidence: number
  /** From distance and volatility alone, calibrated in the same way. */
  readonly baseline: number
}

/** The probabilities and the calibrated confidence of one set of features. */
export function probabilitiesOf(features: ConfidenceFeatures, calibration: FittedConfidence): ConfidenceAnswer {
  const distance = touchRow(features, calibration.horizon)
  const pTouch = predictLogistic(calibration.touch, distance)
  const pEventGivenTouch = predictWithin(calibration.event, eventRow(features, calibration.horizon))
  const calibrated = applyCalibrator(calibration.final, pTouch * pEventGivenTouch)
  const baseline = applyCalibrator(
    calibration.baselineFinal,
    pTouch * predictWithin(calibration.baselineEvent, baselineRow(features, calibration.horizon)),
  )
  return {
    pTouch,
    pEventGivenTouch,
    confidence: clamp(calibrated, LEAST, MOST),
    baseline: clamp(baseline, LEAST, MOST),
  }
}

/** Inputs far outside what was fitted on count as its edge: a line means nothing where no one has been. */
export const predictWithin = (model: LogisticModel, row: readonly number[]): number =>
  predictLogistic(
    model,
    row.map((value, j) => {
      const [mean, reach] = [model.means[j]!, FARTHEST * model.scales[j]!]
      return clamp(value, mean - reach, mean + reach)
    }),
  )

/** The distance in standard deviations of a horizon. */
const distanceOver = ({ distanceSigma }: ConfidenceFeatures, horizon: Horizon): number =>
  distanceSigma * Math.sqrt(DAY / HORIZON_LENGTH[horizon])

export const touchRow = (features: ConfidenceFeatures, horizon: Horizon): number[] => [
  logit(clamp(2 * normalCdf(-distanceOver(features, horizon)), 1e-6, 1 - 1e-6)),
  features.volatilityRatio,
]

/** What of P(event | touch) is known without a map. */
export const baselineRow = (features: ConfidenceFeatures, horizon: Horizon): number[] => [
  distanceOver(features, horizon),
  features.volatilityRatio,
]

/** The inputs of P(event | touch); what is not known is NaN here (its mean in effect) with a mask of 0 at the end. */
export const eventRow = (features: ConfidenceFeatures, horizon: Horizon): number[] => {
  const { size, sizeOfDepth, gain, age, crowding, openInterestChange, leverageSpread, coverage } = features
  const known = (value: number): number => (Number.isNaN(value) ? 0 : 1)
  return [
    size,
    sizeOfDepth,
    gain,
    age,
    crowding,
    openInterestChange,
    leverageSpread,
    coverage,
    ...baselineRow(features, horizon),
    known(sizeOfDepth),
    known(crowding),
    known(openInterestChange),
  ]
}

/** Beyond the centre of the last isotonic block the probability keeps its ratio to the score, where steps would end flat. */
function applyCalibrator(calibrator: Calibrator, score: number): number {
  if (calibrator.kind === 'platt') return applyPlatt(calibrator, score)
  const last = calibrator.blocks.at(-1)!
  const centre = (last.low + last.high) / 2
  const probability = applyIsotonic(calibrator.blocks, score)
  return score > centre && centre > 0 ? probability * (score / centre) : probability
}
