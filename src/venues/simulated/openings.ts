import { clamp } from '../../domain/units.ts'
import { binOf, LONG, type PositionBook, SHORT } from './position-book.ts'
import {
  LEVERAGE_MIX,
  LEVERAGES,
  MAINTENANCE_RATES,
  SHORT_TILT,
  STEPS_PER_HOUR,
  VENUE_SHARES,
  VENUE_TILT,
  type WorldParameters,
} from './presets.ts'
import type { PriceState } from './price-process.ts'

/** Log distance from entry to liquidation (specification §1.1, isolated, maintenance on mark), by side and leverage. */
const LIQUIDATION_OFFSET = [
  LEVERAGES.map((leverage, k) => Math.log((1 - 1 / leverage) / (1 - MAINTENANCE_RATES[k]!))),
  LEVERAGES.map((leverage, k) => Math.log((1 + 1 / leverage) / (1 + MAINTENANCE_RATES[k]!))),
] as const
/** Entries scatter around the price by ten basis points. */
const ENTRY_SPREAD = 0.001
/** Appetite raises both the number of new positions and their leverage. */
const APPETITE = 0.45
const TREND_KEEP = 0.5 ** (1 / (STEPS_PER_HOUR * 72))
const TILTS = VENUE_TILT.map((tilt) => [Math.exp(tilt / 2), Math.exp((tilt + SHORT_TILT) / 2)] as const)

/**
 * Lets every venue's customers close and open positions for one step, and returns sentiment in (−1, 1).
 *
 * Sentiment is a trend (price over its 72-hour average) plus mood; it shifts leverage from shorts to longs. Each contract has
 * a long and a short, so both sides of a venue are equal after every step.
 */
export function createOpenings(
  parameters: WorldParameters,
  book: PositionBook,
  options: { normal: () => number; startPrice: number },
) {
  const { normal, startPrice } = options
  const trendScale = parameters.dailyVolatility * 1.7
  const mix = new Float64Array(2 * LEVERAGES.length)
  let trend = 0

  const fillMix = (side: 0 | 1, tilt: number): void => {
    const start = side * LEVERAGES.length
    let weight = 1 / (tilt * tilt)
    let sum = 0
    for (let k = 0; k < LEVERAGES.length; k++) {
      mix[start + k] = LEVERAGE_MIX[k]! * weight
      sum += mix[start + k]!
      weight *= tilt
    }
    for (let k = 0; k < LEVERAGES.length; k++) mix[start + k]! /= sum
  }

  return (state: PriceState): number => {
    trend += (state.logPrice - trend) * (1 - TREND_KEEP)
    const pull = (parameters.trendFollowing * (state.logPrice - trend)) / trendScale
    const sentiment = Math.tanh(pull + state.sentiment + parameters.sentimentMean)
    const leveragedLongs = clamp(parameters.leveragedLongs + parameters.sentimentLeverage * sentiment, 0.05, 0.9)
    const leveragedShorts = clamp(parameters.leveragedShorts - parameters.sentimentLeverage * sentiment, 0.05, 0.9)
    const price = startPrice * Math.exp(state.logPrice)
    const appetiteTilt = Math.exp((APPETITE * state.appetite) / 2)

    for (let venue = 0; venue < VENUE_SHARES.length; venue++) {
      const rate = VENUE_SHARES[venue]! / price / parameters.turnover / STEPS_PER_HOUR
      const opened = rate * Math.exp(APPETITE * state.appetite + 0.3 * normal() - 0.12)
      fillMix(LONG, appetiteTilt * TILTS[venue]![0])
      fillMix(SHORT, appetiteTilt * TILTS[venue]![1])
      for (let k = 0; k < LEVERAGES.length; k++) {
        const long = binOf(state.logPrice + ENTRY_SPREAD * normal() + LIQUIDATION_OFFSET[0][k]!)
        book.renew(LONG, venue, k, long, opened * mix[k]! * leveragedLongs)
        const short = binOf(state.logPrice + ENTRY_SPREAD * normal() + LIQUIDATION_OFFSET[1][k]!)
        book.renew(SHORT, venue, k, short, opened * mix[LEVERAGES.length + k]! * leveragedShorts)
      }
      book.renewUnlevered(venue, opened * (1 - leveragedLongs), opened * (1 - leveragedShorts))
    }
    return sentiment
  }
}
