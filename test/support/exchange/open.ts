import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { price, timestamp } from '../../../src/domain/units.ts'
import { createLog } from '../../../src/log.ts'
import type { Clock, Quote, Venue } from '../../../src/ports.ts'
import { createCcxtVenue } from '../../../src/venues/ccxt/ccxt-venue.ts'
import type { RequestLimits, TradingExchange } from '../../../src/venues/ccxt/exchange.ts'
import { isClientOrderId } from '../../../src/venues/ccxt/ids.ts'
import type { VenueKeys } from '../../../src/venues/ccxt/trading-client.ts'
import { ASSET, type VenueControl } from '../../conformance/venue-control.ts'
import { createControl, createControlledClock } from './control.ts'
import { type CoreSettings, createExchangeCore, type ExchangeCore } from './core.ts'
import type { Faults } from './faults.ts'
import { type Asked, type ExchangeServer, startExchangeServer, type VenueFormat } from './server.ts'

export const AT = Date.UTC(2026, 0, 5)
export const STARTING_EQUITY = 10_000_000

/** One venue's two sides: the mapping that is tested, and how the exchange on loopback speaks. */
export interface Side {
  readonly exchange: TradingExchange
  readonly keys: VenueKeys
  readonly format: (core: ExchangeCore) => VenueFormat
  readonly core?: Partial<CoreSettings>
}

export interface LoopbackOptions {
  /** What happens to requests and pushed messages besides what is asked for. */
  readonly faults?: Faults
  readonly timeoutMs?: number
  readonly limits?: RequestLimits
  readonly onRequest?: (asked: Asked) => void
  readonly sandbox?: boolean
}

export interface Opened {
  readonly venue: Venue
  readonly control: VenueControl
  readonly server: ExchangeServer
}

/** Both sides over the wire, sharing one clock that only the test moves; quoting 2999.5 to 3000.5. */
export async function openLoopback(
  t: { after(done: () => Promise<void>): void },
  { exchange, keys, format, core: settings, faults, timeoutMs, limits, onRequest, sandbox }: Side & LoopbackOptions,
): Promise<Opened> {
  const clock = createControlledClock(AT)
  const core = createExchangeCore({ now: () => clock.now(), startingEquity: STARTING_EQUITY, ...settings })
  const server = await startExchangeServer({
    core,
    format: format(core),
    late: clock.pass,
    ...(faults && { faults }),
    ...(onRequest && { onRequest }),
  })
  const venue = createLoopbackVenue({
    ...{ exchange, keys, clock, endpoint: server.endpoint, quoteAt: (asset) => quoteOf(core, asset) },
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(limits && { limits }),
    ...(sandbox && { sandbox }),
  })
  core.setQuote(ASSET, { bestBid: 2999.5, bestAsk: 3000.5, size: 30 })
  t.after(async () => {
    await venue.close()
    await server.stop()
  })
  const toVenueId = (clientOrderId: ClientOrderId): string =>
    // The books are asked about malformed ids too: they know none.
    isClientOrderId(clientOrderId) ? exchange.ids.toVenue(clientOrderId) : clientOrderId
  return { venue, server, control: createControl({ server, clock, toVenueId }) }
}

/** The adapter against a server that is up, here or in another process. */
export const createLoopbackVenue = ({
  exchange,
  keys,
  endpoint,
  clock,
  quoteAt,
  timeoutMs = 2_000,
  limits,
  sandbox = false,
}: Pick<Side, 'exchange' | 'keys'> & {
  endpoint: ExchangeServer['endpoint']
  clock: Clock
  quoteAt: (asset: string) => Quote | undefined
  timeoutMs?: number
  limits?: RequestLimits
  sandbox?: boolean
}): Venue =>
  createCcxtVenue({
    exchange,
    keys,
    endpoint,
    clock,
    quoteAt,
    log: createLog('silent'),
    timeoutMs,
    sandbox,
    ...(limits && { limits }),
  })

/** Nothing is held back: for what sends more than an account may. */
export const NO_LIMITS: RequestLimits = {
  ...{ weight: 1e9, weightWindowMs: 1_000, orders: 1e9, ordersWindowMs: 1_000 },
  weights: {},
}

/** The market feed of the tests: what the exchange quotes. */
export function quoteOf(core: ExchangeCore, asset: string): Quote | undefined {
  const quote = core.quote(asset)
  return quote && { at: timestamp(core.now()), bestBid: price(quote.bestBid), bestAsk: price(quote.bestAsk) }
}
