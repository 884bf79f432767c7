import { contractTerms } from '../domain/liquidation/contract-terms.ts'
import { type AccountLiquidation, contractLiquidationPrice } from '../domain/liquidation/liquidation-price.ts'
import { type TierTable, tiersAt } from '../domain/liquidation/margin-tiers.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type Fraction, fraction, type Price, type TimestampMs } from '../domain/units.ts'
import type { Holding, HoldingLeg } from './book.ts'

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

interface LiquidationRules {
  readonly tables: readonly TierTable[]
  readonly leverage: number
  readonly at: TimestampMs
}

/** The nearest of all legs. Undefined without a hedge, and at a time of which no tiers are known. */
export const hedgeLiquidation = (
  { asset, legs }: Pick<Holding, 'asset' | 'legs'>,
  mark: Price | undefined,
  rules: LiquidationRules,
): HedgeLiquidation | undefined =>
  legs
    .flatMap((leg) => legLiquidation(asset, leg, { mark, ...rules }) ?? [])
    .reduce<HedgeLiquidation | undefined>((nearest, one) => (isNearer(one, nearest) ? one : nearest), undefined)

/** Of one leg, with the margin that is assumed. */
export function legLiquidation(
  asset: Asset,
  { instrument, position, averageEntryPrice }: Pick<HoldingLeg, 'instrument' | 'position' | 'averageEntryPrice'>,
  { mark, tables, leverage, at }: LiquidationRules & { readonly mark: Price | undefined },
): HedgeLiquidation | undefined {
  if (averageEntryPrice === undefined || position === 0) return undefined
  const terms = contractTerms(instrument.venue, asset) ?? contractTerms(STAND_IN, asset)!
  const table = tiersAt(tables, terms, at)
  if (!table) return undefined
  const quantity = terms.kind === 'linear' ? position : position * averageEntryPrice
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

const isNearer = (one: HedgeLiquidation, other: HedgeLiquidation | undefined): boolean =>
  other === undefined || Math.abs(one.distance ?? Infinity) < Math.abs(other.distance ?? Infinity)
