import { type Bar, GAUGE_KINDS, type GaugeKind, type VenueId } from '../../domain/market/tick.ts'
import type { Grain } from './labels.ts'

/** What the panels call things and what we call them: read by replay and written by export. */

export const AGGREGATE: VenueId = 'all-exchanges'
export const AGGREGATE_SPOT: VenueId = 'all-exchanges-spot'
/** Binance's coin-margined contracts; its USDT-margined ones are `binance`. */
export const COIN_MARGINED: VenueId = 'binance-coin-margined'

export const panelName = (grain: Grain, asset: string): string => `panel_${grain}_${asset}.csv`

export interface PriceColumns {
  readonly prefix: string
  readonly series: Bar['series']
  readonly venue: VenueId
}

/** `spot_binance_open` → the spot bars of `binance-spot`: spot and perpetual of one venue are two feeds. */
export function priceColumns(columns: readonly string[]): readonly PriceColumns[] {
  return columns.flatMap((column) => {
    const found = /^(spot|perp|mark)_(.+)_open$/.exec(column)
    if (!found) return []
    const [, series, name] = found as unknown as [string, Bar['series'], string]
    return [{ prefix: `${series}_${name}`, series, venue: series === 'spot' ? `${name}-spot` : name }]
  })
}

export const pricePrefix = (series: Bar['series'], venue: VenueId): string => `${series}_${venue.replace(/-spot$/, '')}`

/**
 * Venues whose volume is recorded in contracts, and what one contract is in coins. Seen in the data: OKX's figure is seven
 * (ETH) and fifty (BTC) times Binance's, in line with 0.1 ETH and 0.01 BTC a contract.
 */
const CONTRACT_SIZES: Readonly<Record<VenueId, Readonly<Record<string, number>>>> = { okx: { BTC: 0.01, ETH: 0.1 } }

/** Coins per unit of recorded volume; undefined where the contract is not known, so that no volume is invented. */
export const volumeUnit = (venue: VenueId, asset: string): number | undefined =>
  CONTRACT_SIZES[venue] ? CONTRACT_SIZES[venue][asset] : 1

/**
 * Long over short accounts, to two decimals. Without a name between, the column is Binance's USDT-margined perpetual: what the
 * vendor was asked for, and its default.
 */
export const accountRatioColumn = (venue: VenueId): string =>
  venue === 'binance' ? 'global_account_long_short_ratio' : `global_account_${venue}_long_short_ratio`

/** The venue of such a column; undefined for any other. */
export function accountRatioVenue(column: string): VenueId | undefined {
  const found = /^global_account_(?:(.+)_)?long_short_ratio$/.exec(column)
  return found ? (found[1] ?? 'binance') : undefined
}

/** Any gauge by its kind and venue: what export writes. Labelled at the bar's open and known at its close. */
export const gaugeColumn = (kind: GaugeKind, venue: VenueId): string => `gauge_${kind}_${venue}`

/** Kind and venue of such a column; undefined for any other. */
export function gaugeOf(column: string): { readonly kind: GaugeKind; readonly venue: VenueId } | undefined {
  const [, name, venue] = /^gauge_([a-z-]+)_(.+)$/.exec(column) ?? []
  const kind = GAUGE_KINDS.find((one) => one === name)
  return kind && venue !== undefined ? { kind, venue } : undefined
}

/** Which columns are worth parsing; the rest (sums, presumed figures, the vendor's basis) has no feed here. */
export const WANTED: Readonly<Record<Grain, RegExp>> = {
  '1h': /^gauge_|^(spot|perp|mark)_.+_(open|high|low|close|volume)$|^funding_(?!.*_presumed$)|^oi_usd_.+_(prevhour|4h|4h_at_baropen)$|^liq_.+_KNOWN_AT_T4H$/,
  '4h': /^gauge_|^oi_usd_all_close$|^oi_binance_(coinm|stable)_close$|^binance_(long|short)_liq_usd$|^funding_oiw_close$|^(fut|spot)_taker_.+_(buy|sell)_volume_usd$|^depth_(fut|spot)_.+_(bids|asks)_usd$|^global_account_(.+_)?long_short_ratio$|^top_(account|position)_long_short_ratio$|^coinbase_premium_rate$/,
  '1d': /^gauge_|^oi_(usd_all_coinglass_close|all_exchanges_usd|binance_stable_coins_close|binance_coinm_usd_close)$|^binance_(long|short)_liq_usd$|^funding_oiw_close$|^deribit_option_vol_usd$|^fng$/,
}
