import type { VenueId } from '../../domain/market/tick.ts'

/** As ccxt gives a candle: open time in ms, open, high, low, close, base volume. */
export type RawCandle = readonly (number | undefined)[]
export interface RawBook {
  readonly bids: readonly (readonly (number | undefined)[])[]
  readonly asks: readonly (readonly (number | undefined)[])[]
  readonly timestamp?: number | undefined
}
export interface RawFunding {
  readonly fundingRate?: number | undefined
  readonly timestamp?: number | undefined
  /** `8h` */
  readonly interval?: string | undefined
  readonly markPrice?: number | undefined
  readonly indexPrice?: number | undefined
}
export interface RawOpenInterest {
  readonly openInterestAmount?: number | undefined
  readonly openInterestValue?: number | undefined
  readonly timestamp?: number | undefined
  readonly info: unknown
}
export interface RawAccountRatio {
  /** Long over short accounts. */
  readonly longShortRatio?: number | undefined
  readonly timestamp?: number | undefined
  readonly info: unknown
}
export interface RawTier {
  readonly maxNotional?: number | undefined
  readonly maintenanceMarginRate?: number | undefined
  readonly maxLeverage?: number | undefined
  readonly info: unknown
}
type Params = Readonly<Record<string, unknown>>

/** The part of a ccxt.pro exchange that the feeds use. */
export interface VenueClient extends OpenedExchange {
  readonly options: Record<string, unknown>
  timeout: number
  loadMarkets(reload?: boolean, params?: Params): Promise<unknown>
  market(symbol: string): { readonly id: string; readonly contractSize?: number }
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number, params?: Params): Promise<RawCandle[]>
  fetchMarkOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<RawCandle[]>
  fetchOrderBook(symbol: string, limit?: number, params?: Params): Promise<RawBook>
  fetchOpenInterest(symbol: string, params?: Params): Promise<RawOpenInterest>
  fetchOpenInterestHistory(
    symbol: string,
    timeframe: string,
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<RawOpenInterest[]>
  fetchFundingRate(symbol: string): Promise<RawFunding>
  fetchFundingIntervals(symbols?: readonly string[]): Promise<Readonly<Record<string, RawFunding>>>
  fetchFundingRateHistory(symbol: string, since?: number, limit?: number): Promise<RawFunding[]>
  fetchLongShortRatioHistory(
    symbol: string,
    timeframe: string,
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<RawAccountRatio[]>
  fetchMarketLeverageTiers(symbol: string, params?: Params): Promise<RawTier[]>
  watchLiquidations(symbol: string): Promise<unknown>
  watchLiquidationsForSymbols(symbols?: readonly string[]): Promise<unknown>
  handleLiquidation(client: unknown, message: unknown): void
  publicPostInfo(params: Params): Promise<unknown>
  fapiPublicGetKlines(params: Params): Promise<unknown>
  publicGetV5MarketAccountRatio(params: Params): Promise<unknown>
  publicGetRubikStatContractsOpenInterestHistory(params: Params): Promise<unknown>
  publicGetGetLastTradesByInstrumentAndTime(params: Params): Promise<unknown>
  publicGetGetVolatilityIndexData(params: Params): Promise<unknown>
  publicGetGetBookSummaryByCurrency(params: Params): Promise<unknown>
  publicGetTicker(params: Params): Promise<unknown>
  close(): Promise<unknown>
}

/** Where a venue's clients go instead of its own addresses: a proxy, a recorder, a test server. */
export interface Endpoint {
  /** Replaces scheme and host of every HTTP address: `http://127.0.0.1:8080`, `https://proxy.example/binance`. */
  readonly baseUrl?: string | undefined
  /** The same for WebSocket; where only `baseUrl` is given, its host is used for both. */
  readonly wsUrl?: string | undefined
}

const REQUEST_TIMEOUT_MS = 10_000

/** What every ccxt.pro exchange has, whatever it is used for. */
export interface OpenedExchange {
  readonly urls: { api: unknown }
  readonly has: Record<string, unknown>
  newUpdates: boolean
  /** ccxt refuses plain ws:// addresses until this was called. */
  loadHttpProxyAgent(): Promise<unknown>
}

/**
 * A ccxt.pro exchange of one venue, imported by its own file: all of ccxt would cost a second and 88 MB.
 *
 * @param module - file name under ccxt's `pro` folder
 * @param config - what ccxt's constructor takes
 * @param choose - chooses among the venue's own addresses before they are rebased
 */
export async function openExchange<C extends OpenedExchange>(
  module: string,
  {
    venueId,
    endpoint,
    config,
    choose,
  }: {
    venueId: VenueId
    endpoint?: Endpoint | undefined
    config: Params
    choose?: ((client: C) => void) | undefined
  },
): Promise<C> {
  const file = new URL(`./src/pro/${module}.js`, import.meta.resolve('ccxt'))
  const { default: Exchange } = (await import(file.href)) as { default: new (config: Params) => C }
  const client = new Exchange(config)
  // Currencies are for wallets; some venues ask for a key there.
  client.has.fetchCurrencies = false
  client.newUpdates = true
  choose?.(client)
  if (endpoint) {
    client.urls.api = rebase(client.urls.api, checkEndpoint(endpoint, venueId))
    await client.loadHttpProxyAgent()
  }
  return client
}

/** A venue's exchange as the feeds use it: without keys, paced by ccxt. */
export const connectVenue = (
  module: string,
  { venueId, endpoint, options }: { venueId: VenueId; endpoint?: Endpoint | undefined; options: Params },
): Promise<VenueClient> =>
  openExchange<VenueClient>(module, {
    venueId,
    endpoint,
    config: { enableRateLimit: true, timeout: REQUEST_TIMEOUT_MS, options },
  })

/** Puts another scheme and host before every address in ccxt's nested table, keeping the paths. */
export function rebase(urls: unknown, { baseUrl, wsUrl }: Endpoint): unknown {
  if (typeof urls === 'string') {
    const target = /^wss?:/.test(urls) ? (wsUrl ?? baseUrl?.replace(/^http/, 'ws')) : baseUrl
    return target === undefined ? urls : urls.replace(/^\w+:\/\/[^/]+/, target.replace(/\/+$/, ''))
  }
  if (typeof urls !== 'object' || urls === null) return urls
  return Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, rebase(url, { baseUrl, wsUrl })]))
}

function checkEndpoint(endpoint: Endpoint, venueId: VenueId): Endpoint {
  for (const [name, scheme] of [
    ['baseUrl', /^https?:\/\/[^/]/],
    ['wsUrl', /^wss?:\/\/[^/]/],
  ] as const) {
    const url = endpoint[name]
    if (url !== undefined && !scheme.test(url)) {
      const wanted = name === 'baseUrl' ? 'http:// or https://' : 'ws:// or wss://'
      throw new RangeError(`Expected a ${name} starting with ${wanted} for ${venueId}, was ${url}`)
    }
  }
  return endpoint
}
