import type { Config, TradingVenue } from '../config.ts'
import { judgeKeyRights } from '../domain/execution/key-rights.ts'
import type { Logger } from '../log.ts'
import type { Clock, MarketSource, Store, Venue } from '../ports.ts'
import type { TradingExchange } from '../venues/ccxt/exchange.ts'
import { createVenueLedger } from '../venues/paper/ledger.ts'
import { createPaperVenue } from '../venues/paper/paper-venue.ts'
import { createSimulatedVenue } from '../venues/simulated/simulated-venue.ts'
import { keysForTrading } from './keys.ts'

export interface OpenedVenues {
  readonly venues: readonly [Venue, ...Venue[]]
  close(): Promise<void>
}

interface Opening {
  readonly config: Config
  readonly source: MarketSource
  readonly clock: Clock
  readonly store: Store
  readonly log: Logger
  /** Of the paper venue's own books. */
  readonly connectionString: string
}

/**
 * Where orders go: one paper venue, or the live venues that the configuration names, each with its key.
 *
 * @throws {VenueKeysError} when a venue has no key
 * @throws {Error} when a key may do what no trading key needs, or cannot trade
 */
export const openVenues = (opening: Opening): Promise<OpenedVenues> =>
  opening.config.trading.mode === 'live' ? openLive(opening) : openPaper(opening)

async function openPaper({ config, source, clock, connectionString }: Opening): Promise<OpenedVenues> {
  const ledger = await createVenueLedger({ connectionString })
  const isSimulated = source.name === 'simulated'
  const venue = (isSimulated ? createSimulatedVenue : createPaperVenue)({
    venueId: isSimulated ? 'simulated' : 'paper',
    ledger,
    quoteAt: (asset, at) => source.quoteAt(asset, at),
    clock,
    takerFee: config.hedge.takerFee,
    equity: config.trading.paperEquity,
    leverage: config.hedgeLeverage,
  })
  return {
    venues: [venue],
    async close() {
      await venue.close()
      await ledger.close()
    },
  }
}

async function openLive({ config, source, clock, store, log }: Opening): Promise<OpenedVenues> {
  const { createCcxtVenue } = await import('../venues/ccxt/ccxt-venue.ts')
  const keys = await keysForTrading(config)
  const venues: Venue[] = []
  const close = async (): Promise<void> => {
    for (const venue of venues) await venue.close()
  }
  try {
    for (const name of config.trading.venues) {
      const venue = createCcxtVenue({
        exchange: await exchangeOf(name, store),
        keys: keys.get(name)!.reveal(),
        endpoint: config.market.endpoints[name],
        sandbox: config.trading.sandbox,
        clock,
        // A venue whose own book is not followed is priced by the first that is; what it trades at it says itself.
        quoteAt: (asset, at) =>
          source.quoteAt(asset, at, name) ?? (isFollowed(config, name) ? undefined : source.quoteAt(asset, at)),
        assets: Object.keys(config.book.exposures),
        log,
      })
      venues.push(venue)
      await requireFitKey(venue, { sandbox: config.trading.sandbox, log })
    }
  } catch (error) {
    await close()
    throw error
  }
  const [first, ...others] = venues
  if (!first) throw new Error('Expected at least one venue in TRADING_VENUES, was none')
  return { venues: [first, ...others], close }
}

const isFollowed = ({ market }: Config, name: TradingVenue): boolean =>
  (market.liveVenues as readonly string[]).includes(name)

/** Each by its own file: what is not traded on is not loaded. */
async function exchangeOf(name: TradingVenue, store: Store): Promise<TradingExchange> {
  switch (name) {
    case 'binance':
      return (await import('../venues/ccxt/binance.ts')).binance
    case 'bybit':
      return (await import('../venues/ccxt/bybit.ts')).bybit
    case 'okx':
      return (await import('../venues/ccxt/okx.ts')).okx
    case 'deribit':
      return (await import('../venues/ccxt/deribit.ts')).deribit
    case 'hyperliquid':
      return (await import('../venues/ccxt/hyperliquid.ts')).hyperliquid
    case 'dydx':
      return (await import('../venues/ccxt/dydx.ts')).createDydx({ numbers: store.venueOrderIds })
  }
}

async function requireFitKey(
  venue: Venue,
  { sandbox, log }: { readonly sandbox: boolean; readonly log: Logger },
): Promise<void> {
  const judged = judgeKeyRights(await venue.keyRights(), { sandbox })
  if (judged.kind === 'refused') {
    const findings = judged.findings.map(({ reason, remedy }) => `${reason}. ${remedy}`).join(' ')
    throw new Error(`The key for ${venue.venueId} is refused: ${findings}`)
  }
  for (const { code, reason, remedy } of judged.warnings)
    log.warn({ venue: venue.venueId, code, reason, remedy }, 'look at a venue key')
}
