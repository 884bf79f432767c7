import { sql } from 'kysely'
import type { FeedDeclaration, Tick } from '../domain/market/tick.ts'
import { timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { storable } from './json.ts'
import type { Db } from './pool.ts'
import { retryWhileAway } from './retry.ts'
import { fromRows, type ObservationRow, tickKeyOf, toRows } from './tick-rows.ts'

const ROWS_PER_INSERT = 20_000
const ROWS_PER_READ = 5_000

export function createObservations(context: StoreContext): Store['observations'] {
  const { db, inTransaction, patience } = context
  return {
    async append(ticks) {
      const rows = ticks.flatMap(toRows)
      if (rows.length === 0) return
      await atomically(context, async (tx) => {
        for (let i = 0; i < rows.length; i += ROWS_PER_INSERT) await insert(tx, rows.slice(i, i + ROWS_PER_INSERT))
      })
    },

    async *since(receivedAfter) {
      let after: Position = { received_at: receivedAfter, seq: Number.MAX_SAFE_INTEGER }
      let instant: ObservationRow[] = []
      while (true) {
        const read = () => readAfter(db, after)
        const rows = await (inTransaction ? read() : retryWhileAway(read, patience))
        for (const row of rows) {
          if (instant[0] && instant[0].received_at !== row.received_at) {
            yield* assemble(instant)
            instant = []
          }
          instant.push(row)
        }
        const last = rows.at(-1)
        if (rows.length < ROWS_PER_READ || !last) break
        after = last
      }
      yield* assemble(instant)
    },

    async lastReceivedAt() {
      const row = await db
        .selectFrom('observations')
        .select((eb) => eb.fn.max('received_at').as('at'))
        .executeTakeFirst()
      return row?.at === null || row?.at === undefined ? undefined : timestamp(row.at)
    },

    async deleteBefore(receivedBefore) {
      const result = await db.deleteFrom('observations').where('received_at', '<', receivedBefore).executeTakeFirst()
      return Number(result.numDeletedRows)
    },

    async declareFeeds(feeds) {
      await atomically(context, async (tx) => {
        for (const feed of feeds) {
          const row = { feed: feed.feed, venue: feed.venue, asset: feed.asset, cadence_ms: feed.cadence }
          await tx
            .insertInto('declared_feeds')
            .values(row)
            .onConflict((oc) => oc.columns(['feed', 'venue', 'asset']).doUpdateSet({ cadence_ms: feed.cadence }))
            .execute()
        }
      })
    },

    async declaredFeeds() {
      const rows = await db.selectFrom('declared_feeds').selectAll().orderBy('seq').execute()
      return rows.map(
        (row) => ({ feed: row.feed, venue: row.venue, asset: row.asset, cadence: row.cadence_ms }) as FeedDeclaration,
      )
    },
  }
}

interface Position {
  readonly received_at: number
  readonly seq: number
}

const readAfter = (db: Db, after: Position) =>
  db
    .selectFrom('observations')
    .selectAll()
    .where((eb) => eb(eb.refTuple('received_at', 'seq'), '>', eb.tuple(after.received_at, after.seq)))
    .orderBy('received_at')
    .orderBy('seq')
    .limit(ROWS_PER_READ)
    .execute()

/** The ticks of one instant of receipt, in the order in which their first rows were written. */
function* assemble(rows: readonly ObservationRow[]): Generator<Tick> {
  const groups = Map.groupBy(rows, tickKeyOf)
  for (const group of groups.values()) yield fromRows(group)
}

async function insert(db: Db, rows: readonly ObservationRow[]): Promise<void> {
  // The order by gives seq in the order of the ticks.
  await sql`
    insert into observations (feed, venue, asset, metric, event_at, received_at, value, note)
    select feed, venue, asset, metric, event_at, received_at, value, note
    from unnest(
      ${rows.map((row) => row.feed)}::text[],
      ${rows.map((row) => row.venue)}::text[],
      ${rows.map((row) => row.asset)}::text[],
      ${rows.map((row) => row.metric)}::text[],
      ${rows.map((row) => row.event_at)}::bigint[],
      ${rows.map((row) => row.received_at)}::bigint[],
      ${rows.map((row) => (Object.is(row.value, -0) ? '-0' : row.value))}::double precision[],
      ${rows.map((row) => (row.note === null ? null : storable(row.note)))}::text[]
    ) with ordinality as given (feed, venue, asset, metric, event_at, received_at, value, note, place)
    order by place
    on conflict do nothing`.execute(db)
}
