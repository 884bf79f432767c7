import type { Logger } from '../log.ts'
import type { AuditEntry, Store } from '../ports.ts'
import { createAlerts } from './alerts.ts'
import { createAudit, writeAudit } from './audit.ts'
import { createButtons } from './buttons.ts'
import { createClusterOutcomes } from './cluster-outcomes.ts'
import { createCodes } from './codes.ts'
import { createCommands } from './commands.ts'
import type { StoreContext } from './context.ts'
import { createDayMarks } from './day-marks.ts'
import { isConnectionLost } from './errors.ts'
import { createFigures } from './figures.ts'
import { createForecasts } from './forecasts.ts'
import { guard } from './guard.ts'
import { createHeld } from './held.ts'
import { createInstance, type Heartbeat, type Instance, newInstanceId } from './instance.ts'
import { namedConnection } from './instance-sessions.ts'
import { createLeases } from './leases.ts'
import { createLimits } from './limits.ts'
import { createLive } from './live.ts'
import { createMapSnapshots } from './map-snapshots.ts'
import { createMarginTiers } from './margin-tiers.ts'
import { createMembers } from './members.ts'
import { missingSteps } from './migrate.ts'
import { createModelForecasts } from './model-forecasts.ts'
import { createModelHealth } from './model-health.ts'
import { createModels } from './models.ts'
import { createObservations } from './observations.ts'
import { createOrders } from './orders.ts'
import { createOutbox } from './outbox.ts'
import { createDb, type Db, whereOf } from './pool.ts'
import { createProposals } from './proposals.ts'
import { createRails } from './rails.ts'
import { createRequests } from './requests.ts'
import { type Patience, retryWhileAway, unavailable } from './retry.ts'
import { createSettings } from './settings.ts'
import { createStandings } from './standings.ts'
import { createVenueOrderIds } from './venue-order-ids.ts'

const PATIENCE_MS = 8_000

export interface StoreOptions {
  readonly connectionString: string
  readonly log: Logger
  /** How long reads and connecting go on trying while the database is away; 8 s by default. */
  readonly patienceMs?: number
  /** When an instance counts as frozen; every 3 s and after 12 s by default. */
  readonly heartbeat?: Heartbeat
}

export interface PostgresStore
  extends Store,
    Pick<Instance, 'instanceId' | 'holdSingleton' | 'awaitSingleton' | 'lost' | 'standing'> {
  /** Gives up the instance lock and closes every connection. */
  close(): Promise<void>
}

/**
 * The store on a PostgreSQL database whose schema is up to date (see `migrate`).
 *
 * @throws {DatabaseUnavailableError} when the database does not answer
 * @throws {Error} when the schema is older or newer than this version
 */
export async function createStore({
  connectionString,
  log,
  patienceMs = PATIENCE_MS,
  heartbeat,
}: StoreOptions): Promise<PostgresStore> {
  const patience: Patience = { patienceMs, where: whereOf(connectionString) }
  const instanceId = newInstanceId()
  const db = createDb(namedConnection(connectionString, instanceId), log, patience)
  try {
    await requireSchema(db)
    const instance = await retryWhileAway(
      () => createInstance({ connectionString, instanceId, log, heartbeat }),
      patience,
    )
    return {
      ...createRepositories({ db, inTransaction: false, patience }),
      instanceId,
      holdSingleton: instance.holdSingleton,
      awaitSingleton: instance.awaitSingleton,
      lost: instance.lost,
      standing: instance.standing,
      async close() {
        await instance.close()
        await db.destroy()
      },
    }
  } catch (error) {
    await db.destroy()
    throw error
  }
}

function createRepositories(context: StoreContext): Store {
  const { db, patience } = context
  return {
    transaction: async (work) => {
      try {
        return await db.transaction().execute((tx) => inTransaction(tx, patience, work))
      } catch (error) {
        throw isConnectionLost(error) ? unavailable(error, patience) : error
      }
    },
    observations: guard(createObservations(context), {
      patience,
      repeatable: ['append', 'lastReceivedAt', 'deleteBefore', 'declareFeeds', 'declaredFeeds'],
    }),
    forecasts: guard(createForecasts(context), {
      patience,
      repeatable: ['save', 'latest', 'between', 'path', 'first', 'findClusters'],
    }),
    maps: guard(createMapSnapshots(context), {
      patience,
      repeatable: ['save', 'latest', 'between', 'deleteBefore'],
    }),
    clusterOutcomes: guard(createClusterOutcomes(context), { patience, repeatable: ['save', 'judgedDays', 'list'] }),
    alerts: guard(createAlerts(context), {
      patience,
      repeatable: ['open', 'recent', 'lastEnded', 'countRaised', 'standingSince', 'find'],
    }),
    proposals: guard(createProposals(context), {
      patience,
      repeatable: ['find', 'list', 'countSince', 'decidedSince', 'releaseLease'],
    }),
    orders: guard(createOrders(context), {
      patience,
      repeatable: [
        'record',
        'hear',
        'find',
        'findMany',
        'forProposal',
        'unresolved',
        'recent',
        'sentSince',
        'fills',
        'tradedSince',
        'positions',
        'booked',
        'allFills',
      ],
    }),
    leases: guard(createLeases(context), { patience, repeatable: ['release'] }),
    venueOrderIds: guard(createVenueOrderIds(context), { patience, repeatable: ['reserve', 'clientOrderIdOf'] }),
    standings: guard(createStandings(context), { patience, repeatable: ['read', 'write'] }),
    rails: guard(createRails(context), { patience, repeatable: ['read', 'decisions'] }),
    limits: guard(createLimits(context), { patience, repeatable: ['overrides', 'set'] }),
    requests: guard(createRequests(context), { patience, repeatable: ['find', 'list', 'addApproval'] }),
    live: guard(createLive(context), { patience, repeatable: ['permission', 'setPermission'] }),
    dayMarks: guard(createDayMarks(context), { patience, repeatable: ['first'] }),
    members: guard(createMembers(context), {
      patience,
      repeatable: [
        'put',
        'find',
        'findByIdentity',
        'list',
        'withRole',
        'seed',
        'preferences',
        'setPreferences',
        'subscriptions',
        'subscribe',
        'mutes',
        'mute',
        'reach',
        'noteReach',
      ],
    }),
    codes: guard(createCodes(context), { patience, repeatable: [] }),
    held: guard(createHeld(context), { patience, repeatable: ['add', 'members'] }),
    marginTiers: guard(createMarginTiers(context), { patience, repeatable: ['save', 'list'] }),
    models: guard(createModels(context), {
      patience,
      repeatable: ['register', 'list', 'find', 'artifact', 'champion'],
    }),
    modelForecasts: guard(createModelForecasts(context), {
      patience,
      repeatable: ['save', 'pending', 'resolve', 'between', 'shadow', 'thin', 'deleteBefore'],
    }),
    modelHealth: guard(createModelHealth(context), { patience, repeatable: ['save', 'latest', 'between'] }),
    settings: guard(createSettings(context), { patience, repeatable: ['tradingState', 'get', 'set'] }),
    outbox: guard(createOutbox(context), {
      patience,
      repeatable: [
        'add',
        'due',
        'unclaim',
        'foldable',
        'foldedInto',
        'lastFold',
        'delivered',
        'postedAt',
        'places',
        'undelivered',
        'nextDueAt',
        'log',
        'forgetBefore',
      ],
    }),
    audit: guard(createAudit(context), { patience, repeatable: ['verify', 'count', 'recent'] }),
    commands: guard(createCommands(context), { patience, repeatable: ['answered', 'forgetBefore'] }),
    buttons: guard(createButtons(context), {
      patience,
      repeatable: ['issue', 'find', 'press', 'release', 'forgetBefore'],
    }),
    figures: guard(createFigures(context), { patience, repeatable: ['run', 'funding'] }),
  }
}

/** The same verbs, bound to one transaction: nothing is repeated, and audit entries are written last. */
async function inTransaction<T>(db: Db, patience: Patience, work: (tx: Store) => Promise<T>): Promise<T> {
  const context: StoreContext = { db, inTransaction: true, patience }
  const entries: AuditEntry[] = []
  const tx: Store = {
    transaction: (inner) => inner(tx),
    observations: createObservations(context),
    forecasts: createForecasts(context),
    maps: createMapSnapshots(context),
    clusterOutcomes: createClusterOutcomes(context),
    alerts: createAlerts(context),
    proposals: createProposals(context),
    orders: createOrders(context),
    leases: createLeases(context),
    venueOrderIds: createVenueOrderIds(context),
    standings: createStandings(context),
    rails: createRails(context),
    limits: createLimits(context),
    requests: createRequests(context),
    live: createLive(context),
    dayMarks: createDayMarks(context),
    members: createMembers(context),
    codes: createCodes(context),
    held: createHeld(context),
    marginTiers: createMarginTiers(context),
    models: createModels(context),
    modelForecasts: createModelForecasts(context),
    modelHealth: createModelHealth(context),
    settings: createSettings(context),
    outbox: createOutbox(context),
    audit: createAudit(context, entries),
    commands: createCommands(context),
    buttons: createButtons(context),
    figures: createFigures(context),
  }
  const result = await work(tx)
  if (entries.length > 0) await writeAudit(db, entries)
  return result
}

async function requireSchema(db: Db): Promise<void> {
  const applied = await db
    .selectFrom('schema_migrations')
    .select('name')
    .execute()
    .catch((error: { code?: string }) => {
      if (error.code === UNDEFINED_TABLE) return []
      throw error
    })
  const missing = missingSteps(applied.map((row) => row.name))
  if (missing.length > 0) {
    const names = missing.map((step) => step.name).join(', ')
    throw new Error(`The database lacks the schema steps ${names}. Run: npm run breakwater -- db migrate`)
  }
}

const UNDEFINED_TABLE = '42P01'
