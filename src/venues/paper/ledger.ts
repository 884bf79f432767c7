import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ClientOrderId, Fill } from '../../domain/execution/order.ts'
import type { InstrumentId } from '../../domain/instrument.ts'
import type { VenueId } from '../../domain/market/tick.ts'
import { type BaseQty, baseQty, price, type TimestampMs, timestamp, usd } from '../../domain/units.ts'
import type { OrderRequest, VenueOrder } from '../../ports.ts'
import { LEDGER_SCHEMA } from './ledger-schema.ts'

/** One trade that the matching decided on: decimal strings, positive. */
export interface Match {
  readonly quantity: string
  readonly fillPrice: string
  readonly feeUsd: string
}

export type Judgement =
  | { readonly kind: 'matched'; readonly matches: readonly Match[] }
  | { readonly kind: 'rejected'; readonly reason: string }

export interface AcceptOptions {
  readonly venueId: VenueId
  readonly at: TimestampMs
  /** Decides on the order at the position the venue holds; runs inside the transaction, so one order at a time per instrument. */
  readonly judge: (position: BaseQty) => Judgement
  /** Called while the order is open: recorded, not yet matched, not yet committed. */
  readonly whileOpen?: () => Promise<void>
}

export type Acceptance =
  | { readonly kind: 'accepted'; readonly venueOrderId: string }
  | { readonly kind: 'rejected'; readonly reason: string }

export type VenueLedger = Awaited<ReturnType<typeof createVenueLedger>>

/**
 * The books of paper and simulated venues, in the PostgreSQL schema `venue_ledger`, which it creates.
 *
 * It stands for the other side of the wire: it survives the desk's death, and an order that was accepted stays accepted. Like
 * a real venue it refuses the client order id of an order that is still open and takes it again afterwards, so that a desk
 * which sends twice is found by `acceptances`.
 *
 * @param connectionString - of any PostgreSQL 15 or later; the role needs the right to create the schema once
 * @throws when the database cannot be reached
 */
export async function createVenueLedger({ connectionString }: { connectionString: string }) {
  const pool = new pg.Pool({ connectionString, ...POOL })
  // A server that goes away ends idle connections with an error; the next query says so to its caller.
  pool.on('error', () => {})
  await withTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK])
    // Only where it is missing: creating what exists would wait for every open order.
    const { rows } = await client.query(`select to_regclass('venue_ledger.fills') as existing`)
    if (rows[0].existing === null) await client.query(LEDGER_SCHEMA)
  }).catch(async (cause) => {
    await pool.end()
    throw new Error('Expected to open the venue ledger, was refused by the database', { cause })
  })

  const positionIn = async (queryable: Queryable, venueId: VenueId, instrumentId: InstrumentId): Promise<BaseQty> => {
    const { rows } = await queryable.query<{ position: string }>(
      `select coalesce(sum(case side when 'buy' then quantity else -quantity end), 0) as position
       from venue_ledger.fills where venue_id = $1 and instrument_id = $2`,
      [venueId, instrumentId],
    )
    return baseQty(Number(rows[0]!.position))
  }

  return {
    /** Accepts and matches an order in one transaction: both happened or neither. */
    accept: (order: OrderRequest, options: AcceptOptions): Promise<Acceptance> =>
      withTransaction(pool, async (client) => {
        const { venueId, at } = options
        if (!(await openOrder(client, venueId, order.clientOrderId))) {
          return { kind: 'rejected', reason: `DUPLICATE_CLIENT_ORDER_ID clientOrderId=${order.clientOrderId}` }
        }
        await client.query('select pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
          `instrument ${venueId}`,
          order.instrumentId,
        ])
        const judgement = options.judge(await positionIn(client, venueId, order.instrumentId))
        if (judgement.kind === 'rejected') return judgement

        const accepted = await client.query<{ sequence: string }>(
          `insert into venue_ledger.acceptances
             (venue_id, client_order_id, instrument_id, side, quantity, limit_price, reduce_only, accepted_at_ms)
           values ($1, $2, $3, $4, $5, $6, $7, $8) returning sequence`,
          [
            venueId,
            order.clientOrderId,
            order.instrumentId,
            order.side,
            order.quantity,
            order.limitPrice,
            order.reduceOnly,
            at,
          ],
        )
        const sequence = accepted.rows[0]!.sequence
        await options.whileOpen?.()
        for (const [i, match] of judgement.matches.entries()) {
          await client.query(
            `insert into venue_ledger.fills
               (trade_id, acceptance, venue_id, client_order_id, instrument_id, side, quantity, fill_price, fee_usd, filled_at_ms)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
            [
              `${venueId}-${sequence}-${i + 1}`,
              sequence,
              venueId,
              order.clientOrderId,
              order.instrumentId,
              order.side,
              match.quantity,
              match.fillPrice,
              match.feeUsd,
              at,
            ],
          )
        }
        return { kind: 'accepted', venueOrderId: `${venueId}-${sequence}` }
      }),

    /** The newest order under this id, or undefined when none was ever accepted. */
    async find(venueId: VenueId, clientOrderId: ClientOrderId): Promise<VenueOrder | undefined> {
      const { rows } = await pool.query<OrderRow>(
        `select a.sequence, coalesce(sum(f.quantity), 0) as filled, sum(f.quantity * f.fill_price) / sum(f.quantity) as average,
           coalesce(sum(f.quantity), 0) >= a.quantity as complete
         from venue_ledger.acceptances a left join venue_ledger.fills f on f.acceptance = a.sequence
         where a.venue_id = $1 and a.client_order_id = $2 group by a.sequence order by a.sequence desc limit 1`,
        [venueId, clientOrderId],
      )
      const row = rows[0]
      if (!row) return undefined
      return {
        clientOrderId,
        venueOrderId: `${venueId}-${row.sequence}`,
        state: row.complete ? 'filled' : 'canceled',
        filledQuantity: baseQty(Number(row.filled)),
        ...(row.average === null ? {} : { averageFillPrice: price(Number(row.average)) }),
      }
    },

    /** Every fill under this id, oldest first. */
    async fills(venueId: VenueId, clientOrderId: ClientOrderId): Promise<readonly Fill[]> {
      const { rows } = await pool.query<FillRow>(
        `select * from venue_ledger.fills where venue_id = $1 and client_order_id = $2
         order by acceptance, length(trade_id), trade_id`,
        [venueId, clientOrderId],
      )
      return rows.map(toFill)
    },

    /** Σ of fills, signed. */
    position: (venueId: VenueId, instrumentId: InstrumentId): Promise<BaseQty> =>
      positionIn(pool, venueId, instrumentId),

    /** How often each client order id was accepted: anything over one is an order sent twice. */
    async acceptances(venueId: VenueId): Promise<ReadonlyMap<ClientOrderId, number>> {
      const { rows } = await pool.query<{ client_order_id: ClientOrderId; times: string }>(
        `select client_order_id, count(*) as times from venue_ledger.acceptances where venue_id = $1
         group by client_order_id order by min(sequence)`,
        [venueId],
      )
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
const SCHEMA_LOCK = 7_214_001 // any number of our own: two processes must not create the schema at once

type Queryable = Pick<pg.Pool, 'query'>

interface OrderRow {
  readonly sequence: string
  readonly filled: string
  readonly average: string | null
  readonly complete: boolean
}

interface FillRow {
  readonly trade_id: string
  readonly client_order_id: ClientOrderId
  readonly instrument_id: InstrumentId
  readonly side: 'buy' | 'sell'
  readonly quantity: string
  readonly fill_price: string
  readonly fee_usd: string
  readonly filled_at_ms: string
}

/** Takes the id for this transaction; false when another order under it stays open. */
async function openOrder(client: pg.PoolClient, venueId: VenueId, clientOrderId: ClientOrderId): Promise<boolean> {
  for (let waited = 0; ; waited += POLL_MS) {
    const { rows } = await client.query<{ free: boolean }>(
      'select pg_try_advisory_xact_lock(hashtext($1), hashtext($2)) as free',
      [`order ${venueId}`, clientOrderId],
    )
    if (rows[0]!.free || waited >= OPEN_FOR_MS) return rows[0]!.free
    await sleep(POLL_MS)
  }
}

const toFill = (row: FillRow): Fill => ({
  tradeId: row.trade_id,
  clientOrderId: row.client_order_id,
  instrumentId: row.instrument_id,
  side: row.side,
  quantity: baseQty(Number(row.quantity)),
  fillPrice: price(Number(row.fill_price)),
  fee: usd(Number(row.fee_usd)),
  filledAt: timestamp(Number(row.filled_at_ms)),
})

async function withTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // A connection cut in mid-transaction fails the query in progress, which is enough.
  const ignore = () => {}
  client.on('error', ignore)
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    client.off('error', ignore)
    client.release()
    return result
  } catch (error) {
    // A connection in an unknown state is thrown away; the server rolls back what it had begun.
    client.release(true)
    throw error
  }
}
