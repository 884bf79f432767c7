import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ClientOrderId, VenueOrderState } from '../../domain/execution/order.ts'
import { VenueUnreachableError } from '../../domain/execution/venue-unreachable.ts'
import type { InstrumentId } from '../../domain/instrument.ts'
import type { VenueId } from '../../domain/market/tick.ts'
import { baseQty, timestamp } from '../../domain/units.ts'
import type { VenueOrder } from '../../ports.ts'
import {
  type AcceptanceRow,
  type Book,
  EMPTY_BOOK,
  type FillRow,
  toVenueFill,
  toVenueOrder,
  venueOrderIdOf,
} from './book.ts'
import type { BookState, VenueLedger } from './ledger-types.ts'
import { openSchema } from './open-schema.ts'
import { changesAnything, type Turned } from './turn.ts'

export type { VenueLedger } from './ledger-types.ts'

/**
 * The books of paper and simulated venues, in the PostgreSQL schema `venue_ledger`, which it creates or brings up to date.
 *
 * It stands for the other side of the wire: it survives the desk's death, and an order that was accepted stays accepted. Like
 * a real venue it refuses the client order id of an order that is still open and takes it again afterwards, so that a desk
 * which sends twice is found by `acceptances`.
 *
 * @param connectionString - of any PostgreSQL 15 or later; the role needs the right to create the schema once
 * @throws when the database cannot be reached
 */
export async function createVenueLedger({ connectionString }: { connectionString: string }): Promise<VenueLedger> {
  const pool = new pg.Pool({ connectionString, ...POOL })
  // A server that goes away ends idle connections with an error; the next query says so to its caller.
  pool.on('error', () => {})
  await openSchema(pool).catch(async (cause) => {
    await pool.end()
    throw new Error('Expected to open the venue ledger, was refused by the database', { cause })
  })
  const ask = <R extends pg.QueryResultRow>(query: pg.QueryConfig) =>
    pool.query<R>(query).then(({ rows }) => rows, toUnreachable)
  const findOne = async (name: string, number: string, values: unknown[]): Promise<VenueOrder | undefined> => {
    const [row] = await ask<OrderRow>({
      name,
      text: `${FIND} where a.venue_id = $1 and a.sequence = ${number}`,
      values,
    })
    return row && toOrder(row)
  }

  return {
    async change({ venueId, instrumentId, clientOrderId }, work) {
      const client = await pool.connect().catch(toUnreachable)
      // A connection cut in mid-transaction fails the query in progress, which is enough.
      const ignore = () => {}
      client.on('error', ignore)
      try {
        if (!(await begin(client, venueId, clientOrderId))) {
          await client.query('rollback').catch(toUnreachable)
          client.off('error', ignore)
          client.release()
          return { kind: 'id-in-use' }
        }
        const { number, ...state } = await lockBook(client, venueId, instrumentId).catch(toUnreachable)
        const { turned, answer } = await work(state, number)
        if (turned && changesAnything(turned)) await write(client, turned, [venueId, instrumentId]).catch(toUnreachable)
        await client.query('commit').catch(toUnreachable)
        client.off('error', ignore)
        client.release()
        return { kind: 'changed', answer }
      } catch (error) {
        // A connection in an unknown state is thrown away; the server rolls back what it had begun.
        client.release(true)
        throw error
      }
    },

    async read(venueId, instrumentId) {
      const [row] = await ask<BookRow>({
        name: 'read-book',
        text: `select b.book, a.countdown_lapses_at_ms as lapses from (values (1)) one
               left join venue_ledger.books b on b.venue_id = $1 and b.instrument_id = $2
               left join venue_ledger.accounts a on a.venue_id = $1`,
        values: [venueId, instrumentId],
      })
      return toState({ ...row!, instrument_id: instrumentId })
    },

    async readAll(venueId) {
      const rows = await ask<BookRow>({
        text: `select b.instrument_id, b.book, a.countdown_lapses_at_ms as lapses from venue_ledger.books b
               left join venue_ledger.accounts a using (venue_id) where b.venue_id = $1 order by b.instrument_id`,
        values: [venueId],
      })
      return rows.map(toState)
    },

    async setCountdown(venueId, lapsesAt) {
      await ask({
        text: `insert into venue_ledger.accounts (venue_id, countdown_lapses_at_ms) values ($1, $2)
               on conflict (venue_id) do update set countdown_lapses_at_ms = excluded.countdown_lapses_at_ms`,
        values: [venueId, lapsesAt ?? null],
      })
    },

    find: (venueId, clientOrderId) => findOne('find-order', NEWEST, [venueId, clientOrderId]),

    async findByVenueOrderId(venueId, venueOrderId) {
      const number = Number(venueOrderId.slice(venueId.length + 1))
      if (!Number.isSafeInteger(number) || venueOrderId !== venueOrderIdOf(venueId, number)) return undefined
      return findOne('find-number', '$2', [venueId, number])
    },

    async fills(venueId, clientOrderId) {
      const rows = await ask<FillRow>({
        name: 'fills-of-order',
        text: 'select * from venue_ledger.fills where venue_id = $1 and client_order_id = $2 order by sequence',
        values: [venueId, clientOrderId],
      })
      return rows.map(toVenueFill)
    },

    async fillsSince(venueId, instrumentId, since) {
      const rows = await ask<FillRow>({
        name: 'fills-since',
        text: `select * from venue_ledger.fills where venue_id = $1 and instrument_id = $2 and filled_at_ms >= $3
               order by filled_at_ms, sequence`,
        values: [venueId, instrumentId, since],
      })
      return rows.map(toVenueFill)
    },

    async position(venueId, instrumentId) {
      const [row] = await ask<{ position: string }>({
        text: `select coalesce(sum(case side when 'buy' then quantity else -quantity end), 0) as position
               from venue_ledger.fills where venue_id = $1 and instrument_id = $2`,
        values: [venueId, instrumentId],
      })
      return baseQty(Number(row!.position))
    },

    async acceptances(venueId) {
      const rows = await ask<{ client_order_id: ClientOrderId; times: string }>({
        text: `select client_order_id, count(*) as times from venue_ledger.acceptances
               where venue_id = $1 and client_order_id is not null group by client_order_id order by min(sequence)`,
        values: [venueId],
      })
      return new Map(rows.map((row) => [row.client_order_id, Number(row.times)]))
    },

    close: (): Promise<void> => pool.end(),
  }
}

/** A silent database becomes an error, so that an order becomes `unknown` rather than wait for ever. */
const POOL = { max: 4, allowExitOnIdle: true, connectionTimeoutMillis: 5_000, query_timeout: 15_000 }
/** The database needs a moment to notice that a desk died with its order open; only then is that order gone. */
const OPEN_FOR_MS = 500
const POLL_MS = 20
/** What the database itself refuses to hold is our bug, not its absence. */
const VIOLATION = /^23/

const FIND = `select a.*, e.change, e.reason, f.filled, f.paid from venue_ledger.acceptances a
  left join venue_ledger.changes e on e.acceptance = a.sequence and e.change in ('filled', 'canceled')
  cross join lateral (select coalesce(sum(quantity), 0) as filled, coalesce(sum(quantity * fill_price), 0) as paid
    from venue_ledger.fills where acceptance = a.sequence) f`

const NEWEST = '(select max(sequence) from venue_ledger.acceptances where venue_id = $1 and client_order_id = $2)'

/** One statement, so that it is one journey: rows and the book that follows from them. */
const WRITE = `with accepted as (
    insert into venue_ledger.acceptances (sequence, venue_id, client_order_id, instrument_id, kind, side, quantity, limit_price,
      trigger_price, time_in_force, post_only, reduce_only, accepted_at_ms)
    select sequence, venue_id, client_order_id, instrument_id, kind, side, quantity, limit_price,
      trigger_price, time_in_force, post_only, reduce_only, accepted_at_ms
    from jsonb_populate_recordset(null::venue_ledger.acceptances, $4)
  ), filled as (
    insert into venue_ledger.fills (trade_id, acceptance, venue_id, client_order_id, instrument_id, side, quantity, fill_price,
      fee_usd, filled_at_ms, liquidity, cause)
    select trade_id, acceptance, venue_id, client_order_id, instrument_id, side, quantity, fill_price,
      fee_usd, filled_at_ms, liquidity, cause
    from jsonb_populate_recordset(null::venue_ledger.fills, $5)
  ), changed as (
    insert into venue_ledger.changes (acceptance, venue_id, change, open_quantity, reason, changed_at_ms)
    select acceptance, venue_id, change, open_quantity, reason, changed_at_ms
    from jsonb_populate_recordset(null::venue_ledger.changes, $6)
  )
  update venue_ledger.books set book = $3 where venue_id = $1 and instrument_id = $2`

interface BookRow {
  readonly instrument_id: InstrumentId
  readonly book: Book | null
  readonly lapses: string | null
}

type OrderRow = AcceptanceRow & {
  readonly change: 'filled' | 'canceled' | null
  readonly reason: string | null
  readonly filled: string
  readonly paid: string
}

/** Begins, and takes the id for this transaction; false when another order under it stays open. */
async function begin(
  client: pg.PoolClient,
  venueId: VenueId,
  clientOrderId: ClientOrderId | undefined,
): Promise<boolean> {
  if (clientOrderId === undefined) {
    await client.query('begin').catch(toUnreachable)
    return true
  }
  const digest = createHash('sha256').update(`${venueId} ${clientOrderId}`).digest()
  const take = `select pg_try_advisory_xact_lock(${digest.readInt32BE(0)}, ${digest.readInt32BE(4)}) as free`
  for (let waited = 0; ; waited += POLL_MS) {
    // Without parameters both go in one journey.
    const answer: unknown = await client.query(waited === 0 ? `begin; ${take}` : take).catch(toUnreachable)
    const results = [answer].flat() as pg.QueryResult<{ free: boolean }>[]
    if (results.at(-1)!.rows[0]!.free) return true
    if (waited >= OPEN_FOR_MS) return false
    await sleep(POLL_MS)
  }
}

/** The row of the book is the lock: whoever comes next reads it as it is then. */
async function lockBook(client: pg.PoolClient, venueId: VenueId, instrumentId: InstrumentId) {
  const query = {
    name: 'lock-book',
    text: `select b.instrument_id, b.book, nextval('venue_ledger.order_numbers') as number,
             (select countdown_lapses_at_ms from venue_ledger.accounts where venue_id = $1) as lapses
           from venue_ledger.books b where b.venue_id = $1 and b.instrument_id = $2 for update`,
    values: [venueId, instrumentId],
  }
  let { rows } = await client.query<BookRow & { number: string }>(query)
  if (rows.length === 0) {
    await client.query('insert into venue_ledger.books values ($1, $2, $3) on conflict do nothing', [
      venueId,
      instrumentId,
      EMPTY_BOOK,
    ])
    rows = (await client.query(query)).rows
  }
  return { ...toState(rows[0]!), number: Number(rows[0]!.number) }
}

async function write(client: pg.PoolClient, { book, rows }: Turned, key: readonly string[]): Promise<void> {
  const { acceptances, fills, changes } = rows
  const values = [...key, JSON.stringify(book), ...[acceptances, fills, changes].map((some) => JSON.stringify(some))]
  await client.query({ name: 'write-turn', text: WRITE, values })
}

const toState = ({ instrument_id, book, lapses }: BookRow): BookState => ({
  instrumentId: instrument_id,
  book: book ?? EMPTY_BOOK,
  countdownLapsesAt: lapses === null ? undefined : timestamp(Number(lapses)),
})

function toOrder(row: OrderRow): VenueOrder {
  const isPart = Number(row.filled) > 0
  const state: VenueOrderState = row.change ?? (isPart ? 'partially-filled' : 'accepted')
  const order = {
    number: Number(row.sequence),
    ...(row.client_order_id !== null && { clientOrderId: row.client_order_id }),
    kind: row.kind === 'stop' ? ('stop' as const) : ('limit' as const),
    side: row.side,
    quantity: row.quantity,
    filled: row.filled,
    paid: row.paid,
  }
  const { venue_id: venueId, instrument_id: instrumentId } = row
  return toVenueOrder(order, state, { venueId, instrumentId, reason: row.reason ?? undefined })
}

const toUnreachable = (cause: Error & { code?: string }): never => {
  if (VIOLATION.test(cause.code ?? '')) throw cause
  throw new VenueUnreachableError(`LEDGER_UNREACHABLE ${cause.message}`, { cause })
}
