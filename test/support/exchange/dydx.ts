import type { CoreEvent, CoreFill, CoreOrder, ExchangeCore } from './core.ts'
import { type Chain, createChain } from './dydx-node.ts'
import { fillBody, marketsBody, orderBody, positionBody, statusOf, tickerOf } from './dydx-shapes.ts'
import { decodeTransaction, publicKeyOf } from './dydx-tx.ts'
import type { Asked, PushSocket, Reply, VenueFormat } from './server.ts'

export const DYDX_KEYS = {
  walletAddress: 'dydx1n56z5fhmemtffzkt2eqyf9kuc7ycjfs86mvqy7',
  privateKey: '1f'.repeat(32),
} as const
/** A key of somebody else's, whom the account may permit to trade. */
export const PERMITTED_KEY = '2e'.repeat(32)
const CHAIN_ID = 'dydx-mainnet-1'
const ACCOUNT_NUMBER = 41_833
const PERMISSION = 7
const CHANNEL = 'v4_subaccounts'

export interface DydxSettings {
  readonly core: ExchangeCore
  /** What the holder of `PERMITTED_KEY` may send; left out: nothing. */
  readonly permits?: readonly string[]
  readonly chainId?: string
  /** How far the indexer is behind the chain. */
  readonly behindMs?: () => number
  readonly onChain?: (chain: Chain) => void
}

const notFound = (msg: string): Reply => ({ status: 404, body: { errors: [{ msg }] } })
const FREE = /^\/(v4\/(time|perpetualMarkets)|abci_info|cosmos\/.*|dydxprotocol\/.*)$/

/** dYdX over HTTP and WebSocket: the indexer's REST under /v4, and a node's RPC and REST beside it. */
export function createDydxFormat(settings: DydxSettings): VenueFormat {
  const { core, permits, chainId = CHAIN_ID, behindMs = () => 0 } = settings
  const { walletAddress: address, privateKey } = DYDX_KEYS
  const ownKey = publicKeyOf(privateKey)
  const permittedKey = publicKeyOf(PERMITTED_KEY)
  const chain = createChain({
    ...{ core, address, accountNumber: ACCOUNT_NUMBER, chainId, ownKey },
    permitted: new Map(permits ? [[PERMISSION, permittedKey]] : []),
  })
  settings.onChain?.(chain)
  const sockets = new Set<PushSocket>()
  let messageId = 0

  const isForced = ({ owner }: Pick<CoreOrder, 'owner'>): boolean => owner === 'liquidation' || owner === 'deleveraging'
  /** The indexer forgets an immediate order that has filled nothing. */
  const isForgotten = (order: CoreOrder): boolean =>
    order.filled === 0 && order.state !== 'open' && chain.placementOf(order).flags === 0
  const bodyOf = (order: CoreOrder) => orderBody(order, chain.placementOf(order), address)
  const fillOf = (fill: CoreFill): unknown =>
    fillBody(fill, {
      height: chain.heightOfFill(fill.tradeId),
      orderId: chain.placementOf(core.order(fill.orderId)!).id,
    })

  function order(id: string): Reply {
    const crossed = chain.crossed.get(id)
    const known = crossed ?? core.order(chain.placements().get(id) ?? -1)
    if (!known || isForced(known) || isForgotten(known)) return notFound(`Unable to find order id ${id}`)
    return { body: { ...bodyOf(known), ticker: tickerOf(known.asset), subaccountNumber: 0 } }
  }

  function orders({ query }: Asked): Reply {
    const statuses = query.status?.split(',')
    const rows = core
      .orders()
      .filter((each) => !isForced(each) && !isForgotten(each) && tickerOf(each.asset) === query.ticker)
      .filter((each) => statuses === undefined || statuses.includes(statusOf(each, chain.placementOf(each))))
      .filter((each) => chain.placements().get(chain.placementOf(each).id) === each.orderId)
    return {
      body: rows
        .reverse()
        .slice(0, Number(query.limit ?? 1000))
        .map((each) => ({ ...bodyOf(each), ticker: tickerOf(each.asset) })),
    }
  }

  function fills({ query }: Asked): Reply {
    const until = Number(query.createdBeforeOrAtHeight ?? Number.POSITIVE_INFINITY)
    const rows = core
      .fills()
      .filter((fill) => tickerOf(fill.asset) === query.market && chain.heightOfFill(fill.tradeId) <= until)
    return {
      body: {
        fills: rows
          .toReversed()
          .slice(0, Number(query.limit ?? 1000))
          .map(fillOf),
      },
    }
  }

  function subaccount(): Reply {
    const { equity, initialMargin } = core.account()
    const positions = core.positions().map((position) => [tickerOf(position.asset), positionBody(position)] as const)
    return {
      body: {
        subaccount: {
          ...{ address, subaccountNumber: 0, equity: equity.toFixed(6) },
          freeCollateral: (equity - initialMargin).toFixed(6),
          openPerpetualPositions: Object.fromEntries(positions),
          assetPositions: {},
          marginEnabled: true,
          updatedAtHeight: String(chain.height()),
          latestProcessedBlockHeight: String(chain.height()),
        },
      },
    }
  }

  const base64 = (value: unknown): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
  const authenticators = (): Reply => ({
    body: {
      account_authenticators: permits
        ? [
            {
              id: String(PERMISSION),
              type: 'AllOf',
              config: base64([
                { type: 'SignatureVerification', config: permittedKey },
                {
                  type: 'AnyOf',
                  config: base64(permits.map((url) => ({ type: 'MessageFilter', config: base64(url) }))),
                },
                { type: 'SubaccountFilter', config: base64('0') },
              ]),
            },
          ]
        : [],
    },
  })

  function answer(asked: Asked): Reply | undefined {
    const { path, query } = asked
    if (asked.method !== 'GET') return undefined
    if (path.startsWith('/v4/orders/')) return order(path.slice('/v4/orders/'.length))
    if (query.address !== undefined && query.address !== address) return notFound('No subaccount found with address')
    switch (path) {
      case '/v4/time':
        return { body: { iso: new Date(core.now()).toISOString(), epoch: core.now() / 1000 } }
      case '/v4/height':
        return { body: { height: String(chain.tick()), time: new Date(core.now() - behindMs()).toISOString() } }
      case '/v4/perpetualMarkets':
        return { body: marketsBody(core) }
      case '/v4/orders':
        return orders(asked)
      case '/v4/fills':
        return query.marketType === 'PERPETUAL'
          ? fills(asked)
          : { status: 400, body: { errors: [{ msg: 'marketType' }] } }
      case '/v4/perpetualPositions':
        return { body: { positions: core.positions().map(positionBody) } }
      case `/v4/addresses/${address}/subaccountNumber/0`:
        return subaccount()
      case '/abci_info':
        return { body: { jsonrpc: '2.0', id: -1, result: { response: { last_block_height: String(chain.tick()) } } } }
      case `/cosmos/auth/v1beta1/account_info/${address}`:
        return {
          body: {
            info: {
              ...{ address, account_number: String(ACCOUNT_NUMBER), sequence: '0' },
              pub_key: { '@type': '/cosmos.crypto.secp256k1.PubKey', key: ownKey },
            },
          },
        }
      case `/dydxprotocol/accountplus/authenticators/${address}`:
        return authenticators()
      case '/broadcast_tx_sync':
        return chain.broadcast(query.tx ?? '')
      default:
        return undefined
    }
  }

  const channelData = (contents: object): unknown => ({
    ...{ type: 'channel_data', connection_id: 'loopback', message_id: ++messageId, id: `${address}/0` },
    ...{ channel: CHANNEL, version: '3.0.0', contents: { ...contents, blockHeight: String(chain.height()) } },
  })

  function contentsOf({ order: of, ...event }: CoreEvent): object {
    const pushed = isForced(of) ? {} : { orders: [bodyOf(of)] }
    return 'fill' in event ? { ...pushed, fills: [fillOf(event.fill)] } : pushed
  }

  chain.onCrossed((crossed) => {
    for (const socket of sockets) socket.send(channelData({ orders: [bodyOf(crossed)] }))
  })

  return {
    name: 'dYdX',
    kindOf({ path, query }) {
      if (path === '/broadcast_tx_sync')
        return decodeTransaction(query.tx ?? '').message.kind === 'cancel' ? 'cancel' : 'submit'
      return FREE.test(path) ? 'free' : 'question'
    },
    answer,
    orderIdOf({ query }) {
      const { message } = decodeTransaction(query.tx ?? '')
      return message.kind === 'cancel' ? core.orderByClientId(String(message.id.number))?.orderId : undefined
    },
    rateLimited: (status) => ({
      status,
      body: { errors: [{ msg: 'Too many requests' }] },
      headers: { 'retry-after': '0' },
    }),
    serverError: (status) => ({ status, body: 'upstream connect error or disconnect/reset before headers' }),
    connect(socket) {
      if (socket.path !== '/v4/ws') return false
      setImmediate(() => socket.send({ type: 'connected', connection_id: 'loopback', message_id: 0 }))
      return true
    },
    hear(socket, text) {
      const { type, channel, id } = JSON.parse(text) as Record<string, unknown>
      if (type !== 'subscribe' || channel !== CHANNEL || id !== `${address}/0`) return undefined
      socket.state.set('subscribed', true)
      sockets.add(socket)
      const contents = { ...(subaccount().body as object), orders: [], blockHeight: String(chain.height()) }
      return [{ type: 'subscribed', connection_id: 'loopback', message_id: 1, channel, id, contents }]
    },
    tell: (event, socket) => {
      if (!socket.state.get('subscribed')) return []
      const contents = contentsOf(event)
      return Object.keys(contents).length === 0 ? [] : [channelData(contents)]
    },
  }
}
