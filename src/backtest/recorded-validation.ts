/**
 * What the liquidation map and its confidence are worth on recorded markets: fitted on what lies before, judged on what
 * comes after. Descriptive where the record is short, and then it says "undetermined".
 *
 * @module
 * @see specification §1.7
 */
import {
  answersFor,
  bandRates,
  type HorizonReport,
  type Judged,
  judgeConfidence,
} from '../../models/confidence-report.ts'
import type { Horizon } from '../domain/forecast.ts'
import { RECORDED_RULE } from '../domain/liquidation/cluster-outcome.ts'
import type {
  ConfidenceCalibration,
  ConfidenceCalibrations,
  ConfidenceSample,
} from '../domain/liquidation/confidence.ts'
import { fitConfidence } from '../domain/liquidation/confidence-fit.ts'
import { collectConfidenceSamples, type ObservedStep, type Placebo } from '../domain/liquidation/confidence-samples.ts'
import type { LearningReport } from '../domain/liquidation/leverage-learning.ts'
import type { MapOptions } from '../domain/liquidation/map.ts'
import type { Asset, FeedDeclaration, Tick, VenueId } from '../domain/market/tick.ts'
import { DAY, HOUR, later, type TimestampMs } from '../domain/units.ts'
import { createSweepRecord, type SweepFigures, type SweptBar, sweepFigures } from './sweeps.ts'

/** No outcome of a sample that is fitted on reaches into the days that are judged. */
const EMBARGO = 4 * DAY
/** Open interest of another month, for the placebo. */
const MONTH = 28 * DAY

/** One recorded market, opened anew for each pass over it. */
export interface RecordedMarket {
  readonly asset: Asset
  readonly feeds: readonly FeedDeclaration[]
  readonly steps: () => AsyncIterable<ObservedStep>
  readonly map: Omit<MapOptions, 'asset'>
}

/** Everything that one pass over a recorded market gives. */
export interface Recorded {
  readonly asset: Asset
  readonly samples: readonly ConfidenceSample[]
  readonly bars: readonly SweptBar[]
  /** What the map had learned of leverage by the end. */
  readonly leverage: LearningReport
}

export interface ValidationReport {
  readonly symbol: Asset
  readonly from: string
  readonly to: string
  /** Assets whose past was fitted on. */
  readonly fittedOn: readonly Asset[]
  /** Four-hour bars that closed in the window; not its last, for what that swept is received after the end. */
  readonly bars: number
  /** Days and sides with an event within 24 h, in the window. */
  readonly episodes: number
  /** Within 24 h. `null`, here and below: undetermined, `horizons` says why. */
  readonly ece: number | null
  readonly brier: number | null
  readonly brierClimatology: number | null
  readonly brierDistanceOnly: number | null
  /** 1 − Brier/Brier of distance and volatility alone. */
  readonly brierSkill: number | null
  readonly brierSkillInterval: readonly [number, number] | null
  /** Rank correlation of swept with printed notional on bars that moved by more than a standard deviation. */
  readonly spearmanSwept: number | null
  readonly deltaR2: number | null
  readonly sweeps: SweepFigures
  /** Shares of leverage as learned, and what the swept coins explain of forced volume beyond the return, month by month. */
  readonly leverage: LearningReport
  readonly placebo: {
    readonly brierSkill: number | null
    readonly brierSkillInterval: readonly [number, number] | null
    readonly spearmanSwept: number | null
    readonly deltaR2: number | null
  }
  /** Within 24 h. */
  readonly reliability: HorizonReport['reliability']
  readonly horizons: Readonly<Record<Horizon, HorizonReport | Undetermined>>
  /** The calibration fitted on simulated markets, in the same window; missing where none was given. */
  readonly simulated?: Readonly<Record<Horizon, HorizonReport | Undetermined>>
}

export interface Undetermined {
  readonly undetermined: string
}

/** Runs a recorded market once and keeps clusters with their outcomes, and what was swept in every bar of four hours. */
export async function readRecorded(market: RecordedMarket, kind: 'real' | 'placebo' = 'real'): Promise<Recorded> {
  const { asset, feeds, map } = market
  const sweeps = createSweepRecord(asset)
  const spot = feeds.find(({ feed, venue }) => feed === 'bar' && venue.endsWith('-spot'))?.venue
  const placebo =
    kind === 'placebo' ? { kind: 'in-place' as Placebo['kind'], ticks: createOtherMonth().ticks } : undefined
  let leverage: LearningReport | undefined
  const samples = await collectConfidenceSamples(market.steps(), {
    asset,
    feeds,
    rule: RECORDED_RULE,
    priceVenue: spot,
    map,
    placebo,
    onStep: (panel, real, at, other) => {
      const map = other ?? real
      sweeps.observe(panel, map, at)
      leverage ??= map.learning.report()
      if (at % DAY < HOUR) leverage = map.learning.report()
    },
  })
  if (!leverage) throw new RangeError(`Expected a record of ${asset}, was empty`)
  return { asset, samples, bars: sweeps.bars(), leverage }
}

/** Open interest as it stood four weeks before, everything else as it is. */
function createOtherMonth(): { ticks: (step: ObservedStep) => readonly Tick[] } {
  const heard = new Map<VenueId, Extract<Tick, { type: 'open-interest' }>[]>()
  return {
    ticks: ({ ticks }) =>
      ticks.flatMap((tick): Tick[] => {
        if (tick.type !== 'open-interest') return [tick]
        const list = heard.get(tick.venue) ?? []
        heard.set(tick.venue, list)
        list.push(tick)
        const before = list.findLast(({ eventAt }) => eventAt <= later(tick.eventAt, -MONTH))
        return before ? [{ ...tick, openInterest: before.openInterest }] : []
      }),
  }
}

export interface ValidationOptions {
  readonly symbol: Asset
  readonly from: TimestampMs
  readonly to: TimestampMs
  /** Fits anew after so many days, on everything before (an expanding window); default once, before `from`. */
  readonly refitDays?: number
  /** A calibration of simulated markets, judged beside what is fitted on the record. */
  readonly simulated?: ConfidenceCalibrations
}

/**
 * Judges one asset in a window. What is fitted, is fitted on the samples of all assets given that lie four days or more before
 * the days it is judged on.
 *
 * @param recorded - the asset itself and, to pool, others
 * @param placebo - the same with open interest of another month
 */
export function validate(
  recorded: readonly Recorded[],
  placebo: readonly Recorded[],
  options: ValidationOptions,
): ValidationReport {
  const { symbol, from, to } = options
  const own = recorded.find(({ asset }) => asset === symbol)
  const other = placebo.find(({ asset }) => asset === symbol)
  if (!own || !other) throw new RangeError(`Expected a record of ${symbol}, was none`)
  const horizons = byHorizon((horizon) => judgeHorizon(recorded, horizon, { ...options, symbols: [symbol] }))
  const day = determined(horizons['24h'])
  const placeboDay = determined(judgeHorizon(placebo, '24h', { ...options, symbols: [symbol] }))
  const sweeps = sweepFigures(own.bars, { from, to })
  const placeboSweeps = sweepFigures(other.bars, { from, to })
  const interval = (row: HorizonReport | undefined): readonly [number, number] | null =>
    row ? [row.brierSkillInterval.low, row.brierSkillInterval.high] : null
  return {
    symbol,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    fittedOn: recorded.map(({ asset }) => asset),
    bars: sweeps.bars,
    episodes: countEpisodes(own.samples, '24h', { from, to }),
    ece: day?.ece ?? null,
    brier: day?.brier ?? null,
    brierClimatology: day?.brierClimatology ?? null,
    brierDistanceOnly: day?.brierDistanceOnly ?? null,
    brierSkill: day?.brierSkillOverDistance ?? null,
    brierSkillInterval: interval(day),
    spearmanSwept: sweeps.spearman,
    deltaR2: sweeps.deltaR2,
    sweeps,
    leverage: own.leverage,
    placebo: {
      brierSkill: placeboDay?.brierSkillOverDistance ?? null,
      brierSkillInterval: interval(placeboDay),
      spearmanSwept: placeboSweeps.spearman,
      deltaR2: placeboSweeps.deltaR2,
    },
    reliability: day?.reliability ?? [],
    horizons,
    ...(options.simulated ? { simulated: judgeSimulated(own.samples, options.simulated, { from, to }) } : {}),
  }
}

/** Days and sides with an event. */
function countEpisodes(
  samples: readonly ConfidenceSample[],
  horizon: Horizon,
  { from, to }: { from: TimestampMs; to: TimestampMs },
): number {
  const events = samples.filter(({ at, outcomes }) => at >= from && at < to && outcomes[horizon]?.event)
  return new Set(events.map(({ at, side }) => `${Math.floor(at / DAY)}/${side}`)).size
}

function judgeSimulated(
  samples: readonly ConfidenceSample[],
  simulated: ConfidenceCalibrations,
  { from, to }: { from: TimestampMs; to: TimestampMs },
): Record<Horizon, HorizonReport | Undetermined> {
  const held = samples.filter(({ at }) => at >= from && at < to)
  return byHorizon((horizon) => {
    const calibration = simulated[horizon]
    if (calibration?.kind !== 'fitted') return { undetermined: 'nothing is fitted' }
    const climatology = bandRates(
      samples.filter(({ at }) => at < from - EMBARGO),
      horizon,
    )
    const judged = answersFor(held, calibration, { climatology })
    return judged.length > 0 ? judgeConfidence(judged, horizon) : { undetermined: 'no cluster with a known outcome' }
  })
}

export const byHorizon = <T>(value: (horizon: Horizon) => T): Record<Horizon, T> => ({
  '4h': value('4h'),
  '24h': value('24h'),
  '72h': value('72h'),
})

const determined = (row: HorizonReport | Undetermined): HorizonReport | undefined =>
  'undetermined' in row ? undefined : row

/** The answers of every refit, pooled; undetermined where nothing could be fitted or nothing was there to judge. */
export function judgeHorizon(
  recorded: readonly Recorded[],
  horizon: Horizon,
  {
    symbols,
    from,
    to,
    refitDays,
  }: Pick<ValidationOptions, 'from' | 'to' | 'refitDays'> & { symbols: readonly Asset[] },
): HorizonReport | Undetermined {
  const step = refitDays === undefined ? to - from : refitDays * DAY
  const all = recorded.flatMap(({ samples }) => samples)
  const judged: Judged[] = []
  let reason = 'no cluster with a known outcome in the window'
  for (let start = from as number; start < to; start += step) {
    const calibration = calibrate(all, horizon, start)
    if (calibration.kind !== 'fitted') {
      const { episodes } = calibration.counts
      reason = `${episodes} episodes before ${new Date(start).toISOString().slice(0, 10)}, ${calibration.needed} are needed`
      continue
    }
    const climatology = bandRates(
      all.filter(({ at }) => at < start - EMBARGO),
      horizon,
    )
    const held = all.filter(
      ({ at, series }) => symbols.includes(series) && at >= start && at < Math.min(to, start + step),
    )
    for (const answer of answersFor(held, calibration, { climatology })) judged.push(answer)
  }
  return judged.length > 0 ? judgeConfidence(judged, horizon) : { undetermined: reason }
}

/** Fitted on what lies before an instant, with a gap so that no outcome reaches past it. */
export function calibrate(
  samples: readonly ConfidenceSample[],
  horizon: Horizon,
  before: number,
): ConfidenceCalibration {
  const earlier = samples.filter(({ at }) => at < before - EMBARGO)
  const markets = [...new Set(earlier.map(({ series }) => series))].join(' and ')
  const days = earlier.map(({ at }) => new Date(at).toISOString().slice(0, 10)).sort()
  const trainedOn = days.length === 0 ? 'nothing' : `recorded ${markets}, ${days[0]} to ${days.at(-1)}`
  return fitConfidence(earlier, { calibratedOn: 'recorded', trainedOn, horizon })
}
