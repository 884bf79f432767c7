import type { VenueId } from '../market/tick.ts'
import {
  type DurationMs,
  duration,
  type Fraction,
  fraction,
  HOUR,
  type Price,
  price,
  type TimestampMs,
  type Usd,
  usd,
} from '../units.ts'
import type { LiquidationMap } from './map.ts'
import { BIN_COUNT, BIN_WIDTH, binOf, HALF_BINS, type Leg, LONG, priceOf, SHORT } from './position-bins.ts'

/** Public bins reach this far in log price: ±30 %. */
const PUBLIC_REACH = 0.3

export interface DensityBin {
  /** Middle of the bin. */
  readonly price: Price
  readonly notional: Usd
}

/** What would be liquidated on one side of the price. */
export interface Density {
  /** Side of the closing orders: `sell` closes longs below the price, `buy` closes shorts above it. */
  readonly side: 'buy' | 'sell'
  /** In order of price, 25 bps wide, out to 30 %, empty ones included. */
  readonly bins: readonly DensityBin[]
}

const legOf = (side: 'buy' | 'sell'): Leg => (side === 'sell' ? LONG : SHORT)

/** The map over all venues, in USD by bin: longs below the price (`sell`), then shorts above it (`buy`). */
export function density(map: LiquidationMap, { price: at }: { price: Price }): readonly [Density, Density] {
  return (['sell', 'buy'] as const).map((side) => {
    const { coins } = coinsByBin(map, side)
    const middle = binOf(at)
    const reach = Math.round(PUBLIC_REACH / BIN_WIDTH)
    const [from, to] = side === 'sell' ? [middle - reach, middle] : [middle, middle + reach]
    const bins: DensityBin[] = []
    for (let bin = from; bin <= to; bin++) {
      const level = priceOf(bin)
      bins.push({ price: price(level), notional: usd((coins[bin - map.centre + HALF_BINS] ?? 0) * level) })
    }
    return { side, bins }
  }) as unknown as readonly [Density, Density]
}

export interface Extent {
  readonly notional: Usd
  /** Mean time since the positions were opened, weighted by size. */
  readonly age: DurationMs
  readonly venueShares: Readonly<Record<VenueId, Fraction>>
}

/** What stands between two prices (inclusive, to the bin), how old it is and on which venues. */
export function extentOf(
  map: LiquidationMap,
  side: 'buy' | 'sell',
  { lowPrice, highPrice, at }: { lowPrice: Price; highPrice: Price; at: TimestampMs },
): Extent {
  const [low, high] = [binOf(lowPrice), binOf(highPrice)].map((bin) => bin - map.centre + HALF_BINS) as [number, number]
  let [notional, coins, born] = [0, 0, 0]
  const byVenue: [VenueId, number][] = []
  for (const [venue, { positions }] of map.venues) {
    const held = new Float64Array(BIN_COUNT)
    const births = new Float64Array(BIN_COUNT)
    positions.collect(legOf(side), held, births)
    let here = 0
    for (let i = Math.max(0, low); i <= Math.min(BIN_COUNT - 1, high); i++) {
      here += held[i]! * priceOf(i - HALF_BINS + map.centre)
      coins += held[i]!
      born += births[i]!
    }
    notional += here
    byVenue.push([venue, here])
  }
  return {
    notional: usd(notional),
    age: duration(coins > 0 ? Math.max(0, at - (born / coins) * HOUR) : 0),
    venueShares: Object.fromEntries(
      byVenue.filter(([, here]) => here > 0).map(([venue, here]) => [venue, fraction(here / notional)]),
    ),
  }
}

/** Coins over all venues by bin of the window; element `i` is absolute bin `i` − 200 + `map.centre`. */
export function coinsByBin(map: LiquidationMap, side: 'buy' | 'sell'): { coins: Float64Array } {
  const coins = new Float64Array(BIN_COUNT)
  for (const { positions } of map.venues.values()) positions.collect(legOf(side), coins)
  return { coins }
}
