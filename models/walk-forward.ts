/**
 * Segments in time, the same for all assets: train, then calibration, then test, purged and embargoed at every boundary.
 *
 * @module
 * @see specification §2.3
 */
import { DAY, HOUR } from '../src/domain/units.ts'
import { type AssetHours, instantOf, type Sample } from './samples.ts'
import { LONGEST_HORIZON_HOURS, TARGETS } from './targets.ts'

/** Instants of decisions, [from, to). */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Fold {
  readonly index: number
  readonly train: Span
  readonly calibration: Span
  readonly test: Span
}

export interface WalkForwardOptions extends Span {
  readonly folds: number
  readonly testDays: number
  readonly calibrationDays: number
  /** At most so much before the calibration segment; default everything. */
  readonly trainDays?: number
}

/** No decision falls into the first hours after a boundary: the longest label of the segment before it has ended by then. */
export const EMBARGO_HOURS = LONGEST_HORIZON_HOURS
const LEAST_TRAIN_DAYS = 120
/**
 * How much before a test segment calibrates. Two months (specification §2.3) hold three episodes of a day: on the quarters before
 * 2024-07-15 what was calibrated on them was worse than the base rate at 24 and 72 h, on half a year it was not.
 */
export const CALIBRATION_DAYS = 180

/**
 * Folds whose test segments follow each other and end at `to`, each with the calibration segment right before it and training
 * before that.
 *
 * @throws {RangeError} when the first fold has less than 120 days to train on: value and remedy
 */
export function walkForwardFolds(options: WalkForwardOptions): readonly Fold[] {
  const { from, to, folds, testDays, calibrationDays, trainDays = Number.POSITIVE_INFINITY } = options
  return Array.from({ length: folds }, (_, index) => {
    const test = { from: to - (folds - index) * testDays * DAY, to: to - (folds - index - 1) * testDays * DAY }
    return foldBefore({ index, from, test, calibrationDays, trainDays })
  })
}

/** One window, with everything before it for training. */
export const fixedFold = (options: { from: number; test: Span; calibrationDays: number }): Fold =>
  foldBefore({ index: 0, trainDays: Number.POSITIVE_INFINITY, ...options })

function foldBefore(of: { index: number; from: number; test: Span; calibrationDays: number; trainDays: number }): Fold {
  const { index, from, test, calibrationDays, trainDays } = of
  const calibrationFrom = test.from - calibrationDays * DAY
  const trainFrom = Math.max(from, calibrationFrom - trainDays * DAY)
  if (calibrationFrom - trainFrom < LEAST_TRAIN_DAYS * DAY) {
    const days = Math.max(0, Math.floor((calibrationFrom - trainFrom) / DAY))
    throw new RangeError(
      `Expected at least ${LEAST_TRAIN_DAYS} days to train on before ${day(calibrationFrom)}, were ${days}. Take fewer folds, a later test or more history.`,
    )
  }
  return {
    index,
    train: { from: trainFrom, to: calibrationFrom },
    calibration: { from: calibrationFrom, to: test.from },
    test,
  }
}

export interface PickOptions {
  /** Keep the hours that are a multiple of so many since 1970: decisions every four hours. */
  readonly everyHours: number
  /** Leaves out the first 72 h of the span: what comes before it still reaches into them. */
  readonly embargo?: boolean
  /** Leaves out samples a label of which reaches to the end of the span or past it; default true. */
  readonly purge?: boolean
}

/**
 * Samples of a span over all assets, in order of time.
 *
 * A sample without a single known label is left out. Of an asset sampled at several phases each decision is looked at in one of
 * them, taking turns, so that the count is of hours.
 */
export function samplesIn(assets: readonly AssetHours[], span: Span, options: PickOptions): readonly Sample[] {
  const { everyHours, embargo = false, purge = true } = options
  const from = span.from + (embargo ? EMBARGO_HOURS * HOUR : 0)
  const to = span.to - (purge ? LONGEST_HORIZON_HOURS * HOUR : 0)
  const picked = assets.flatMap((hours) => {
    const phases = 1 + Math.max(...assets.filter(({ asset }) => asset === hours.asset).map(({ phase }) => phase))
    const samples: Sample[] = []
    for (let i = hours.firstUsable; i < hours.instants.length; i++) {
      const at = hours.instants[i]!
      if (at < from || at >= to) continue
      const hour = Math.floor(at / HOUR)
      if (hour % everyHours !== 0 || Math.floor(hour / everyHours) % phases !== hours.phase) continue
      if (TARGETS.some(({ key }) => !Number.isNaN(hours.labels[key][i]!))) samples.push({ hours, i })
    }
    return samples
  })
  return picked.sort((a, b) => instantOf(a) - instantOf(b))
}

export interface Segments {
  readonly train: readonly Sample[]
  readonly calibration: readonly Sample[]
  readonly test: readonly Sample[]
}

export interface SegmentOptions {
  /** Decisions to train on and to be judged on. */
  readonly everyHours: number
  /** Assets that are only learned from, as those that are pooled. */
  readonly trainOnly?: readonly AssetHours[]
}

/**
 * The three segments of a fold. Calibration takes every hour: its labels overlap, but there are few enough of them.
 *
 * Purged: what has a label that reaches into the next segment. Embargoed: the first 72 h after each boundary.
 */
export function segmentsOf(assets: readonly AssetHours[], fold: Fold, options: SegmentOptions): Segments {
  const { everyHours, trainOnly = [] } = options
  return {
    train: samplesIn([...assets, ...trainOnly], fold.train, { everyHours }),
    calibration: samplesIn(assets, fold.calibration, { everyHours: 1, embargo: true }),
    test: samplesIn(assets, fold.test, { everyHours, embargo: true, purge: false }),
  }
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
