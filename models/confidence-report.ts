/**
 * How good the confidence of liquidation clusters was on days that nothing was fitted on, beside climatology and beside
 * distance and volatility alone.
 *
 * @module
 * @see specification §1.7, §2.5
 */
import { averagePrecision, brier, calibrationError, reliability, wilsonInterval } from '../src/domain/calibration.ts'
import { HORIZON_LENGTH, type Horizon } from '../src/domain/forecast.ts'
import { type ConfidenceSample, type FittedConfidence, probabilitiesOf } from '../src/domain/liquidation/confidence.ts'
import type { Target } from '../src/domain/liquidation/confidence-fit.ts'
import { createRandom } from '../src/domain/random.ts'
import { DAY } from '../src/domain/units.ts'
import { calibrationGate, type Gate, type Interval } from './gate.ts'

/** Standard deviations of the horizon: climatology is judged within bands, or distance alone would look like skill. */
const BANDS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3]
const BLOCK_DAYS = 7
const RESAMPLES = 500
const SEED = 20_250_203

export interface ReliabilityRow {
  readonly meanProbability: number
  readonly rate: number
  /** Wilson, 90 %, as if every sample were independent. */
  readonly low: number
  readonly high: number
  readonly count: number
}

export interface HorizonReport {
  readonly horizon: Horizon
  /** (cluster, day) pairs. */
  readonly samples: number
  readonly days: number
  readonly touched: number
  readonly events: number
  /** Days and sides with an event: the number that counts for significance. */
  readonly episodes: number
  readonly base: number
  readonly ece: number
  readonly brier: number
  /** Always the training rate of the sample's distance band. */
  readonly brierClimatology: number
  readonly brierDistanceOnly: number
  readonly averagePrecision: number
  readonly averagePrecisionDistanceOnly: number
  /** 1 − Brier/Brier of climatology. */
  readonly brierSkill: number
  /** 1 − Brier/Brier of distance and volatility alone, with its 95 % interval by week-long blocks. */
  readonly brierSkillOverDistance: number
  readonly brierSkillInterval: Interval
  /** On one cluster per market and day (of 72 h: every third day), so that outcomes do not overlap. */
  readonly gate: Gate
  readonly reliability: readonly ReliabilityRow[]
  readonly reliabilityDistanceOnly: readonly ReliabilityRow[]
}

export interface Judged {
  readonly sample: ConfidenceSample
  readonly event: number
  readonly touched: boolean
  readonly confidence: number
  readonly baseline: number
  readonly climatology: number
}

/** Rates of the event by distance band on the days that were fitted on; used as climatology. */
export function bandRates(
  samples: readonly ConfidenceSample[],
  horizon: Horizon,
  target: Target = 'event',
): readonly number[] {
  const [events, counts] = [BANDS.concat(0).map(() => 0), BANDS.concat(0).map(() => 0)]
  for (const sample of samples) {
    const outcome = sample.outcomes[horizon]
    if (!outcome) continue
    const band = bandOf(sample, horizon)
    counts[band]!++
    if (outcome[target]) events[band]!++
  }
  return events.map((count, band) => (count + 0.5) / (counts[band]! + 1))
}

const bandOf = ({ features }: ConfidenceSample, horizon: Horizon): number => {
  const distance = features.distanceSigma * Math.sqrt(DAY / HORIZON_LENGTH[horizon])
  return BANDS.filter((edge) => distance > edge).length
}

/** The answers for samples whose outcome is known. */
export function answersFor(
  samples: readonly ConfidenceSample[],
  calibration: FittedConfidence,
  { climatology, target = 'event' }: { climatology: readonly number[]; target?: Target },
): readonly Judged[] {
  const { horizon } = calibration
  return samples.flatMap((sample): Judged[] => {
    const outcome = sample.outcomes[horizon]
    if (!outcome) return []
    const { confidence, baseline } = probabilitiesOf(sample.features, calibration)
    return [
      {
        sample,
        event: outcome[target] ? 1 : 0,
        touched: outcome.touched,
        confidence,
        baseline,
        climatology: climatology[bandOf(sample, horizon)]!,
      },
    ]
  })
}

/** @throws {RangeError} when there is nothing to judge */
export function judgeConfidence(judged: readonly Judged[], horizon: Horizon): HorizonReport {
  if (judged.length === 0) throw new RangeError(`Expected clusters with a known outcome within ${horizon}, were none`)
  const labels = judged.map(({ event }) => event)
  const ours = judged.map(({ confidence }) => confidence)
  const theirs = judged.map(({ baseline }) => baseline)
  const [error, distanceError, climatologyError] = [
    brier(ours, labels),
    brier(theirs, labels),
    brier(
      judged.map(({ climatology }) => climatology),
      labels,
    ),
  ]
  const events = labels.reduce((sum, label) => sum + label, 0)
  const skill = climatologyError > 0 ? 1 - error / climatologyError : 0
  const single = oneADay(judged, horizon)
  return {
    horizon,
    samples: judged.length,
    days: new Set(judged.map(({ sample }) => dayOf(sample))).size,
    touched: judged.filter(({ touched }) => touched).length,
    events,
    episodes: new Set(
      judged.filter(({ event }) => event === 1).map(({ sample }) => `${sample.series}/${dayOf(sample)}/${sample.side}`),
    ).size,
    base: events / judged.length,
    ece: calibrationError(ours, labels).ece,
    brier: error,
    brierClimatology: climatologyError,
    brierDistanceOnly: distanceError,
    averagePrecision: averagePrecision(ours, labels),
    averagePrecisionDistanceOnly: averagePrecision(theirs, labels),
    brierSkill: skill,
    brierSkillOverDistance: distanceError > 0 ? 1 - error / distanceError : 0,
    brierSkillInterval: skillInterval(judged),
    gate: calibrationGate(
      { probabilities: single.map(({ confidence }) => confidence), labels: single.map(({ event }) => event) },
      { probabilities: ours, labels, blocks: judged.map(({ sample }) => weekOf(sample)) },
      { seed: SEED + 1, skill },
    ),
    reliability: rows(ours, labels),
    reliabilityDistanceOnly: rows(theirs, labels),
  }
}

const dayOf = ({ at }: ConfidenceSample): number => Math.floor(at / DAY)

const weekOf = (sample: ConfidenceSample): string => `${sample.series}/${Math.floor(dayOf(sample) / BLOCK_DAYS)}`

const rows = (probabilities: readonly number[], labels: readonly number[]): readonly ReliabilityRow[] =>
  reliability(probabilities, labels).map(({ meanProbability, rate, count, positives }) => ({
    meanProbability,
    rate,
    ...wilsonInterval(positives, count),
    count,
  }))

/** Skill over distance alone, whole weeks of a market drawn with replacement, both forecasts on the same draw. */
function skillInterval(judged: readonly Judged[]): Interval {
  const blocks = new Map<string, { ours: number; theirs: number }>()
  for (const { sample, event, confidence, baseline } of judged) {
    const key = weekOf(sample)
    const block = blocks.get(key) ?? { ours: 0, theirs: 0 }
    block.ours += (confidence - event) ** 2
    block.theirs += (baseline - event) ** 2
    blocks.set(key, block)
  }
  const all = [...blocks.values()]
  const random = createRandom(SEED)
  const skills = Array.from({ length: RESAMPLES }, () => {
    let [ours, theirs] = [0, 0]
    for (let k = 0; k < all.length; k++) {
      const block = all[Math.floor(random() * all.length)]!
      ours += block.ours
      theirs += block.theirs
    }
    return theirs > 0 ? 1 - ours / theirs : 0
  }).sort((a, b) => a - b)
  return { low: skills[Math.floor(0.025 * RESAMPLES)]!, high: skills[Math.floor(0.975 * RESAMPLES)]! }
}

/** One cluster per market and day, drawn at random; for longer horizons only days whose outcomes do not overlap. */
function oneADay(judged: readonly Judged[], horizon: Horizon): readonly Judged[] {
  const every = Math.max(1, HORIZON_LENGTH[horizon] / DAY)
  const random = createRandom(SEED + 2)
  const chosen = new Map<string, { judged: Judged; draw: number }>()
  for (const each of judged) {
    const day = dayOf(each.sample)
    if (day % every !== 0) continue
    const key = `${each.sample.series}/${day}`
    const draw = random()
    if ((chosen.get(key)?.draw ?? -1) < draw) chosen.set(key, { judged: each, draw })
  }
  return [...chosen.values()].map((each) => each.judged)
}
