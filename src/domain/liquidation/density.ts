import type { LeverageShare } from '../forecast.ts'
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
  timestamp,
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
  /** Median time since the positions were opened, by size. */
  readonly age: DurationMs
  readonly venueShares: Readonly<Record<VenueId, Fraction>>
  readonly leverage: readonly LeverageShare[]
}

/** What stands between two prices (inclusive, to the bin): how much, how old, on which venues, at which leverage. */
export function extentOf(
  map: LiquidationMap,
  side: 'buy' | 'sell',
  { lowPrice, highPrice, at }: { lowPrice: Price; highPrice: Price; at: TimestampMs },
): Extent {
  const leg = legOf(side)
  const first = map.centre - HALF_BINS
  const range = { low: binOf(lowPrice) - first, high: binOf(highPrice) - first }
  const levels = map.options.buckets.map(({ leverage }) => ({
    leverage,
    notional: 0,
    coins: 0,
    born: 0,
    lowEntry: Number.POSITIVE_INFINITY,
    highEntry: 0,
  }))
  const cells: { bornAt: number; notional: number }[] = []
  const byVenue: [VenueId, number][] = []
  let notional = 0
  for (const [venue, { positions, margins }] of map.venues) {
    let here = 0
    positions.visit(leg, range, (k, i, held, born) => {
      const level = levels[k]!
      const at = priceOf(i + first)
      const entry = at / Math.exp(margins.offsets[leg]![k]!)
      here += held * at
      level.notional += held * at
      level.coins += held
      level.born += born
      level.lowEntry = Math.min(level.lowEntry, entry)
      level.highEntry = Math.max(level.highEntry, entry)
      cells.push({ bornAt: born / held, notional: held * at })
    })
    notional += here
    if (here > 0) byVenue.push([venue, here])
  }
  return {
    notional: usd(notional),
    age: duration(cells.length > 0 ? Math.max(0, at - medianBirth(cells, notional) * HOUR) : 0),
    venueShares: Object.fromEntries(byVenue.map(([venue, here]) => [venue, fraction(here / notional)])),
    leverage: levels
      .filter((level) => level.notional > 0)
      .map((level) => ({
        leverage: level.leverage,
        share: fraction(level.notional / notional),
        lowEntryPrice: price(level.lowEntry),
        highEntryPrice: price(level.highEntry),
        openedAt: timestamp(Math.round(Math.min(at, (level.born / level.coins) * HOUR))),
      })),
  }
}

/** The opening time, hours, that half of the notional is older than; each cell stands for its mean. */
function medianBirth(cells: { bornAt: number; notional: number }[], total: number): number {
  cells.sort((a, b) => a.bornAt - b.bornAt)
  let passed = 0
  for (const { bornAt, notional } of cells) {
    passed += notional
    if (passed >= total / 2) return bornAt
  }
  return cells.at(-1)!.bornAt
}

/** Coins over all venues by bin of the window; element `i` is absolute bin `i` − 200 + `map.centre`. */
export function coinsByBin(map: LiquidationMap, side: 'buy' | 'sell'): { coins: Float64Array } {
  const coins = new Float64Array(BIN_COUNT)
  for (const { positions } of map.venues.values()) positions.collect(legOf(side), coins)
  return { coins }
}
