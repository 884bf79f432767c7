import assert from 'node:assert/strict'
import { commands } from '../../commands/index.ts'
import { handlersFor } from '../../jobs/index.ts'
import { type App, createApp } from '../../src/app/app.ts'
import { createMarketState, type MarketState } from '../../src/app/market-state.ts'
import type { Ports } from '../../src/app/ports.ts'
import type { Settings } from '../../src/app/settings.ts'
import type { Command, Complete, Dispatch } from '../../src/chat/command.ts'
import type { PaceLimits } from '../../src/chat/dispatch/pace.ts'
import { createDispatch } from '../../src/chat/dispatch.ts'
import type { Card } from '../../src/domain/card.ts'
import type { Cluster, Forecast, Prediction } from '../../src/domain/forecast.ts'
import type { Asset } from '../../src/domain/market/tick.ts'
import type { Member } from '../../src/domain/member.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import {
  baseQty,
  duration,
  type FundingPer8h,
  fraction,
  later,
  price,
  type TimestampMs,
  timestamp,
  usd,
} from '../../src/domain/units.ts'
import { createLog, type Logger } from '../../src/log.ts'
import { DEMO_MEMBERS } from '../../src/main/demo-members.ts'
import { createSeededIds } from '../../src/main/ids.ts'
import type {
  Clock,
  ConfidenceReport,
  Forecaster,
  ModelFiles,
  Notifier,
  Pager,
  Quote,
  Store,
  Trainer,
  Venue,
  VirtualClock,
} from '../../src/ports.ts'
import { createStore } from '../../src/store/store.ts'
import { createVenueLedger, type VenueLedger } from '../../src/venues/paper/ledger.ts'
import { createPaperVenue, type PaperVenue, type VenueHooks } from '../../src/venues/paper/paper-venue.ts'
import { createVirtualClock } from '../../src/venues/virtual-clock.ts'
import { createChannel, type TestChannel } from './channel.ts'
import { type Cleanup, type TestDatabase, testDatabase } from './database.ts'
import { testSettings } from './desk-settings.ts'
import { createInlineQueue, type InlineQueue } from './inline-queue.ts'

export const START = timestamp(Date.UTC(2026, 0, 5, 12))
export const PRICE = 3000

export interface DeskOptions {
  readonly settings?: Partial<Settings>
  readonly hooks?: VenueHooks
  /** Continues on the rows of a desk before this one; a database of its own otherwise. */
  readonly database?: TestDatabase
  readonly startAt?: TimestampMs
  /** Where cards arrive: a desk that continues another keeps its channel. */
  readonly channel?: TestChannel
  readonly forecaster?: Forecaster
  readonly confidenceReport?: ConfidenceReport
  readonly log?: Logger
  /** What can be said; everything by default. */
  readonly commands?: readonly Command[]
  readonly paceLimits?: PaceLimits
  /** What carries the cards to people, besides the channel; the channel alone by default. */
  readonly notifiers?: readonly Notifier[]
  /** A clock that stands still by default; `pass` needs that one. */
  readonly clock?: Clock
  readonly pager?: Pager
  /** Which models came with the code, and what this desk can load; it keeps no record of models by default. */
  readonly models?: ModelFiles
  readonly trainer?: Trainer
  /** What the market has been seen to do; nothing by default. */
  readonly market?: MarketState
  /** Stands between the app and its venue. */
  readonly wrapVenue?: (venue: Venue) => Venue
  /** Stands between the app and the store, to break what the test wants broken. */
  readonly wrapStore?: (store: Store) => Store
}

export type Person = 'ana' | 'ben' | 'cleo' | 'tom' | 'vera'

export interface TestDesk {
  readonly database: TestDatabase
  readonly app: App
  readonly ports: Ports
  readonly store: Store
  readonly ledger: VenueLedger
  readonly venue: PaperVenue
  readonly clock: VirtualClock
  readonly queue: InlineQueue
  readonly channel: TestChannel
  readonly dispatch: Dispatch
  readonly complete: Complete
  /** What the venue trades at from now on; undefined = it knows no price. */
  setPrice(mid: number | undefined, asset?: Asset): void
  /** Stores a forecast at this price, made now, and lets the venue trade at it. */
  forecast(options?: ForecastOptions): Promise<Forecast>
  /** A proposal to this hedge ratio, asked for by Tom. */
  propose(ratio: number, asset?: Asset): Promise<Proposal>
  find(proposal: Pick<Proposal, 'proposalId'>): Promise<Proposal>
  say(person: Person, text: string): Promise<Card>
  /** Runs what is due now. */
  settle(): Promise<void>
  /** Lets the clock run, stopping wherever something is due. */
  pass(ms: number): Promise<void>
  /** Ends the process as far as the database can tell: its connections and its instance lock are gone. */
  die(): Promise<void>
}

export interface ForecastOptions {
  readonly asset?: Asset
  readonly price?: number
  readonly prediction?: Prediction
  readonly clusters?: readonly Cluster[]
  readonly fundingRate?: number
}

export const member = (person: Person): Member => DEMO_MEMBERS.find(({ memberId }) => memberId === person)!

export const UNDETERMINED: Prediction = {
  kind: 'undetermined',
  reason: 'NO_MODEL',
  detail: 'no model is loaded',
}

/** A whole desk but for the market and the chats: real store, real venue and ledger, real verbs, a clock that stands still. */
export async function openDesk(t: Cleanup, options: DeskOptions = {}): Promise<TestDesk> {
  const database = options.database ?? (await testDatabase(t))
  const { connectionString } = database
  const log = options.log ?? createLog('silent')
  const opened = await createStore({ connectionString, log })
  const ledger = await createVenueLedger({ connectionString })
  let alive = true
  const die = async (): Promise<void> => {
    if (!alive) return
    alive = false
    await opened.close()
    await ledger.close()
  }
  t.after(die)

  const store = options.wrapStore?.(opened) ?? opened
  const virtualClock = createVirtualClock(options.startAt ?? START)
  const clock = options.clock ?? virtualClock
  const prices = new Map<Asset, number>([
    ['ETH', PRICE],
    ['BTC', 60_000],
  ])
  const quoteAt = (asset: Asset, at: TimestampMs): Quote | undefined => quoteOf(prices.get(asset), at)
  const venue = createPaperVenue({ venueId: 'paper', ledger, clock, quoteAt, hooks: options.hooks })
  const queue = createInlineQueue(clock)
  const channel = options.channel ?? createChannel('desk')
  const forecaster = options.forecaster ?? { model: undefined, predict: async () => UNDETERMINED }
  const settings = testSettings(options.settings)
  const ids = createSeededIds(opened.instanceId)
  const ports: Ports = {
    store,
    queue,
    venues: [options.wrapVenue?.(venue) ?? venue],
    forecaster,
    clock,
    ids,
    settings,
    confidenceReport: options.confidenceReport,
    pager: options.pager,
    models: options.models,
    trainer: options.trainer,
    build: { version: '0.1.0', node: process.version, startedAt: START, databaseVersion: async () => '18.4' },
    instanceId: opened.instanceId,
  }
  const app = createApp(ports, {
    market: options.market ?? createMarketState(),
    notifiers: () => [channel, ...(options.notifiers ?? [])],
  })
  const { dispatch, complete } = createDispatch({
    commands: options.commands ?? commands,
    app,
    store,
    clock,
    ids,
    instanceId: opened.instanceId,
    access: settings.access,
    paceLimits: options.paceLimits,
    log,
  })
  for (const each of DEMO_MEMBERS) await opened.members.put(each)
  await queue.start(handlersFor(['bot', 'worker'], app))

  let said = 0
  const setPrice: TestDesk['setPrice'] = (mid, asset = 'ETH') =>
    void (mid === undefined ? prices.delete(asset) : prices.set(asset, mid))
  return {
    database,
    app,
    ports,
    store: database.store,
    ledger,
    venue,
    clock: virtualClock,
    queue,
    channel,
    dispatch,
    complete,
    die,
    setPrice,
    async forecast(given = {}) {
      const asset = given.asset ?? 'ETH'
      const mid = given.price ?? prices.get(asset) ?? PRICE
      setPrice(mid, asset)
      const forecast = forecastAt(clock.now(), { ...given, asset, price: mid })
      await database.store.forecasts.save(forecast, given.clusters ?? [])
      return forecast
    },
    async propose(ratio, asset = 'ETH') {
      const outcome = await app.proposeHedge({ asset, requestedRatio: fraction(ratio), proposedBy: 'tom' })
      assert.equal(outcome.kind, 'proposed')
      return (outcome as Extract<typeof outcome, { kind: 'proposed' }>).proposal
    },
    async find({ proposalId }) {
      return (await database.store.proposals.find(proposalId))!
    },
    async say(person, text) {
      const card = await dispatch({
        platform: 'console',
        platformUserId: member(person).identities[0]!.platformUserId,
        channel: 'desk',
        direct: true,
        interactionId: `${opened.instanceId}-${said++}`,
        input: { kind: 'text', text },
      })
      assert.ok(card, `Expected an answer to ${text}, was none`)
      return card
    },
    settle: () => queue.settled(),
    async pass(ms) {
      const until = later(virtualClock.now(), duration(ms))
      await queue.settled()
      for (let due = queue.nextDueAt(); due !== undefined && due <= until; due = queue.nextDueAt()) {
        virtualClock.advanceTo(due)
        await queue.releaseDue()
        await queue.settled()
      }
      virtualClock.advanceTo(until)
    },
  }
}

/** Two basis points wide, a billion a day: an order of a few thousand fills whole, close to the touch. */
const quoteOf = (mid: number | undefined, at: TimestampMs): Quote | undefined =>
  mid === undefined
    ? undefined
    : {
        at,
        bestBid: price(mid * 0.9999),
        bestAsk: price(mid * 1.0001),
        depthNotional: usd(5_000_000),
        dailyVolumeNotional: usd(1e9),
        dailyVolatility: 0.03,
      }

const forecastAt = (
  at: TimestampMs,
  given: ForecastOptions & { readonly asset: Asset; readonly price: number },
): Forecast => ({
  asset: given.asset,
  at,
  prediction: given.prediction ?? UNDETERMINED,
  market: {
    price: price(given.price),
    priceAt: at,
    hourlyVolatility: fraction(0.0075),
    fundingCorrelation: fraction(0),
    openInterest: baseQty(1_000_000),
    ...(given.fundingRate === undefined ? {} : { fundingRate: given.fundingRate as FundingPer8h }),
    freshness: [
      { feed: 'bar', venue: 'binance', freshness: { state: 'fresh', age: duration(0) } },
      { feed: 'open-interest', freshness: { state: 'missing' } },
    ],
  },
})
