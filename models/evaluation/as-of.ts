/**
 * Forecasts as they would have been made: fitted on what lies before an instant, asked about what comes after it.
 *
 * @module
 */
import { DAY } from '../../src/domain/units.ts'
import { type Calibrators, fitCalibrators } from '../calibrate.ts'
import type { Engine } from '../engine.ts'
import { calibratedAnswers } from '../evaluate-ladder.ts'
import { FEATURE_COUNT, FEATURES } from '../features.ts'
import { seldomKnown, withoutFeatures } from '../history.ts'
import { rungOf } from '../ladder.ts'
import type { FittedModel, RungName } from '../rung.ts'
import { type AssetHours, instantOf, type Sample } from '../samples.ts'
import { TARGETS } from '../targets.ts'
import { fixedFold, segmentsOf } from '../walk-forward.ts'

export interface AsOfTask {
  readonly assets: readonly AssetHours[]
  /** Further assets that are learned from. */
  readonly trainOnly?: readonly AssetHours[]
  /** Nothing at this instant or after it is fitted on, labels included. */
  readonly before: number
  readonly rung: RungName
  readonly seed: number
  readonly everyHours: number
  readonly calibrationDays: number
  readonly engine: Engine
  readonly effort?: 'full' | 'quick'
  readonly onProgress?: (share: number, text: string) => void
  readonly signal?: AbortSignal
}

export interface ForecastRow {
  readonly at: number
  readonly target: string
  readonly horizonHours: number
  /** Calibrated. */
  readonly probability: number
  /** Of volatility alone, calibrated alike. */
  readonly baselineProbability: number
  /** Minutes since the end of the newest price bar that was known. */
  readonly dataAgeMinutes: number
}

/** The same hours without the features that were seldom known; each asset's are made once. */
function createHide(leftOut: readonly string[]): (hours: AssetHours) => AssetHours {
  const made = new Map<AssetHours, AssetHours>()
  return (hours) => {
    const known = made.get(hours) ?? withoutFeatures([hours], leftOut)[0]!
    made.set(hours, known)
    return known
  }
}

/** A rung and volatility alone, fitted and calibrated before an instant. */
export interface AsOfModel {
  /** Answers to every event that both answer, in order of time; values are left out. */
  forecast(samples: readonly Sample[]): readonly ForecastRow[]
  dispose(): void
}

/**
 * Fits a rung and volatility alone on what lies before an instant: the last days of it calibrate, the rest trains, purged of
 * labels that reach past either end.
 *
 * @throws {RangeError} when there are less than 120 days to train on: value and remedy
 */
export async function fitAsOf(task: AsOfTask): Promise<AsOfModel> {
  const { assets, trainOnly, before, calibrationDays, everyHours, onProgress = () => {} } = task
  const from = Math.min(...assets.map(({ instants, firstUsable }) => instants[firstUsable] ?? before))
  // The test segment is asked for sample by sample: its labels need not be known.
  const fold = fixedFold({ from, test: { from: before, to: before + DAY }, calibrationDays })
  const leftOut = seldomKnown(assets, fold.train)
  const hide = createHide(leftOut)
  const { train, calibration } = segmentsOf(assets.map(hide), fold, { everyHours, trainOnly: trainOnly?.map(hide) })
  const names = [...new Set<RungName>([task.rung, 'volatility-only'])]
  const fitted: { model: FittedModel; calibrators: Calibrators }[] = []
  try {
    for (const [k, name] of names.entries()) {
      const rung = rungOf(name)
      const model = await rung.fit({
        train,
        calibration,
        seed: task.seed,
        effort: task.effort ?? 'full',
        engine: task.engine,
        signal: task.signal,
        onProgress: (share, text) => onProgress((k + share) / names.length, `${rung.title}: ${text}`),
      })
      fitted.push({ model, calibrators: fitCalibrators(model.scores(calibration), calibration) })
    }
  } catch (error) {
    for (const { model } of fitted) model.dispose()
    throw error
  }
  const [own, baseline] = [fitted[0]!, fitted.at(-1)!]
  return {
    forecast(asked) {
      const samples = asked.map(({ hours, i }) => ({ hours: hide(hours), i }))
      const early = samples.find((sample) => instantOf(sample) < before)
      if (early)
        throw new RangeError(
          `Expected instants from ${iso(before)} on, which the model has not seen, was ${iso(instantOf(early))}`,
        )
      const [ours, theirs] = [own, baseline].map(({ model, calibrators }) =>
        calibratedAnswers(model.scores(samples), calibrators),
      ) as [ReturnType<typeof calibratedAnswers>, ReturnType<typeof calibratedAnswers>]
      return samples.flatMap((sample, row) =>
        TARGETS.filter(({ key, kind }) => kind === 'event' && Number.isFinite(ours[key][row]! + theirs[key][row]!)).map(
          ({ key, name, horizonHours }) => ({
            at: instantOf(sample),
            target: name,
            horizonHours,
            probability: ours[key][row]!,
            baselineProbability: theirs[key][row]!,
            dataAgeMinutes: dataAge(sample),
          }),
        ),
      )
    },
    dispose() {
      for (const { model } of fitted) model.dispose()
    },
  }
}

const AGE = FEATURES.findIndex(({ name }) => name === 'age-bar')

/** The feature is ln(1 + age in hours). */
function dataAge({ hours, i }: Sample): number {
  const place = i * FEATURE_COUNT + AGE
  return hours.mask[place] === 1 ? 60 * Math.expm1(hours.values[place]!) : Number.NaN
}

const COLUMNS = 'time,target,horizon_h,model,probability,baseline_probability,data_age_min'

/** As CSV, a header and a line a forecast. */
export const formatForecasts = (rows: readonly ForecastRow[], model: string): string =>
  `${[
    COLUMNS,
    ...rows.map((row) =>
      [
        iso(row.at),
        row.target,
        row.horizonHours,
        model,
        digits(row.probability),
        digits(row.baselineProbability),
        Number.isFinite(row.dataAgeMinutes) ? Math.round(row.dataAgeMinutes) : '',
      ].join(','),
    ),
  ].join('\n')}\n`

const digits = (probability: number): string => probability.toFixed(6)
const iso = (at: number): string => new Date(at).toISOString()
