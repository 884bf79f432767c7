import { commands } from '../../commands/index.ts'
import { handlersFor } from '../../jobs/index.ts'
import { confidenceFacts } from '../../models/confidence-file.ts'
import { loadEngine } from '../../models/engine.ts'
import { createForecaster } from '../../models/forecaster.ts'
import { type App, createApp } from '../app/app.ts'
import { driveMarket } from '../app/drive-market.ts'
import { readTierTables } from '../app/load-margin-tiers.ts'
import { createMarketState, type MarketState } from '../app/market-state.ts'
import type { Settings } from '../app/settings.ts'
import { closeDrawing, warmUp } from '../charts/drawing.ts'
import type { ChatAdapter, Dispatch } from '../chat/command.ts'
import { createDispatch } from '../chat/dispatch.ts'
import { createHttpHeartbeat } from '../chat/heartbeat.ts'
import { createPager } from '../chat/pager.ts'
import type { Config } from '../config.ts'
import { EVENT_RULES } from '../domain/liquidation/cluster-outcome.ts'
import type { Member } from '../domain/member.ts'
import { DAY, duration, later, type TimestampMs } from '../domain/units.ts'
import type { Logger } from '../log.ts'
import type { Clock, Ids, MarginTierSource, MarketSource, Queue, Venue, VenueEvent, VirtualClock } from '../ports.ts'
import { createQueue } from '../queue/queue.ts'
import { namedConnection } from '../store/instance-sessions.ts'
import { createStore, type PostgresStore } from '../store/store.ts'
import { createVirtualClock, createWallClock } from '../venues/virtual-clock.ts'
import { alertRules } from './alert-rules.ts'
import { ARTIFACT_FOLDER, confidenceFor } from './artifacts.ts'
import { buildFacts } from './build-facts.ts'
import { createChampionForecaster } from './champion.ts'
import { openDatabase } from './database.ts'
import { modelFilesFor, trainerFor } from './models.ts'
import { openVenues } from './venues.ts'
import { answerWhileHeld, postWhileHeld } from './while-held.ts'

const RESTORE_DAYS = 60
/** Where nobody outside is told, the rhythm is of no account. */
const DEFAULT_HEARTBEAT = duration(15_000)

export interface DeskOptions {
  readonly config: Config
  readonly log: Logger
  readonly database: { readonly name: string; readonly fresh: boolean }
  readonly roles: readonly ('bot' | 'worker')[]
  readonly members: readonly Member[]
  openMarket(clock: Clock): Promise<MarketSource>
  ids(): Ids
  /** Where desk-wide cards go, also from a process that holds no chat connection itself. */
  readonly channels: Settings['channels']
  openChats(): Promise<readonly ChatAdapter[]>
  onProgress(text: string): void
  /** Waits while another process has the role, until this aborts, and takes over when it dies; without it that is an error. */
  readonly standBy?: AbortSignal
}

/** A whole desk, wired and started: who asks gets answers, what is due gets done; the market moves once it is driven. */
export interface Desk {
  readonly app: App
  readonly store: PostgresStore
  readonly source: MarketSource
  readonly clock: Clock
  readonly queue: Queue
  readonly dispatch: Dispatch
  readonly settings: Settings
  drive(options: {
    signal: AbortSignal
    speed: () => number
    betweenSteps?: (at: TimestampMs) => Promise<void>
  }): Promise<void>
  close(): Promise<void>
}

/** Opens everything in the order in which it depends on one another, and closes what it opened when a step fails. */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { config, log, roles, onProgress } = options
  const opened: (() => Promise<void>)[] = []
  const opening = <T>(value: T, close: (value: T) => Promise<void>): T => {
    opened.unshift(() => close(value))
    return value
  }
  const close = async (): Promise<void> => {
    for (const closeOne of opened.splice(0))
      await closeOne().catch((error: unknown) => log.error({ err: error }, 'closing failed'))
  }

  try {
    const database = opening(await openDatabase(config, { ...options.database, log, onProgress }), (it) => it.close())
    const store = opening(await createStore({ connectionString: database.connectionString, log }), (it) => it.close())
    for (const role of roles) await takeRole(store, role, options)
    // Whoever takes over ends the sessions that bear our name.
    const { connectionString = database.connectionString } = namedConnection(
      database.connectionString,
      store.instanceId,
    )

    const wallClock = createWallClock()
    const source = opening(await options.openMarket(wallClock), (it) => it.close())
    const lastReceivedAt = await store.observations.lastReceivedAt()
    const clock: Clock | VirtualClock =
      source.clock === 'virtual' ? createVirtualClock(resumeAt(source, lastReceivedAt)) : wallClock

    const { venues } = opening(await openVenues({ config, source, clock, store, log, connectionString }), (it) =>
      it.close(),
    )

    const queue = opening(
      await createQueue({
        backend:
          config.queue.redisUrl === undefined
            ? { kind: 'postgres', connectionString }
            : { kind: 'redis', url: config.queue.redisUrl },
        clock,
        log,
        // Two desks may share one Redis: neither may take the other's jobs.
        name: `breakwater-${database.identity}`,
      }),
      (it) => it.close(),
    )
    const engine = await loadEngine()
    const models = await modelFilesFor(source)
    const otherwise = await createForecaster({ artifactFolder: ARTIFACT_FOLDER, engine })
    const forecaster = await createChampionForecaster({ store, files: models, engine, otherwise, log })
    const confidence = await confidenceFor(source)
    const market = createMarketState(confidence?.horizons, confidence && EVENT_RULES[confidence.rule])
    market.tierTables = await readTierTables({ store })
    const chats = roles.includes('bot') ? (await options.openChats()).map((chat) => postWhileHeld(store, chat)) : []
    const settings = toSettings(config, options.channels, confidence?.alertThreshold)
    const marginTiers = source.name === 'live' ? await liveMarginTiers(config, clock) : undefined
    const ids = options.ids()
    const build = await buildFacts(database.connectionString)
    const app = createApp(
      {
        store,
        queue,
        marginTiers,
        venues,
        forecaster,
        models,
        trainer: trainerFor(source, {
          market: models.market,
          dataFolder: config.data.folder,
          trainingData: config.models.trainingData,
          clock,
        }),
        clock,
        ids,
        settings,
        pager: config.pager && createPager(config.pager),
        heartbeat:
          config.heartbeat && createHttpHeartbeat({ address: config.heartbeat.address, version: build.version }),
        build,
        instanceId: store.instanceId,
        confidenceReport: confidence && confidenceFacts(confidence),
      },
      { market, notifiers: () => chats },
    )
    const { dispatch: answer, complete } = createDispatch({
      commands,
      app,
      store,
      clock,
      ids,
      instanceId: store.instanceId,
      access: settings.access,
      log,
    })
    const dispatch = answerWhileHeld(store, answer)

    await app.registerShipped()
    await forecaster.refresh()
    for (const member of options.members) await store.members.seed(member)
    if (roles.includes('worker')) await store.observations.declareFeeds(source.feeds)
    market.feeds = source.feeds
    await queue.start(handlersFor(roles, app))
    // The first picture shall not wait for the charts to be read; a machine that cannot draw still gets every card in words.
    if (roles.includes('bot')) opening(undefined, closeDrawing)
    for (const chat of chats) opening(chat, (it) => it.close())
    for (const chat of chats) await chat.start(dispatch, complete)
    if (roles.includes('bot')) void warmUp()
    const listening = new AbortController()
    opening(listening, async (it) => it.abort())
    if (roles.includes('worker')) await listen({ app, venues, clock, log }, listening.signal)
    await app.reconcile()

    return {
      app,
      store,
      source,
      clock,
      queue,
      dispatch,
      settings,
      drive: (driving) => drive({ app, market, source, clock, queue, lastReceivedAt, onProgress }, driving),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where the market drives the clock, executions ask at their own times, so that a run does not depend on the machine's speed. */
async function listen(
  { app, venues, clock, log }: { app: App; venues: readonly Venue[]; clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  if (clock.kind === 'virtual') return
  for (const venue of venues.filter(({ capabilities }) => capabilities.pushesOrders)) {
    const hear = (event: VenueEvent): void =>
      void app.applyVenueEvent(event).catch((error: unknown) => {
        // Nothing is lost: reconciling asks for all of it again.
        log.error({ err: error, venue: venue.venueId, event: event.kind }, 'a pushed event could not be booked')
      })
    await venue.watch(hear, signal)
  }
}

async function takeRole(
  store: PostgresStore,
  role: string,
  { standBy, onProgress }: Pick<DeskOptions, 'standBy' | 'onProgress'>,
): Promise<void> {
  const onWaiting = () => onProgress(`Another Breakwater runs as ${role}: standing by to take over when it stops`)
  const held = standBy
    ? await store.awaitSingleton(role, { signal: standBy, onWaiting })
    : await store.holdSingleton(role)
  if (held) return
  throw new Error(
    standBy
      ? 'Stopped while standing by'
      : `Another Breakwater already runs as ${role} on this database: stop it first, or give this one another DATA_DIR`,
  )
}

interface Driven {
  readonly app: App
  readonly market: MarketState
  readonly source: MarketSource
  readonly clock: Clock
  readonly queue: Queue
  readonly lastReceivedAt: TimestampMs | undefined
  onProgress(text: string): void
}

async function drive(desk: Driven, driving: Parameters<Desk['drive']>[0]): Promise<void> {
  const { app, source, clock, queue, lastReceivedAt, onProgress } = desk
  if (lastReceivedAt !== undefined) {
    onProgress('Reading back what was stored')
    await app.followMarket.restore(later(lastReceivedAt, -RESTORE_DAYS * DAY))
  }
  let warmed = 0
  await driveMarket({
    source,
    clock: clock as VirtualClock,
    queue,
    after: lastReceivedAt,
    takeStep: (step) => app.followMarket.step(step),
    onWarmup: (step) => {
      if (warmed++ % 240 === 0) onProgress(`Reading history up to ${new Date(step.at).toISOString().slice(0, 10)}`)
    },
    ...driving,
  })
}

async function liveMarginTiers({ market }: Config, clock: Clock): Promise<MarginTierSource> {
  const { createMarginTierSource } = await import('../venues/live/margin-tiers-source.ts')
  return createMarginTierSource({
    venues: market.liveVenues,
    assets: market.assets,
    endpoints: market.endpoints,
    clock,
  })
}

/** The desk's own channels are open to every role, unless a rule says less. */
const accessRules = ({ access }: Config, channels: Settings['channels']): Settings['access'] => ({
  ...access,
  channels: [
    ...access.channels,
    ...channels
      .filter(
        ({ platform, channel }) =>
          !access.channels.some((rule) => rule.platform === platform && rule.channel === channel),
      )
      .map((place) => ({ ...place, most: 'admin' as const })),
  ],
})

const resumeAt = (source: MarketSource, lastReceivedAt: TimestampMs | undefined): TimestampMs =>
  lastReceivedAt !== undefined && lastReceivedAt > source.from ? lastReceivedAt : source.from

const toSettings = (config: Config, channels: Settings['channels'], alertThreshold: number | undefined): Settings => ({
  book: config.book,
  sizing: config.hedge,
  hedgeLeverage: config.hedgeLeverage,
  forecasts: config.forecast,
  alerts: alertRules(config.alerts, alertThreshold),
  approvals: config.approvals,
  limits: config.limits,
  execution: config.execution,
  stops: config.stops,
  autoApproval: config.autoApproval,
  risk: config.risk,
  trading: config.trading,
  liveGate: config.liveGate,
  models: config.models,
  heartbeat: { every: config.heartbeat?.every ?? DEFAULT_HEARTBEAT },
  retention: config.data.retention,
  access: accessRules(config, channels),
  escalation: config.escalation,
  channels,
})
