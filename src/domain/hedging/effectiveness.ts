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

  const values = measure(
    periods,
    Uint32Array.from(periods, (_, i) => i),
  )
  const draw = drawOrder(count, { blockLength, random: createRandom(seed) })
  const redrawn = Array.from({ length: replicates }, () => measure(periods, draw()))
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
  { blockLength, minPeriods, replicates = REPLICATES, seed = SEED, window, step }: RollingOptions,
): readonly RollingMeasure[] {
  checkInput(periods, blockLength)
  if (window < minPeriods) throw new RangeError(`Expected a window of ${minPeriods} periods or more, was ${window}`)
  const random = createRandom(seed)
  const found: RollingMeasure[] = []
  for (let end = periods.length; end >= window; end -= step) {
    const inside = periods.slice(end - window, end)
    const losing = inside.filter(({ unhedged }) => unhedged < 0).length
    if (losing < MIN_ON_ONE_SIDE) continue
    const draw = drawOrder(window, { blockLength, random })
    const redrawn = Array.from({ length: replicates }, () => shares(inside, draw()).lossesAvoided).filter(
      Number.isFinite,
    )
    const value = shares(
      inside,
      Uint32Array.from(inside, (_, i) => i),
    ).lossesAvoided
    if (redrawn.length < MIN_USABLE * replicates) continue
    found.push({ at: end - 1, value, ...interval(redrawn, value), periods: losing })
  }
  return found.reverse()
}

export interface RollingOptions extends EffectivenessOptions {
  readonly window: number
  readonly step: number
}

/** Greatest fall of a running sum from the highest point it had reached, never below 0; the sum starts at 0. */
export function greatestDrawdown(changes: Iterable<number>): number {
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
function measure(periods: readonly PeriodPnl[], order: Uint32Array): Values {
  const [unhedged, hedged] = [new Float64Array(order.length), new Float64Array(order.length)]
  let ratios = 0
  for (const [i, place] of order.entries()) {
    const period = periods[place]!
    unhedged[i] = period.unhedged
    hedged[i] = period.hedged
    ratios += period.hedgeRatio
  }
  const left = 1 - ratios / order.length
  const atEqualNotional = (of: (values: Float64Array) => number): number =>
    left < MIN_UNHEDGED ? Number.NaN : quotient(of(hedged), left * of(unhedged))
  const { lossesAvoided, upsideGivenUp } = shares(periods, order)
  return {
    lossesAvoided,
    upsideGivenUp,
    skill: lossesAvoided - upsideGivenUp,
    varianceReduction: 1 - quotient(variance(hedged), variance(unhedged)),
    volatilityRatio: atEqualNotional((values) => Math.sqrt(variance(values))),
    downsideRatio: atEqualNotional(downsideDeviation),
    drawdownRatio: atEqualNotional(greatestDrawdown),
    // Last, because it sorts them.
    tailLossRatio: atEqualNotional(tailLoss),
  }
}

/** Of the losses, and of the gains: which share the hedge took. */
function shares(
  periods: readonly PeriodPnl[],
  order: Uint32Array,
): { readonly lossesAvoided: number; readonly upsideGivenUp: number } {
  let [avoided, losses, givenUp, gains] = [0, 0, 0, 0]
  for (const place of order) {
    const { unhedged, hedged } = periods[place]!
    if (unhedged < 0) {
      losses -= unhedged
      avoided += hedged - unhedged
    } else if (unhedged > 0) {
      gains += unhedged
      givenUp += unhedged - hedged
    }
  }
  return { lossesAvoided: quotient(avoided, losses), upsideGivenUp: quotient(givenUp, gains) }
}

/** Blocks from anywhere, the end joined to the beginning, until there are as many periods as there were. */
function drawOrder(
  count: number,
  { blockLength, random }: { blockLength: number; random: () => number },
): () => Uint32Array {
  return () => {
    const order = new Uint32Array(count)
    let drawn = 0
    while (drawn < count) {
      const start = Math.floor(random() * count)
      for (let i = 0; i < blockLength && drawn < count; i++) order[drawn++] = (start + i) % count
    }
    return order
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
function variance(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  const middle = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - middle) ** 2
  return squares / values.length
}
function downsideDeviation(values: Float64Array): number {
  let squares = 0
  for (const value of values) squares += Math.min(value, 0) ** 2
  return Math.sqrt(squares / values.length)
}
/** Mean loss of the worst 5 %, as a positive number; negative where even those gained. Sorts what it is given. */
function tailLoss(values: Float64Array): number {
  const worst = values.sort().subarray(0, Math.max(1, Math.round(TAIL * values.length)))
  let sum = 0
  for (const value of worst) sum += value
  return -sum / worst.length
}
