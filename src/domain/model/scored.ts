import { averagePrecision, calibrationError, fitPlatt } from '../calibration.ts'
import { createRandom } from '../random.ts'

/** A forecast whose outcome is known. */
export interface ScoredForecast {
  readonly asset: string
  /** ms since 1970 UTC. */
  readonly at: number
  readonly target: string
  readonly probability: number
  /** Volatility alone, at the same instant. */
  readonly baseline?: number | undefined
  readonly happened: boolean
}

/** All forecasts made on one UTC day. */
export interface DayScore {
  /** ms of its midnight. */
  readonly day: number
  readonly forecasts: number
  readonly events: number
  readonly logLoss: number
  readonly brier: number
  /** Of volatility alone on the same forecasts; absent where it is not known for each of them. */
  readonly baselineLogLoss?: number
}

export interface Bounds {
  readonly low: number
  readonly high: number
}

const DAY_MS = 86_400_000
/** Log loss of a forecast that was as wrong as can be is that of one in a million. */
const LEAST_PROBABILITY = 1e-6
/** Neighbouring days belong to one episode: what is drawn together. */
const BLOCK_DAYS = 3
const RESAMPLES = 200
const PERFECT_DRAWS = 400
/** With fewer events no curve can be judged. */
export const MIN_EVENTS = 8
const SEED = 20_240_805

export const logLossOf = (probability: number, happened: boolean): number =>
  -Math.log(Math.max(LEAST_PROBABILITY, happened ? probability : 1 - probability))

/** Mean log loss and Brier score of each UTC day with forecasts, oldest first. */
export function dailyScores(forecasts: readonly ScoredForecast[]): readonly DayScore[] {
  const days = Map.groupBy(forecasts, ({ at }) => Math.floor(at / DAY_MS) * DAY_MS)
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, all]) => {
      const mean = (of: (one: ScoredForecast) => number): number =>
        all.reduce((sum, one) => sum + of(one), 0) / all.length
      return {
        day,
        forecasts: all.length,
        events: all.filter(({ happened }) => happened).length,
        logLoss: mean(({ probability, happened }) => logLossOf(probability, happened)),
        brier: mean(({ probability, happened }) => (probability - Number(happened)) ** 2),
        ...(all.every(({ baseline }) => baseline !== undefined) && {
          baselineLogLoss: mean(({ baseline, happened }) => logLossOf(baseline!, happened)),
        }),
      }
    })
}

/**
 * The first forecast of each asset, target and stretch: outcomes that do not overlap.
 *
 * @param hours - of a stretch: the target's horizon, rounded up to whole days
 */
export function singles(forecasts: readonly ScoredForecast[], hours: number): readonly ScoredForecast[] {
  const length = Math.ceil(hours / 24) * DAY_MS
  const seen = new Set<string>()
  return forecasts
    .toSorted((a, b) => a.at - b.at)
    .filter(({ asset, target, at }) => {
      const key = `${asset}/${target}/${Math.floor(at / length)}`
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
}

export type CalibrationEvidence =
  | {
      readonly kind: 'passed' | 'failed'
      readonly forecasts: number
      readonly events: number
      readonly ece: number
      /** 99 % bound of the same figure for a perfectly calibrated model with these forecasts. */
      readonly eceBound: number
      /** 99 % interval of the calibration slope. */
      readonly slope: Bounds
      /** 1 − Brier/Brier of the rate at which it came, with its 95 % interval. */
      readonly brierSkill: Bounds & { readonly value: number }
    }
  | { readonly kind: 'too-few'; readonly events: number; readonly needed: number }

/**
 * The calibration gate of a model in use: fails on proof that what it says is not what comes.
 *
 * A model has to prove itself before it is used (`models/gate.ts`); afterwards ninety days hold too few events for that, and what
 * is asked is the opposite: its error above the 99 % bound of a perfect model, a slope whose 99 % interval leaves out 1, or a
 * Brier skill below 0 throughout its interval. A perfect model fails some three times in a hundred (measured in its tests).
 *
 * @param forecasts - that do not overlap
 * @see specification §2.5
 */
export function calibrationEvidence(forecasts: readonly ScoredForecast[]): CalibrationEvidence {
  const events = forecasts.filter(({ happened }) => happened).length
  if (events < MIN_EVENTS) return { kind: 'too-few', events, needed: MIN_EVENTS }
  const random = createRandom(SEED)
  const said = forecasts.map(({ probability }) => probability)
  const came = forecasts.map(({ happened }) => Number(happened))
  const { ece } = calibrationError(said, came)
  const perfect = Array.from(
    { length: PERFECT_DRAWS },
    () =>
      calibrationError(
        said,
        said.map((probability) => (random() < probability ? 1 : 0)),
      ).ece,
  ).sort((a, b) => a - b)
  const eceBound = perfect[Math.floor(0.99 * PERFECT_DRAWS)]!
  const draws = resamples(forecasts, random)
  const slopes = draws.flatMap((draw) => {
    const labels = draw.map((k) => came[k]!)
    // A draw with one kind of outcome only has no slope.
    return new Set(labels).size < 2
      ? []
      : [
          fitPlatt(
            draw.map((k) => said[k]!),
            labels,
          ).b,
        ]
  })
  const slope = boundsOf(slopes, 0.005)
  const skillOf = (members: readonly number[]): number => {
    const rate = members.reduce((sum, k) => sum + came[k]!, 0) / members.length
    const own = members.reduce((sum, k) => sum + (said[k]! - came[k]!) ** 2, 0)
    return rate * (1 - rate) > 0 ? 1 - own / (members.length * rate * (1 - rate)) : Number.NaN
  }
  const value = skillOf(said.map((_, k) => k))
  const skill = boundsOf(draws.map(skillOf).filter(Number.isFinite), 0.025)
  const failed = ece > eceBound || slope.low > 1 || slope.high < 1 || skill.high < 0
  return {
    kind: failed ? 'failed' : 'passed',
    forecasts: forecasts.length,
    events,
    ece,
    eceBound,
    slope,
    brierSkill: { value, ...skill },
  }
}

export type LiftEvidence =
  | ({ readonly kind: 'measured'; readonly lift: number; readonly baseline?: number; readonly events: number } & Bounds)
  | { readonly kind: 'too-few'; readonly events: number; readonly needed: number }

/** One forecast in so many hours carries what all of them do: outcomes overlap by a day. */
const LIFT_EVERY_HOURS = 6
const HOUR_MS = 3_600_000

/** Average precision over the rate at which it came, mean over the targets, with its 80 % interval; 1 is chance. */
export function liftEvidence(forecasts: readonly ScoredForecast[]): LiftEvidence {
  const thinned = forecasts.filter(({ at }) => Math.floor(at / HOUR_MS) % LIFT_EVERY_HOURS === 0)
  const events = singles(
    thinned.filter(({ happened }) => happened),
    24,
  ).length
  if (events < MIN_EVENTS) return { kind: 'too-few', events, needed: MIN_EVENTS }
  const scores = thinned.map(({ probability }) => probability)
  const all = thinned.map((_, k) => k)
  const lift = meanLift(thinned, all, scores)
  const draws = resamples(thinned, createRandom(SEED)).map((draw) => meanLift(thinned, draw, scores))
  const hasBaseline = thinned.every(({ baseline }) => baseline !== undefined)
  return {
    kind: 'measured',
    lift,
    events,
    ...boundsOf(draws.filter(Number.isFinite), 0.1),
    ...(hasBaseline && {
      baseline: meanLift(
        thinned,
        all,
        thinned.map(({ baseline }) => baseline!),
      ),
    }),
  }
}

function meanLift(forecasts: readonly ScoredForecast[], members: readonly number[], scores: readonly number[]): number {
  const byTarget = Map.groupBy(members, (k) => forecasts[k]!.target)
  const lifts = [...byTarget.values()].flatMap((own) => {
    const labels = own.map((k) => Number(forecasts[k]!.happened))
    const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length
    return rate > 0
      ? [
          averagePrecision(
            own.map((k) => scores[k]!),
            labels,
          ) / rate,
        ]
      : []
  })
  return lifts.length === 0 ? Number.NaN : lifts.reduce((sum, one) => sum + one, 0) / lifts.length
}

export type Comparison =
  | {
      readonly kind: 'measured'
      readonly days: number /** Mean of the differences; above 0, the baseline did better. */
      readonly difference: number
      readonly t: number
    }
  | { readonly kind: 'too-few'; readonly days: number; readonly needed: number }

const LEAST_DAYS = 10

/** Daily log loss less the baseline's, and how many standard errors that is from nothing. */
export function againstBaseline(days: readonly DayScore[]): Comparison {
  const differences = days.flatMap(({ logLoss, baselineLogLoss }) =>
    baselineLogLoss === undefined ? [] : [logLoss - baselineLogLoss],
  )
  const n = differences.length
  if (n < LEAST_DAYS) return { kind: 'too-few', days: n, needed: LEAST_DAYS }
  const difference = differences.reduce((sum, one) => sum + one, 0) / n
  const variance = differences.reduce((sum, one) => sum + (one - difference) ** 2, 0) / (n - 1)
  // Two models that say the same on every day do not differ.
  const t = variance > 1e-18 ? difference / Math.sqrt(variance / n) : 0
  return { kind: 'measured', days: n, difference, t }
}

/** Whole blocks of days, drawn with repetition: positions of forecasts. */
function resamples(forecasts: readonly ScoredForecast[], random: () => number): readonly (readonly number[])[] {
  const blocks = [
    ...Map.groupBy(
      forecasts.map((_, k) => k),
      (k) => Math.floor(forecasts[k]!.at / (BLOCK_DAYS * DAY_MS)),
    ).values(),
  ]
  return Array.from({ length: RESAMPLES }, () => blocks.flatMap(() => blocks[Math.floor(random() * blocks.length)]!))
}

function boundsOf(values: readonly number[], tail: number): Bounds {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { low: at(tail), high: at(1 - tail) }
}
