import { Decimal } from 'decimal.js'
import type { ContractMarket } from './contracts.ts'
import { addressOf } from './dydx-chain.ts'
import { ifAny } from './dydx-judge.ts'
import type { Numbers } from './dydx-numbers.ts'
import {
  asPassed,
  contractsIn,
  goodTilBlockOf,
  heightOf,
  isEnded,
  momentOf,
  orderIdOf,
  RESTING,
  SUBACCOUNT,
  toRawFill,
  toRawOrder,
} from './dydx-shapes.ts'
import type { RawFill, RawOrder, Session } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { field, idText, list } from './readings.ts'
import { call } from './trading-client.ts'

/** As many as the indexer gives at once. */
const MOST_ORDERS = 1000
const MOST_NAMES = 20_000
/**
 * The desk takes an order for one that never came five seconds after its time at the earliest. An indexer that is no further
 * behind has seen all that could have come by then.
 */
const MOST_BEHIND_MS = 5_000

/** The indexer's side: what the chain's blocks have come to. */
export interface Indexer {
  /** An order by the venue's id; undefined: the indexer does not know it. */
  order(session: Session, market: ContractMarket, id: string): Promise<RawOrder | undefined>
  /** The last block that it has dealt with. */
  height(session: Session): Promise<number>
  /**
   * @param block - the last that could fill what is asked about, where that is known
   * @throws {UnreadableError} when it is so far behind that what it does not know may still have happened
   */
  requireFresh(session: Session, block: number | undefined): Promise<void>
  openOrders(session: Session, market: ContractMarket): Promise<readonly RawOrder[]>
  /** Of one order, as far as it is filled. */
  fills(session: Session, order: RawOrder): Promise<readonly RawFill[]>
  fillsSince(session: Session, market: ContractMarket, since: number): Promise<readonly RawFill[]>
  /** Asks whose an order is, so that `clientIdOf` knows. @throws {UnreadableError} when the indexer does not */
  learnOrder(session: Session, id: string): Promise<void>
  /** The number that an order was sent under; undefined: not known. */
  clientIdOf(id: string): string | undefined
  noteOrder(id: string, clientId: string): void
}

export function createIndexer({ numbers, fillsPerPage }: { numbers: Numbers; fillsPerPage: number }): Indexer {
  const clientIds = new Map<string, string>()
  const account = (session: Session) => ({ address: addressOf(session), subaccountNumber: SUBACCOUNT })

  function noteOrder(id: string, clientId: string): void {
    clientIds.set(id, clientId)
    if (clientIds.size > MOST_NAMES) clientIds.delete(clientIds.keys().next().value!)
  }
  const rawOrder = ({ client }: Session, id: string): Promise<unknown> =>
    ifAny(call(client, 'indexerGetOrdersOrderId', { orderId: id }))

  async function lastBlock({ client }: Session): Promise<{ readonly height: number; readonly at: number }> {
    const answer = await call(client, 'indexerGetHeight')
    return { height: heightOf(field(answer, 'height')), at: momentOf(field(answer, 'time')) }
  }

  /** An order as it stands; one of a block that has passed has ended, whatever was last said of it. */
  async function settledOrder(
    session: Session,
    id: string,
  ): Promise<{ readonly order: unknown; readonly hasPassed: boolean }> {
    const order = await rawOrder(session, id)
    const goodTilBlock = order === undefined ? undefined : goodTilBlockOf(order)
    const status = field(order, 'status')
    if (goodTilBlock === undefined || status === 'FILLED' || status === 'CANCELED') return { order, hasPassed: false }
    const { height } = await lastBlock(session)
    if (height <= goodTilBlock) return { order, hasPassed: false }
    // What the last blocks filled is in it now.
    return { order: await rawOrder(session, id), hasPassed: true }
  }

  /**
   * Walks back from the newest fill of a market, page by page, until `isEnough` says of the oldest so far that it is; oldest first. The pages
   * are by block: the fills of the last one on a page come again on the next.
   */
  async function walk(
    session: Session,
    market: ContractMarket,
    isEnough: (oldest: unknown, all: readonly unknown[]) => boolean,
  ): Promise<readonly unknown[]> {
    const found = new Map<string, unknown>()
    let before: number | undefined
    for (;;) {
      const answer = await call(session.client, 'indexerGetFills', {
        ...account(session),
        ...{ market: market.marketId, marketType: 'PERPETUAL', limit: fillsPerPage },
        ...(before !== undefined && { createdBeforeOrAtHeight: before }),
      })
      const page = list(field(answer, 'fills'), 'fills')
      for (const fill of page) found.set(idText(field(fill, 'id'), 'fill id'), fill)
      const oldest = page.at(-1)
      const all = [...found.values()]
      if (page.length < fillsPerPage || isEnough(oldest, all)) return all.reverse()
      const height = heightOf(field(oldest, 'createdAtHeight'))
      if (height === before) {
        throw new UnreadableError(`Expected fewer than ${fillsPerPage} fills in block ${height}, were as many or more`)
      }
      before = height
    }
  }

  async function fillsOf(session: Session, order: RawOrder): Promise<readonly RawFill[]> {
    const { market, venueOrderId, clientId } = order
    const total = new Decimal(order.filledContracts)
    if (total.isZero()) return []
    const mine = (fills: readonly unknown[]): readonly RawFill[] =>
      fills.filter((fill) => orderIdOf(fill) === venueOrderId).map((fill) => toRawFill(fill, market, clientId))
    const isWhole = (fills: readonly unknown[]): boolean => contractsIn(mine(fills)).gte(total)
    return mine(await walk(session, market, (_, all) => isWhole(all)))
  }

  /** Whose the orders are that nobody has named yet: in one question as far as it goes, the rest one by one. */
  async function learnOrders(session: Session, market: ContractMarket, ids: readonly string[]): Promise<void> {
    const unknown = new Set(ids.filter((id) => !clientIds.has(id)))
    if (unknown.size > 1) {
      const orders = list(
        await call(session.client, 'indexerGetOrders', {
          ...account(session),
          ...{ ticker: market.marketId, limit: MOST_ORDERS, returnLatestOrders: true },
        }),
        'orders',
      )
      for (const order of orders) {
        const id = String(field(order, 'id'))
        if (unknown.delete(id)) noteOrder(id, idText(field(order, 'clientId'), 'client id'))
      }
    }
    for (const id of unknown) await learnOrder(session, id)
    await numbers.learn(ids.flatMap((id) => clientIds.get(id) ?? []))
  }

  async function learnOrder(session: Session, id: string): Promise<void> {
    if (!clientIds.has(id)) {
      const order = await rawOrder(session, id)
      // Nothing fills without an order: whose this one was may not be guessed.
      if (order === undefined) throw new UnreadableError(`Expected the order ${id} of a fill, was unknown`)
      noteOrder(id, idText(field(order, 'clientId'), 'client id'))
    }
    await numbers.learn([clientIds.get(id)!])
  }

  return {
    noteOrder,
    clientIdOf: (id) => clientIds.get(id),
    learnOrder,
    height: async (session) => (await lastBlock(session)).height,
    async requireFresh(session, block = 0) {
      const { height, at } = await lastBlock(session)
      const behindMs = session.venueNow() - at
      if (height <= block) throw new UnreadableError(`Expected an indexer past block ${block}, was at ${height}`)
      if (behindMs > MOST_BEHIND_MS)
        throw new UnreadableError(`Expected an indexer up to date, was ${behindMs} ms behind`)
    },
    async order(session, market, id) {
      const { order, hasPassed } = await settledOrder(session, id)
      if (order === undefined) return undefined
      const raw = toRawOrder(order, market)
      return hasPassed ? asPassed(raw) : raw
    },
    async openOrders(session, market) {
      const orders = list(
        await call(session.client, 'indexerGetOrders', {
          ...account(session),
          ...{ ticker: market.marketId, status: RESTING.join(','), limit: MOST_ORDERS, returnLatestOrders: true },
        }),
        'orders',
      )
      if (orders.length >= MOST_ORDERS) throw new UnreadableError(`Expected fewer than ${MOST_ORDERS} open orders`)
      await numbers.learn(orders.map((order) => idText(field(order, 'clientId'), 'client id')))
      const isShort = orders.some((order) => goodTilBlockOf(order) !== undefined)
      const height = isShort ? (await lastBlock(session)).height : 0
      return orders
        .filter((order) => (goodTilBlockOf(order) ?? Number.POSITIVE_INFINITY) >= height)
        .map((order) => toRawOrder(order, market))
        .filter((order) => !isEnded(order))
    },
    fills: fillsOf,
    async fillsSince(session, market, since) {
      const isBefore = (fill: unknown): boolean => momentOf(field(fill, 'createdAt')) < since
      const fills = (await walk(session, market, isBefore)).filter((fill) => !isBefore(fill))
      await learnOrders(session, market, [...new Set(fills.flatMap((fill) => orderIdOf(fill) ?? []))])
      return fills.map((fill) => {
        const id = orderIdOf(fill)
        return toRawFill(fill, market, id === undefined ? undefined : clientIds.get(id))
      })
    },
  }
}
