import type { Asset } from '../market/tick.ts'
import { type Price, price, type TimestampMs } from '../units.ts'
import { coinsByBin } from './density.ts'
import type { LiquidationMap } from './map.ts'
import { BIN_WIDTH, binOf, HALF_BINS, priceOf } from './position-bins.ts'

/** How far a snapshot reaches in log price: ±30 %. */
const REACH = 0.3

/** The map over all venues at one instant, small enough to keep for every hour. */
export interface MapSnapshot {
  readonly asset: Asset
  readonly at: TimestampMs
  readonly price: Price
  /** Reached since the snapshot before, or in the last bar when there is none. */
  readonly lowPrice: Price
  readonly highPrice: Price
  /** Width of a bin in log price. */
  readonly binWidth: number
  /** Element `i` of `longs` and `shorts` stands at the price exp((firstBin + i) · binWidth). */
  readonly firstBin: number
  /** USD that would be liquidated, by bin; whole dollars. */
  readonly longs: readonly number[]
  readonly shorts: readonly number[]
}

/** Takes a snapshot of what the map holds within ±30 % of the price: longs below it, shorts above. */
export function snapshotOf(
  map: LiquidationMap,
  { at, price: now, lowPrice, highPrice }: { at: TimestampMs; price: Price; lowPrice: Price; highPrice: Price },
): MapSnapshot {
  const middle = binOf(now)
  const reach = Math.round(REACH / BIN_WIDTH)
  const side = (leg: 'buy' | 'sell'): number[] => {
    const { coins } = coinsByBin(map, leg)
    return Array.from({ length: 2 * reach + 1 }, (_, i) => {
      const bin = middle - reach + i
      const own = leg === 'sell' ? bin <= middle : bin >= middle
      return own ? Math.round((coins[bin - map.centre + HALF_BINS] ?? 0) * priceOf(bin)) : 0
    })
  }
  return {
    asset: map.asset,
    at,
    price: now,
    lowPrice,
    highPrice,
    binWidth: BIN_WIDTH,
    firstBin: middle - reach,
    longs: side('sell'),
    shorts: side('buy'),
  }
}

/** The price in the middle of element `i` of a snapshot. */
export const priceOfElement = ({ firstBin, binWidth }: MapSnapshot, i: number): Price =>
  price(Math.exp((firstBin + i) * binWidth))
