import type { Selectable } from 'kysely'
import { type Fill, isTerminal, ORDER_STATES, type Order } from '../domain/execution/order.ts'
import type { Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { present, storable } from './json.ts'
import { requireLease } from './leases.ts'
import type { Tables } from './tables.ts'

const UNRESOLVED = ORDER_STATES.filter((state) => !isTerminal(state))

export function createOrders(context: StoreContext): Store['orders'] {
  const { db } = context
  return {
    save: (order, lease) =>
      atomically(context, async (tx) => {
        await requireLease(tx, order.proposalId, lease)
        const inserted = await tx
          .insertInto('orders')
          .values(toRow(order))
          .onConflict((oc) => oc.column('client_order_id').doNothing())
          .returning('client_order_id')
          .execute()
        if (inserted.length > 0) return
        // The same intent after a crash is the same order; anything else under its id is a bug.
        const stored = toOrder(
          await tx
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
      }),

    update: (clientOrderId, patch, lease) =>
      atomically(context, async (tx) => {
        const order = await tx
          .selectFrom('orders')
          .select('proposal_id')
          .where('client_order_id', '=', clientOrderId)
          .executeTakeFirst()
        if (!order) throw new RangeError(`Expected a stored order, was ${clientOrderId}, which does not exist`)
        await requireLease(tx, order.proposal_id, lease)
        const changes = {
          ...(patch.state !== undefined && { state: patch.state }),
          ...(patch.filledQuantity !== undefined && { filled_quantity_base: patch.filledQuantity }),
          ...(patch.averageFillPrice !== undefined && { average_fill_price_usd: patch.averageFillPrice }),
          ...(patch.reason !== undefined && { reason: storable(patch.reason) }),
          ...(patch.updatedAt !== undefined && { updated_at: patch.updatedAt }),
        }
        if (Object.keys(changes).length === 0) return
        await tx.updateTable('orders').set(changes).where('client_order_id', '=', clientOrderId).execute()
      }),

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

    async unresolved() {
      const rows = await db.selectFrom('orders').selectAll().where('state', 'in', UNRESOLVED).orderBy('seq').execute()
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

    async countSince(at) {
      const row = await db
        .selectFrom('orders')
        .select((eb) => eb.fn.countAll<number>().as('orders'))
        .where('created_at', '>=', at)
        .where('state', '<>', 'denied')
        .executeTakeFirstOrThrow()
      return row.orders
    },

    async bookFill(fill) {
      const rows = await db
        .insertInto('fills')
        .values({
          instrument_id: fill.instrumentId,
          trade_id: fill.tradeId,
          client_order_id: fill.clientOrderId,
          side: fill.side,
          quantity_base: fill.quantity,
          fill_price_usd: fill.fillPrice,
          fee_usd: fill.fee,
          filled_at: fill.filledAt,
        })
        .onConflict((oc) => oc.columns(['instrument_id', 'trade_id']).doNothing())
        .returning('trade_id')
        .execute()
      return rows.length > 0
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

/** What makes an order the order it is; the rest is what became of it. */
const INTENT = ['proposalId', 'instrumentId', 'slice', 'attempt', 'side', 'quantity', 'limitPrice'] as const

const toRow = (order: Order) => ({
  client_order_id: order.clientOrderId,
  proposal_id: order.proposalId,
  instrument_id: order.instrumentId,
  slice: order.slice,
  attempt: order.attempt,
  side: order.side,
  quantity_base: order.quantity,
  limit_price_usd: order.limitPrice,
  state: order.state,
  filled_quantity_base: order.filledQuantity,
  average_fill_price_usd: order.averageFillPrice ?? null,
  arrival_mid_usd: order.arrivalMid ?? null,
  reason: order.reason === undefined ? null : storable(order.reason),
  created_at: order.createdAt,
  updated_at: order.updatedAt,
})

const toOrder = (row: Selectable<Tables['orders']>): Order =>
  present({
    clientOrderId: row.client_order_id,
    proposalId: row.proposal_id,
    instrumentId: row.instrument_id,
    slice: row.slice,
    attempt: row.attempt,
    side: row.side,
    quantity: row.quantity_base,
    limitPrice: row.limit_price_usd,
    state: row.state,
    filledQuantity: row.filled_quantity_base,
    averageFillPrice: row.average_fill_price_usd,
    arrivalMid: row.arrival_mid_usd,
    reason: row.reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  } as { [K in keyof Order]: Order[K] | null })

const toFill = (row: Selectable<Tables['fills']>): Fill =>
  ({
    tradeId: row.trade_id,
    clientOrderId: row.client_order_id,
    instrumentId: row.instrument_id,
    side: row.side,
    quantity: row.quantity_base,
    fillPrice: row.fill_price_usd,
    fee: row.fee_usd,
    filledAt: row.filled_at,
  }) as Fill
