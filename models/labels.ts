/**
 * What came after each hour: one label per target, NaN where the future is not recorded or what it is made of is not known.
 *
 * Labels look ahead; features never do.
 *
 * @module
 * @see specification §2.1 (cascades), §4.5 (overlayConfidence)
 */
import { overlayPays } from '../src/domain/model/outcome.ts'
import type { Columns, VenueColumn } from './columns.ts'
import { type Prepared, prepare } from './feature-rows.ts'
import { byTarget, CASCADE_HORIZONS, type TargetKey } from './targets.ts'

/** A cascade is a move of this many standard deviations of the horizon (specification §2.1, frozen). */
export const CASCADE_SIGMAS = 2.5
/** Fall of open interest that makes it a joint one, by horizon in hours (specification §2.1, frozen). */
export const JOINT_FALL: Readonly<Record<(typeof CASCADE_HORIZONS)[number], number>> = { 4: 0.03, 24: 0.05, 72: 0.08 }
const OVERLAY_HOURS = 24
const DAY_HOURS = 24
const FUNDING_HOURS = 8
const LIQUIDATED_SHARE = 0.99
const LIQUIDATED_PAST_HOURS = 180 * DAY_HOURS
const LIQUIDATED_LEAST_HOURS = 30 * DAY_HOURS
const REGIME_DAYS = 30
const REGIME_SHARE = 2 / 3
const LEAST_PAIRS = 20
const FLAT_RETURN = 1e-9

export type Labels = Record<TargetKey, Float32Array>

/** What labels are made of beyond hourly columns; each NaN where not recorded. */
export interface LabelExtras {
  /** Price five minutes after each hour, from bars that fine. */
  readonly priceAfter5m?: ArrayLike<number>
}

/**
 * Labels of every hour t over (t, t + H], with σ the EWMA standard deviation of hourly returns (half-life 48 h) known at t:
 *
 *     cascade-down        min ln(low/P) < −2.5·σ·√H               cascade-up      max ln(high/P) > 2.5·σ·√H
 *     cascade-…-joint     … and open interest falls by more than 3 %, 5 %, 8 % (4, 24, 72 h) at some hour of it
 *     cascade-…-liq       … and the longs (shorts) force-closed in it exceed 99 % of such sums of the last 180 days
 *     overlay-pays        −(P₊/P − 1) + f8·H/8 − 2κ > 0           H = 24
 *     volatility-regime   the next day's realised σ is above two thirds of those of the last 30 days
 *     rise-if-interest-…  P₊ > P, size-if-interest-… |ln P₊/P|/(σ√H): where open interest rises (falls) over it, else NaN
 *     return              ln(P₊/P)/(σ√H), volatility ln(σ realised/σ), next-funding f8 eight hours on,
 *     hedge-ratio         cov(spot, perpetual)/var(perpetual) of the hourly returns of the next day
 *
 * One unit shorted at t and bought back at t + H earns the fall and the funding f8 known at t (per eight hours, income when
 * positive, nothing when unknown) and pays κ = 6 bp on each side. Prices are hourly closes as received, extremes those of the
 * bars between. Forced closings are as recorded: where a venue throttles its prints, their rank stands for their size.
 */
export function labelsOf(columns: Columns, extras: LabelExtras = {}): Labels {
  const hours = columns.price.length
  const labels = byTarget(() => new Float32Array(hours).fill(Number.NaN)) as Labels
  const prepared = prepare(columns, 0)
  labelCascades(columns, prepared, labels)
  labelPaths(columns, prepared, labels)
  labelRegimes(prepared, labels)
  labelHedgeRatio(columns, labels)
  const { price } = columns
  const sigma = prepared.volatility[48]
  const soon = extras.priceAfter5m
  for (let i = 0; soon && i < hours; i++)
    labels['return-5m'][i] = Math.log(soon[i]! / price[i]!) / (sigma[i]! / Math.sqrt(12))
  return labels
}

function labelCascades(
  columns: Columns,
  { volatility, openInterest, openInterestCadence, liquidated }: Prepared,
  labels: Labels,
) {
  const { price } = columns
  for (const horizon of CASCADE_HORIZONS) {
    const lowest = extremeAhead(columns.low, price, horizon, Math.min)
    const highest = extremeAhead(columns.high, price, horizon, Math.max)
    const held =
      openInterestCadence <= horizon ? extremeAhead(openInterest, openInterest, horizon, Math.min) : undefined
    const forced = {
      down: exceedsItsPast(liquidated.long, columns.longLiquidated, horizon),
      up: exceedsItsPast(liquidated.short, columns.shortLiquidated, horizon),
    }
    for (let i = 0; i < price.length; i++) {
      const threshold = CASCADE_SIGMAS * volatility[48][i]! * Math.sqrt(horizon)
      if (!(threshold > 0)) continue
      const fell = held ? Math.log(held[i]! / openInterest[i]!) : Number.NaN
      for (const way of ['down', 'up'] as const) {
        const reached = way === 'down' ? -Math.log(lowest[i]! / price[i]!) : Math.log(highest[i]! / price[i]!)
        if (Number.isNaN(reached)) continue
        const happened = reached > threshold
        labels[`cascade-${way}-${horizon}h`][i] = happened ? 1 : 0
        if (!Number.isNaN(fell))
          labels[`cascade-${way}-joint-${horizon}h`][i] = happened && fell < -JOINT_FALL[horizon] ? 1 : 0
        const rank = forced[way][i]!
        if (!Number.isNaN(rank)) labels[`cascade-${way}-liq-${horizon}h`][i] = happened && rank === 1 ? 1 : 0
      }
    }
  }
}

function labelPaths(
  { price }: Columns,
  { volatility, openInterest, openInterestCadence, funding, returns }: Prepared,
  labels: Labels,
) {
  const sigma = volatility[48]
  const change = (i: number, hours: number): number =>
    openInterestCadence <= hours ? Math.log((openInterest[i + hours] ?? Number.NaN) / openInterest[i]!) : Number.NaN
  const squares = runningSquares(returns)
  for (let i = 0; i < price.length; i++) {
    labels['return-1h'][i] = Math.log((price[i + 1] ?? Number.NaN) / price[i]!) / sigma[i]!
    for (const horizon of CASCADE_HORIZONS) {
      labels[`open-interest-change-${horizon}h`][i] = change(i, horizon)
      const realised = realisedBetween(squares, i, i + horizon)
      labels[`volatility-${horizon}h`][i] = realised > 0 ? Math.log(realised / sigma[i]!) : Number.NaN
    }
    const move = Math.log((price[i + DAY_HOURS] ?? Number.NaN) / price[i]!)
    const interest = change(i, DAY_HOURS)
    if (!Number.isNaN(move) && !Number.isNaN(interest) && interest !== 0) {
      const way = interest > 0 ? 'rises' : 'falls'
      labels[`rise-if-interest-${way}-24h`][i] = move > 0 ? 1 : 0
      labels[`size-if-interest-${way}-24h`][i] = Math.abs(move) / (sigma[i]! * Math.sqrt(DAY_HOURS))
    }
    labels['next-funding-8h'][i] = funding[i + FUNDING_HOURS] ?? Number.NaN
    const [now, end] = [price[i]!, price[i + OVERLAY_HOURS] ?? Number.NaN]
    const fundingRate = Number.isNaN(funding[i]!) ? undefined : funding[i]!
    if (!Number.isNaN(end / now))
      labels['overlay-pays-24h'][i] = overlayPays({ price: now, endPrice: end, fundingRate, hours: OVERLAY_HOURS })
        ? 1
        : 0
  }
}

function labelRegimes({ returns }: Prepared, labels: Labels): void {
  const squares = runningSquares(returns)
  for (let i = REGIME_DAYS * DAY_HOURS; i < returns.length; i++) {
    const next = realisedBetween(squares, i, i + DAY_HOURS)
    const past = Array.from({ length: REGIME_DAYS }, (_, day) =>
      realisedBetween(squares, i - (day + 1) * DAY_HOURS, i - day * DAY_HOURS),
    ).filter((value) => !Number.isNaN(value))
    if (Number.isNaN(next) || past.length < REGIME_DAYS / 2) continue
    past.sort((a, b) => a - b)
    labels['volatility-regime-24h'][i] = next > past[Math.floor(REGIME_SHARE * past.length)]! ? 1 : 0
  }
}

function labelHedgeRatio({ perp, spot }: Columns, labels: Labels): void {
  for (let i = 0; i + DAY_HOURS < perp.length; i++) {
    let [n, meanS, meanF, cov, variance] = [0, 0, 0, 0, 0]
    for (let j = i + 1; j <= i + DAY_HOURS; j++) {
      const s = Math.log(spot[j]! / spot[j - 1]!)
      const f = Math.log(perp[j]! / perp[j - 1]!)
      if (Number.isNaN(s) || Number.isNaN(f)) continue
      n++
      const [ds, df] = [s - meanS, f - meanF]
      meanS += ds / n
      meanF += df / n
      cov += ds * (f - meanF)
      variance += df * (f - meanF)
    }
    if (n >= LEAST_PAIRS && variance > FLAT_RETURN) labels['hedge-ratio-24h'][i] = cov / variance
  }
}

/**
 * The extreme of a series over the `hours` after each hour; NaN where the window is not recorded to its end.
 *
 * Monotone queue: one pass whatever the horizon.
 */
function extremeAhead(
  series: ArrayLike<number>,
  known: ArrayLike<number>,
  hours: number,
  pick: (a: number, b: number) => number,
): Float64Array {
  const out = new Float64Array(series.length).fill(Number.NaN)
  const queue: number[] = []
  let head = 0
  const better = (a: number, b: number): boolean => pick(a, b) === a
  for (let end = 1; end < series.length; end++) {
    const value = series[end]!
    if (!Number.isNaN(value)) {
      while (queue.length > head && better(value, series[queue.at(-1)!]!)) queue.pop()
      queue.push(end)
    }
    const i = end - hours
    if (i < 0) continue
    while (queue.length > head && queue[head]! <= i) head++
    if (queue.length > head && !Number.isNaN(known[i]!)) out[i] = pick(known[i]!, series[queue[head]!]!)
  }
  return out
}

/** 1 where the sum over the coming hours exceeds 99 % of the sums that had been complete by then, else 0; NaN with too little past. */
function exceedsItsPast(all: Float64Array, feeds: readonly VenueColumn[], hours: number): Float64Array {
  const out = new Float64Array(all.length).fill(Number.NaN)
  if (Math.min(Number.POSITIVE_INFINITY, ...feeds.map(({ cadenceHours }) => cadenceHours)) > hours) return out
  const sums = windowSums(all, hours)
  let limit = Number.NaN
  for (let i = 0; i + hours < all.length; i++) {
    // The limit moves slowly: once a day is often enough.
    if (i % DAY_HOURS === 0) {
      const past = sums.subarray(Math.max(0, i - LIQUIDATED_PAST_HOURS), i + 1).filter((sum) => !Number.isNaN(sum))
      limit =
        past.length < LIQUIDATED_LEAST_HOURS ? Number.NaN : past.sort()[Math.floor(LIQUIDATED_SHARE * past.length)]!
    }
    const ahead = sums[i + hours]!
    if (!Number.isNaN(limit) && !Number.isNaN(ahead)) out[i] = ahead > limit ? 1 : 0
  }
  return out
}

/** Sum over the `hours` up to each hour; NaN where the feed was silent at its end. */
function windowSums(values: Float64Array, hours: number): Float64Array {
  const out = new Float64Array(values.length).fill(Number.NaN)
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    sum += Number.isNaN(values[i]!) ? 0 : values[i]!
    if (i >= hours) sum -= Number.isNaN(values[i - hours]!) ? 0 : values[i - hours]!
    if (i >= hours - 1 && !Number.isNaN(values[i]!)) out[i] = Math.max(0, sum)
  }
  return out
}

/** Running sums of squared returns and of how many are known. */
function runningSquares(returns: Float64Array): { readonly sums: Float64Array; readonly known: Int32Array } {
  const sums = new Float64Array(returns.length + 1)
  const known = new Int32Array(returns.length + 1)
  for (let i = 0; i < returns.length; i++) {
    const isKnown = !Number.isNaN(returns[i]!)
    sums[i + 1] = sums[i]! + (isKnown ? returns[i]! ** 2 : 0)
    known[i + 1] = known[i]! + (isKnown ? 1 : 0)
  }
  return { sums, known }
}

/** Realised hourly standard deviation over (from, to]; NaN where less than three quarters of it are recorded. */
function realisedBetween({ sums, known }: ReturnType<typeof runningSquares>, from: number, to: number): number {
  if (from < 0 || to + 1 >= sums.length) return Number.NaN
  const count = known[to + 1]! - known[from + 1]!
  if (count < 0.75 * (to - from)) return Number.NaN
  return Math.sqrt(Math.max(0, sums[to + 1]! - sums[from + 1]!) / count)
}
