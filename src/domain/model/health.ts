import { reliability, wilsonInterval } from '../calibration.ts'
import { ADWIN_START, type Adwin, applyAdwin } from './adwin.ts'
import type { Answering } from './coverage.ts'
import type { Drifted, DriftMeasurement } from './drift.ts'
import {
  adwinFinding,
  answeringFinding,
  CONFIRMED,
  comparisonFinding,
  coverageFinding,
  driftFinding,
  type FindingLevel,
  gateFinding,
  type HealthFinding,
  hinkleyFinding,
  liftFinding,
  outsideFinding,
  ratioFinding,
  type TargetForecasts,
} from './health-findings.ts'
import { applyPageHinkley, PAGE_HINKLEY, PAGE_HINKLEY_START, type PageHinkley, standardScores } from './page-hinkley.ts'
import {
  againstBaseline,
  calibrationEvidence,
  type DayScore,
  dailyScores,
  liftEvidence,
  type ScoredForecast,
  singles,
} from './scored.ts'

export type { FindingLevel, HealthCheck, HealthFinding } from './health-findings.ts'

export type HealthVerdict = 'healthy' | 'warn' | 'recalibrate' | 'failed'

export interface HealthEvidence {
  /** Resolved forecasts of the last 90 days, on the targets that the desk acts on. */
  readonly scored: readonly ScoredForecast[]
  /** Resolved forecasts of the other targets, by horizon in hours: only whether they come as often as said is asked of them. */
  readonly others: readonly TargetForecasts[]
  /** Undefined where the model carries no reference of what it was fitted on. */
  readonly drift?: DriftMeasurement | undefined
  readonly answering: Answering
  readonly usualLogLoss?: { readonly mean: number; readonly spread: number } | undefined
}

/** What rail 10 judges; absent where there was too little to measure. */
export interface HealthFacts {
  readonly calibrationGatePassed?: boolean
  /** Greatest stability index of features and scores, on the scale on which 0.1 warns and 0.25 acts. */
  readonly psi?: number
  /** Alarmed, and volatility alone did better since. */
  readonly pageHinkleyAlarm?: boolean
  /** Upper end of its 80 % interval: below 1, it ranks worse than chance by more than chance. */
  readonly averagePrecisionLift?: number
}

/** Forecasts of nearly the same probability, and the rate at which they came true, with its 90 % interval. */
export interface HealthBin {
  readonly meanProbability: number
  readonly rate: number
  readonly low: number
  readonly high: number
  readonly count: number
}

export interface HealthReport {
  readonly verdict: HealthVerdict
  /** In order of `HEALTH_CHECKS`. */
  readonly findings: readonly HealthFinding[]
  readonly facts: HealthFacts
  readonly days: readonly DayScore[]
  /** Where the mean of daily log loss last was at its best: index into `days`; absent without enough days. */
  readonly pageHinkley?: PageHinkley
  readonly adwin?: { readonly dropped: number; readonly before: number; readonly after: number }
  /** What was said against what came, of forecasts that do not overlap: the model, then volatility alone. */
  readonly reliability: readonly { readonly name: string; readonly bins: readonly HealthBin[] }[]
  /** The five most moved. */
  readonly moved: readonly Pick<Drifted, 'asset' | 'name' | 'of' | 'psi' | 'limits' | 'level'>[]
}

const ORDER: readonly FindingLevel[] = ['unknown', 'fine', 'warn', 'recalibrate', 'failed']
/** What saying one half all day scores: a Brier score is measured in it, so that its range is used. */
const BRIER_OF_A_HALF = 0.25
/** The targets that the desk acts on look a day ahead. */
const ACTED_ON_HOURS = 24
const MOVED_SHOWN = 5
const BINS = 5
/** With fewer forecasts a point would be an accident. */
const LEAST_IN_BIN = 20

/** Holds a model in use against what it promised: every check with its number, its limit and what to do, and the worst as verdict. */
export function judgeHealth(evidence: HealthEvidence): HealthReport {
  const { scored, drift } = evidence
  const days = dailyScores(scored)
  const apart = singles(scored, ACTED_ON_HOURS)
  const calibration = calibrationEvidence(apart)
  const lift = liftEvidence(scored)
  const hinkley = pageHinkleyOf(days, evidence.usualLogLoss)
  const confirmed = hinkley !== undefined && isConfirmed(hinkley, days)
  const change = adwinOf(days)
  const byTarget = [...Map.groupBy(scored, ({ target }) => target)].map(([target, forecasts]) => ({
    target,
    horizonHours: ACTED_ON_HOURS,
    forecasts,
  }))
  const findings: HealthFinding[] = [
    gateFinding(calibration),
    liftFinding(lift),
    comparisonFinding(againstBaseline(days)),
    hinkleyFinding(hinkley, { days, confirmed }),
    adwinFinding(change, days.length),
    ratioFinding([...byTarget, ...evidence.others]),
    driftFinding('score-drift', drift),
    driftFinding('feature-drift', drift),
    outsideFinding(drift),
    coverageFinding(drift),
    answeringFinding(evidence.answering),
  ]
  return {
    verdict: verdictOf(findings),
    findings,
    days,
    reliability: reliabilityOf(apart),
    moved: (drift?.moved ?? []).slice(0, MOVED_SHOWN),
    facts: {
      ...(calibration.kind !== 'too-few' && { calibrationGatePassed: calibration.kind === 'passed' }),
      ...(drift?.psi !== undefined && { psi: drift.psi }),
      ...(hinkley && { pageHinkleyAlarm: confirmed }),
      ...(lift.kind === 'measured' && { averagePrecisionLift: Math.max(lift.lift, lift.high) }),
    },
    ...(hinkley && { pageHinkley: hinkley }),
    ...(change && { adwin: change }),
  }
}

export function verdictOf(findings: readonly Pick<HealthFinding, 'level'>[]): HealthVerdict {
  const worst = findings.reduce<FindingLevel>(
    (found, { level }) => (ORDER.indexOf(level) > ORDER.indexOf(found) ? level : found),
    'unknown',
  )
  return worst === 'unknown' || worst === 'fine' ? 'healthy' : worst
}

function reliabilityOf(forecasts: readonly ScoredForecast[]): HealthReport['reliability'] {
  const came = forecasts.map(({ happened }) => Number(happened))
  const bins = Math.min(BINS, Math.floor(forecasts.length / LEAST_IN_BIN))
  if (bins === 0) return []
  const curve = (name: string, said: readonly number[]) => ({
    name,
    bins: reliability(said, came, bins).map(({ meanProbability, rate, count, positives }) => ({
      meanProbability,
      rate,
      count,
      ...wilsonInterval(positives, count),
    })),
  })
  const baseline = forecasts.flatMap((one) => one.baseline ?? [])
  return [
    curve(
      'this model',
      forecasts.map(({ probability }) => probability),
    ),
    ...(baseline.length === forecasts.length ? [curve('volatility alone', baseline)] : []),
  ]
}

function pageHinkleyOf(days: readonly DayScore[], usual: HealthEvidence['usualLogLoss']): PageHinkley | undefined {
  const scores = standardScores(
    days.map(({ logLoss }) => logLoss),
    usual,
  )
  if (scores.length < PAGE_HINKLEY.minimum) return undefined
  return scores.reduce((state, score) => applyPageHinkley(state, score), PAGE_HINKLEY_START)
}

/** An alarm counts once volatility alone did better on the days since the mean began to rise: else the market was harder for both. */
function isConfirmed({ alarm, leastCount }: PageHinkley, days: readonly DayScore[]): boolean {
  if (!alarm) return false
  const since = againstBaseline(days.slice(leastCount))
  return since.kind === 'measured' && since.t > CONFIRMED
}

function adwinOf(days: readonly DayScore[]): HealthReport['adwin'] {
  let state: Adwin = ADWIN_START
  let last: HealthReport['adwin']
  let dropped = 0
  for (const { brier } of days) {
    state = applyAdwin(state, Math.min(1, brier / BRIER_OF_A_HALF))
    if (!state.change) continue
    dropped += state.change.dropped
    last = { dropped, before: state.change.before * BRIER_OF_A_HALF, after: state.change.after * BRIER_OF_A_HALF }
  }
  return last
}
