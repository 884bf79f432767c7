import { CALIBRATION_LIMITS, type CalibrationDrift, calibrationDrift } from './calibration-drift.ts'
import { type Answering, COVERAGE_LIMITS } from './coverage.ts'
import type { DriftLevel, DriftMeasurement } from './drift.ts'
import { PAGE_HINKLEY, type PageHinkley } from './page-hinkley.ts'
import type { CalibrationEvidence, Comparison, DayScore, LiftEvidence, ScoredForecast } from './scored.ts'
import { singles } from './scored.ts'

export const HEALTH_CHECKS = [
  'calibration-gate',
  'lift',
  'against-baseline',
  'page-hinkley',
  'adwin',
  'calibration-drift',
  'score-drift',
  'feature-drift',
  'out-of-distribution',
  'coverage',
  'answering',
] as const
export type HealthCheck = (typeof HEALTH_CHECKS)[number]

/** From harmless to grave; `unknown` is no verdict on anything. */
export type FindingLevel = 'unknown' | 'fine' | 'warn' | 'recalibrate' | 'failed'
export interface HealthFinding {
  readonly check: HealthCheck
  readonly level: FindingLevel
  /** With its number and its limit, one sentence. */
  readonly text: string
  /** What to do; absent where there is nothing to do. */
  readonly remedy?: string
  readonly value?: number
  readonly limit?: number
}

/** Standard errors by which volatility alone must have done better for that to count. */
export const CONFIRMED = 2
const ANSWERING_LIMIT = 0.8
const ANSWER_AGE_HOURS = 3

const RETRAIN = 'Retrain it: /model train.'
const RECALIBRATE = 'Fit its scaling anew on the last six months; it need not be retrained.'

// ---------------------------------------------------------------- outcomes

export function gateFinding(evidence: CalibrationEvidence): HealthFinding {
  const check = 'calibration-gate'
  if (evidence.kind === 'too-few')
    return { check, level: 'unknown', text: `${evidence.events} of the ${evidence.needed} events it takes have come` }
  const { ece, eceBound, slope, brierSkill } = evidence
  const text =
    `calibration error ${number(ece)} (limit ${number(eceBound)}), ` +
    `slope ${number(slope.low, 2)} to ${number(slope.high, 2)} (must hold 1), ` +
    `Brier skill ${number(brierSkill.value)}, at most ${number(brierSkill.high)} (limit 0)`
  return {
    check,
    level: evidence.kind === 'failed' ? 'failed' : 'fine',
    text,
    value: ece,
    limit: eceBound,
    ...(evidence.kind === 'failed' && { remedy: `Volatility alone is used instead. ${RECALIBRATE}` }),
  }
}

export function liftFinding(evidence: LiftEvidence): HealthFinding {
  const check = 'lift'
  if (evidence.kind === 'too-few')
    return { check, level: 'unknown', text: `${evidence.events} of the ${evidence.needed} events it takes have come` }
  const { lift, low, high, baseline } = evidence
  const beside = baseline === undefined ? '' : `, volatility alone ${number(baseline, 2)}`
  // Drawing days with repetition flatters precision a little, so the interval may lie above the figure itself.
  const level = Math.max(lift, high) < 1 ? 'failed' : lift < 1 ? 'warn' : 'fine'
  return {
    check,
    level,
    text: `ranks ${number(lift, 2)} times as well as chance (${number(low, 2)} to ${number(high, 2)}, limit 1)${beside}`,
    value: lift,
    limit: 1,
    ...(level === 'failed' && { remedy: `Volatility alone is used instead. ${RETRAIN}` }),
  }
}

export function comparisonFinding(comparison: Comparison): HealthFinding {
  const check = 'against-baseline'
  if (comparison.kind === 'too-few')
    return {
      check,
      level: 'unknown',
      text: `${comparison.days} of the ${comparison.needed} days it takes beside volatility alone`,
    }
  const { difference, t, days } = comparison
  const level = t > CONFIRMED ? 'warn' : 'fine'
  const way = difference > 0 ? 'worse' : 'better'
  return {
    check,
    level,
    text: `daily log loss ${number(Math.abs(difference), 4)} ${way} than volatility alone over ${days} days, ${number(t, 1)} standard errors (limit ${CONFIRMED})`,
    value: t,
    limit: CONFIRMED,
    ...(level === 'warn' && { remedy: `It earns its place no more. ${RETRAIN}` }),
  }
}

/** @param confirmed - volatility alone did better since the mean began to rise */
export function hinkleyFinding(
  state: PageHinkley | undefined,
  { days, confirmed }: { days: readonly DayScore[]; confirmed: boolean },
): HealthFinding {
  const check = 'page-hinkley'
  const { lambda, minimum } = PAGE_HINKLEY
  if (!state) return { check, level: 'unknown', text: `${days.length} of the ${minimum} days it takes` }
  const level = confirmed ? 'failed' : state.alarm ? 'warn' : 'fine'
  const since = days[state.leastCount]?.day
  const from = since === undefined ? '' : ` since ${dateOf(since)}`
  const why = confirmed
    ? ', and volatility alone has done better'
    : state.alarm
      ? ', and so has that of volatility alone, or there are too few days to tell'
      : ''
  return {
    check,
    level,
    text: `daily log loss has risen by ${number(state.statistic, 1)} standard deviations in sum${from} (limit ${lambda})${why}`,
    value: state.statistic,
    limit: lambda,
    ...(confirmed && { remedy: `Volatility alone is used instead. ${RETRAIN}` }),
  }
}

export function adwinFinding(
  change: { readonly before: number; readonly after: number } | undefined,
  days: number,
): HealthFinding {
  const check = 'adwin'
  if (!change)
    return {
      check,
      level: days < PAGE_HINKLEY.minimum ? 'unknown' : 'fine',
      text: `no change of the daily Brier score in ${days} days`,
    }
  const { before, after } = change
  const level = after > before ? 'warn' : 'fine'
  return {
    check,
    level,
    text: `daily Brier score went from ${number(before)} to ${number(after)}`,
    value: after,
    limit: before,
    ...(level === 'warn' && { remedy: 'Look at what moved; /model health shows it.' }),
  }
}

/** Forecasts of one target, and how long their outcomes take. */
export interface TargetForecasts {
  readonly target: string
  readonly horizonHours: number
  readonly forecasts: readonly ScoredForecast[]
}

/** Of all targets the one whose events come least as often as said. */
export function ratioFinding(byTarget: readonly TargetForecasts[]): HealthFinding {
  const check = 'calibration-drift'
  const measured = byTarget.flatMap(({ target, horizonHours, forecasts }) => {
    const drift = calibrationDrift(singles(forecasts, horizonHours))
    return drift.kind === 'measured' ? [{ target, drift }] : []
  })
  if (measured.length === 0) return { check, level: 'unknown', text: 'too few forecasts have come due' }
  const gap = ({ drift: { ratio, drifted } }: (typeof measured)[number]): number =>
    (drifted ? 1e6 : 0) + Math.abs(Math.log(Math.max(ratio, 1e-3)))
  const worst = measured.reduce((found, one) => (gap(one) > gap(found) ? one : found))
  return { check, ...ratioText(worst.target, worst.drift) }
}

function ratioText(
  target: string,
  { observed, expected, ratio, low, high, forecasts, drifted }: Extract<CalibrationDrift, { kind: 'measured' }>,
): Omit<HealthFinding, 'check'> {
  const limits = `${CALIBRATION_LIMITS.low} to ${CALIBRATION_LIMITS.high}`
  return {
    level: drifted ? 'recalibrate' : 'fine',
    text: `${target} came ${observed} times where ${number(expected, 1)} were expected in ${forecasts} forecasts: ratio ${number(ratio, 2)} (${number(low, 2)} to ${number(high, 2)}, limit ${limits})`,
    value: ratio,
    limit: ratio > 1 ? CALIBRATION_LIMITS.high : CALIBRATION_LIMITS.low,
    ...(drifted && { remedy: RECALIBRATE }),
  }
}

// ---------------------------------------------------------------- inputs

const NO_REFERENCE = 'the model carries no reference of what it was fitted on'
const LEVEL: Readonly<Record<DriftLevel, FindingLevel>> = { fine: 'fine', warn: 'warn', act: 'failed' }

export function driftFinding(
  check: 'score-drift' | 'feature-drift',
  drift: DriftMeasurement | undefined,
): HealthFinding {
  if (!drift) return { check, level: 'unknown', text: NO_REFERENCE }
  const mine = drift.moved.filter(({ of }) => of === (check === 'score-drift' ? 'score' : 'feature'))
  const worst = mine[0]
  if (!worst) return { check, level: 'unknown', text: 'too few rows of the last 30 days' }
  const { name, asset, psi, limits, level } = worst
  const beyond = mine.filter((one) => one.level === level).length - 1
  const more = level !== 'fine' && beyond > 0 ? `, and ${beyond} more` : ''
  return {
    check,
    level: LEVEL[level],
    text: `stability index ${number(psi, 2)} of ${name} on ${asset} (limits ${number(limits.warn, 2)} and ${number(limits.act, 2)})${more}`,
    value: psi,
    limit: level === 'act' ? limits.act : limits.warn,
    ...(level === 'act' && { remedy: `Look at the feed behind it; if the market has changed, retrain: /model train.` }),
  }
}

export function outsideFinding(drift: DriftMeasurement | undefined): HealthFinding {
  const check = 'out-of-distribution'
  if (!drift) return { check, level: 'unknown', text: NO_REFERENCE }
  if (!drift.outside) return { check, level: 'unknown', text: 'too few rows of the last 30 days' }
  const { asset, share, limits, level } = drift.outside
  return {
    check,
    // Rows unlike any of training are no proof that answers are wrong: outcomes tell that.
    level: level === 'fine' ? 'fine' : 'warn',
    text: `${percent(share)} of the hours of ${asset} lie further out than one training hour in a hundred (limits ${percent(limits.warn)} and ${percent(limits.act)})`,
    value: share,
    limit: level === 'act' ? limits.act : limits.warn,
    ...(level === 'act' && {
      remedy: 'The market is one that it was not fitted on: hold its answers against the baseline.',
    }),
  }
}

export function coverageFinding(drift: DriftMeasurement | undefined): HealthFinding {
  const check = 'coverage'
  if (!drift) return { check, level: 'unknown', text: NO_REFERENCE }
  if (!drift.coverage) return { check, level: 'unknown', text: 'no rows of the last 30 days' }
  const { asset, share, missing } = drift.coverage
  const { warn, failed } = COVERAGE_LIMITS
  const level = share < failed ? 'failed' : share < warn || missing.length > 0 ? 'warn' : 'fine'
  const gone = missing.length === 0 ? '' : `; gone: ${nameSome(missing.map(({ name }) => name))}`
  return {
    check,
    level,
    text: `${percent(share)} of what it knew in training is known of ${asset} (limits ${percent(warn)} and ${percent(failed)})${gone}`,
    value: share,
    limit: level === 'failed' ? failed : warn,
    ...(level !== 'fine' && { remedy: 'Look at the feeds: /risk status says which are silent.' }),
  }
}

export function answeringFinding({ share, ageHours }: Answering): HealthFinding {
  const check = 'answering'
  if (ageHours === undefined) return { check, level: 'warn', text: 'it has never answered', remedy: ASK_WHY }
  const level = share < ANSWERING_LIMIT || ageHours > ANSWER_AGE_HOURS ? 'warn' : 'fine'
  return {
    check,
    level,
    text: `answered in ${percent(share)} of the last week's hours (limit ${percent(ANSWERING_LIMIT)}), last ${number(ageHours, 1)} h ago (limit ${ANSWER_AGE_HOURS} h)`,
    value: share,
    limit: ANSWERING_LIMIT,
    ...(level === 'warn' && { remedy: ASK_WHY }),
  }
}

const ASK_WHY = 'The newest forecast says why it is undetermined: /hedge status.'

const number = (value: number, digits = 3): string => value.toFixed(digits).replace('-', '−')
const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`
const dateOf = (day: number): string => new Date(day).toISOString().slice(0, 10)
const nameSome = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
