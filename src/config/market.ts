import type { Asset } from '../domain/market/tick.ts'
import { type BaseQty, baseQty } from '../domain/units.ts'
import { expected, parts } from './values.ts'

export const LIVE_VENUES = ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid'] as const
export type LiveVenue = (typeof LIVE_VENUES)[number]
/** Where orders can go with real money. */
export const TRADING_VENUES = [...LIVE_VENUES, 'dydx'] as const
export type TradingVenue = (typeof TRADING_VENUES)[number]

export type MarketChoice =
  | { readonly kind: 'simulated' }
  | { readonly kind: 'replay'; readonly folder: string }
  | { readonly kind: 'live' }

export const ASSET = /^[A-Z][A-Z0-9]{1,9}$/

/** `simulated`, `replay:<folder>` or `live`. */
export const market = expected(
  'simulated, live or replay:<folder of recorded panels>',
  (value): MarketChoice | undefined => {
    if (value === 'simulated' || value === 'live') return { kind: value }
    const folder = /^replay:(.+)$/.exec(value)?.[1]
    return folder === undefined ? undefined : { kind: 'replay', folder }
  },
)

const venuesOutOf = <V extends string>(known: readonly V[]) =>
  expected(`a comma-separated list from ${known.join(', ')}`, (value): readonly V[] | undefined => {
    const venues = parts(value).map((part) => known.find((venue) => venue === part))
    return venues.length > 0 && venues.every((venue) => venue !== undefined) ? venues : undefined
  })

export const liveVenues = venuesOutOf(LIVE_VENUES)
export const tradingVenues = venuesOutOf(TRADING_VENUES)

/** `ETH:1000,BTC:20`: spot coins held, which is what the desk hedges. */
export const book = expected(
  'a comma-separated list of asset:coins, each asset once, coins zero or more, e.g. ETH:1000,BTC:20',
  (value): Readonly<Record<Asset, BaseQty>> | undefined => {
    const entries = parts(value).map((part) => /^([A-Z0-9]+):(\d+(?:\.\d+)?)$/.exec(part))
    const holdings = entries.flatMap((entry) => (entry ? [[entry[1]!, baseQty(Number(entry[2]))] as const] : []))
    const complete = holdings.length === entries.length && holdings.length > 0
    const distinct = new Set(holdings.map(([asset]) => asset)).size === holdings.length
    return complete && distinct && holdings.every(([asset]) => ASSET.test(asset))
      ? Object.fromEntries(holdings)
      : undefined
  },
)
