import { commands } from '../commands/index.ts'
import { handlersFor } from '../jobs/index.ts'
import { createApp } from '../src/app/app.ts'
import { createMarketState } from '../src/app/market-state.ts'
import type { Settings } from '../src/app/settings.ts'
import type { PaceLimits } from '../src/chat/dispatch/pace.ts'
import { createDispatch } from '../src/chat/dispatch.ts'
import { parseConfig } from '../src/config.ts'
import type { Card } from '../src/domain/card.ts'
import { NO_RAIL_EFFECTS } from '../src/domain/risk/rail.ts'
import { baseQty, duration, fraction, HOUR, price, timestamp, usd } from '../src/domain/units.ts'
import { createLog } from '../src/log.ts'
import { alertRules } from '../src/main/alert-rules.ts'
import { DEMO_MEMBERS } from '../src/main/demo-members.ts'
import { createRandomIds } from '../src/main/ids.ts'
import type { JobHandlers, JobName, Notifier, Queue, Quote, Store, Venue } from '../src/ports.ts'
import { createQueue, type QueueBackend } from '../src/queue/queue.ts'
import { startEmbedded } from '../src/store/embedded.ts'
import { migrate } from '../src/store/migrate.ts'
import { createStore } from '../src/store/store.ts'
import { binance } from '../src/venues/ccxt/binance.ts'
import { createCcxtVenue } from '../src/venues/ccxt/ccxt-venue.ts'
import { createSimulatedMarket } from '../src/venues/simulated/market.ts'
import { createWallClock } from '../src/venues/virtual-clock.ts'
import { instant, type LoopbackExchange } from './loopback-exchange.ts'
import { BENCH_SERVER } from './rounds.ts'
import { closing, inTemporaryFolder } from './temporary.ts'

const ASSET = 'ETH'
const EXPOSURE = baseQty(40)
const WARMUP_DAYS = 4
const CHANNEL = { platform: 'console', channel: 'console' } as const
/** No round may be held back by what the one before has used up. */
const AMPLE = usd(1e12)
const SHOWN_WITHIN_MS = 10_000
const log = createLog('silent')

/** What a round has come past, each by the clock of `instant`; the first time only. */
export type Marks = Partial<Record<'stored' | 'proposing' | 'opening' | 'woken' | 'executing' | 'sending', number>>

export interface SignalDesk {
  readonly app: ReturnType<typeof createApp>
  readonly store: Store
  readonly queue: Queue
  /** What it trades at, all the time. */
  readonly bestAsk: number
  /** Begins a round: forgets the marks of the one before. */
  begin(): Marks
  /** Forecasts the one asset of the book, which asks for its hedge by itself. */
  forecast(): Promise<void>
  /** Presses a button as the person with this number at the console. */
  press(platformUserId: string, buttonId: string): Promise<Card | undefined>
  /** The next card that is posted with a button of this label. */
  nextButton(label: string): Promise<string>
}

/**
 * A desk on a live venue, as `start` wires one: store and queue on disk, verbs, jobs, dispatch; no model, and its own rails, which
 * find nothing. Thirty orders a second are no bother to it: every limit is ample, and nothing that it sends is filled.
 *
 * @param approval - `budget`: what it proposes is approved as it is opened; `member`: it waits for one
 */
export const withSignalDesk = <T>(
  {
    exchange,
    approval,
    backend,
  }: {
    exchange: LoopbackExchange
    approval: 'budget' | 'member'
    /** Given the store's own server. */
    backend: (connectionString: string) => QueueBackend
  },
  work: (desk: SignalDesk) => Promise<T>,
): Promise<T> =>
  inTemporaryFolder(async (folder) => {
    const server = await startEmbedded({ folder, log, ...BENCH_SERVER })
    return closing(server.stop, async () => {
      const connectionString = server.connectionString()
      await migrate(connectionString)
      const store = await createStore({ connectionString, log })
      return closing(store.close, async () => {
        const clock = createWallClock()
        let touch: Touch | undefined
        const queue = await createQueue({
          backend: backend(connectionString),
          clock,
          log,
          name: `signal-${process.pid}`,
        })
        return closing(queue.close, async () => {
          const venue = createCcxtVenue({
            exchange: binance,
            keys: exchange.at.keys,
            endpoint: exchange.at.endpoint,
            clock,
            quoteAt: (asset, at) => (asset === ASSET && touch ? { at, ...touch, ...LIQUID } : undefined),
            log,
            assets: [ASSET],
            limits: { ...binance.limits, weight: 1e9, orders: 1e9 },
          })
          return closing(venue.close, async () => {
            let marks: Marks = {}
            const mark = (what: keyof Marks): void => {
              marks[what] ??= instant()
            }
            const watched = watch({ store, queue, venue }, mark)
            const settings = settingsFor(folder, approval)
            const market = createMarketState()
            const chat = createListener()
            const ids = createRandomIds()
            const app = createApp(
              {
                ...watched,
                venues: [watched.venue],
                forecaster: { model: undefined, predict: async () => NO_MODEL },
                clock,
                ids,
                settings,
                build: {
                  version: 'bench',
                  node: process.version,
                  startedAt: clock.now(),
                  databaseVersion: async () => '',
                },
                instanceId: store.instanceId,
              },
              { market, notifiers: () => [chat] },
            )
            for (const member of DEMO_MEMBERS) await store.members.seed(member)
            const { dispatch } = createDispatch({
              ...{ commands, app, store: watched.store, clock, ids, instanceId: store.instanceId },
              ...{ access: settings.access, log, paceLimits: NO_PACE },
            })
            await followHistory(app, market, clock.now())
            touch = touchAt(market.panel.lastBar(ASSET, clock.now())!.closePrice)
            exchange.quote(ASSET, touch)
            await queue.start(watched.handlers(handlersFor(['bot', 'worker'], app)))
            await app.reconcile()
            let said = 0
            return work({
              app,
              store,
              queue,
              begin: () => (marks = {}),
              async forecast() {
                // What watching the rails does every ten seconds.
                await store.rails.write({ states: [], effects: NO_RAIL_EFFECTS, at: clock.now() }, [])
                const made = await app.refreshForecasts({ at: clock.now() })
                if (made.length !== 1) throw new Error(`Expected one forecast, were ${made.length}`)
              },
              press: (platformUserId, buttonId) =>
                dispatch({
                  ...{ platform: 'console', platformUserId, channel: CHANNEL.channel, direct: true },
                  ...{ interactionId: `signal-${said++}`, input: { kind: 'press', buttonId } },
                }),
              bestAsk: touch.bestAsk,
              nextButton: chat.nextButton,
            })
          })
        })
      })
    })
  })

const NO_MODEL = { kind: 'undetermined', reason: 'NO_MODEL', detail: 'none is loaded' } as const

/** Notes when a round comes past: the app is told of nothing. */
function watch(ports: { store: Store; queue: Queue; venue: Venue }, mark: (what: keyof Marks) => void) {
  const began: Partial<Record<JobName, keyof Marks>> = {
    'propose-hedges': 'proposing',
    'execute-proposal': 'executing',
  }
  let isProposing = false
  const store: Store = {
    ...ports.store,
    transaction: (work) => {
      if (isProposing) mark('opening')
      return ports.store.transaction(work)
    },
    forecasts: {
      ...ports.store.forecasts,
      async save(...row) {
        await ports.store.forecasts.save(...row)
        mark('stored')
      },
    },
  }
  const queue: Queue = {
    ...ports.queue,
    async add(request) {
      if (request.name === 'execute-proposal') mark('woken')
      await ports.queue.add(request)
    },
  }
  const venue: Venue = {
    ...ports.venue,
    submit: (order) => {
      mark('sending')
      return ports.venue.submit(order)
    },
  }
  const handlers = (given: Partial<JobHandlers>): Partial<JobHandlers> =>
    Object.fromEntries(
      Object.entries(given).map(([name, handler]) => [
        name,
        {
          ...handler,
          run: async (data: never) => {
            const what = began[name as JobName]
            if (what) mark(what)
            isProposing ||= what === 'proposing'
            try {
              return await handler.run(data)
            } finally {
              if (what === 'proposing') isProposing = false
            }
          },
        },
      ]),
    )
  return { store, queue, venue, handlers }
}

/** A major's. */
const LIQUID = { depthNotional: usd(5_000_000), dailyVolumeNotional: usd(1e9), dailyVolatility: 0.03 }
type Touch = Pick<Quote, 'bestBid' | 'bestAsk'>

/** A tick on each side. */
const touchAt = (mid: number): Touch => {
  const tick = Math.round(mid * 100)
  return { bestBid: price((tick - 1) / 100), bestAsk: price((tick + 1) / 100) }
}

/** As `.env` leaves them, but for what would hold a round back or let it reach into the next. */
function settingsFor(folder: string, approval: 'budget' | 'member'): Settings {
  const config = parseConfig({ DATA_DIR: folder })
  const budget = approval === 'budget' ? AMPLE : usd(0)
  return {
    ...config,
    book: { name: 'main', exposures: { [ASSET]: EXPOSURE } },
    // A market that is as it always is leaves little to time.
    sizing: { ...config.hedge, policy: 'static' },
    forecasts: config.forecast,
    alerts: alertRules(config.alerts, fraction(1)),
    approvals: { ...config.approvals, quorum: 1, cooldown: duration(0), maxDrift: config.approvals.maxDrift },
    limits: {
      ...config.limits,
      ...{ maxDayNotional: AMPLE, maxDailyProposals: 1e6, maxOrdersPerMinute: 1e6 },
      ...{ maxRatioChangePerHour: fraction(1), maxRatioChangePerDay: fraction(1) },
    },
    // What rests is taken back by the round, not by the clock.
    execution: { ...config.execution, passiveWait: duration(HOUR) },
    autoApproval: { maxOrder: budget, maxHour: budget, maxDay: budget },
    heartbeat: { every: duration(15_000) },
    channels: [CHANNEL],
  }
}

const NO_PACE: PaceLimits = { heard: 1e9, refused: 1e9, completed: 1e9 }

/** Some days of a market, up to now, on record and in memory. */
async function followHistory(
  app: ReturnType<typeof createApp>,
  market: ReturnType<typeof createMarketState>,
  now: number,
): Promise<void> {
  const from = timestamp(Math.floor(now / HOUR) * HOUR)
  const source = createSimulatedMarket({ seed: 1, assets: [ASSET], from, to: from, warmupDays: WARMUP_DAYS })
  market.feeds = source.feeds
  for await (const step of source.steps()) if (step.warmup) await app.followMarket.step(step)
}

/** A chat in which one waits for a button. */
function createListener(): Notifier & { nextButton(label: string): Promise<string> } {
  let posts = 0
  let waiting: { label: string; found: (buttonId: string) => void } | undefined
  const show = (card: Card): void => {
    const button = card.buttons?.find(({ label }) => label === waiting?.label)
    if (button?.id !== undefined) waiting?.found(button.id)
  }
  return {
    platform: 'console',
    channels: [CHANNEL.channel],
    readyIn: () => 0,
    probe: async () => ({ works: true }),
    async post(_channel, card) {
      show(card)
      return { messageId: `${posts++}` }
    },
    async edit(_channel, messageId, card) {
      show(card)
      return { messageId }
    },
    nextButton(label) {
      const shown = Promise.withResolvers<string>()
      const timer = setTimeout(() => shown.reject(new Error(`Expected a button ${label}, was none`)), SHOWN_WITHIN_MS)
      waiting = { label, found: shown.resolve }
      return shown.promise.finally(() => clearTimeout(timer))
    },
  }
}
