import type { Fill } from '../domain/execution/order.ts'
import { positionOf } from '../domain/execution/position.ts'
import type { PeriodPnl } from '../domain/hedging/effectiveness.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { PnlPoint } from '../domain/picture.ts'
import { type BaseQty, type DurationMs, HOUR, type Price, type TimestampMs, type Usd, usd } from '../domain/units.ts'
import type { PathPoint } from '../ports.ts'

/** What one asset has to be told by: what is held, every fill of its hedge ever, prices at marks evenly apart. */
export interface AssetRecord {
  readonly asset: Asset
  readonly exposure: BaseQty
  /** Oldest first. */
  readonly fills: readonly Fill[]
  /** Oldest first; marks on one grid for all assets. */
  readonly path: readonly PathPoint[]
}

export interface ValuePoint extends PnlPoint {
  /** Hedge over exposure at this point, by value. */
  readonly hedgeRatio: number
}

/** What became of one asset between its first price in the window and its last. */
export interface AssetPnl {
  readonly asset: Asset
  readonly startPrice: Price
  readonly endPrice: Price
  readonly spot: Usd
  /** Made final by closing, and the change of what is open; both before fees. */
  readonly realized: Usd
  readonly unrealized: Usd
  readonly fees: Usd
  /**
   * What the short would have received (positive) or paid at the funding that was recorded; not in any other figure, for paper
   * accrues none. Undefined where none was recorded while a hedge was held.
   */
  readonly funding?: Usd
}

export interface ValuePeriod extends PeriodPnl {
  readonly endedAt: TimestampMs
}

export interface ValuePath {
  /** Oldest first; P&L since the first. */
  readonly points: readonly ValuePoint[]
  /** Steps of one length; one across a gap in the record is left out. */
  readonly periods: readonly ValuePeriod[]
  /** Without those that have no price in the window. */
  readonly assets: readonly AssetPnl[]
}

/**
 * What the book made from mark to mark with its hedge and without it, at the exposure that is configured now. Fills are taken at
 * their price with their fee, so that slippage is in; what was filled before an asset's first price is where it begins.
 */
export function valuePath(records: readonly AssetRecord[], every: DurationMs): ValuePath {
  const known = records.filter(({ path }) => path.length > 0)
  const followed = known.map(follow)
  const marks = [...new Set(known.flatMap(({ path }) => path.map(({ mark }) => mark)))].sort((a, b) => a - b)
  const points = marks.map((mark): ValuePoint => {
    const at = followed.flatMap((asset) => asset.at(mark) ?? [])
    const exposure = sum(at, ({ held }) => held)
    return {
      at: mark,
      unhedged: sum(at, ({ spot }) => spot),
      hedged: sum(at, ({ spot, hedge }) => spot + hedge),
      hedgeRatio: exposure > 0 ? sum(at, ({ hedgedValue }) => hedgedValue) / exposure : 0,
    }
  })
  const periods = points.slice(1).flatMap((point, i): ValuePeriod[] => {
    const before = points[i]!
    if (point.at - before.at !== every) return []
    return [
      {
        endedAt: point.at,
        unhedged: point.unhedged - before.unhedged,
        hedged: point.hedged - before.hedged,
        hedgeRatio: before.hedgeRatio,
      },
    ]
  })
  return { points, periods, assets: known.map((record) => totalsOf(record)) }
}

interface Standing {
  readonly mark: TimestampMs
  /** P&L since the first mark. */
  readonly spot: number
  readonly hedge: number
  /** Value of what is held, and of what is short. */
  readonly held: number
  readonly hedgedValue: number
}

/** How one asset stood at each mark; between two of its own it stands as at the one before. */
function follow({ exposure, fills, path }: AssetRecord): { at(mark: TimestampMs): Standing | undefined } {
  const standings: Standing[] = []
  let [cash, quantity, next] = [0, 0, 0]
  const takeFills = (isTaken: (filledAt: TimestampMs) => boolean): void => {
    for (; next < fills.length && isTaken(fills[next]!.filledAt); next++) {
      const fill = fills[next]!
      const signed = fill.side === 'buy' ? fill.quantity : -fill.quantity
      cash -= signed * fill.fillPrice + fill.fee
      quantity += signed
    }
  }
  const first = path[0]!
  takeFills((filledAt) => filledAt < first.mark)
  const atFirst = cash + quantity * first.price
  for (const { mark, price } of path) {
    takeFills((filledAt) => filledAt <= mark)
    standings.push({
      mark,
      spot: exposure * (price - first.price),
      hedge: cash + quantity * price - atFirst,
      held: exposure * price,
      hedgedValue: -quantity * price,
    })
  }
  let place = -1
  return {
    at(mark) {
      while (place + 1 < standings.length && standings[place + 1]!.mark <= mark) place++
      return standings[place]
    },
  }
}

function totalsOf({ asset, exposure, fills, path }: AssetRecord): AssetPnl {
  const [first, last] = [path[0]!, path.at(-1)!]
  const before = positionOf(fills.filter(({ filledAt }) => filledAt < first.mark))
  const after = positionOf(fills.filter(({ filledAt }) => filledAt <= last.mark))
  const open = (position: { quantity: number; averagePrice: number }, price: number): number =>
    position.quantity === 0 ? 0 : position.quantity * (price - position.averagePrice)
  const funding = fundingOf(fills, path)
  return {
    asset,
    startPrice: first.price,
    endPrice: last.price,
    spot: usd(exposure * (last.price - first.price)),
    realized: usd(after.realized - before.realized),
    unrealized: usd(open(after, last.price) - open(before, first.price)),
    fees: usd(after.fees - before.fees),
    ...(funding === undefined ? {} : { funding: usd(funding) }),
  }
}

/** Each step pays at the rate and on the position with which it began. */
function fundingOf(fills: readonly Fill[], path: readonly PathPoint[]): number | undefined {
  let [quantity, next] = [0, 0]
  let total: number | undefined
  for (const [i, { mark, price, fundingRate }] of path.entries()) {
    for (; next < fills.length && fills[next]!.filledAt <= mark; next++) {
      quantity += fills[next]!.side === 'buy' ? fills[next]!.quantity : -fills[next]!.quantity
    }
    const end = path[i + 1]?.mark
    if (end === undefined || fundingRate === undefined || Math.abs(quantity) < 1e-9) continue
    total = (total ?? 0) - quantity * price * fundingRate * ((end - mark) / (8 * HOUR))
  }
  return total
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)
