import type { Selectable } from 'kysely'
import type { ModelChange, ModelMarket, ModelRecord, Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { jsonb, present, storable } from './json.ts'
import type { Db } from './pool.ts'
import type { Tables } from './tables.ts'

/** All but the artifact, which is megabytes. */
const COLUMNS = [
  'model_id',
  'rung',
  'market',
  'state',
  'origin',
  'data_hash',
  'feature_hash',
  'seeds',
  'code_version',
  'trained_at',
  'trained_on',
  'architecture',
  'metrics',
  'gates',
  'calibrators',
  'override',
  'registered_at',
  'shadow_since',
  'promoted_at',
  'promoted_by',
  'replaced',
  'demoted_at',
  'retired_at',
  'reason',
] as const satisfies readonly (keyof Tables['models'])[]
type Row = Pick<Selectable<Tables['models']>, (typeof COLUMNS)[number]>
type Patch = Partial<Pick<Row, 'state' | 'promoted_at' | 'promoted_by' | 'replaced' | 'demoted_at' | 'retired_at'>>

/** Whatever changes who is in force holds every row of the market, in one order, until it ends. */
export function createModels(context: StoreContext): Store['models'] {
  const { db } = context
  return {
    async register(model, at) {
      const rows = await db
        .insertInto('models')
        .values({
          model_id: model.modelId,
          rung: model.rung,
          market: model.market,
          state: 'challenger',
          origin: model.origin,
          data_hash: model.dataHash,
          feature_hash: model.featureHash,
          seeds: jsonb(model.seeds),
          code_version: model.codeVersion,
          trained_at: model.trainedAt,
          trained_on: storable(model.trainedOn),
          architecture: storable(model.architecture),
          metrics: jsonb(model.metrics),
          gates: jsonb(model.gates),
          calibrators: jsonb(model.calibrators),
          override: model.override === undefined ? null : storable(model.override),
          artifact: Buffer.from(model.artifact),
          registered_at: at,
          shadow_since: at,
        })
        .onConflict((oc) => oc.column('model_id').doNothing())
        .returning('model_id')
        .execute()
      return rows.length > 0 ? 'registered' : 'known'
    },

    async list(market) {
      const rows = await db
        .selectFrom('models')
        .select(COLUMNS)
        .$if(market !== undefined, (query) => query.where('market', '=', market!))
        .orderBy('seq', 'desc')
        .execute()
      return rows.map(toRecord)
    },

    find: (modelId) => find(db, modelId),

    async artifact(modelId) {
      const row = await db.selectFrom('models').select('artifact').where('model_id', '=', modelId).executeTakeFirst()
      return row && new Uint8Array(row.artifact)
    },

    async champion(market) {
      const row = await db
        .selectFrom('models')
        .select(COLUMNS)
        .where('market', '=', market)
        .where('state', '=', 'champion')
        .executeTakeFirst()
      return row && toRecord(row)
    },

    promote: ({ modelId, over, ...change }) =>
      atomically(context, async (tx) => {
        const market = (await find(tx, modelId))?.market
        if (market === undefined) return { kind: 'not-found' }
        const rows = await hold(tx, market)
        const model = rows.find((row) => row.modelId === modelId)!
        if (model.state !== 'challenger') return { kind: 'not-a-challenger', model }
        const champion = championOf(rows)
        if (champion?.modelId !== over) return { kind: 'overtaken', champion }
        const retired = champion && (await retireFor(tx, champion, change, modelId))
        // Nobody goes back to one whose health has failed, but to the one before it.
        const replaced = champion?.modelId ?? lastDemoted(rows)?.replaced ?? null
        return {
          kind: 'promoted',
          model: await write(tx, modelId, change, { ...inForce(change), replaced }),
          ...(retired && { retired }),
        }
      }),

    rollBack: ({ market, over, featureHash, ...change }) =>
      atomically(context, async (tx) => {
        const rows = await hold(tx, market)
        const champion = championOf(rows)
        if (champion?.modelId !== over) return { kind: 'overtaken', champion }
        const bad = champion ?? lastDemoted(rows)
        const former = rows.find(({ modelId }) => modelId === bad?.replaced)
        if (!bad || !former) return { kind: 'nothing-to-roll-back' }
        if (former.featureHash !== featureHash) return { kind: 'of-other-features', model: former }
        const retired = await retireFor(tx, bad, change, former.modelId)
        // Its own `replaced` stays, so that a further rollback goes one further back.
        return { kind: 'rolled-back', model: await write(tx, former.modelId, change, inForce(change)), retired }
      }),

    demote: ({ modelId, ...change }) =>
      leave(context, modelId, { from: 'champion' }, (tx) =>
        write(tx, modelId, change, { state: 'challenger', demoted_at: change.at }),
      ),

    retire: ({ modelId, ...change }) =>
      leave(context, modelId, { from: 'challenger' }, (tx) =>
        write(tx, modelId, change, { state: 'retired', retired_at: change.at, demoted_at: null }),
      ),
  }
}

async function find(db: Db, modelId: string): Promise<ModelRecord | undefined> {
  const row = await db.selectFrom('models').select(COLUMNS).where('model_id', '=', modelId).executeTakeFirst()
  return row && toRecord(row)
}

const hold = async (tx: Db, market: ModelMarket): Promise<readonly ModelRecord[]> =>
  (
    await tx.selectFrom('models').select(COLUMNS).where('market', '=', market).orderBy('model_id').forUpdate().execute()
  ).map(toRecord)

const championOf = (rows: readonly ModelRecord[]): ModelRecord | undefined =>
  rows.find(({ state }) => state === 'champion')

const lastDemoted = (rows: readonly ModelRecord[]): ModelRecord | undefined =>
  rows
    .filter(({ demotedAt }) => demotedAt !== undefined)
    .toSorted((a, b) => b.demotedAt! - a.demotedAt!)
    .at(0)

const inForce = ({ at, by }: ModelChange): Patch => ({
  state: 'champion',
  promoted_at: at,
  promoted_by: by,
  demoted_at: null,
  retired_at: null,
})

const retireFor = (tx: Db, { modelId }: ModelRecord, change: ModelChange, successor: string): Promise<ModelRecord> =>
  write(
    tx,
    modelId,
    { ...change, reason: `${successor} took its place: ${change.reason}` },
    { state: 'retired', retired_at: change.at, demoted_at: null },
  )

const write = async (tx: Db, modelId: string, { reason }: ModelChange, patch: Patch): Promise<ModelRecord> =>
  toRecord(
    await tx
      .updateTable('models')
      .set({ ...patch, reason: storable(reason) })
      .where('model_id', '=', modelId)
      .returning(COLUMNS)
      .executeTakeFirstOrThrow(),
  )

/** A change that only a model in one state can make; undefined where it is in another or not on record. */
const leave = (
  context: StoreContext,
  modelId: string,
  { from }: { from: ModelRecord['state'] },
  work: (tx: Db) => Promise<ModelRecord>,
): Promise<ModelRecord | undefined> =>
  atomically(context, async (tx) => {
    const market = (await find(tx, modelId))?.market
    const held = market === undefined ? undefined : (await hold(tx, market)).find((row) => row.modelId === modelId)
    return held?.state === from ? work(tx) : undefined
  })

const toRecord = (row: Row): ModelRecord =>
  present({
    modelId: row.model_id,
    rung: row.rung,
    market: row.market,
    state: row.state,
    origin: row.origin,
    dataHash: row.data_hash,
    featureHash: row.feature_hash,
    seeds: row.seeds,
    codeVersion: row.code_version,
    trainedAt: row.trained_at,
    trainedOn: row.trained_on,
    architecture: row.architecture,
    metrics: row.metrics,
    gates: row.gates,
    calibrators: row.calibrators,
    override: row.override,
    registeredAt: row.registered_at,
    shadowSince: row.shadow_since,
    promotedAt: row.promoted_at,
    promotedBy: row.promoted_by,
    replaced: row.replaced,
    demotedAt: row.demoted_at,
    retiredAt: row.retired_at,
    reason: row.reason,
  } as { [K in keyof ModelRecord]: ModelRecord[K] | null })
