import type { Asset } from '../../domain/market/tick.ts'
import type { CcxtVenueOptions } from './ccxt-venue.ts'
import { isStable } from './convert.ts'
import type { Session } from './exchange.ts'

const FRESH_MS = 60_000

/** Prices of the coins that fees are paid in, such as BNB: from the feed where it has them, else from the venue. */
export function createFeePrices({ exchange, clock, quoteAt, log }: CcxtVenueOptions) {
  const learned = new Map<string, { readonly price: number; readonly at: number }>()
  const priceOf = (currency: Asset): number | undefined => {
    const quote = quoteAt(currency, clock.now())
    return quote ? (quote.bestBid + quote.bestAsk) / 2 : learned.get(currency)?.price
  }
  return {
    priceOf,
    /** Asks the venue for those that nobody knows, or not for a minute. */
    async learn(session: Session, currencies: readonly string[]): Promise<void> {
      for (const currency of new Set(currencies)) {
        const fresh = (learned.get(currency)?.at ?? Number.NEGATIVE_INFINITY) > clock.now() - FRESH_MS
        if (isStable(currency) || fresh || quoteAt(currency, clock.now()) || !exchange.priceOf) continue
        learned.set(currency, { price: await exchange.priceOf(session, currency), at: clock.now() })
        log.debug({ venue: exchange.venueId, currency }, 'price of a fee’s currency asked for')
      }
    },
  }
}
