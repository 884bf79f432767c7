import { createHmac, timingSafeEqual } from 'node:crypto'
import {
  executionBody,
  fundingBody,
  instrumentBody,
  linkOf,
  orderBody,
  positionBody,
  shownOf,
  symbolOf,
  tellBybit,
} from './bybit-shapes.ts'
import type { CoreFill, CoreOrder, ExchangeCore, RefusalCode } from './core.ts'
import type { Asked, PushSocket, Reply, VenueFormat } from './server.ts'

export const BYBIT_KEYS = { apiKey: 'loopback-key', secret: 'loopback-secret' } as const

export interface BybitSettings {
  readonly core: ExchangeCore
  readonly keys?: { readonly apiKey: string; readonly secret: string }
  /** Parts of what `query-api` says of the key. */
  readonly key?: Readonly<Record<string, unknown>>
  /** Parts of what `account/info` says. */
  readonly account?: Readonly<Record<string, unknown>>
  readonly hedgeMode?: boolean
  /** USD per MNT where fees are paid in it. */
  readonly mntPrice?: number
  /** As after a restart: what has ended is only in the history. */
  readonly forgetsEnded?: boolean
  readonly announcements?: () => readonly unknown[]
  /** Instant of a payment of funding. */
  readonly fundedAt?: number
}

/** How Bybit counts what it lists; the adapter asks for its own. */
const DEFAULT_LIMIT = 50
const DEFAULT_ORDER_LIMIT = 20
const AHEAD = 1_000
const WEEK = 7 * 24 * 3_600_000
const FIRST_GHOST_ID = 7_000_000_001
const CONNECTION = 'cejreaspqfm9se7usbrg-2xh'

const CODES: Readonly<Record<Exclude<RefusalCode, 'would-take'>, readonly [code: number, message: string]>> = {
  'unknown-instrument': [10001, 'symbol invalid'],
  halted: [110066, 'No trading is allowed at the current time'],
  'no-price': [110003, 'Order price exceeds the allowable range.'],
  'off-lot': [10001, 'Qty invalid'],
  'off-tick': [10001, 'Price invalid'],
  'below-min-notional': [110094, 'Order does not meet minimum order value 5USDT'],
  'insufficient-margin': [110007, 'ab not enough for new order'],
  'reduce-only': [110017, 'current position is zero, cannot fix reduce-only order qty'],
  'duplicate-id': [110072, 'OrderLinkedID is duplicate'],
  'would-trigger': [110093, 'expect Falling, but trigger_price >= current'],
}

/** Bybit's linear perpetuals: its paths, its bodies, its codes with status 200, its signatures and its receive window. */
export function createBybitFormat(settings: BybitSettings): VenueFormat {
  const { core, keys = BYBIT_KEYS, hedgeMode = false, mntPrice, forgetsEnded = false } = settings
  const assets = new Map(core.instruments.map(({ asset }) => [symbolOf(asset), asset]))
  /** Orders that were taken and, when they were read, not let through. */
  const ghosts: Record<string, unknown>[] = []
  const sockets = new Set<PushSocket>()

  const ok = (result: unknown): Reply => ({
    body: { retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: core.now() },
  })
  const no = (retCode: number, retMsg: string): Reply => ({
    body: { retCode, retMsg, result: {}, retExtInfo: {}, time: core.now() },
  })
  const page = (all: readonly unknown[], { limit, cursor }: Params, usual: number): Reply => {
    const from = Number(cursor ?? 0)
    const to = from + Number(limit ?? usual)
    return ok({ category: 'linear', list: all.slice(from, to), nextPageCursor: to < all.length ? String(to) : '' })
  }

  function refusal({ headers, method, search, text }: Asked): Reply | undefined {
    const header = (name: string): string => String(headers[`x-bapi-${name}`] ?? '')
    if (header('api-key') !== keys.apiKey) return no(10003, 'API key is invalid.')
    const [timestamp, window] = [header('timestamp'), header('recv-window')]
    const payload = `${timestamp}${keys.apiKey}${window}${method === 'POST' ? text : search}`
    if (!isSignedBy(keys.secret, payload, header('sign'))) return no(10004, 'error sign! origin_string[***]')
    const at = Number(timestamp)
    if (at >= core.now() + AHEAD || at < core.now() - Number(window)) {
      const told = `req_timestamp[${timestamp}],server_timestamp[${core.now()}],recv_window[${window}]`
      return no(10002, `invalid request, please check your server timestamp or recv_window param. ${told}`)
    }
    return undefined
  }

  function push(topic: string, data: Record<string, unknown>): void {
    for (const socket of sockets) {
      if (topicsOf(socket).has(topic)) socket.send(pushed(topic, data))
    }
  }

  const pushed = (topic: string, data: Record<string, unknown>): unknown => ({
    topic,
    id: `386825804_${data.symbol}_${core.now()}`,
    creationTime: core.now(),
    data: [{ category: 'linear', ...data }],
  })

  /** Post-only that would take is taken, and cancelled when it is read. */
  function takeGhost(body: Params): Reply {
    const orderId = String(FIRST_GHOST_ID + ghosts.length)
    const ghost = {
      ...{ orderId, orderLinkId: body.orderLinkId, symbol: body.symbol, side: body.side, qty: body.qty },
      ...{ price: body.price, orderStatus: 'Cancelled', cancelType: 'CancelByUser', avgPrice: '', cumExecQty: '0' },
      ...{ rejectReason: 'EC_PostOnlyWillTakeLiquidity', leavesQty: '0', timeInForce: 'PostOnly', orderType: 'Limit' },
      ...{ stopOrderType: '', positionIdx: 0, reduceOnly: false, createdTime: String(core.now()) },
    }
    ghosts.push(ghost)
    push('order', ghost)
    return ok({ orderId, orderLinkId: body.orderLinkId })
  }

  function create(body: Params): Reply {
    if (body.category !== 'linear' || Number(body.positionIdx) !== (hedgeMode ? 1 : 0)) {
      return no(10001, 'position idx not match position mode')
    }
    if (!/^[\w-]{1,36}$/.test(body.orderLinkId ?? '')) return no(10001, 'orderLinkId invalid')
    const entry = {
      clientId: body.orderLinkId,
      asset: assets.get(body.symbol ?? '') ?? '',
      side: body.side === 'Buy' ? 'buy' : 'sell',
      quantity: body.qty ?? '',
    } as const
    const isStop = body.triggerPrice !== undefined
    if (isStop && !isProtective(body)) return no(10001, 'params error')
    const outcome = isStop
      ? core.submitStop({ ...entry, triggerPrice: body.triggerPrice ?? '' })
      : core.submit({
          ...entry,
          ...(body.orderType === 'Limit' && { limitPrice: body.price ?? '' }),
          timeInForce: body.timeInForce === 'IOC' ? 'ioc' : 'gtc',
          postOnly: body.timeInForce === 'PostOnly',
          reduceOnly: String(body.reduceOnly) === 'true',
        })
    if (outcome.kind === 'taken') {
      return ok({ orderId: String(outcome.order.orderId), orderLinkId: body.orderLinkId })
    }
    return outcome.code === 'would-take' ? takeGhost(body) : no(...CODES[outcome.code])
  }

  const shown = (): readonly CoreOrder[] => core.orders().filter((order) => order.parentId === undefined)
  const isOpen = (order: CoreOrder): boolean =>
    order.state === 'open' || (order.childId !== undefined && core.order(order.childId)?.state === 'open')
  const pick = ({ orderId, orderLinkId }: Params): CoreOrder | undefined =>
    orderId === undefined
      ? shown().findLast((order) => linkOf(order) === orderLinkId)
      : shown().find((order) => String(order.orderId) === orderId)

  function cancel(body: Params): Reply {
    const order = pick(body)
    if (!order || !core.cancel(order.orderId)) return no(110001, 'order not exists or too late to cancel')
    return ok({ orderId: String(order.orderId), orderLinkId: linkOf(order) })
  }

  /** By an id what has ended too, without one only what is open. */
  function orders(params: Params, which: 'realtime' | 'history'): Reply {
    const { symbol, orderId, orderLinkId } = params
    const isNamed = orderId !== undefined || orderLinkId !== undefined
    const isWanted = (order: CoreOrder): boolean => {
      if (which === 'history' ? isOpen(order) : !isOpen(order) && (forgetsEnded || !isNamed)) return false
      if (orderId !== undefined) return String(order.orderId) === orderId
      return orderLinkId === undefined ? symbolOf(order.asset) === symbol : linkOf(order) === orderLinkId
    }
    const found = shown()
      .filter(isWanted)
      .map((order) => orderBody(order, core))
    const gone = ghosts.filter((ghost) => isNamed && [orderId, orderLinkId].some((id) => namesOf(ghost).includes(id)))
    return page([...found, ...gone].sort(newestFirst), params, DEFAULT_ORDER_LIMIT)
  }

  function executions(params: Params): Reply {
    const { symbol, orderId, orderLinkId } = params
    const from = Number(params.startTime ?? Number(params.endTime ?? core.now()) - WEEK)
    const to = Number(params.endTime ?? from + WEEK)
    if (to - from > WEEK) return no(10001, 'The interval between the startTime and endTime is more than 7 days')
    const isWanted = (fill: CoreFill): boolean => {
      const order = shownOf(core.order(fill.orderId)!, core)
      if (orderId !== undefined) return String(order.orderId) === orderId
      if (orderLinkId !== undefined) return linkOf(order) === orderLinkId
      return symbolOf(fill.asset) === symbol && fill.at >= from && fill.at <= to
    }
    const rows = core
      .fills()
      .filter(isWanted)
      .map((fill) => executionBody(fill, core, mntPrice))
    const { fundedAt } = settings
    if (fundedAt !== undefined && orderId === undefined && orderLinkId === undefined) {
      rows.push(fundingBody(assets.get(symbol ?? '') ?? '', fundedAt))
    }
    return page(rows.reverse(), params, DEFAULT_LIMIT)
  }

  function answer(asked: Asked): Reply | undefined {
    const { method, path } = asked
    const params = paramsOf(asked)
    if (!/^\/v5\/(market|system)\//.test(path)) {
      const refused = refusal(asked)
      if (refused) return refused
    }
    switch (`${method} ${path}`) {
      case 'GET /v5/market/time':
        return ok({ timeSecond: String(Math.floor(core.now() / 1000)), timeNano: `${core.now()}000000` })
      case 'GET /v5/market/instruments-info': {
        const list = core.instruments
          .filter(({ asset }) => params.status === undefined && [undefined, symbolOf(asset)].includes(params.symbol))
          .map((instrument) => instrumentBody(instrument, core.halted(instrument.asset)))
        return ok({ category: 'linear', list, nextPageCursor: '' })
      }
      case 'GET /v5/market/tickers':
        return ok({ category: 'linear', list: [{ symbol: params.symbol, markPrice: String(mntPrice) }] })
      case 'GET /v5/system/status':
        return ok({ list: settings.announcements?.() ?? [] })
      case 'POST /v5/order/create':
        return create(params)
      case 'POST /v5/order/cancel':
        return cancel(params)
      case 'GET /v5/order/realtime':
        return orders(params, 'realtime')
      case 'GET /v5/order/history':
        return orders(params, 'history')
      case 'GET /v5/execution/list':
        return executions(params)
      case 'GET /v5/position/list': {
        const rows = core.positions().map((position) => positionBody(position, { positionIdx: hedgeMode ? 1 : 0 }))
        return page(rows, params, DEFAULT_ORDER_LIMIT)
      }
      case 'GET /v5/account/wallet-balance':
        return params.accountType === 'UNIFIED' ? ok({ list: [walletBody(core)] }) : no(10001, 'accountType invalid')
      case 'GET /v5/account/info':
        return ok({ marginMode: 'REGULAR_MARGIN', unifiedMarginStatus: 6, dcpStatus: 'OFF', ...settings.account })
      case 'GET /v5/user/query-api':
        return ok({
          ...{ id: '2208369', note: 'loopback', apiKey: keys.apiKey, readOnly: 0, ips: ['192.0.2.7'], uta: 1 },
          permissions: {
            ...{ ContractTrade: ['Order', 'Position'], Spot: [], Wallet: [], Options: [], Derivatives: [] },
            ...{ CopyTrading: [], BlockTrade: [], Exchange: [], NFT: [], Affiliate: [], Earn: [] },
          },
          ...settings.key,
        })
      default:
        return undefined
    }
  }

  function hear(socket: PushSocket, text: string): readonly unknown[] | undefined {
    const { op, args = [], req_id } = JSON.parse(text) as { op: string; args?: readonly unknown[]; req_id?: string }
    const said = { ret_msg: '', conn_id: CONNECTION, op, ...(req_id !== undefined && { req_id }) }
    switch (op) {
      case 'auth': {
        const [apiKey, expires, signature] = args.map(String)
        const isValid =
          apiKey === keys.apiKey &&
          Number(expires) > core.now() &&
          isSignedBy(keys.secret, `GET/realtime${expires}`, signature ?? '')
        if (!isValid) return [{ op, success: false, retCode: 10003, retMsg: 'Invalid apikey', connId: CONNECTION }]
        sockets.add(socket)
        return [{ ...said, success: true }]
      }
      case 'subscribe':
        if (!sockets.has(socket)) return [{ ...said, success: false, ret_msg: 'Request not authorized' }]
        for (const topic of args) topicsOf(socket).add(String(topic))
        return [{ ...said, success: true }]
      case 'ping':
        return [{ ...said, op: 'pong', args: [String(core.now())] }]
      default:
        return undefined
    }
  }

  return {
    name: 'Bybit',
    kindOf({ path }) {
      if (/^\/v5\/(market|system)\//.test(path) || path === '/v5/account/info') return 'free'
      return path === '/v5/order/create' ? 'submit' : path === '/v5/order/cancel' ? 'cancel' : 'question'
    },
    answer,
    orderIdOf: (asked) => pick(paramsOf(asked))?.orderId,
    rateLimited: () => ({
      ...no(10006, 'Too many visits. Exceeded the API Rate Limit.'),
      headers: { 'x-bapi-limit-reset-timestamp': String(core.now()), timenow: String(core.now()) },
    }),
    serverError: (status) =>
      status === 503 ? no(10016, 'Server error') : { status, body: 'Internal error; please try again.' },
    connect: ({ path }) => path === '/v5/private',
    hear,
    tell: (event, socket) =>
      tellBybit(event, { core, mntPrice }).flatMap(([topic, data]) =>
        topicsOf(socket).has(topic) ? [pushed(topic, data)] : [],
      ),
  }
}

type Params = Readonly<Record<string, string | undefined>>

const paramsOf = ({ query, body }: Asked): Params => ({ ...query, ...(body as Record<string, string>) })
const namesOf = ({ orderId, orderLinkId }: Record<string, unknown>): readonly unknown[] => [orderId, orderLinkId]
const newestFirst = (a: Record<string, unknown>, b: Record<string, unknown>): number =>
  Number(b.createdTime) - Number(a.createdTime) || Number(b.orderId) - Number(a.orderId)

function topicsOf({ state }: PushSocket): Set<string> {
  const topics = (state.get('topics') as Set<string> | undefined) ?? new Set<string>()
  state.set('topics', topics)
  return topics
}

/** Closes at the market by mark price, in the direction that its side waits for. */
const isProtective = (body: Params): boolean =>
  body.orderType === 'Market' &&
  body.triggerBy === 'MarkPrice' &&
  Number(body.triggerDirection) === (body.side === 'Buy' ? 1 : 2) &&
  String(body.reduceOnly) === 'true'

function isSignedBy(secret: string, payload: string, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(payload).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function walletBody(core: ExchangeCore): unknown {
  const { walletBalance, equity, initialMargin, maintenanceMargin } = core.account()
  const text = (value: number): string => value.toFixed(8)
  return {
    accountType: 'UNIFIED',
    totalEquity: text(equity),
    totalWalletBalance: text(walletBalance),
    totalMarginBalance: text(equity),
    totalAvailableBalance: text(equity - initialMargin),
    totalPerpUPL: text(equity - walletBalance),
    totalInitialMargin: text(initialMargin),
    totalMaintenanceMargin: text(maintenanceMargin),
    accountIMRate: '0',
    accountMMRate: '0',
    accountLTV: '0',
    coin: [{ coin: 'USDT', equity: text(equity), walletBalance: text(walletBalance), collateralSwitch: true }],
  }
}
