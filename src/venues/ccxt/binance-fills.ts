import { sideFrom } from './binance-shapes.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, Session, WireRef } from './exchange.ts'
import { decimalText, field, idText, instant, list, oneOf } from './readings.ts'
import { call } from './trading-client.ts'

/** Binance gives at most this much of the past when trades are asked for by time. */
const WINDOW_MS = 7 * 24 * 3_600_000
const ORDERS_PER_PAGE = 1000
const MOST_NAMES = 20_000
const LIQUIDITY = { true: 'maker', false: 'taker' } as const

/** Which client id an order of the venue has: the list of trades does not say. */
export interface OrderNames {
  get(orderId: string): string | undefined
  set(orderId: string, clientId: string): void
}

/** The latest so many; the rest can be asked for. */
export function createOrderNames(): OrderNames {
  const names = new Map<string, string>()
  return {
    get: (orderId) => names.get(orderId),
    set(orderId, clientId) {
      names.set(orderId, clientId)
      if (names.size > MOST_NAMES) names.delete(names.keys().next().value!)
    },
  }
}

/** The venue closes by force under ids of its own. */
export const causeOf = (clientId: string | undefined): RawFill['cause'] =>
  clientId?.startsWith('autoclose-') ? 'liquidation' : clientId?.startsWith('adl_autoclose') ? 'deleveraging' : 'order'

export function binanceFills({ names, fillsPerPage }: { names: OrderNames; fillsPerPage: number }) {
  const trades = async ({ client }: Session, market: ContractMarket, asked: Record<string, unknown>) =>
    list(
      await call(client, 'fapiPrivateGetUserTrades', { symbol: market.marketId, limit: fillsPerPage, ...asked }),
      'trades',
    )
  const idOf = (trade: unknown): number => Number(idText(field(trade, 'id'), 'trade id'))

  /** The pages that follow a full one: by id, as many trades may share a millisecond. */
  async function restAfter(
    first: readonly unknown[],
    next: (fromId: number) => Promise<readonly unknown[]>,
  ): Promise<readonly unknown[]> {
    const all = [...first]
    let page = first
    while (page.length >= fillsPerPage) {
      page = await next(idOf(page.at(-1)) + 1)
      all.push(...page)
    }
    return all
  }

  /** Asks for the names of the orders that nobody has named yet. */
  async function learnNames({ client }: Session, market: ContractMarket, orderIds: readonly string[]): Promise<void> {
    const unknown = orderIds
      .filter((id) => names.get(id) === undefined)
      .map(BigInt)
      .sort((a, b) => (a < b ? -1 : 1))
    let [from] = unknown
    const last = unknown.at(-1)
    if (from === undefined || last === undefined) return
    while (from <= last) {
      const asked = { symbol: market.marketId, orderId: String(from), limit: ORDERS_PER_PAGE }
      const orders = list(await call(client, 'fapiPrivateGetAllOrders', asked), 'orders')
      for (const order of orders) {
        names.set(idText(field(order, 'orderId'), 'order id'), String(field(order, 'clientOrderId') ?? ''))
      }
      if (orders.length < ORDERS_PER_PAGE) return
      from = BigInt(idText(field(orders.at(-1), 'orderId'), 'order id')) + 1n
    }
  }

  return {
    async fills(session: Session, { market, clientId }: WireRef, orderId: string): Promise<readonly RawFill[]> {
      const first = await trades(session, market, { orderId })
      const rows = await restAfter(first, (fromId) => trades(session, market, { orderId, fromId }))
      return rows.map((trade) => toRawFill(trade, market, clientId))
    },
    async fillsSince(session: Session, market: ContractMarket, since: number): Promise<readonly RawFill[]> {
      let rows: readonly unknown[] = []
      // Once one is found, the rest follows from its id.
      for (let from = since; rows.length === 0 && from <= session.venueNow(); from += WINDOW_MS) {
        const first = await trades(session, market, { startTime: from, endTime: from + WINDOW_MS - 1 })
        const last = first.at(-1)
        if (last === undefined) continue
        const isWhole = first.length < fillsPerPage && from + WINDOW_MS > session.venueNow()
        rows = isWhole ? first : await followed(first, (fromId) => trades(session, market, { fromId }))
      }
      const orderIds = [...new Set(rows.map((trade) => idText(field(trade, 'orderId'), 'order id')))]
      await learnNames(session, market, orderIds)
      return rows.map((trade) => toRawFill(trade, market, names.get(String(field(trade, 'orderId')))))
    },
  }

  async function followed(
    first: readonly unknown[],
    next: (fromId: number) => Promise<readonly unknown[]>,
  ): Promise<readonly unknown[]> {
    const second = await next(idOf(first.at(-1)) + 1)
    return [...first, ...(await restAfter(second, next))]
  }
}

function toRawFill(trade: unknown, market: ContractMarket, clientId: string | undefined): RawFill {
  return {
    market,
    tradeId: idText(field(trade, 'id'), 'trade id'),
    clientId,
    venueOrderId: idText(field(trade, 'orderId'), 'order id'),
    side: sideFrom(field(trade, 'side')),
    contracts: decimalText(field(trade, 'qty'), 'quantity'),
    price: decimalText(field(trade, 'price'), 'price'),
    fee: decimalText(field(trade, 'commission'), 'commission'),
    feeCurrency: String(field(trade, 'commissionAsset')),
    at: instant(field(trade, 'time'), 'time of a trade'),
    liquidity: oneOf(field(trade, 'maker'), LIQUIDITY, 'liquidity'),
    cause: causeOf(clientId),
  }
}
