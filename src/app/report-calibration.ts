import { brier, brierSkill, calibrationError, reliability, wilsonInterval } from '../domain/calibration.ts'
import type { Horizon, ModelIdentity } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import { clamp, DAY, type TimestampMs } from '../domain/units.ts'
import type { ClusterJudgement, ConfidenceBin, ConfidenceFacts } from '../ports.ts'
import type { Ports } from './ports.ts'

/** A bin of fewer samples says nothing. */
export const MIN_PER_BIN = 20
const MAX_BINS = 10
/** With fewer events no score is given: chance alone would move it further than any skill. */
export const MIN_EVENTS = 30
/** Events of one side of an asset this close are one episode: days next to each other share a move. */
const SAME_EPISODE = DAY

/** How well one set of probabilities did. */
export interface Score {
  readonly ece: number
  /** 1 − Brier/Brier of always saying the rate that came out. */
  readonly brierSkill: number
}

/** What was said of clusters and what came of them, as this desk has recorded it. */
export interface LiveRecord {
  /** Clusters and days of which it is known what came; what is not known is counted beside them and in nothing else. */
  readonly samples: number
  readonly unknown: number
  readonly days: number
  readonly touched: number
  readonly events: number
  readonly episodes: number
  /** The first and the last day judged. */
  readonly since: TimestampMs
  readonly until: TimestampMs
  /** What the probabilities had been calibrated on when they were said. */
  readonly calibratedOn: readonly ModelIdentity['calibratedOn'][]
  /** Empty below twenty samples; the intervals are Wilson's, 90 %, over independent samples. */
  readonly bins: readonly ConfidenceBin[]
  readonly baselineBins: readonly ConfidenceBin[]
  /** Undefined below thirty events; `againstBaseline` is 1 − Brier/Brier of distance and volatility alone. */
  readonly scores?: { readonly confidence: Score; readonly baseline: Score; readonly againstBaseline: number }
}

export interface CalibrationReport {
  readonly horizon: Horizon
  /** Undefined while nothing has been judged. */
  readonly live?: LiveRecord
  /** Held-out figures of the calibration that is loaded. */
  readonly shipped?: ConfidenceFacts
}

/** How the confidence of clusters has turned out, live and held out, for one asset or for all. */
export const createReportCalibration =
  ({ store, confidenceReport }: Ports) =>
  async ({ asset, horizon }: { asset?: Asset; horizon: Horizon }): Promise<CalibrationReport> => {
    const judgements = await store.clusterOutcomes.list({ ...(asset === undefined ? {} : { asset }), horizon })
    return {
      horizon,
      ...(judgements.length > 0 ? { live: summarise(judgements) } : {}),
      ...(confidenceReport?.[horizon] ? { shipped: confidenceReport[horizon] } : {}),
    }
  }

type Known = ClusterJudgement & Required<Pick<ClusterJudgement, 'touched' | 'event'>>

/** @param judgements - at least one, in order of day */
export function summarise(judgements: readonly ClusterJudgement[]): LiveRecord {
  const known = judgements.filter((judgement): judgement is Known => judgement.event !== undefined)
  const events = known.filter(({ event }) => event)
  const outcomes = known.map(({ event }): number => (event ? 1 : 0))
  const said = known.map(({ confidence }) => confidence)
  const baseline = known.map((judgement) => judgement.baseline)
  const count = clamp(Math.floor(known.length / MIN_PER_BIN), 0, MAX_BINS)
  // Clusters of one side on one day share one price path: an interval that took each for itself would be too narrow.
  const independence = new Set(known.map(({ asset, side, day }) => `${asset}/${side}/${day}`)).size / known.length
  const binsOf = (probabilities: readonly number[]): readonly ConfidenceBin[] =>
    count === 0
      ? []
      : reliability(probabilities, outcomes, count).map(({ positives, ...bin }) => ({
          ...bin,
          ...wilsonInterval(positives * independence, bin.count * independence),
        }))
  const score = (probabilities: readonly number[]): Score => ({
    ece: calibrationError(probabilities, outcomes, Math.max(1, count)).ece,
    brierSkill: brierSkill(probabilities, outcomes),
  })
  return {
    samples: known.length,
    unknown: judgements.length - known.length,
    days: new Set(known.map(({ day }) => day)).size,
    touched: known.filter(({ touched }) => touched).length,
    events: events.length,
    episodes: countEpisodes(events),
    since: judgements[0]!.day,
    until: judgements.at(-1)!.day,
    calibratedOn: [...new Set(judgements.map(({ calibratedOn }) => calibratedOn))].sort(),
    bins: binsOf(said),
    baselineBins: binsOf(baseline),
    ...(events.length < MIN_EVENTS
      ? {}
      : {
          scores: {
            confidence: score(said),
            baseline: score(baseline),
            againstBaseline: 1 - brier(said, outcomes) / brier(baseline, outcomes),
          },
        }),
  }
}

function countEpisodes(events: readonly ClusterJudgement[]): number {
  const lastDay = new Map<string, TimestampMs>()
  let episodes = 0
  for (const { asset, side, day } of events) {
    const last = lastDay.get(`${asset}/${side}`)
    if (last === undefined || day - last > SAME_EPISODE) episodes++
    lastDay.set(`${asset}/${side}`, day)
  }
  return episodes
}
