import type { Asset, VenueId } from '../domain/market/tick.ts'
import type { TradeRisk, VenueRisk } from '../domain/risk/checks.ts'
import type { Limits } from '../domain/risk/limits.ts'
import type { RailEffects } from '../domain/risk/rail.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import { baseQty, DAY, fraction, later, type Price, price, type TimestampMs, type Usd, usd } from '../domain/units.ts'
import { type AccountReading, accountsOnRecord, readAccount } from './accounts.ts'
import { type Holding, readHoldings } from './book.ts'
import type { Ports } from './ports.ts'
import { effectsOf, readLimits, stricterState } from './risk-in-force.ts'

/** Everything that proposals and orders are judged on, read once. */
export interface TradeFacts {
  readonly at: TimestampMs
  readonly limits: Limits
  readonly effects: RailEffects
  readonly tradingState: TradingState
  readonly money: 'paper' | 'real'
  readonly livePermission: TradeRisk['livePermission']
  readonly dayNotional: Usd
  readonly holdings: ReadonlyMap<Asset, Holding>
  /** Mid of the first venue that quotes; the newest forecast's where none does. */
  readonly prices: ReadonlyMap<Asset, Price>
  /** Without the venues that do not answer. */
  readonly accounts: ReadonlyMap<VenueId, AccountReading>
}

/** One part of a trade: how much of it goes to which venue. */
export interface TradePart {
  /** The venue's place in the list of venues. */
  readonly leg: number
  readonly quantity: number
}

/** Where an account that is flat does not show the rate: what large venues ask at the first tiers, rounded up. */
const MAINTENANCE_RATE = 0.01

export async function readTradeFacts(ports: Ports): Promise<TradeFacts> {
  const { store, settings, clock, venues } = ports
  const at = clock.now()
  const isReal = settings.trading.mode === 'live'
  const assets = Object.keys(settings.book.exposures)
  const [limits, record, set, permission, today, holdings, prices, accounts] = await Promise.all([
    readLimits(ports),
    store.rails.read(),
    store.settings.tradingState(),
    isReal ? store.live.permission() : undefined,
    store.orders.sentSince(later(at, -(at % DAY))),
    readHoldings(ports, assets),
    Promise.all(assets.map(async (asset) => [asset, await priceOf(ports, asset)] as const)),
    Promise.all(venues.map(async (venue) => [venue.venueId, await readAccount(ports, venue)] as const)),
  ])
  const effects = effectsOf(ports, record)
  const onRecord = accounts.some(([, known]) => known === undefined) ? await accountsOnRecord(ports) : undefined
  return {
    at,
    limits,
    effects,
    tradingState: stricterState(set.state, effects.tradingState),
    money: isReal ? 'real' : 'paper',
    livePermission: permission?.state ?? 'none',
    dayNotional: today.notional,
    holdings: new Map(holdings.map((holding) => [holding.asset, holding])),
    prices: new Map(prices.flatMap(([asset, known]) => (known === undefined ? [] : [[asset, known] as const]))),
    accounts: new Map(
      accounts.flatMap(([venue, asked]) => {
        const known = asked ?? onRecord?.get(venue)
        return known === undefined ? [] : [[venue, known] as const]
      }),
    ),
  }
}

async function priceOf({ venues, store }: Ports, asset: Asset): Promise<Price | undefined> {
  for (const venue of venues) {
    const quote = await venue.quote(asset)
    if (quote) return price((quote.bestBid + quote.bestAsk) / 2)
  }
  return (await store.forecasts.latest(asset))?.forecast.market.price
}

/**
 * What a trade would do, as the risk engine judges it.
 *
 * @param trade.parts - each venue once
 * @param trade.at - price at which it is valued
 */
export function tradeRisk(
  { settings, venues }: Pick<Ports, 'settings' | 'venues'>,
  facts: TradeFacts,
  trade: {
    readonly asset: Asset
    readonly side: 'buy' | 'sell'
    readonly parts: readonly TradePart[]
    readonly at: Price
    readonly emergency: boolean
  },
): TradeRisk {
  const { asset, side, parts, at } = trade
  const holding = facts.holdings.get(asset)
  if (!holding) throw new RangeError(`Expected an asset of the book, was ${asset}`)
  const sign = side === 'sell' ? 1 : -1
  const quantity = parts.reduce((sum, part) => sum + part.quantity, 0)
  const hedgeAfter = holding.hedge + sign * quantity
  // At the price of the trade, as each venue's part is: a market that moves in between is no other venue.
  const gross = grossNotional(facts, { asset, at })
  const legChange = parts.reduce((sum, part) => {
    const position = holding.legs.find(({ leg }) => leg === part.leg)?.position ?? 0
    return sum + (Math.abs(position - sign * part.quantity) - Math.abs(position)) * at
  }, 0)
  const others = [...facts.holdings.values()].filter((other) => other.asset !== asset)
  return {
    asset,
    side,
    tradingState: facts.tradingState,
    effects: facts.effects,
    ...(trade.emergency && { emergency: true }),
    money: facts.money,
    livePermission: facts.livePermission,
    notional: usd(quantity * at),
    dayNotional: facts.dayNotional,
    grossNotionalBefore: usd(gross),
    grossNotionalAfter: usd(Math.max(0, gross + legChange)),
    netDeltaBefore: usd(Math.abs(holding.exposure - holding.hedge) * at),
    netDeltaAfter: usd(Math.abs(holding.exposure - hedgeAfter) * at),
    otherNetDelta: usd(
      others.reduce((sum, other) => sum + Math.abs(other.exposure - other.hedge) * priceFor(facts, other), 0),
    ),
    hedgeRatioBefore: holding.hedgeRatio,
    hedgeRatioAfter: fraction(holding.exposure > 0 ? hedgeAfter / holding.exposure : 0),
    venues: parts.map((part) =>
      venueRisk(facts, { holding, part, sign, at, leverage: settings.hedgeLeverage, venues }),
    ),
  }
}

function venueRisk(
  facts: TradeFacts,
  {
    holding,
    part,
    sign,
    at,
    leverage,
    venues,
  }: {
    holding: Holding
    part: TradePart
    sign: 1 | -1
    at: Price
    leverage: number
    venues: Ports['venues']
  },
): VenueRisk {
  const venue = venues[part.leg]
  if (!venue) throw new RangeError(`Expected a venue of the list, was place ${part.leg}`)
  const reading = facts.accounts.get(venue.venueId)
  const instrumentId = holding.legs.find(({ leg }) => leg === part.leg)?.instrument.instrumentId
  const ours = [...facts.holdings.values()].reduce(
    (sum, other) =>
      sum +
      Math.abs(other.legs.find(({ leg }) => leg === part.leg)?.position ?? 0) *
        (other === holding ? at : priceFor(facts, other)),
    0,
  )
  // The venue counts what other hands hold there too; what we have filled since it was asked only we know yet.
  const theirs = (reading?.positions ?? []).reduce(
    (sum, position) => sum + Math.abs(position.quantity) * (position.markPrice ?? at),
    0,
  )
  const before = Math.max(ours, theirs)
  const position = reading?.positions.find((one) => one.instrumentId === instrumentId)?.quantity
  const held = position ?? holding.legs.find(({ leg }) => leg === part.leg)?.position ?? baseQty(0)
  const change = (Math.abs(held - sign * part.quantity) - Math.abs(held)) * at
  const after = Math.max(0, before + change)
  return {
    venue: venue.venueId,
    grossNotionalBefore: usd(before),
    grossNotionalAfter: usd(after),
    ...(reading && { account: marginsAfter(reading, { before, after, leverage }) }),
  }
}

function marginsAfter(
  { account }: AccountReading,
  { before, after, leverage }: { before: number; after: number; leverage: number },
): NonNullable<VenueRisk['account']> {
  const rate = before > 0 ? Math.max(account.maintenanceMargin / before, 0) : MAINTENANCE_RATE
  const change = after - before
  return {
    equity: account.equity,
    initialMarginBefore: account.initialMargin,
    initialMarginAfter: usd(Math.max(0, account.initialMargin + change / leverage)),
    maintenanceMarginBefore: account.maintenanceMargin,
    maintenanceMarginAfter: usd(Math.max(0, account.maintenanceMargin + change * Math.max(rate, MAINTENANCE_RATE / 2))),
  }
}

/** Of all our hedges, over all assets and venues; `traded` names an asset that is valued at the price of a trade. */
export const grossNotional = (facts: TradeFacts, traded?: { readonly asset: Asset; readonly at: Price }): number =>
  [...facts.holdings.values()].reduce(
    (sum, holding) =>
      sum +
      holding.legs.reduce((legs, { position }) => legs + Math.abs(position), 0) *
        (traded?.asset === holding.asset ? traded.at : priceFor(facts, holding)),
    0,
  )

const priceFor = (facts: TradeFacts, holding: Holding): number =>
  facts.prices.get(holding.asset) ?? holding.averageEntryPrice ?? 0
