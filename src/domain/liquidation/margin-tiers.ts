import { type Fraction, fraction, type TimestampMs, timestamp, type Usd, usd } from '../units.ts'

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
}

/** A row as venues give it; `deduction` may be left out where the venue does not publish it (then it is computed). */
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

/**
 * Reads a maintenance table and refuses one that cannot be right.
 *
 * Maintenance must be continuous in position size, so every deduction follows from the row above:
 * ded(n) = cap(n−1) · (rate(n) − rate(n−1)) + ded(n−1), the first being 0. A mistyped or missing row breaks it.
 *
 * @param rows - smallest positions first, caps in the quote currency
 * @see specification §1.1
 */
export function parseMarginTiers(rows: readonly TierRow[]): ParsedTiers {
  if (rows.length === 0) return { kind: 'rejected', row: 1, reason: 'the table has no rows' }
  const tiers: MarginTier[] = []
  for (const [i, row] of rows.entries()) {
    const above = tiers.at(-1)
    const expected = above ? above.cap * (row.maintenanceRate - above.maintenanceRate) + above.deduction : 0
    const reason = whyNot(row, above) ?? whyNotDeduction(row.deduction, expected)
    if (reason) return { kind: 'rejected', row: i + 1, reason }
    tiers.push({
      cap: usd(row.cap),
      maintenanceRate: fraction(row.maintenanceRate),
      maxLeverage: row.maxLeverage,
      deduction: usd(row.deduction ?? expected),
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

/** The table of a contract that held at an instant, or undefined when none is known for it. */
export const tiersAt = (
  tables: readonly TierTable[],
  contract: Pick<TierTable, 'venue' | 'contract'>,
  at: TimestampMs,
): TierTable | undefined =>
  tables.find(
    (table) =>
      table.venue === contract.venue &&
      table.contract === contract.contract &&
      table.validFrom <= at &&
      (table.validTo === undefined || at < table.validTo),
  )

/**
 * Tables to start from where none has been loaded from a venue: complete ones only, each passing the recursion.
 *
 * Binance BTCUSDT and ETHUSDT are the brackets of autumn 2024 as the freqtrade project recorded them. Hyperliquid BTC has two
 * tiers whose maintenance is half the initial margin at maximum leverage; the venue states no upper bound, so the last cap
 * is one that no position reaches, and the deduction is computed. Bybit's mirrored BTCUSDT table is left out: its third row
 * breaks the recursion.
 */
export const DEFAULT_TIER_TABLES: readonly TierTable[] = [
  table('binance', 'BTCUSDT', '2024-10-01', [
    [50_000, 0.004, 125, 0],
    [600_000, 0.005, 100, 50],
    [3_000_000, 0.0065, 75, 950],
    [12_000_000, 0.01, 50, 11_450],
    [70_000_000, 0.02, 25, 131_450],
    [100_000_000, 0.025, 20, 481_450],
    [230_000_000, 0.05, 10, 2_981_450],
    [480_000_000, 0.1, 5, 14_481_450],
    [600_000_000, 0.125, 4, 26_481_450],
    [800_000_000, 0.15, 3, 41_481_450],
    [1_200_000_000, 0.25, 2, 121_481_450],
    [1_800_000_000, 0.5, 1, 421_481_450],
  ]),
  table('binance', 'ETHUSDT', '2024-10-01', [
    [50_000, 0.004, 125, 0],
    [600_000, 0.005, 100, 50],
    [3_000_000, 0.0065, 75, 950],
    [12_000_000, 0.01, 50, 11_450],
    [50_000_000, 0.02, 25, 131_450],
    [65_000_000, 0.025, 20, 381_450],
    [150_000_000, 0.05, 10, 2_006_450],
    [320_000_000, 0.1, 5, 9_506_450],
    [400_000_000, 0.125, 4, 17_506_450],
    [530_000_000, 0.15, 3, 27_506_450],
    [800_000_000, 0.25, 2, 80_506_450],
    [1_200_000_000, 0.5, 1, 280_506_450],
  ]),
  table('hyperliquid', 'BTC', '2024-10-01', [
    [150_000_000, 0.0125, 40],
    [100_000_000_000, 0.025, 20],
  ]),
]

type Row = readonly [cap: number, maintenanceRate: number, maxLeverage: number, deduction?: number]

function table(venue: string, contract: string, from: string, rows: readonly Row[]): TierTable {
  const parsed = parseMarginTiers(
    rows.map(([cap, maintenanceRate, maxLeverage, deduction]) => ({ cap, maintenanceRate, maxLeverage, deduction })),
  )
  if (parsed.kind === 'rejected') {
    throw new RangeError(`Expected a sound table of ${venue} ${contract}, row ${parsed.row}: ${parsed.reason}`)
  }
  return { venue, contract, validFrom: timestamp(Date.parse(from)), tiers: parsed.tiers }
}
