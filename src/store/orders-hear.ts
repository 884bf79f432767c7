import { sql } from 'kysely'
import {
  applyOrderEvent,
  type ClientOrderId,
  type Fill,
  type Order,
  type OrderEvent,
  type OrderState,
} from '../domain/execution/order.ts'
import type { BaseQty, TimestampMs } from '../domain/units.ts'
import { addToPosition } from './booked-positions.ts'
import { jsonb, storable } from './json.ts'
import { type OrderRow, toOrder } from './order-rows.ts'
import type { Db } from './pool.ts'

/** Below it a quantity is dust: a venue's sum of fills may be rounded otherwise than ours. */
export const DUST_BASE = 1e-9

interface Told extends OrderRow {
  /** Booked with what is new. */
  readonly booked_by_now: number
  readonly booked_trades: readonly string[]
  /** Trades said to be this order's that are on record as another's. */
  readonly trades_of_others: readonly string[]
}

/**
 * Folds news into an order and books its fills, in two statements: the first holds the order's row, so that news of one order
 * waits for one another, and books; the second writes what has changed, if anything has.
 *
 * @throws {RangeError} when there is no such order, or a fill is of another one, or more is filled than was ordered
 */
export async function hearOfOrder(
  tx: Db,
  clientOrderId: ClientOrderId,
  event: OrderEvent,
  { at, fills = [] }: { readonly at: TimestampMs; readonly fills?: readonly Fill[] },
): Promise<{ order: Order; booked: readonly Fill[] }> {
  const told = await bookFills(tx, clientOrderId, fills)
  const before = toOrder(told)
  const after = fold(before, event, { booked: told.booked_by_now, at })
  const booked = fills.filter(
    ({ tradeId }, i) =>
      told.booked_trades.includes(tradeId) && fills.findIndex((fill) => fill.tradeId === tradeId) === i,
  )
  if (booked.length === 0 && TOLD.every((key) => before[key] === after[key])) return { order: before, booked }
  const covered = isCovered(after, told.booked_by_now)
  const { rows } = await sql<OrderRow>`
    update orders set
      state = ${after.state},
      venue_order_id = ${after.venueOrderId ?? null},
      reason = ${after.reason === undefined ? null : storable(after.reason)},
      booked_quantity_base = fills.quantity_base,
      filled_quantity_base = ${covered ? sql.ref('fills.quantity_base') : after.filledQuantity},
      average_fill_price_usd = ${covered ? sql.ref('fills.price_usd') : (after.averageFillPrice ?? null)},
      updated_at = greatest(updated_at, ${at}::bigint)
    from (
      select coalesce(sum(quantity_base), 0) as quantity_base,
        sum(quantity_base * fill_price_usd) / nullif(sum(quantity_base), 0) as price_usd
      from fills where client_order_id = ${clientOrderId}
    ) as fills
    where client_order_id = ${clientOrderId}
    returning orders.*`.execute(tx)
  if (booked.length > 0) await addToPosition(tx, before.instrumentId, booked)
  return { order: toOrder(rows[0]!), booked }
}

async function bookFills(tx: Db, clientOrderId: ClientOrderId, fills: readonly Fill[]): Promise<Told> {
  const stray = fills.find((fill) => fill.clientOrderId !== clientOrderId)
  if (stray) {
    throw new RangeError(`Expected fills of order ${clientOrderId}, was ${stray.tradeId} of ${stray.clientOrderId}`)
  }
  // The rows to book come from the row that is held: whoever books first holds it first, and nobody waits in a circle.
  const { rows } = await sql<Told>`
    with held as materialized (
      select * from orders where client_order_id = ${clientOrderId} for no key update
    ),
    given as (
      select * from jsonb_to_recordset(${jsonb(fills)}) as fill (
        "tradeId" text, "instrumentId" text, side text, quantity numeric, "fillPrice" numeric, fee numeric,
        "filledAt" bigint, liquidity text
      )
    ),
    booked as (
      insert into fills
        (instrument_id, trade_id, client_order_id, side, quantity_base, fill_price_usd, fee_usd, filled_at, liquidity)
      select "instrumentId", "tradeId", held.client_order_id, given.side, quantity, "fillPrice", fee, "filledAt", liquidity
      from held cross join given
      on conflict (instrument_id, trade_id) do nothing
      returning trade_id, quantity_base
    )
    select held.*,
      held.booked_quantity_base + coalesce((select sum(quantity_base) from booked), 0) as booked_by_now,
      array(select trade_id from booked) as booked_trades,
      array(
        select fills.trade_id from given
        join fills on fills.instrument_id = given."instrumentId" and fills.trade_id = given."tradeId"
        where fills.client_order_id <> held.client_order_id
      ) as trades_of_others
    from held`.execute(tx)
  const [told] = rows
  if (!told) throw new RangeError(`Expected a stored order, was ${clientOrderId}, which does not exist`)
  const astray = fills.find((fill) => fill.instrumentId !== told.instrument_id || fill.side !== told.side)
  if (astray) {
    throw new RangeError(
      `Expected a ${told.side} of ${told.instrument_id} to fill order ${clientOrderId}, was ${astray.tradeId}, a ${astray.side} of ${astray.instrumentId}`,
    )
  }
  if (told.trades_of_others.length > 0) {
    throw new RangeError(
      `Expected trades of order ${clientOrderId}, was ${told.trades_of_others.join(', ')}, on record as another order's`,
    )
  }
  return told
}

/** What news can change. */
const TOLD = ['state', 'venueOrderId', 'filledQuantity', 'averageFillPrice', 'reason'] as const

/** Where why it came to this says something; what opens or fills needs no reason. */
const WITH_REASON: readonly OrderState[] = ['denied', 'rejected', 'expired', 'canceled', 'unknown']

/**
 * The order after an event and its booked fills. Everything comes out the same in whatever order it is heard: where fills
 * account for all that is filled they are the truth, and an average that nobody gave for what is filled is not known.
 */
function fold(
  order: Order,
  event: OrderEvent,
  { booked, at }: { readonly booked: number; readonly at: TimestampMs },
): Order {
  const heard = applyOrderEvent(order, event, at)
  const folded =
    booked > heard.filledQuantity + DUST_BASE
      ? applyOrderEvent(heard, { kind: 'reported', state: 'accepted', filledQuantity: booked as BaseQty }, at)
      : heard
  const { averageFillPrice, reason, ...facts } = folded
  const average = isCovered(folded, booked) ? order.averageFillPrice : averageHeard(order, event, folded)
  return {
    ...facts,
    ...(isCovered(folded, booked) && { filledQuantity: booked as BaseQty }),
    ...(average !== undefined && { averageFillPrice: average }),
    ...(reason !== undefined && WITH_REASON.includes(folded.state) && { reason }),
  }
}

const isCovered = ({ filledQuantity }: Pick<Order, 'filledQuantity'>, booked: number): boolean =>
  booked > 0 && booked >= filledQuantity - DUST_BASE

/** The average that was said of all that is filled; one said of less, before, is of no use for it. */
function averageHeard(order: Order, event: OrderEvent, folded: Order): Order['averageFillPrice'] {
  const isMore = folded.filledQuantity > order.filledQuantity + DUST_BASE
  const known = isMore ? undefined : order.averageFillPrice
  if (known !== undefined || event.kind !== 'reported') return known
  return event.filledQuantity >= folded.filledQuantity - DUST_BASE ? event.averageFillPrice : undefined
}
