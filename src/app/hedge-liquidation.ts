import { contractTerms } from '../domain/liquidation/contract-terms.ts'
import { type AccountLiquidation, contractLiquidationPrice } from '../domain/liquidation/liquidation-price.ts'
import { type TierTable, tiersAt } from '../domain/liquidation/margin-tiers.ts'
import { type Fraction, fraction, type Price, type TimestampMs } from '../domain/units.ts'
import type { Holding } from './book.ts'

/** Whose rules a paper position is judged by: its own venue has none. */
const STAND_IN = 'binance'

/** Where the short perp would be liquidated if it were held alone with an assumed margin; the paper account posts none. */
export interface HedgeLiquidation {
  readonly found: AccountLiquidation
  /** How far the mark has to move there, as a fraction of it; undefined without a mark. */
  readonly distance?: Fraction
  /** Isolated margin is the notional at entry divided by this. */
  readonly assumedLeverage: number
  readonly venue: string
  /** Since when the tiers used are known to hold. */
  readonly tiersFrom: TimestampMs
}

/** Undefined without a hedge, and at a time of which no tiers are known. */
export function hedgeLiquidation(
  { asset, instrument, hedge, averageEntryPrice }: Holding,
  mark: Price | undefined,
  { tables, leverage, at }: { tables: readonly TierTable[]; leverage: number; at: TimestampMs },
): HedgeLiquidation | undefined {
  if (averageEntryPrice === undefined || hedge === 0) return undefined
  const terms = contractTerms(instrument.venue, asset) ?? contractTerms(STAND_IN, asset)!
  const table = tiersAt(tables, terms, at)
  if (!table) return undefined
  const quantity = terms.kind === 'linear' ? -hedge : -hedge * averageEntryPrice
  const found = contractLiquidationPrice({ quantity, entryPrice: averageEntryPrice, leverage }, terms, table)
  const distance = found.kind === 'at' && mark !== undefined ? fraction(found.price / mark - 1) : undefined
  return {
    found,
    ...(distance === undefined ? {} : { distance }),
    assumedLeverage: leverage,
    venue: terms.venue,
    tiersFrom: table.validFrom,
  }
}
