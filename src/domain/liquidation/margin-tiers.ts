import { type Fraction, fraction, type Price, type TimestampMs, type Usd, usd } from '../units.ts'

/** One row of a venue's maintenance table: positions up to `cap` pay rate × notional − deduction. */
export interface MarginTier {
  /** Largest notional of this tier; the last one's is the largest position allowed. */
  readonly cap: Usd
  readonly maintenanceRate: Fraction
  readonly maxLeverage: number
  readonly deduction: Usd
}

/** A complete table of one contract and the time it held, so that a backtest uses the tiers of the day. */
export interface TierTable {
  readonly venue: string
  readonly contract: string
  readonly validFrom: TimestampMs
  /** Open end when undefined. */
  readonly validTo?: TimestampMs
  readonly tiers: readonly MarginTier[]
  /** Where the venue counts coins: the price at which its sizes were turned into dollars (see `atPrice`). */
  readonly referencePrice?: Price
  /** Who says so. */
  readonly source: string
}

/** A row as venues give it; `deduction` may be left out where the venue does not publish it. */
export interface TierRow {
  readonly cap: number
  readonly maintenanceRate: number
  readonly maxLeverage: number
  readonly deduction?: number
}

export type ParsedTiers =
  | { readonly kind: 'accepted'; readonly tiers: readonly MarginTier[] }
  /** `row` counts from 1, as a person would. */
  | { readonly kind: 'rejected'; readonly row: number; readonly reason: string }

const DEDUCTION_TOLERANCE = 0.01 // a cent: venues print whole units, sums of rates leave rounding dust
const DUST_DIGITS = 6
const SAME = 1e-9

/**
 * Reads a maintenance table and refuses one that cannot be right.
 *
 * Maintenance must be continuous in position size, so every deduction follows from the row above:
 * ded(n) = cap(n−1) · (rate(n) − rate(n−1)) + ded(n−1), the first being 0. A mistyped or missing row breaks it. A deduction
 * that is given is only checked: what is kept is computed.
 *
 * @param rows - smallest positions first, caps in the quote currency
 * @see specification §1.1
 */
export function parseMarginTiers(rows: readonly TierRow[]): ParsedTiers {
  if (rows.length === 0) return { kind: 'rejected', row: 1, reason: 'the table has no rows' }
  const tiers: MarginTier[] = []
  for (const [i, row] of rows.entries()) {
    const above = tiers.at(-1)
    const deduction = above ? above.cap * (row.maintenanceRate - above.maintenanceRate) + above.deduction : 0
    const reason = whyNot(row, above) ?? whyNotDeduction(row.deduction, deduction)
    if (reason) return { kind: 'rejected', row: i + 1, reason }
    tiers.push({
      cap: usd(row.cap),
      maintenanceRate: fraction(row.maintenanceRate),
      maxLeverage: row.maxLeverage,
      deduction: usd(Number(deduction.toFixed(DUST_DIGITS))),
    })
  }
  return { kind: 'accepted', tiers }
}

function whyNot({ cap, maintenanceRate, maxLeverage }: TierRow, above: MarginTier | undefined): string | undefined {
  if (!(cap > (above?.cap ?? 0)) || !Number.isFinite(cap)) {
    return `expected a cap above ${above?.cap ?? 0}, was ${cap}`
  }
  if (!(maintenanceRate > (above?.maintenanceRate ?? 0) && maintenanceRate < 1)) {
    return `expected a maintenance rate above ${above?.maintenanceRate ?? 0} and below 1, was ${maintenanceRate}`
  }
  if (!(maxLeverage >= 1 && maxLeverage <= (above?.maxLeverage ?? Number.MAX_VALUE))) {
    return `expected a leverage from 1 to ${above?.maxLeverage ?? 'any'}, was ${maxLeverage}`
  }
  return undefined
}

const whyNotDeduction = (given: number | undefined, expected: number): string | undefined =>
  given === undefined || Math.abs(given - expected) <= DEDUCTION_TOLERANCE
    ? undefined
    : `expected a deduction of ${Math.round(expected * 100) / 100}, was ${given}`

/** The tier a position of this notional is in, or undefined when it is larger than the table allows. */
export const tierOf = ({ tiers }: Pick<TierTable, 'tiers'>, notional: number): MarginTier | undefined =>
  tiers.find((tier) => notional <= tier.cap)

/** The table of a contract that held at an instant, the newest of several; undefined when none is known for it. */
export function tiersAt(
  tables: readonly TierTable[],
  { venue, contract }: Pick<TierTable, 'venue' | 'contract'>,
  at: TimestampMs,
): TierTable | undefined {
  let newest: TierTable | undefined
  for (const table of tables) {
    if (table.contract !== contract || table.venue !== venue) continue
    if (table.validFrom > at || (table.validTo !== undefined && at >= table.validTo)) continue
    if (newest === undefined || table.validFrom > newest.validFrom) newest = table
  }
  return newest
}

/** The table at another price: where the venue counts coins its dollar sizes move with the price; else it stays as it is. */
export function atPrice<T extends Pick<TierTable, 'tiers' | 'referencePrice'>>(table: T, price: Price): T {
  if (table.referencePrice === undefined || table.referencePrice === price) return table
  const factor = price / table.referencePrice
  return {
    ...table,
    referencePrice: price,
    tiers: table.tiers.map((tier) => ({
      ...tier,
      cap: usd(tier.cap * factor),
      deduction: usd(tier.deduction * factor),
    })),
  }
}

type Rows = Pick<TierTable, 'tiers' | 'referencePrice'>

/** Whether two tables ask the same of every position, whatever price their sizes were converted at. */
export function sameTiers(one: Rows, other: Rows): boolean {
  if ((one.referencePrice === undefined) !== (other.referencePrice === undefined)) return false
  const { tiers } = one.referencePrice === undefined ? other : atPrice(other, one.referencePrice)
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= SAME * Math.max(Math.abs(a), Math.abs(b))
  return (
    one.tiers.length === tiers.length &&
    one.tiers.every((tier, i) => {
      const { cap, maintenanceRate, maxLeverage } = tiers[i]!
      return near(tier.cap, cap) && near(tier.maintenanceRate, maintenanceRate) && near(tier.maxLeverage, maxLeverage)
    })
  )
}
