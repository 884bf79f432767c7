import { sql } from 'kysely'
import type { Order } from '../domain/execution/order.ts'
import { requireCurrent } from './leases.ts'
import { toOrder, toOrderRow } from './order-rows.ts'
import type { Db } from './pool.ts'

/** What makes an order the order it is; the rest is what became of it. */
const INTENT = [
  'kind',
  'proposalId',
  'instrumentId',
  'leg',
  'slice',
  'attempt',
  'side',
  'quantity',
  'limitPrice',
  'timeInForce',
  'postOnly',
  'reduceOnly',
] as const

/**
 * Writes an order before it is sent, under the lease of who sends it. The row of the lease is held until the transaction ends,
 * so that nobody takes the lease between this check and the write. The same intent after a crash is the same order; if it will
 * be sent again for longer, that is noted.
 *
 * @throws {StaleLeaseError} when `lease` is no longer the current one
 * @throws {Error} when another intent is on record under the order's id
 */
export async function saveOrder(db: Db, order: Order, lease: number): Promise<void> {
  const guarded = leaseOf(order)
  const row = toOrderRow(order)
  const { rows } = await sql<{ current: number | null; isNew: boolean }>`
    with held as (${guarded.held}),
    saved as (
      insert into orders (${sql.join(Object.keys(row).map((column) => sql.ref(column)))})
      select ${sql.join(Object.values(row))} from held where held.lease = ${lease}
      on conflict (client_order_id) do nothing
      returning client_order_id
    )
    select (select lease from held) as current, exists (select from saved) as "isNew"`.execute(db)
  const { current, isNew } = rows[0]!
  requireCurrent(current, lease, guarded.name)
  if (!isNew) await requireSameIntent(db, order, guarded.held, lease)
}

/** Which lease guards an order, and the query that reads it and holds its row. */
function leaseOf(order: Order) {
  switch (order.kind) {
    case 'child':
      return {
        name: `proposal ${order.proposalId}`,
        held: sql`select lease from proposals where proposal_id = ${order.proposalId ?? null} for share`,
      }
    case 'stop': {
      const name = `stops/${order.instrumentId}`
      return { name, held: sql`select lease from leases where name = ${name} for share` }
    }
    case 'liquidation':
    case 'deleveraging':
      throw new RangeError(`Expected an order of ours, was ${order.clientOrderId}, a ${order.kind} of the venue`)
  }
}

async function requireSameIntent(
  db: Db,
  order: Order,
  held: ReturnType<typeof leaseOf>['held'],
  lease: number,
): Promise<void> {
  const stored = toOrder(
    await db
      .selectFrom('orders')
      .selectAll()
      .where('client_order_id', '=', order.clientOrderId)
      .executeTakeFirstOrThrow(),
  )
  const differing = INTENT.filter((key) => stored[key] !== order[key])
  if (differing.length > 0) {
    const was = differing.map((key) => `${key} ${order[key]} instead of ${stored[key]}`).join(', ')
    throw new Error(`Expected order ${order.clientOrderId} as it was first saved, was ${was}`)
  }
  if (order.validUntil === undefined || order.validUntil <= (stored.validUntil ?? 0)) return
  await sql`
    with held as (${held})
    update orders set valid_until = greatest(valid_until, ${order.validUntil}::bigint)
    from held
    where client_order_id = ${order.clientOrderId} and held.lease = ${lease}`.execute(db)
}
