import type { ContractMarket } from './contracts.ts'
import { addressOf, clobPairOf } from './dydx-chain.ts'
import type { Indexer } from './dydx-indexer.ts'
import type { Numbers } from './dydx-numbers.ts'
import { orderIdOf, SUBACCOUNT, toRawFill, toRawOrder } from './dydx-shapes.ts'
import type { RawEvent, Session } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { field, idText, list } from './readings.ts'
import type { TradingClient } from './trading-client.ts'

const CHANNEL = 'v4_subaccounts'
const NEVER = 'an answer that never comes'

/** The part of ccxt that keeps a socket: it has no verb for this channel. */
interface StreamClient extends TradingClient {
  watch(url: string, messageHash: string, message: unknown, subscribeHash: string): Promise<unknown>
  handleMessage(socket: unknown, message: unknown): unknown
}

/** What the account's channel says, with the names that it leaves out looked up. */
export function dydxStream({ numbers, indexer }: { numbers: Numbers; indexer: Indexer }) {
  /** Messages that came before it was known whose orders they are about, with why it could not be found out. */
  const held = new WeakMap<object, { reason?: string }>()

  /** Asks for what is missing and has the message read again. */
  async function readLater(session: Session, message: object, missing: Missing): Promise<void> {
    const note: { reason?: string } = {}
    held.set(message, note)
    try {
      for (const id of missing.orderIds) await indexer.learnOrder(session, id)
      await numbers.learn(missing.clientIds)
    } catch (error) {
      note.reason = error instanceof Error ? error.message : String(error)
    }
    ;(session.client as StreamClient).handleMessage(undefined, message)
  }

  return {
    /** Resolves never; rejects when the connection is cut. */
    listen(session: Session): Promise<unknown> {
      const client = session.client as StreamClient
      const url = String(field(client.urls.api, 'ws'))
      const id = `${addressOf(session)}/${SUBACCOUNT}`
      return client.watch(url, NEVER, { type: 'subscribe', channel: CHANNEL, id }, id)
    },
    confirms: (message: unknown): boolean =>
      field(message, 'type') === 'subscribed' && field(message, 'channel') === CHANNEL,

    read(session: Session, message: unknown): readonly RawEvent[] {
      if (field(message, 'type') !== 'channel_data' || field(message, 'channel') !== CHANNEL) return []
      const contents = field(message, 'contents')
      const orders = list(field(contents, 'orders') ?? [], 'pushed orders')
      const fills = list(field(contents, 'fills') ?? [], 'pushed fills')
      for (const order of orders) {
        indexer.noteOrder(idText(field(order, 'id'), 'order id'), idText(field(order, 'clientId'), 'client id'))
      }
      const missing = missingOf(orders, fills)
      if (missing.clientIds.length + missing.orderIds.length > 0) {
        const earlier = held.get(message as object)
        if (earlier)
          throw new UnreadableError(`Expected to learn whose a pushed order is: ${earlier.reason ?? 'unknown'}`)
        void readLater(session, message as object, missing)
        return []
      }
      return [
        ...fills.flatMap((fill) => fillEvent(session, fill)),
        ...orders.flatMap((order) => orderEvent(session, order)),
      ]
    },
  }

  function missingOf(orders: readonly unknown[], fills: readonly unknown[]): Missing {
    const orderIds = fills.flatMap((fill) => orderIdOf(fill) ?? [])
    const clientIds = [
      ...orders.map((order) => idText(field(order, 'clientId'), 'client id')),
      ...orderIds.flatMap((id) => indexer.clientIdOf(id) ?? []),
    ]
    return {
      orderIds: orderIds.filter((id) => indexer.clientIdOf(id) === undefined),
      clientIds: clientIds.filter((clientId) => !numbers.isLearned(clientId)),
    }
  }

  function fillEvent(session: Session, fill: unknown): readonly RawEvent[] {
    const market = session.knownMarket(String(field(fill, 'market') ?? field(fill, 'ticker')))
    const id = orderIdOf(fill)
    return market
      ? [{ kind: 'fill', fill: toRawFill(fill, market, id === undefined ? undefined : indexer.clientIdOf(id)) }]
      : []
  }
}

interface Missing {
  readonly orderIds: readonly string[]
  readonly clientIds: readonly string[]
}

function orderEvent(session: Session, order: unknown): readonly RawEvent[] {
  const market = marketOfOrder(session, order)
  return market ? [{ kind: 'order', order: toRawOrder(order, market) }] : []
}

/** Pushed orders name their market by its number; newer indexers also by its ticker. */
function marketOfOrder(session: Session, order: unknown): ContractMarket | undefined {
  const ticker = field(order, 'ticker')
  if (typeof ticker === 'string') return session.knownMarket(ticker)
  const clobPair = Number(idText(field(order, 'clobPairId'), 'CLOB pair id'))
  const { client } = session
  const raw = Object.values(client.markets ?? {}).find((each) => clobPairOf(client, each) === clobPair)
  return raw && session.knownMarket(raw.id)
}
