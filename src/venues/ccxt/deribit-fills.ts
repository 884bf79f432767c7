import type { ContractMarket } from './contracts.ts'
import { orderIdOf, resultOf, toRawFill, tradesOf } from './deribit-shapes.ts'
import type { RawFill, Session } from './exchange.ts'
import { field, idText, instant, list } from './readings.ts'
import { call } from './trading-client.ts'

/** Trades leave the recent records after a day, and are in the historical ones soon before; the two are asked apart. */
const RECENT_MS = 23 * 3_600_000
const HISTORY = 1000

const tradeIdOf = (trade: unknown): string => idText(field(trade, 'trade_id'), 'trade id')
const seqOf = (trade: unknown): number => instant(field(trade, 'trade_seq'), 'sequence number of a trade')

export function deribitFills({ fillsPerPage }: { readonly fillsPerPage: number }) {
  /** From `since` on, page after page by the instrument's own count of trades, as many may share a millisecond. */
  async function tradesSince(
    { client }: Session,
    market: ContractMarket,
    { since, historical }: { since: number; historical: boolean },
  ): Promise<readonly unknown[]> {
    const found: unknown[] = []
    let from: Record<string, number> = { start_timestamp: since }
    for (;;) {
      const answer = await call(client, 'privateGetGetUserTradesByInstrument', {
        ...{ instrument_name: market.marketId, count: fillsPerPage, sorting: 'asc', historical },
        ...from,
      })
      const { trades, hasMore } = tradesOf(answer)
      found.push(...trades)
      const last = trades.at(-1)
      if (!hasMore || last === undefined) return found
      from = { start_seq: seqOf(last) + 1 }
    }
  }

  return {
    async fillsOfOrder({ client, venueNow }: Session, market: ContractMarket, order: unknown): Promise<RawFill[]> {
      const madeAt = Number(field(order, 'creation_timestamp'))
      const asked = { order_id: orderIdOf(order), sorting: 'asc' }
      const eras = venueNow() - madeAt > RECENT_MS ? [true, false] : [false]
      const answers = await Promise.all(
        eras.map((historical) => call(client, 'privateGetGetUserTradesByOrder', { ...asked, historical })),
      )
      return unique(answers.flatMap((answer) => [...tradesOf(answer).trades])).map((trade) => toRawFill(trade, market))
    },
    async fillsSince(session: Session, market: ContractMarket, since: number): Promise<readonly RawFill[]> {
      const old =
        session.venueNow() - since > RECENT_MS ? await tradesSince(session, market, { since, historical: true }) : []
      const recent = await tradesSince(session, market, { since, historical: false })
      return unique([...old, ...recent]).map((trade) => toRawFill(trade, market))
    },
  }
}

/** Those under this label that have left the recent records, which orders do half an hour after their end. */
export async function historicalOrders(
  { client }: Session,
  { market, label }: { market: ContractMarket; label: string },
): Promise<readonly unknown[]> {
  const answer = await call(client, 'privateGetGetOrderHistoryByInstrument', {
    ...{
      instrument_name: market.marketId,
      count: HISTORY,
      include_old: true,
      include_unfilled: true,
      historical: true,
    },
  })
  return list(resultOf(answer), 'orders').filter((row) => field(row, 'label') === label)
}

const unique = (trades: readonly unknown[]): readonly unknown[] => [
  ...new Map(trades.map((trade) => [tradeIdOf(trade), trade])).values(),
]
