import { createRandom } from '../random.ts'

/** Profit and loss of one period, both in the same unit; any period and unit will do, for every figure here is a ratio. */
export interface PeriodPnl {
  /** Of what is held, as if there were no hedge. */
  readonly unhedged: number
  /** Of the whole book, fees and slippage included. */
  readonly hedged: number
  /** Held when the period began. */
  readonly hedgeRatio: number
}

/** A figure with its 90 % interval and the number of periods that it rests on; never one without the others. */
export interface Measure {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly periods: number
}

export const MEASURES = [
  'lossesAvoided',
  'upsideGivenUp',
  'skill',
  'varianceReduction',
  'volatilityRatio',
  'downsideRatio',
  'tailLossRatio',
  'drawdownRatio',
] as const
export type MeasureName = (typeof MEASURES)[number]

export type Effectiveness =
  | {
      readonly kind: 'estimated'
      readonly periods: number
      readonly meanHedgeRatio: number
      /** Missing where there is nothing to divide by: no losing periods, or a book that was always fully hedged. */
      readonly measures: Readonly<Partial<Record<MeasureName, Measure>>>
    }
  | {
      readonly kind: 'undetermined'
      readonly reason: 'TOO_FEW_PERIODS' | 'FLAT_EXPOSURE'
      readonly periods: number
      readonly needed: number
    }

export interface EffectivenessOptions {
  /** Periods that hang together and are drawn together: a day of hours. */
  readonly blockLength: number
  readonly minPeriods: number
  readonly replicates?: number
  readonly seed?: number
}

const REPLICATES = 400
const SEED = 20_260_105
/** 90 %. */
const [LOW, HIGH] = [0.05, 0.95]
/** With fewer losing (or gaining) periods their sum is one or two moves, and a share of it says nothing. */
const MIN_ON_ONE_SIDE = 10
/** A measure of which fewer redraws can be computed has no interval worth the name. */
const MIN_USABLE = 0.9
/** Less unhedged than this, and dividing by what is left unhedged says nothing. */
const MIN_UNHEDGED = 0.02
const TAIL = 0.05

/**
 * What a hedge has done, from the profit and loss of the book with it and without it.
 *
 * - `lossesAvoided` (HER) = Σ over u<0 of (π − u) / Σ over u<0 of −u; a static hedge h scores h, so it is read beside the mean
 *   hedge ratio and `upsideGivenUp` (UGU) = Σ over u>0 of (u − π) / Σ over u>0 of u.
 * - `skill` = HER − UGU: 0 for every static hedge, whatever its size.
 * - `varianceReduction` (Ederington) = 1 − Var(π)/Var(u).
 * - ratios at equal notional: of π against u scaled by 1 − mean hedge ratio, for standard deviation, downside deviation, mean of
 *   the worst 5 % of periods and greatest drawdown; below 1 is better than a static hedge of the same mean size.
 *
 * Intervals are percentiles of a circular block bootstrap: periods next to each other share a move and stay together.
 *
 * @param periods - oldest first, without gaps worth speaking of
 * @throws {RangeError} when a block holds no period or an input is not finite
 * @see specification §4.6; Ederington (1979), "The Hedging Performance of the New Futures Markets", Journal of Finance 34(1)
 */
export function hedgeEffectiveness(
  periods: readonly PeriodPnl[],
  { blockLength, minPeriods, replicates = REPLICATES, seed = SEED }: EffectivenessOptions,
): Effectiveness {
  checkInput(periods, blockLength)
  const count = periods.length
  const undetermined = { kind: 'undetermined', periods: count, needed: minPeriods } as const
  if (count < minPeriods) return { ...undetermined, reason: 'TOO_FEW_PERIODS' }
  if (isFlat(periods)) return { ...undetermined, reason: 'FLAT_EXPOSURE' }

  const order = Array.from(periods, (_, i) => i)
  const values = measure(periods, order)
  const redrawn = Array.from({ length: replicates }, redraw(periods, { blockLength, random: createRandom(seed) }))
  const basis = {
    losing: periods.filter(({ unhedged }) => unhedged < 0).length,
    gaining: periods.filter(({ unhedged }) => unhedged > 0).length,
    all: count,
  }
  const measures: Partial<Record<MeasureName, Measure>> = {}
  for (const name of MEASURES) {
    const value = values[name]
    const found = redrawn.map((one) => one[name]).filter(Number.isFinite)
    const restsOn = restsOnOf(name, basis)
    if (!Number.isFinite(value) || restsOn < MIN_ON_ONE_SIDE || found.length < MIN_USABLE * replicates) continue
    measures[name] = { value, ...interval(found, value), periods: restsOn }
  }
  return { kind: 'estimated', periods: count, meanHedgeRatio: mean(periods.map((one) => one.hedgeRatio)), measures }
}

/** One window of the rolling share of losses avoided; `at` is the index of its last period. */
export interface RollingMeasure extends Measure {
  readonly at: number
}

/** Losses avoided over a window that moves on by `step` periods; windows of which it cannot be told are left out. */
export function rollingLossesAvoided(
  periods: readonly PeriodPnl[],
  { window, step, ...options }: EffectivenessOptions & { readonly window: number; readonly step: number },
): readonly RollingMeasure[] {
  const found: RollingMeasure[] = []
  for (let end = periods.length; end >= window; end -= step) {
    const said = hedgeEffectiveness(periods.slice(end - window, end), options)
    const her = said.kind === 'estimated' ? said.measures.lossesAvoided : undefined
    if (her) found.push({ at: end - 1, ...her })
  }
  return found.reverse()
}

/** Greatest fall of a running sum from the highest point it had reached, never below 0; the sum starts at 0. */
export function greatestDrawdown(changes: readonly number[]): number {
  let [value, highest, worst] = [0, 0, 0]
  for (const change of changes) {
    value += change
    highest = Math.max(highest, value)
    worst = Math.max(worst, highest - value)
  }
  return worst
}

type Values = Record<MeasureName, number>

/** All measures over the periods in this order; NaN where there is nothing to divide by. */
function measure(periods: readonly PeriodPnl[], order: readonly number[]): Values {
  const u = order.map((i) => periods[i]!.unhedged)
  const p = order.map((i) => periods[i]!.hedged)
  const left = 1 - mean(order.map((i) => periods[i]!.hedgeRatio))
  let [avoided, losses, givenUp, gains] = [0, 0, 0, 0]
  for (const [i, unhedged] of u.entries()) {
    if (unhedged < 0) {
      losses -= unhedged
      avoided += p[i]! - unhedged
    } else if (unhedged > 0) {
      gains += unhedged
      givenUp += unhedged - p[i]!
    }
  }
  const atEqualNotional = (of: (values: readonly number[]) => number): number =>
    left < MIN_UNHEDGED ? Number.NaN : quotient(of(p), left * of(u))
  const lossesAvoided = quotient(avoided, losses)
  const upsideGivenUp = quotient(givenUp, gains)
  return {
    lossesAvoided,
    upsideGivenUp,
    skill: lossesAvoided - upsideGivenUp,
    varianceReduction: 1 - quotient(variance(p), variance(u)),
    volatilityRatio: atEqualNotional((values) => Math.sqrt(variance(values))),
    downsideRatio: atEqualNotional(downsideDeviation),
    tailLossRatio: atEqualNotional(tailLoss),
    drawdownRatio: atEqualNotional(greatestDrawdown),
  }
}

/** Blocks from anywhere, the end joined to the beginning, until there are as many periods as there were. */
function redraw(
  periods: readonly PeriodPnl[],
  { blockLength, random }: { blockLength: number; random: () => number },
): () => Values {
  const count = periods.length
  const length = Math.min(blockLength, count)
  return () => {
    const order: number[] = []
    while (order.length < count) {
      const start = Math.floor(random() * count)
      for (let i = 0; i < length && order.length < count; i++) order.push((start + i) % count)
    }
    return measure(periods, order)
  }
}

/** The interval holds the figure itself: with few blocks the percentiles of the redraws may both lie to one side of it. */
function interval(found: readonly number[], value: number): { low: number; high: number } {
  const sorted = found.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!
  return { low: Math.min(at(LOW), value), high: Math.max(at(HIGH), value) }
}

function restsOnOf(
  name: MeasureName,
  { losing, gaining, all }: { losing: number; gaining: number; all: number },
): number {
  if (name === 'lossesAvoided') return losing
  if (name === 'upsideGivenUp') return gaining
  return name === 'skill' ? Math.min(losing, gaining) : all
}

function checkInput(periods: readonly PeriodPnl[], blockLength: number): void {
  if (!(Number.isInteger(blockLength) && blockLength > 0))
    throw new RangeError(`Expected blocks of one period or more, was ${blockLength}`)
  for (const { unhedged, hedged, hedgeRatio } of periods) {
    if (!Number.isFinite(unhedged + hedged + hedgeRatio))
      throw new RangeError(`Expected finite P&L and hedge ratio, were ${unhedged}, ${hedged}, ${hedgeRatio}`)
  }
}

const isFlat = (periods: readonly PeriodPnl[]): boolean => periods.every((one) => one.unhedged === periods[0]!.unhedged)
const quotient = (above: number, below: number): number => (below > 0 ? above / below : Number.NaN)
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
function variance(values: readonly number[]): number {
  const middle = mean(values)
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length
}
const downsideDeviation = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((value) => Math.min(value, 0) ** 2)))
/** Mean loss of the worst 5 %, as a positive number; negative where even those gained. */
function tailLoss(values: readonly number[]): number {
  const worst = values.toSorted((a, b) => a - b).slice(0, Math.max(1, Math.round(TAIL * values.length)))
  return -mean(worst)
}
