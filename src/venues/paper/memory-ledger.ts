import { Decimal } from 'decimal.js'
import type { ClientOrderId, VenueOrderState } from '../../domain/execution/order.ts'
import { baseQty, type TimestampMs } from '../../domain/units.ts'
import type { VenueOrder } from '../../ports.ts'
import {
  type AcceptanceRow,
  type Book,
  type ChangeRow,
  EMPTY_BOOK,
  type FillRow,
  toVenueFill,
  toVenueOrder,
  venueOrderIdOf,
} from './book.ts'
import type { BookState, VenueLedger } from './ledger-types.ts'
import type { Turned } from './turn.ts'

/**
 * The same books in this process's memory, for runs that need no database: nothing outlives the process and nobody else sees it.
 *
 * An id is in use while its order is on its way, as in the other ledger; it waits for nobody.
 */
export function createMemoryLedger(): VenueLedger {
  const books = new Map<string, { venueId: string; instrumentId: BookState['instrumentId']; book: Book }>()
  const countdowns = new Map<string, TimestampMs | undefined>()
  const acceptances: AcceptanceRow[] = []
  const acceptedAs = new Map<string, AcceptanceRow[]>()
  const fillsOf = new Map<number, FillRow[]>()
  const fillsOn = new Map<string, FillRow[]>()
  const endings = new Map<number, ChangeRow>()
  const onTheirWay = new Set<string>()
  const turns = new Map<string, Promise<unknown>>()
  let numbered = 0

  const bookOf = (key: string): Book => books.get(key)?.book ?? EMPTY_BOOK
  const add = <K, R>(index: Map<K, R[]>, key: K, row: R): void => {
    const rows = index.get(key)
    if (rows) rows.push(row)
    else index.set(key, [row])
  }
  const record = ({ rows }: Turned): void => {
    for (const row of rows.acceptances) {
      acceptances.push(row)
      add(acceptedAs, `${row.venue_id} #${row.sequence}`, row)
      if (row.client_order_id !== null) add(acceptedAs, `${row.venue_id} ${row.client_order_id}`, row)
    }
    for (const row of rows.fills) {
      add(fillsOf, row.acceptance, row)
      add(fillsOn, `${row.venue_id} ${row.instrument_id}`, row)
    }
    for (const row of rows.changes) {
      if (row.change === 'filled' || row.change === 'canceled') endings.set(row.acceptance, row)
    }
  }
  const newest = (key: string): VenueOrder | undefined => {
    const row = acceptedAs.get(key)?.at(-1)
    return row && toOrder(row, fillsOf.get(row.sequence) ?? [], endings.get(row.sequence))
  }

  return {
    async change({ venueId, instrumentId, clientOrderId }, work) {
      const id = clientOrderId === undefined ? undefined : `${venueId} ${clientOrderId}`
      if (id !== undefined && onTheirWay.has(id)) return { kind: 'id-in-use' }
      if (id !== undefined) onTheirWay.add(id)
      const key = `${venueId} ${instrumentId}`
      const turn = async () => {
        const state = { instrumentId, book: bookOf(key), countdownLapsesAt: countdowns.get(venueId) }
        const { turned, answer } = await work(state, ++numbered)
        if (turned) {
          record(turned)
          books.set(key, { venueId, instrumentId, book: turned.book })
        }
        return { kind: 'changed' as const, answer }
      }
      // One after the other, whether or not the one before went well.
      const mine = (turns.get(key) ?? Promise.resolve()).then(turn, turn)
      turns.set(key, mine)
      try {
        return await mine
      } finally {
        if (id !== undefined) onTheirWay.delete(id)
        if (turns.get(key) === mine) turns.delete(key)
      }
    },
    read: async (venueId, instrumentId) => ({
      instrumentId,
      book: bookOf(`${venueId} ${instrumentId}`),
      countdownLapsesAt: countdowns.get(venueId),
    }),
    readAll: async (venueId) =>
      [...books.values()]
        .filter((entry) => entry.venueId === venueId)
        .map(({ instrumentId, book }) => ({ instrumentId, book, countdownLapsesAt: countdowns.get(venueId) })),
    async setCountdown(venueId, lapsesAt) {
      countdowns.set(venueId, lapsesAt)
    },
    find: async (venueId, clientOrderId) => newest(`${venueId} ${clientOrderId}`),
    findByVenueOrderId: async (venueId, venueOrderId) =>
      newest(`${venueId} #${venueOrderId.slice(venueOrderIdOf(venueId, 0).length - 1)}`),
    fills: async (venueId, clientOrderId) =>
      (acceptedAs.get(`${venueId} ${clientOrderId}`) ?? [])
        .flatMap((row) => fillsOf.get(row.sequence) ?? [])
        .map(toVenueFill),
    fillsSince: async (venueId, instrumentId, since) =>
      (fillsOn.get(`${venueId} ${instrumentId}`) ?? []).filter((row) => row.filled_at_ms >= since).map(toVenueFill),
    position: async (venueId, instrumentId) =>
      baseQty(
        (fillsOn.get(`${venueId} ${instrumentId}`) ?? [])
          .reduce((sum, row) => sum.plus(row.side === 'buy' ? row.quantity : `-${row.quantity}`), new Decimal(0))
          .toNumber(),
      ),
    async acceptances(venueId) {
      const times = new Map<ClientOrderId, number>()
      for (const { venue_id, client_order_id: id } of acceptances) {
        if (venue_id === venueId && id !== null) times.set(id, (times.get(id) ?? 0) + 1)
      }
      return times
    },
    async close() {},
  }
}

function toOrder(row: AcceptanceRow, fills: readonly FillRow[], ending: ChangeRow | undefined): VenueOrder {
  const filled = fills.reduce((sum, fill) => sum.plus(fill.quantity), new Decimal(0))
  const paid = fills.reduce((sum, fill) => sum.plus(new Decimal(fill.quantity).mul(fill.fill_price)), new Decimal(0))
  const open: VenueOrderState = filled.gt(0) ? 'partially-filled' : 'accepted'
  const state = ending ? (ending.change as 'filled' | 'canceled') : open
  return toVenueOrder(
    {
      number: row.sequence,
      ...(row.client_order_id !== null && { clientOrderId: row.client_order_id }),
      kind: row.kind === 'stop' ? 'stop' : 'limit',
      side: row.side,
      quantity: row.quantity,
      filled: filled.toFixed(),
      paid: paid.toFixed(),
    },
    state,
    { venueId: row.venue_id, instrumentId: row.instrument_id, reason: ending?.reason ?? undefined },
  )
}
