import type { Bar } from '../market/tick.ts'
import { ewmaVolatility } from '../market/volatility.ts'
import { type DurationMs, HOUR, type TimestampMs } from '../units.ts'

/** A cascade is a move of this many standard deviations of the horizon (specification §2.1, frozen). */
export const CASCADE_SIGMAS = 2.5
/** Cost of one side of a hedge: taker fee 5 bp and half the spread 1 bp. */
const OVERLAY_COST = 6e-4
const HALF_LIFE_HOURS = 48
/** Hours of returns behind the volatility, five half-lives; at least a day of them. */
const VOLATILITY_HOURS = 240
const MIN_RETURNS = 24
const FLAT = 1e-9
/** With more of the horizon unheard, that nobody saw a cascade says nothing. */
const MAX_UNHEARD = 0.05

/** How far back bars are needed. */
export const OUTCOME_LOOKBACK_HOURS = VOLATILITY_HOURS + 2

export type CascadeOutcome =
  | { readonly kind: 'known'; readonly down: boolean; readonly up: boolean }
  /** `NO_PRICE`: none fresh at the forecast; `NO_VOLATILITY`: too little or flat history; `UNHEARD`: too little of what came. */
  | { readonly kind: 'unknown'; readonly reason: 'NO_PRICE' | 'NO_VOLATILITY' | 'UNHEARD' }

export interface CascadeQuestion {
  /** When the forecast was made. */
  readonly at: TimestampMs
  readonly horizonHours: number
  /** At which bars are declared to come. */
  readonly cadence: DurationMs
}

/**
 * Whether price moved by more than 2.5 σ√H within H hours after an instant, down or up, as labels of training are made:
 *
 *     down   min ln(low/P) < −2.5·σ·√H          up   max ln(high/P) > 2.5·σ·√H
 *
 * with P the close as received at the instant, σ the EWMA standard deviation of hourly returns (half-life 48 h) known then, and
 * lows and highs those of the bars received hour by hour until its end.
 *
 * Training takes a window of which most was not recorded for one without a cascade; here that is not known.
 *
 * @param bars - of the venue whose price stands for the asset, in order of receipt, from `OUTCOME_LOOKBACK_HOURS` before the
 *   instant to the end of the horizon
 * @see specification §2.1; `models/labels.ts`
 */
export function cascadeOutcome(bars: readonly Bar[], { at, horizonHours, cadence }: CascadeQuestion): CascadeOutcome {
  const first = -VOLATILITY_HOURS
  const hours = sample(bars, { at, first, last: horizonHours, staleAfter: Math.max(2 * cadence, HOUR) })
  const price = hours[-first]!.close
  if (Number.isNaN(price)) return { kind: 'unknown', reason: 'NO_PRICE' }
  const returns: number[] = []
  for (let i = 1; i <= -first; i++) {
    const change = Math.log(hours[i]!.close / hours[i - 1]!.close)
    if (!Number.isNaN(change)) returns.push(change)
  }
  const volatility = returns.length < MIN_RETURNS ? 0 : ewmaVolatility(returns, HALF_LIFE_HOURS)
  if (!(volatility > FLAT)) return { kind: 'unknown', reason: 'NO_VOLATILITY' }
  const threshold = CASCADE_SIGMAS * volatility * Math.sqrt(horizonHours)
  const ahead = hours.slice(-first + 1)
  const heard = ahead.filter(({ close }) => !Number.isNaN(close))
  const down = Math.log(Math.min(price, ...heard.map(({ low }) => low)) / price) < -threshold
  const up = Math.log(Math.max(price, ...heard.map(({ high }) => high)) / price) > threshold
  if (!down && !up && ahead.length - heard.length > MAX_UNHEARD * ahead.length)
    return { kind: 'unknown', reason: 'UNHEARD' }
  return { kind: 'known', down, up }
}

/**
 * Whether a short of one unit, opened and closed at taker's cost, earned more than it cost, as labels of training have it:
 *
 *     −(P₊/P − 1) + f8·H/8 − 2κ > 0
 *
 * @see specification §4.5
 */
export function overlayPays({
  price,
  endPrice,
  fundingRate,
  hours,
}: {
  readonly price: number
  readonly endPrice: number
  /** Per eight hours, at the beginning; nothing is counted where it is not known. */
  readonly fundingRate: number | undefined
  readonly hours: number
}): boolean {
  return 1 - endPrice / price + ((fundingRate ?? 0) * hours) / 8 - 2 * OVERLAY_COST > 0
}

export type OverlayOutcome =
  | { readonly kind: 'known'; readonly pays: boolean }
  /** `NO_PRICE`: none fresh at the forecast; `UNHEARD`: none at the end. */
  | { readonly kind: 'unknown'; readonly reason: 'NO_PRICE' | 'UNHEARD' }

/**
 * Whether the overlay paid, by the prices received at an instant and at the end of its horizon.
 *
 * @param bars - as for `cascadeOutcome`
 * @param fundingRate - per eight hours, the mean over the venues at the instant
 */
export function overlayOutcome(
  bars: readonly Bar[],
  { at, horizonHours, cadence, fundingRate }: CascadeQuestion & { readonly fundingRate: number | undefined },
): OverlayOutcome {
  const hours = sample(bars, { at, first: 0, last: horizonHours, staleAfter: Math.max(2 * cadence, HOUR) })
  const [price, endPrice] = [hours[0]!.close, hours.at(-1)!.close]
  if (Number.isNaN(price)) return { kind: 'unknown', reason: 'NO_PRICE' }
  if (Number.isNaN(endPrice)) return { kind: 'unknown', reason: 'UNHEARD' }
  return { kind: 'known', pays: overlayPays({ price, endPrice, fundingRate, hours: horizonHours }) }
}

interface Hour {
  /** NaN where nothing fresh was known. */
  readonly close: number
  readonly low: number
  readonly high: number
}

/** One entry an hour, `first` to `last` hours from the instant: the newest close, and the extremes received within the hour. */
function sample(
  bars: readonly Bar[],
  { at, first, last, staleAfter }: { at: number; first: number; last: number; staleAfter: number },
): readonly Hour[] {
  let next = 0
  let newest: Bar | undefined
  const take = (until: number): readonly Bar[] => {
    const from = next
    for (; next < bars.length && bars[next]!.receivedAt <= until; next++) {
      const bar = bars[next]!
      if (!newest || bar.eventAt >= newest.eventAt) newest = bar
    }
    return bars.slice(from, next)
  }
  take(at + (first - 1) * HOUR)
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const mark = at + (first + i) * HOUR
    const received = take(mark)
    if (!newest || mark - newest.eventAt > staleAfter) return { close: Number.NaN, low: Number.NaN, high: Number.NaN }
    const close = newest.closePrice
    return {
      close,
      low: Math.min(close, ...received.map(({ lowPrice }) => lowPrice)),
      high: Math.max(close, ...received.map(({ highPrice }) => highPrice)),
    }
  })
}
