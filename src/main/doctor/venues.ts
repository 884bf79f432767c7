import { type ConfigReading, LIVE_VENUES, type LiveVenue } from '../../config.ts'
import type { Calls } from './calls.ts'
import { type Check, checksOf } from './check.ts'

/** How each venue is asked for its time, which everybody may. */
const TIME: Record<
  LiveVenue,
  { readonly name: string; readonly base: string; readonly path: string; readonly body?: unknown }
> = {
  binance: { name: 'Binance', base: 'https://fapi.binance.com', path: '/fapi/v1/time' },
  bybit: { name: 'Bybit', base: 'https://api.bybit.com', path: '/v5/market/time' },
  okx: { name: 'OKX', base: 'https://www.okx.com', path: '/api/v5/public/time' },
  deribit: { name: 'Deribit', base: 'https://www.deribit.com', path: '/api/v2/public/get_time' },
  hyperliquid: {
    name: 'Hyperliquid',
    base: 'https://api.hyperliquid.xyz',
    path: '/info',
    body: { type: 'exchangeStatus' },
  },
}
/** They serve some countries only, and say so by one of these. */
const NOT_HERE = [403, 451]
const VENUE_KEY = new RegExp(
  `^(${[...LIVE_VENUES, 'dydx', 'kraken', 'bitmex', 'coinbase'].join('|')})_.*(key|secret|passphrase|password|mnemonic|wallet|token)`,
  'i',
)

const { ok, warning, wrong, skipped } = checksOf('Venues')

/** Whether the public feeds of `MARKET=live` can be reached, and that no key lies about that nothing reads. */
export async function checkVenues(
  { values, given }: Pick<ConfigReading, 'values' | 'given'>,
  calls: Calls,
): Promise<readonly Check[]> {
  return [...(await checkFeeds(values, calls)), checkKeys(given, values.TRADING_MODE === 'live')]
}

async function checkFeeds(values: ConfigReading['values'], calls: Calls): Promise<readonly Check[]> {
  const { MARKET: market, LIVE_VENUES: venues } = values
  if (market === undefined || venues === undefined)
    return [skipped('feeds', 'MARKET or LIVE_VENUES cannot be read yet')]
  if (market.kind !== 'live') return [skipped('feeds', `MARKET=${market.kind} asks no venue`)]
  return Promise.all(venues.map((venue) => checkVenue(venue, values, calls)))
}

async function checkVenue(venue: LiveVenue, values: ConfigReading['values'], calls: Calls): Promise<Check> {
  const { name, base, path, body } = TIME[venue]
  const variable = `${venue.toUpperCase() as Uppercase<LiveVenue>}_BASE_URL` as const
  const root = values[variable] ?? base
  const answer = await calls.ask(name, `${root}${path}`, body === undefined ? {} : { body })
  const without = `take ${venue} out of LIVE_VENUES, or correct ${variable}`
  if (answer.kind === 'unreachable')
    return wrong(name, `could not be reached: ${answer.why}`, `look at the network of this machine; or ${without}`)
  const { host } = new URL(root)
  if (answer.status === 200 && answer.json !== undefined) return ok(name, `${host} answers; public data only, no key`)
  if (NOT_HERE.includes(answer.status)) {
    return wrong(
      name,
      `${host} answered ${answer.status}: it does not serve this place`,
      `take ${venue} out of LIVE_VENUES`,
    )
  }
  return wrong(
    name,
    `${host} answered ${answer.status}${answer.status === 200 ? ' with something else than JSON' : ''}`,
    without,
  )
}

/** By name only. */
function checkKeys(given: ReadonlySet<string>, live: boolean): Check {
  const keys = [...given].filter((name) => VENUE_KEY.test(name)).sort()
  const needed = live ? 'none are read from the environment' : 'none needed, for this desk trades on paper'
  return keys.length === 0
    ? ok('keys', `${needed}; none found`)
    : warning(
        'keys',
        `${needed}; found ${keys.join(', ')}`,
        `take them out of .env and the environment: nothing here reads them${live ? '; npm run breakwater keys add does' : ''}`,
      )
}
