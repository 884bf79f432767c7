import type { Asset } from '../domain/market/tick.ts'
import type { ModelFacts, ProcessFacts, RailFacts } from '../domain/risk/facts.ts'
import { DAY, duration, elapsed, HOUR, MINUTE, type Price, type TimestampMs } from '../domain/units.ts'
import { holdingOf } from './book.ts'
import type { MarketState } from './market-state.ts'
import { toHealthReport } from './model-health-card.ts'
import { modelInForce } from './model-in-force.ts'
import type { Ports } from './ports.ts'
import { bookFacts, pacingFacts, startOfDay } from './risk-facts/book-facts.ts'
import { crowdingFacts, dataFacts, fundingFacts, gainOf, type PastByFeed } from './risk-facts/market-facts.ts'
import {
  accountFacts,
  instrumentFacts,
  legFacts,
  readVenues,
  type VenueMemory,
  type VenueReading,
} from './risk-facts/venue-facts.ts'
import { legsOf } from './venues.ts'

/** What one round of watching keeps for the next. */
export interface RiskMemory extends VenueMemory {
  /** When it began to watch. */
  startedAt?: TimestampMs
  readonly past: PastByFeed
  /** Cascade gains of a month, one an hour, oldest first. */
  readonly gains: Map<Asset, { hour: number; values: number[] }>
}

export const createRiskMemory = (): RiskMemory => ({
  heard: new Map(),
  authErrors: new Map(),
  past: new Map(),
  gains: new Map(),
})

const GAINS_KEPT = 30 * 24
/** A live market needs so long to be heard from after a start: until then a venue that has said nothing is not yet silent. */
const STARTING = duration(2 * MINUTE)
/** Forced closings of the last hour are among these. */
const RECENT_ORDERS = 200
const TRADED = ['approved', 'executing', 'executed', 'failed'] as const
/** The heads that the desk's base hedge and alerts rest on; the overlay's own gate caps it where it is used. */
const HEADS_ACTED_ON = ['cascade-down-24h', 'cascade-up-24h'] as const

/** Everything that the rails judge, from market, venues and record, as of now. A venue that does not answer is no answer of zero. */
export async function readRailFacts(ports: Ports, market: MarketState, memory: RiskMemory): Promise<RailFacts> {
  const { store, settings, clock } = ports
  memory.startedAt ??= clock.now()
  const assets = Object.keys(settings.book.exposures)
  const [readings, legs, fills, orders, traded, process, model] = await Promise.all([
    readVenues(ports, assets, memory),
    Promise.all(assets.map((asset) => legsOf(ports, asset))),
    store.orders.allFills(),
    store.orders.recent(RECENT_ORDERS),
    store.proposals.list({ book: settings.book.name, states: TRADED, limit: RECENT_ORDERS }),
    processFacts(ports),
    modelFacts(ports, assets),
  ])
  const at = clock.now()
  const prices = new Map<Asset, Price>(
    assets.flatMap((asset) => {
      const bar = market.panel.lastBar(asset, at)
      return bar ? [[asset, bar.closePrice] as const] : []
    }),
  )
  const holdings = assets.map((asset, i) =>
    holdingOf(
      {
        settings,
        legs: legs[i]!.map((leg) => ({
          ...leg,
          fills: fills.filter(({ instrumentId }) => instrumentId === leg.instrument.instrumentId),
        })),
      },
      asset,
    ),
  )
  const day = startOfDay(at)
  for (const asset of assets) await rememberGain(ports, market, { memory, asset, at })
  const parentsToday = traded.filter(({ proposedAt }) => proposedAt >= day).length
  const [instruments, book, pacing] = await Promise.all([
    instrumentFacts(ports, holdings),
    bookFacts(ports, { at, holdings, fills, prices }),
    pacingFacts(ports, { at, parentsToday }),
  ])
  return {
    at,
    process: { ...process, authErrorsInARow: Math.max(0, ...memory.authErrors.values()) },
    instruments,
    accounts: accountFacts(readings, { at, market, assets, prices, orders }),
    legs: legFacts(readings, {
      at,
      prices,
      holdings,
      tables: market.tierTables,
      leverage: settings.hedgeLeverage,
    }),
    book,
    data: assets.map((asset) =>
      dataFacts(market, asset, {
        at,
        isLive: clock.kind === 'wall',
        isStarting: clock.kind === 'wall' && elapsed(memory.startedAt!, at) < STARTING,
        quotes: quotesOf(readings, asset),
      }),
    ),
    funding: assets.flatMap((asset) => fundingFacts(market, asset, { at, past: memory.past })),
    crowding: assets.map((asset) =>
      crowdingFacts(market, asset, { at, past: memory.past, gains: memory.gains.get(asset)?.values ?? [] }),
    ),
    model,
    pacing,
  }
}

const quotesOf = (readings: readonly VenueReading[], asset: Asset) =>
  readings.flatMap(({ quotes }) => quotes.get(asset) ?? [])

/** The kill switch is what a person has halted; whoever watches is whoever executes. */
async function processFacts({ store }: Ports): Promise<ProcessFacts> {
  const { state, by, reason } = await store.settings.tradingState()
  return {
    ...(state === 'halted' && { killed: { by, reason } }),
    heartbeatAge: duration(0),
  }
}

/** An older verdict says nothing of today: a day is missed now and then, and what was measured is held to be known that long. */
const HEALTH_KEPT = duration(3 * DAY)

/**
 * What the newest measurement of the model says, what its card says of its gates where too little has come of its answers to
 * tell, and what its newest answers were.
 */
async function modelFacts({ store, forecaster, clock }: Ports, assets: readonly Asset[]): Promise<ModelFacts> {
  const model = await modelInForce(forecaster)
  const health = model && (await store.modelHealth.latest(model.modelId))
  const measured = health && elapsed(health.day, clock.now()) < HEALTH_KEPT ? toHealthReport(health)?.facts : undefined
  const judged = HEADS_ACTED_ON.flatMap((head) => model?.gates[head] ?? [])
  const newest = await Promise.all(assets.map(async (asset) => (await store.forecasts.latest(asset))?.forecast))
  const predictions = newest.flatMap((forecast) => forecast?.prediction ?? [])
  const failed = predictions.some((one) => one.kind === 'undetermined' && one.reason === 'NOT_FINITE')
  return {
    ...(judged.length === HEADS_ACTED_ON.length && { calibrationGatePassed: judged.every(Boolean) }),
    ...measured,
    ...((failed || predictions.some(({ kind }) => kind === 'estimated')) && { inferenceFailed: failed }),
  }
}

/** One gain an hour, on record too: the month that it is compared with outlives a restart. */
async function rememberGain(
  { store }: Pick<Ports, 'store'>,
  market: MarketState,
  { memory, asset, at }: { memory: RiskMemory; asset: Asset; at: TimestampMs },
): Promise<void> {
  const hour = Math.floor(at / HOUR)
  const gain = gainOf(market, asset)
  const kept = memory.gains.get(asset) ?? (await readGains(store, asset))
  memory.gains.set(asset, kept)
  if (gain === undefined || hour <= kept.hour) return
  kept.hour = hour
  kept.values.push(Number(gain.toPrecision(5)))
  kept.values.splice(0, kept.values.length - GAINS_KEPT)
  await store.settings.set(gainsKey(asset), JSON.stringify(kept))
}

async function readGains(store: Ports['store'], asset: Asset): Promise<{ hour: number; values: number[] }> {
  const text = await store.settings.get(gainsKey(asset))
  return text === undefined ? { hour: 0, values: [] } : (JSON.parse(text) as { hour: number; values: number[] })
}

const gainsKey = (asset: Asset): string => `cascade-gains/${asset}`
