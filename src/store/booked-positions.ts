import { type Selectable, sql } from 'kysely'
import type { Fill } from '../domain/execution/order.ts'
import { FLAT, type Position, withFill } from '../domain/execution/position.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import type { BaseQty } from '../domain/units.ts'
import type { BookedPosition } from '../ports.ts'
import { toFill } from './order-rows.ts'
import type { Db } from './pool.ts'
import type { Tables } from './tables.ts'

/**
 * Adds fills that have just been booked to what their instrument's fills add up to, in the transaction that books them. The row is
 * held from here to its end, so that no fill is added twice or left out.
 */
export async function addToPosition(tx: Db, instrumentId: InstrumentId, booked: readonly Fill[]): Promise<void> {
  const held = (await readForUpdate(tx, instrumentId)) ?? (await begin(tx, instrumentId))
  const after = booked.reduce(withFill, held)
  await tx.updateTable('booked_positions').set(toColumns(after)).where('instrument_id', '=', instrumentId).execute()
}

export async function readPositions(
  db: Db,
  instrumentIds: readonly InstrumentId[] | undefined,
): Promise<readonly BookedPosition[]> {
  const rows = await db
    .selectFrom('booked_positions')
    .selectAll()
    .$if(instrumentIds !== undefined, (query) =>
      query.where('instrument_id', '=', sql<string>`any(${[...instrumentIds!]}::text[])`),
    )
    .orderBy('instrument_id')
    .execute()
  return rows.map((row) => ({ instrumentId: row.instrument_id as InstrumentId, ...toPosition(row) }))
}

/** Position and fills as they stood at one instant: one statement. */
export async function readBooked(
  db: Db,
  instrumentId: InstrumentId,
  of: { readonly clientOrderIds: readonly string[]; readonly tradeIds: readonly string[] },
): Promise<{ readonly position: BaseQty; readonly fills: readonly Fill[] }> {
  const { rows } = await sql<Selectable<Tables['fills']> & { held: number | null; trade_id: string | null }>`
    select held.quantity_base as held, fills.*
    from (select 1) as one
    left join booked_positions as held on held.instrument_id = ${instrumentId}
    left join fills on fills.instrument_id = ${instrumentId} and (
      fills.client_order_id = any(${[...of.clientOrderIds]}::text[]) or fills.trade_id = any(${[...of.tradeIds]}::text[])
    )
    order by fills.filled_at, fills.seq`.execute(db)
  return {
    position: (rows[0]!.held ?? 0) as BaseQty,
    fills: rows.filter(({ trade_id }) => trade_id !== null).map(toFill),
  }
}

async function readForUpdate(tx: Db, instrumentId: InstrumentId): Promise<Position | undefined> {
  const row = await tx
    .selectFrom('booked_positions')
    .selectAll()
    .where('instrument_id', '=', instrumentId)
    .forUpdate()
    .executeTakeFirst()
  return row && toPosition(row)
}

async function begin(tx: Db, instrumentId: InstrumentId): Promise<Position> {
  await tx
    .insertInto('booked_positions')
    .values({ instrument_id: instrumentId, ...toColumns(FLAT) })
    .onConflict((oc) => oc.doNothing())
    .execute()
  return (await readForUpdate(tx, instrumentId))!
}

const toColumns = ({ quantity, averagePrice, realized, fees }: Position) => ({
  quantity_base: quantity,
  average_price_usd: averagePrice,
  realized_usd: realized,
  fees_usd: fees,
})

const toPosition = (row: {
  quantity_base: number
  average_price_usd: number
  realized_usd: number
  fees_usd: number
}): Position => ({
  quantity: row.quantity_base,
  averagePrice: row.average_price_usd,
  realized: row.realized_usd,
  fees: row.fees_usd,
})
