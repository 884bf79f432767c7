import { Decimal } from 'decimal.js'
import { liquidationPrice } from '../../domain/liquidation/liquidation-price.ts'
import { baseQty, type Fraction, type Price, price, type TimestampMs, type Usd, usd } from '../../domain/units.ts'
import type { VenueAccount, VenuePosition } from '../../ports.ts'
import type { BookState } from './ledger-types.ts'

/** What the account's money is reckoned by: one leverage and one flat maintenance rate for everything. */
export interface MarginTerms {
  readonly equity: Usd
  readonly leverage: number
  readonly maintenanceRate: Fraction
}

/** A book and the mark that its position is valued at. */
export interface MarkedBook extends Pick<BookState, 'instrumentId' | 'book'> {
  readonly mark: Price | undefined
}

/** The position of one book, undefined while flat; liquidated as an isolated one at the account's leverage. */
export function positionOf({ instrumentId, book, mark }: MarkedBook, terms: MarginTerms): VenuePosition | undefined {
  const quantity = baseQty(Number(book.position))
  if (quantity === 0) return undefined
  const entryPrice = price(Number(book.entry))
  const { leverage, maintenanceRate } = terms
  const level = liquidationPrice({ contract: 'linear', quantity, entryPrice, leverage, maintenanceRate })
  return {
    instrumentId,
    quantity,
    averageEntryPrice: entryPrice,
    ...(mark !== undefined && { markPrice: mark }),
    ...(level !== undefined && { liquidationPrice: level }),
    leverage,
  }
}

/**
 * Equity = starting equity + realised + unrealised − fees. Orders that may grow a position take initial margin at their limit.
 *
 * @throws {RangeError} when a position has no mark: the account cannot be valued
 */
export function accountOf(books: readonly MarkedBook[], terms: MarginTerms, at: TimestampMs): VenueAccount {
  let equity = new Decimal(terms.equity)
  let held = new Decimal(0)
  let ordered = new Decimal(0)
  for (const { instrumentId, book, mark } of books) {
    equity = equity.plus(book.realized).minus(book.fees)
    const position = new Decimal(book.position)
    if (!position.isZero()) {
      if (mark === undefined) throw new RangeError(`Expected a mark price of ${instrumentId}, was none`)
      equity = equity.plus(position.mul(new Decimal(mark).minus(book.entry)))
      held = held.plus(position.abs().mul(mark))
    }
    for (const order of book.orders) {
      if (order.kind === 'limit' && !order.reduceOnly) ordered = ordered.plus(new Decimal(order.open).mul(order.price))
    }
  }
  return {
    equity: usd(equity.toNumber()),
    initialMargin: usd(held.plus(ordered).div(terms.leverage).toNumber()),
    maintenanceMargin: usd(held.mul(terms.maintenanceRate).toNumber()),
    at,
  }
}
