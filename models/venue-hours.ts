/**
 * Which venues and assets a model tells apart, and the rows of one venue.
 *
 * @module
 */
import type { Asset, VenueId } from '../src/domain/market/tick.ts'

/** Venues whose own rows a model sees at once; a market has fewer or more, the largest come first. */
export const VENUE_SLOTS = 6
/** Embedding ids; 0 is any other venue or asset, learned by hiding the true one at times. */
export const VENUE_IDS: readonly VenueId[] = [
  'other',
  'binance',
  'bybit',
  'okx',
  'deribit',
  'hyperliquid',
  'dydx',
  'bitmex',
  'kraken',
  'gate',
  'htx',
  'kucoin',
  'mexc',
  'bitget',
  'all-exchanges',
]
export const ASSET_IDS: readonly Asset[] = [
  'other',
  'BTC',
  'ETH',
  'SOL',
  'XRP',
  'BNB',
  'DOGE',
  'ADA',
  'LTC',
  'AVAX',
  'LINK',
]

/** @returns 0 for a venue that no embedding was learned for */
export const venueIdOf = (venue: VenueId): number => Math.max(0, VENUE_IDS.indexOf(venue))
/** @returns 0 for an asset that no embedding was learned for */
export const assetIdOf = (asset: Asset): number => Math.max(0, ASSET_IDS.indexOf(asset))

/** One venue's own rows, beside the rows of the whole market. */
export interface VenueHours {
  readonly venue: VenueId
  /** Row-major [hours × VENUE_FEATURE_COUNT]; 0 where not known. */
  readonly values: Float32Array
  /** 1 where known, same shape. */
  readonly mask: Uint8Array
}
