import { clamp } from '../../domain/units.ts'
import { binOf, LONG, type PositionBook, SHORT, type Side } from './position-book.ts'
import { VENUES, type WorldParameters } from './presets.ts'
import type { PriceState } from './price-process.ts'

const MAX_ROUNDS = 80
const MAX_MOVE_PER_ROUND = 0.05
const MAX_MOVE_PER_STEP = 0.25
const NOTHING = 1e-9
/** Positions up to two bins behind the earlier price are swept too: they were opened beside it. */
const REACH = 2

export interface CascadeResult {
  /** Liquidated notional by venue, in multiples of the long-run open interest. */
  readonly longs: Float64Array
  readonly shorts: Float64Array
  high: number
  low: number
  rounds: number
}

export const emptyCascade = (): CascadeResult => ({
  longs: new Float64Array(VENUES.length),
  shorts: new Float64Array(VENUES.length),
  high: 0,
  low: 0,
  rounds: 0,
})

/**
 * Liquidates what the price has reached, lets the closing orders move the price, and repeats until nothing more is reached.
 *
 *     Δ log price = κ · notional / depth · (1 + thinning · notional so far) / (1 + thickening · |impact|)
 *
 * Changes the price state and the book; `result` is overwritten.
 */
export function createCascade(parameters: WorldParameters, book: PositionBook, startPrice: number) {
  const swept = new Float64Array(VENUES.length)

  const liquidate = (side: Side, low: number, high: number, price: number, perVenue: Float64Array): number => {
    if (low > high) return 0
    swept.fill(0)
    book.sweep(side, low, high, swept)
    let sum = 0
    for (let venue = 0; venue < swept.length; venue++) {
      const coins = swept[venue]!
      if (coins <= 0) continue
      book.settle(venue, side, coins, parameters.closedShare)
      perVenue[venue]! += coins * price
      sum += coins
    }
    return sum
  }

  return (state: PriceState, before: number, result: CascadeResult): void => {
    result.longs.fill(0)
    result.shorts.fill(0)
    result.high = result.low = state.logPrice
    let longsFrom = binOf(before) + REACH + 1
    let shortsFrom = binOf(before) - REACH - 1
    let cumulative = 0
    let round = 0
    for (; round < MAX_ROUNDS; round++) {
      const bin = binOf(state.logPrice)
      const price = startPrice * Math.exp(state.logPrice)
      const longs = liquidate(LONG, bin, longsFrom - 1, price, result.longs)
      const shorts = liquidate(SHORT, shortsFrom + 1, bin, price, result.shorts)
      longsFrom = Math.min(longsFrom, bin)
      shortsFrom = Math.max(shortsFrom, bin)
      if (longs + shorts < NOTHING) break

      cumulative += (longs + shorts) * price
      const push = (parameters.kappa * (shorts / parameters.upDepth - longs) * price) / state.depth
      const feedback = (1 + parameters.thinning * cumulative) / (1 + parameters.thickening * Math.abs(state.impact))
      const move = clamp(push * feedback, -MAX_MOVE_PER_ROUND, MAX_MOVE_PER_ROUND)
      state.fundamental += parameters.permanentImpact * move
      state.impact += (1 - parameters.permanentImpact) * move
      state.logPrice += move
      result.high = Math.max(result.high, state.logPrice)
      result.low = Math.min(result.low, state.logPrice)
      if (Math.abs(state.logPrice - before) > MAX_MOVE_PER_STEP) break
    }
    result.rounds = round
  }
}
