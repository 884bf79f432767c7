import { sql } from 'kysely'
import { isTerminal, ORDER_STATES } from '../domain/execution/order.ts'
import type { Usd } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { readBooked, readPositions } from './booked-positions.ts'
import { atomically, type StoreContext } from './context.ts'
import { toFill, toOrder, toOrderRow } from './order-rows.ts'
import { DUST_BASE, hearOfOrder } from './orders-hear.ts'
import { saveOrder } from './orders-save.ts'

const UNENDED = sql<boolean>`state in (${sql.join(ORDER_STATES.filter((state) => !isTerminal(state)).map((state) => sql.lit(state)))})`

/** In the words of the index `orders_unresolved`. */
const UNRESOLVED = sql<boolean>`kind in ('child', 'stop') and (
  ${UNENDED}
  or booked_quantity_base < filled_quantity_base - ${sql.lit(DUST_BASE)}
)`

export function createOrders(context: StoreContext): Store['orders'] {
  const { db } = context
  return {
    save: (order, lease) => saveOrder(db, order, lease),

    async record(order) {
      if (order.kind === 'child' || order.kind === 'stop') {
        throw new RangeError(`Expected an order that the venue made, was ${order.clientOrderId}, a ${order.kind}`)
      }
      await db
        .insertInto('orders')
        .values(toOrderRow(order))
        .onConflict((oc) => oc.column('client_order_id').doNothing())
        .execute()
    },

    hear: (clientOrderId, event, heard) => atomically(context, (tx) => hearOfOrder(tx, clientOrderId, event, heard)),

    async find(clientOrderId) {
      const row = await db
        .selectFrom('orders')
        .selectAll()
        .where('client_order_id', '=', clientOrderId)
        .executeTakeFirst()
      return row && toOrder(row)
    },

    async findMany(clientOrderIds) {
      const rows = await db
        .selectFrom('orders')
        .selectAll()
        .where('client_order_id', '=', sql<string>`any(${[...clientOrderIds]}::text[])`)
        .orderBy('seq')
        .execute()
      return rows.map(toOrder)
    },

    async forProposal(proposalId) {
      const rows = await db
        .selectFrom('orders')
        .selectAll()
        .where('proposal_id', '=', proposalId)
        .orderBy('slice')
        .orderBy('attempt')
        .orderBy('seq')
        .execute()
      return rows.map(toOrder)
    },

    async unresolved(instrumentId) {
      const rows = await db
        .selectFrom('orders')
        .selectAll()
        .where(UNRESOLVED)
        .$if(instrumentId !== undefined, (query) => query.where('instrument_id', '=', instrumentId!))
        .orderBy('seq')
        .execute()
      return rows.map(toOrder)
    },

    async recent(limit, state) {
      const rows = await db
        .selectFrom('orders')
        .selectAll()
        .$if(state !== undefined, (query) => query.where('state', '=', state!))
        .orderBy('created_at', 'desc')
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toOrder)
    },

    async sentSince(at) {
      const { rows } = await sql<{ count: number; notional: Usd }>`
        select count(*) as count,
          coalesce(sum(case when kind = 'child' and ${UNENDED} then quantity_base * limit_price_usd
            else filled_quantity_base * coalesce(average_fill_price_usd, limit_price_usd) end), 0) as notional
        from orders
        where created_at >= ${at}::bigint and kind in ('child', 'stop') and state <> 'denied'`.execute(db)
      return rows[0]!
    },

    async fills(proposalId) {
      const rows = await db
        .selectFrom('fills')
        .innerJoin('orders', 'orders.client_order_id', 'fills.client_order_id')
        .selectAll('fills')
        .where('orders.proposal_id', '=', proposalId)
        .orderBy('fills.filled_at')
        .orderBy('fills.seq')
        .execute()
      return rows.map(toFill)
    },

    async tradedSince(at) {
      const rows = await db
        .selectFrom('fills')
        .innerJoin('orders', 'orders.client_order_id', 'fills.client_order_id')
        .selectAll('fills')
        .where('fills.filled_at', '>=', at)
        .where('orders.kind', '=', 'child')
        .orderBy('fills.filled_at')
        .orderBy('fills.seq')
        .execute()
      return rows.map(toFill)
    },

    positions: (instrumentIds) => readPositions(db, instrumentIds),
    booked: (instrumentId, of) => readBooked(db, instrumentId, of),

    async allFills(instrumentId) {
      const rows = await db
        .selectFrom('fills')
        .selectAll()
        .$if(instrumentId !== undefined, (query) => query.where('instrument_id', '=', instrumentId!))
        .orderBy('filled_at')
        .orderBy('seq')
        .execute()
      return rows.map(toFill)
    },
  }
}
