import { handlersFor } from '../../jobs/index.ts'
import { createApp } from '../../src/app/app.ts'
import { createMarketState } from '../../src/app/market-state.ts'
import type { Settings } from '../../src/app/settings.ts'
import type { Asset, FeedDeclaration } from '../../src/domain/market/tick.ts'
import { DEFAULT_LIMITS } from '../../src/domain/risk/limits.ts'
import {
  baseQty,
  bps,
  duration,
  fraction,
  HOUR,
  later,
  MINUTE,
  price,
  SECOND,
  timestamp,
  usd,
} from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import { DEMO_MEMBERS } from '../../src/main/demo-members.ts'
import { createSeededIds } from '../../src/main/ids.ts'
import type { Notifier, OrderRef, Quote, Random } from '../../src/ports.ts'
import { createStore } from '../../src/store/store.ts'
import { createVenueLedger } from '../../src/venues/paper/ledger.ts'
import { createPaperVenue } from '../../src/venues/paper/paper-venue.ts'
import { testSettings } from '../support/desk-settings.ts'
import { createFastClock, createTimedQueue } from './fast-time.ts'
import { createFaults } from './faults.ts'

/** Coins of spot held, and the price at which it begins. */
export const BOOK: Readonly<Record<Asset, { readonly exposure: number; readonly price: number }>> = {
  BTC: { exposure: 20, price: 60_000 },
  ETH: { exposure: 400, price: 3_000 },
  SOL: { exposure: 8_000, price: 150 },
  AVAX: { exposure: 30_000, price: 40 },
}
export const ASSETS = Object.keys(BOOK)
const FEEDS = ['binance', 'bybit', 'okx'] as const
/** A random walk's step. */
const STEP_BPS = 1.5

export type World = Awaited<ReturnType<typeof openWorld>>

/** A desk on a paper venue at which things go wrong, with a market of four assets that never stands still. */
export async function openWorld(
  connectionString: string,
  { random, seed, speed }: { random: Random; seed: number; speed: number },
) {
  const log = createLog('silent')
  const store = await createStore({ connectionString, log })
  const ledger = await createVenueLedger({ connectionString })
  const clock = createFastClock(speed, timestamp(Date.now()))
  const queue = createTimedQueue(clock)
  const mids = new Map<Asset, number>(Object.entries(BOOK).map(([asset, one]) => [asset, one.price]))
  const market = createMarketState()
  market.feeds = feeds()

  const faults = createFaults(random, async (ref) => {
    const order = await ledger.find('paper', ref.clientOrderId)
    const isOpen = order?.state === 'accepted' || order?.state === 'partially-filled'
    if (order?.kind === 'limit' && isOpen) await fillPart(ref, order.quantity - order.filledQuantity)
  })
  const venue = createPaperVenue({
    venueId: 'paper',
    ledger,
    clock,
    quoteAt: (asset, at) => quoteOf(mids.get(asset), at),
    equity: usd(20_000_000),
    hooks: faults.hooks,
  })
  /** Somebody trades with a resting order; it may be gone by the time. */
  const fillPart = async (order: OrderRef, quantity: number): Promise<void> => {
    try {
      await venue.acts.fillResting(order, quantity.toFixed(9))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  const settings = soakSettings()
  const app = createApp(
    {
      ...{ store, queue, clock, settings },
      venues: [venue],
      forecaster: { model: undefined, predict: async () => NO_MODEL },
      ids: createSeededIds(`soak ${seed}`),
      build: { version: 'soak', node: process.version, startedAt: clock.now(), databaseVersion: async () => '' },
      instanceId: store.instanceId,
    },
    { market, notifiers: () => [NOWHERE] },
  )
  for (const member of DEMO_MEMBERS) await store.members.put(member)
  await queue.start(handlersFor(['bot', 'worker'], app))

  const publish = (): void => {
    const at = clock.now()
    for (const [asset, mid] of mids)
      for (const venueId of FEEDS)
        market.panel.apply({
          ...{ type: 'bar', series: 'mark', venue: venueId, asset, eventAt: at, receivedAt: at, interval: MINUTE },
          ...{ openPrice: price(mid), highPrice: price(mid), lowPrice: price(mid), closePrice: price(mid) },
        })
    market.panel.forget(later(at, -HOUR))
  }
  publish()

  return {
    ...{ app, store, ledger, clock, queue, venue, faults, market, fillPart, publish },
    move(): void {
      for (const [asset, mid] of mids) mids.set(asset, mid * (1 + ((random() - 0.5) * 2 * STEP_BPS) / 1e4))
    },
    mid: (asset: Asset): number => mids.get(asset)!,
    async close(): Promise<void> {
      await queue.close()
      await venue.close()
      await ledger.close()
      await store.close()
    },
  }
}

const NO_MODEL = { kind: 'undetermined', reason: 'NO_MODEL', detail: 'no model is loaded' } as const

/** Many are told, and nothing is kept of it. */
const NOWHERE: Notifier = {
  platform: 'console',
  channels: ['desk'],
  readyIn: () => 0,
  probe: async () => ({ works: true }),
  post: async () => ({ messageId: '1' }),
  edit: async (_channel, messageId) => ({ messageId }),
}

const feeds = (): readonly FeedDeclaration[] =>
  ASSETS.flatMap((asset) => FEEDS.map((venue) => ({ feed: 'bar', venue, asset, cadence: MINUTE }) as const))

const quoteOf = (mid: number | undefined, at: Quote['at']): Quote | undefined =>
  mid === undefined
    ? undefined
    : {
        at,
        bestBid: price(mid * 0.9999),
        bestAsk: price(mid * 1.0001),
        depthNotional: usd(50_000_000),
        dailyVolumeNotional: usd(1e10),
        dailyVolatility: 0.03,
      }

/** Nothing is so little that it would be denied: what is tried here is whether the books stay right. */
const soakSettings = (): Settings =>
  testSettings({
    book: {
      name: 'main',
      exposures: Object.fromEntries(Object.entries(BOOK).map(([asset, { exposure }]) => [asset, baseQty(exposure)])),
    },
    approvals: { ...testSettings().approvals, cooldown: duration(0), quorumLargeAbove: usd(1e12) },
    limits: {
      ...DEFAULT_LIMITS,
      ...{ maxDayNotional: usd(1e12), maxProposalNotional: usd(1e9), maxDailyProposals: 1e6, maxOrdersPerMinute: 1e6 },
      ...{ maxRatioChangePerHour: fraction(1e6), maxRatioChangePerDay: fraction(1e6) },
      ...{ maxPriceAge: duration(10 * MINUTE), maxDispersion: fraction(1) },
      ...{ maxSlippage: bps(500), priceCollar: bps(200) },
      ...{ warnDailyLoss: fraction(0.5), softDailyLoss: fraction(0.6), hardDailyLoss: fraction(0.7) },
    },
    execution: {
      schedule: { kind: 'twap', urgency: 'normal', duration: duration(40 * SECOND) },
      maxClip: usd(100_000),
      passiveWait: duration(3 * SECOND),
      orderValidity: duration(2 * SECOND),
      leaseTtl: duration(60 * SECOND),
    },
    stops: { enabled: true, atShare: fraction(0.7) },
    risk: { every: duration(30 * SECOND) },
    retention: duration(HOUR),
  })
