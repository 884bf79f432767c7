import type { ScheduleChoice, ScheduleKind } from '../domain/execution/schedule.ts'
import type { Shortfall } from '../domain/execution/shortfall.ts'
import { type Instrument, instrumentIdOf } from '../domain/instrument.ts'
import { createRandom } from '../domain/random.ts'
import { DAY, duration, MINUTE, SECOND, usd } from '../domain/units.ts'
import { dayBefore, pathOf, type SlippageSource, volumeProfileBefore } from './slippage-market.ts'
import { type Parent, runSchedule, runSweep, type StudyTerms } from './slippage-run.ts'

/** A schedule as it is judged. */
export interface Contender {
  readonly name: string
  readonly kind: ScheduleKind
  readonly urgency: ScheduleChoice['urgency']
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'TWAP', kind: 'twap', urgency: 'normal' },
  { name: 'VWAP', kind: 'vwap', urgency: 'normal' },
  { name: 'POV 5 %', kind: 'pov', urgency: 'normal' },
  { name: 'Almgren–Chriss, passive', kind: 'almgren-chriss', urgency: 'passive' },
  { name: 'Almgren–Chriss, normal', kind: 'almgren-chriss', urgency: 'normal' },
  { name: 'Almgren–Chriss, urgent', kind: 'almgren-chriss', urgency: 'urgent' },
  { name: 'POV 15 %, panic', kind: 'pov', urgency: 'panic' },
]

export const STUDY_TERMS: StudyTerms = {
  makerFee: 2,
  takerFee: 5,
  spread: 2,
  duration: duration(30 * MINUTE),
  maxClip: 150_000,
  passiveWait: duration(20 * SECOND),
}

/** Q/ADV of the parents. */
export const STUDY_SIZES = [1e-5, 1e-4, 1e-3] as const
/** The target: this much less than one market order for everything. */
export const ACCEPTANCE = -0.12

const WARM_UP = 8 * DAY
const RESAMPLES = 2_000
const MIN_NOTIONAL = usd(100)

export interface StudyInputs {
  readonly sources: readonly SlippageSource[]
  /** Per source and size. */
  readonly parents: number
  readonly seed: number
  readonly terms?: Partial<StudyTerms>
  readonly sizes?: readonly number[]
  readonly contenders?: readonly Contender[]
  readonly onProgress?: (what: string) => void
}

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** All in bps of the parent; `change` is a fraction of the sweep's cost. */
export interface Judged {
  readonly name: string
  readonly cost: Interval
  readonly delay: number
  readonly spreadAndImpact: number
  readonly fees: number
  readonly opportunity: number
  /** Standard deviation of one order's cost: what waiting risks. */
  readonly deviation: number
  readonly filledShare: number
  readonly makerShare: number
  readonly difference: Interval
  readonly change: Interval
  readonly verdict: 'met' | 'not met' | 'open'
}

export interface Cell {
  readonly source: string
  /** Undefined: all sizes together, each parent counting alike. */
  readonly size?: number
  readonly parents: number
  readonly sweep: Omit<Judged, 'difference' | 'change' | 'verdict'>
  readonly contenders: readonly Judged[]
}

export interface SlippageStudy {
  readonly seed: number
  readonly parents: number
  readonly terms: StudyTerms
  readonly sizes: readonly number[]
  readonly sources: readonly Pick<SlippageSource, 'name' | 'origin' | 'note'>[]
  readonly cells: readonly Cell[]
}

/** Both sides of one parent: the market's own move between arrival and fill cancels out of their mean. */
type Pair = readonly [buy: Shortfall, sell: Shortfall]

interface Outcome {
  readonly sweep: Pair
  readonly schedules: readonly Pair[]
}

/**
 * Every schedule against one market sweep of the same parents in the same books, by source and size.
 *
 * Each parent is run as a buy and as a sell on the same prices and counts once, so that the interval is about costs and not
 * about which way the market went. The bootstrap draws parents, with all that was measured on them.
 */
export function studySlippage(inputs: StudyInputs): SlippageStudy {
  const terms: StudyTerms = { ...STUDY_TERMS, ...inputs.terms }
  const sizes = inputs.sizes ?? STUDY_SIZES
  const contenders = inputs.contenders ?? CONTENDERS
  const cells: Cell[] = []
  for (const [s, source] of inputs.sources.entries()) {
    const all: Outcome[] = []
    for (const size of sizes) {
      inputs.onProgress?.(`${source.name}, Q/ADV ${size}`)
      const parents = drawParents(source, { ...inputs, terms, size, seed: seedOf(inputs.seed, s, size) })
      const outcomes = parents.map((parent): Outcome => {
        const both = <T>(run: (side: 'buy' | 'sell') => T): readonly [T, T] => [run('buy'), run('sell')]
        return {
          sweep: both((side) => runSweep({ parent, side, terms })),
          schedules: contenders.map(({ kind, urgency }) =>
            both((side) => runSchedule({ parent, side, terms }, { kind, urgency, duration: terms.duration })),
          ),
        }
      })
      all.push(...outcomes)
      cells.push({ ...judge(outcomes, contenders, inputs.seed), source: source.name, size })
    }
    if (sizes.length > 1) cells.push({ ...judge(all, contenders, inputs.seed), source: source.name })
  }
  const sources = inputs.sources.map(({ name, origin, note }) => ({ name, origin, note }))
  return { seed: inputs.seed, parents: inputs.parents, terms, sizes, sources, cells }
}

/** The same parents whichever other sizes are studied. */
const seedOf = (seed: number, source: number, size: number): number =>
  seed * 100_000 + source * 1_000 + Math.round(-100 * Math.log10(size))

/** Starts spread evenly over what is recorded, after the days that the volume profile needs. */
function drawParents(
  source: SlippageSource,
  { parents, seed, size, terms }: { parents: number; seed: number; size: number; terms: StudyTerms },
): readonly Parent[] {
  const random = createRandom(seed)
  const { bars, asset, tickSize } = source
  const window = Math.ceil((2.1 * terms.duration) / MINUTE) + 1
  const first = Math.ceil(WARM_UP / MINUTE)
  const room = bars.length - window - first
  if (room < parents) throw new RangeError(`Expected at least ${first + window + parents} minutes, were ${bars.length}`)
  const instrument: Instrument = {
    instrumentId: instrumentIdOf(asset, 'study'),
    asset,
    venue: 'study',
    lotSize: '0.001',
    tickSize,
    minNotional: MIN_NOTIONAL,
  }
  return Array.from({ length: parents }, (_, i): Parent => {
    const index = first + Math.floor((room * (i + random())) / parents)
    const startAt = bars[index]!.at
    const depth = source.depthAt(startAt)
    if (depth === undefined) throw new RangeError(`Expected a depth of ${source.name} at ${startAt}, was none`)
    const { volume: dailyVolume, volatility: dailyVolatility } = dayBefore(bars, index)
    const pathSeed = Math.floor(random() * 2 ** 32)
    return {
      quantity: Math.floor(size * dailyVolume * 1_000) / 1_000,
      startAt,
      ...pathOf(bars.slice(index, index + window), pathSeed),
      seed: pathSeed,
      instrument,
      volumeProfile: volumeProfileBefore(bars, startAt),
      book: { dailyVolume, dailyVolatility, depth },
    }
  })
}

function judge(outcomes: readonly Outcome[], contenders: readonly Contender[], seed: number): Omit<Cell, 'source'> {
  const draws = resamples(outcomes.length, seed)
  const costOf = ([buy, sell]: Pair): number => (buy.total + sell.total) / 2
  const sweepCosts = outcomes.map(({ sweep }) => costOf(sweep))
  return {
    parents: outcomes.length,
    sweep: summarise(
      'one market sweep',
      outcomes.map(({ sweep }) => sweep),
      draws,
    ),
    contenders: contenders.map(({ name }, c): Judged => {
      const pairs = outcomes.map(({ schedules }) => schedules[c]!)
      const costs = pairs.map(costOf)
      const difference = interval(draws, (pick) => meanOf(pick, (i) => costs[i]! - sweepCosts[i]!))
      const change = interval(draws, (pick) => meanOf(pick, (i) => costs[i]!) / meanOf(pick, (i) => sweepCosts[i]!) - 1)
      const verdict = change.high <= ACCEPTANCE ? 'met' : change.low > ACCEPTANCE ? 'not met' : 'open'
      return { ...summarise(name, pairs, draws), difference, change, verdict }
    }),
  }
}

function summarise(name: string, pairs: readonly Pair[], draws: readonly Uint32Array[]): Cell['sweep'] {
  const single = pairs.flat()
  const mean = (pick: (one: Shortfall) => number): number =>
    single.reduce((sum, one) => sum + pick(one), 0) / single.length
  const cost = mean(({ total }) => total)
  const filledShare = mean((one) => one.filledShare)
  return {
    name,
    cost: interval(draws, (pick) => meanOf(pick, (i) => (pairs[i]![0].total + pairs[i]![1].total) / 2)),
    delay: mean(({ delay }) => delay),
    spreadAndImpact: mean((one) => one.spreadAndImpact),
    fees: mean(({ fees }) => fees),
    opportunity: mean(({ opportunity }) => opportunity),
    deviation: Math.sqrt(mean(({ total }) => (total - cost) ** 2)),
    filledShare,
    makerShare: mean((one) => (one.makerShare ?? 0) * one.filledShare) / filledShare,
  }
}

/** The first is the sample itself, the others are drawn from it with replacement. */
function resamples(size: number, seed: number): readonly Uint32Array[] {
  const random = createRandom(seed)
  const itself = Uint32Array.from({ length: size }, (_, i) => i)
  return [
    itself,
    ...Array.from({ length: RESAMPLES }, () => Uint32Array.from({ length: size }, () => Math.floor(random() * size))),
  ]
}

function meanOf(pick: Uint32Array, value: (index: number) => number): number {
  let sum = 0
  for (const index of pick) sum += value(index)
  return sum / pick.length
}

/** 95 %, by percentiles. */
function interval(draws: readonly Uint32Array[], statistic: (pick: Uint32Array) => number): Interval {
  const sorted = draws
    .slice(1)
    .map(statistic)
    .sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!
  return { value: statistic(draws[0]!), low: at(0.025), high: at(0.975) }
}
