import type { Asset } from '../../domain/market/tick.ts'
import type { TimestampMs } from '../../domain/units.ts'
import type { Logger } from '../../log.ts'
import type { Quote } from '../../ports/quote.ts'
import type { Venue } from '../../ports/venue.ts'
import type { Clock } from '../../ports.ts'
import type { Endpoint } from '../live/client.ts'
import type { TradingExchange } from './exchange.ts'
import type { VenueKeys } from './trading-client.ts'

export interface CcxtVenueOptions {
  readonly exchange: TradingExchange
  readonly keys: VenueKeys
  readonly endpoint?: Endpoint | undefined
  /** The venue's practice exchange. */
  readonly sandbox?: boolean
  readonly clock: Clock
  /** From the market feed; an order costs no request for a price. */
  readonly quoteAt: (asset: Asset, at: TimestampMs) => Quote | undefined
  readonly log: Logger
  /** How long one request may take. */
  readonly timeoutMs?: number
}

/** A live exchange through ccxt, as the rest of the product sees it. Connects when it is first needed. */
export declare function createCcxtVenue(options: CcxtVenueOptions): Venue
