import { fitIsotonic, fitLogistic, fitPlatt, type IsotonicBlock, predictLogistic } from '../calibration.ts'
import { HORIZON_LENGTH } from '../forecast.ts'
import { clamp, DAY } from '../units.ts'
import {
  baselineRow,
  type Calibrator,
  type ConfidenceCalibration,
  type ConfidenceCounts,
  type ConfidenceSample,
  eventRow,
  type FittedConfidence,
  predictWithin,
  touchRow,
} from './confidence.ts'

/** Isotonic needs this many events; with fewer, two Platt parameters are safer. */
const MIN_EVENTS_FOR_ISOTONIC = 200
/** Events of one side within a day are one episode; with fewer than these nothing is claimed. */
const MIN_EPISODES = 20
/** Stretches of days, each calibrated by regressions that were fitted on the others. */
const FOLDS = 5
/** Penalties tried for P(event | touch); which is best is judged on the folds left out. */
const PENALTIES = [1, 4, 16, 64]
/** A calibration of so many episodes is believed by half; the other half leaves the score as it is. */
const HALF_BELIEVED = 20
/** Blocks of an isotonic fit hold at least so many samples, and this share of all: small ones at the ends flatter. */
const MIN_BLOCK = 30
const MIN_BLOCK_SHARE = 0.01
const PLATT_BANDS = 10

/** Whose probability is asked for: the event of §1.6, or (to test for skill on price alone) that price goes on beyond. */
export type Target = 'event' | 'continued'

/**
 * Fits the confidence of one horizon by cross-fitting: each fifth of the days is scored by regressions fitted on the others,
 * no outcome being seen by both, and the calibration is fitted on those scores; the regressions kept are fitted on all days.
 *
 * @param samples - any order; one (cluster, day) each; those without an outcome for this horizon are passed over
 * @returns `too-few-outcomes` with fewer than twenty episodes (days and sides with an event)
 */
export function fitConfidence(
  samples: readonly ConfidenceSample[],
  facts: Pick<ConfidenceCalibration, 'calibratedOn' | 'trainedOn' | 'horizon'> & { readonly target?: Target },
): ConfidenceCalibration {
  const { calibratedOn, trainedOn, horizon, target = 'event' } = facts
  const rows = samples.flatMap((sample): Row[] => {
    const outcome = sample.outcomes[horizon]
    if (!outcome) return []
    return [
      {
        day: dayOf(sample),
        path: `${sample.series}/${dayOf(sample)}/${sample.side}`,
        distance: touchRow(sample.features, horizon),
        inputs: eventRow(sample.features, horizon),
        plain: baselineRow(sample.features, horizon),
        touched: outcome.touched ? 1 : 0,
        event: outcome[target] ? 1 : 0,
      },
    ]
  })
  const common = { calibratedOn, trainedOn, horizon, counts: countsOf(rows) }
  if (common.counts.episodes < MIN_EPISODES) return { kind: 'too-few-outcomes', needed: MIN_EPISODES, ...common }

  const embargoDays = Math.ceil(HORIZON_LENGTH[horizon] / DAY) + 1
  const { penalty, scored } = PENALTIES.map((each) => ({
    penalty: each,
    scored: crossFit(rows, { embargoDays, penalty: each }),
  })).reduce((best, other) => (lossOf(other.scored) < lossOf(best.scored) ? other : best))
  const outcomes = scored.map(({ row }) => row.event)
  const overlap = Math.max(1, HORIZON_LENGTH[horizon] / DAY)
  const { episodes } = common.counts
  return {
    kind: 'fitted',
    ...common,
    ...fitRegressions(rows, penalty),
    final: fitCalibrator(
      scored.map(({ product }) => product),
      { outcomes, episodes },
    ),
    baselineFinal: fitCalibrator(
      scored.map(({ baseline }) => baseline),
      { outcomes, episodes },
    ),
    independence: new Set(rows.map(({ path }) => path)).size / rows.length / overlap,
  }
}

interface Scored {
  readonly row: Row
  readonly product: number
  readonly baseline: number
}

/** Mean log loss of the uncalibrated product. */
const lossOf = (scored: readonly Scored[]): number =>
  scored.reduce((sum, { row, product }) => {
    const p = clamp(product, 1e-6, 1 - 1e-6)
    return sum - Math.log(row.event === 1 ? p : 1 - p)
  }, 0) / scored.length

interface Row {
  readonly day: number
  /** Samples of one path share their future. */
  readonly path: string
  readonly distance: number[]
  readonly inputs: number[]
  readonly plain: number[]
  readonly touched: number
  readonly event: number
}

function countsOf(rows: readonly Row[]): ConfidenceCounts {
  return {
    samples: rows.length,
    days: new Set(rows.map(({ day }) => day)).size,
    touched: rows.filter(({ touched }) => touched === 1).length,
    events: rows.filter(({ event }) => event === 1).length,
    episodes: new Set(rows.filter(({ event }) => event === 1).map(({ path }) => path)).size,
  }
}

/** Scores of every row whose stretch of days others could be fitted without. */
function crossFit(
  rows: readonly Row[],
  { embargoDays, penalty }: { embargoDays: number; penalty: number },
): readonly Scored[] {
  const days = [...new Set(rows.map(({ day }) => day))].sort((a, b) => a - b)
  return Array.from({ length: FOLDS }, (_, fold) => {
    const first = days[Math.floor((fold * days.length) / FOLDS)]!
    const last = days[Math.floor(((fold + 1) * days.length) / FOLDS) - 1] ?? first
    const own = rows.filter(({ day }) => day >= first && day <= last)
    const others = rows.filter(({ day }) => day < first - embargoDays || day > last + embargoDays)
    if (!others.some(({ touched }) => touched === 1)) return []
    const { touch, event, baselineEvent } = fitRegressions(others, penalty)
    return own.map((row) => {
      const pTouch = predictLogistic(touch, row.distance)
      return {
        row,
        product: pTouch * predictWithin(event, row.inputs),
        baseline: pTouch * predictWithin(baselineEvent, row.plain),
      }
    })
  }).flat()
}

function fitRegressions(
  rows: readonly Row[],
  penalty: number,
): Pick<FittedConfidence, 'touch' | 'event' | 'baselineEvent'> {
  const touched = rows.filter((row) => row.touched === 1)
  return {
    touch: fitLogistic(
      rows.map(({ distance }) => distance),
      rows.map((row) => row.touched),
    ),
    event: fitLogistic(
      imputed(touched.map(({ inputs }) => inputs)),
      touched.map(({ event }) => event),
      { l2: penalty },
    ),
    baselineEvent: fitLogistic(
      touched.map(({ plain }) => plain),
      touched.map(({ event }) => event),
      { l2: penalty },
    ),
  }
}

const dayOf = ({ at }: Pick<ConfidenceSample, 'at'>): number => Math.floor(at / DAY)

/** Fills what is not known with the column's mean, so that it neither helps nor hurts the fit. */
function imputed(rows: readonly number[][]): number[][] {
  const means = rows[0]!.map((_, j) => {
    const known = rows.map((row) => row[j]!).filter((value) => !Number.isNaN(value))
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : 0
  })
  return rows.map((row) => row.map((value, j) => (Number.isNaN(value) ? means[j]! : value)))
}

function fitCalibrator(
  scores: readonly number[],
  { outcomes, episodes }: { outcomes: readonly number[]; episodes: number },
): Calibrator {
  const events = outcomes.reduce((sum, outcome) => sum + outcome, 0)
  if (events >= MIN_EVENTS_FOR_ISOTONIC) return { kind: 'isotonic', blocks: smoothedBlocks(scores, outcomes) }
  const { a, b } = fitPlatt(scores, outcomes)
  const belief = episodes / (episodes + HALF_BELIEVED)
  return { kind: 'platt', a: belief * a, b: belief * b + 1 - belief, blocks: equalBands(scores, outcomes) }
}

/** Half an event and half a non-event more in each block (Jeffreys): none seen is not none possible. */
const smoothedBlocks = (scores: readonly number[], outcomes: readonly number[]): readonly IsotonicBlock[] =>
  fitIsotonic(scores, outcomes, { minCount: Math.max(MIN_BLOCK, Math.round(MIN_BLOCK_SHARE * scores.length)) }).map(
    (block) => ({ ...block, count: block.count + 1, positives: block.positives + 0.5 }),
  )

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
