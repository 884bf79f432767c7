import type { CoreFill, CoreOrder, ExchangeCore, RefusalCode } from './core.ts'
import {
  algoBody,
  clOrdIdOf,
  fillBody,
  instIdOf,
  instrumentBody,
  orderBody,
  positionBody,
  tellOkx,
  toBase,
} from './okx-shapes.ts'
import { channelsOf, hearOkx, isSignedBy, type OkxKeys, TIMESTAMP_WINDOW } from './okx-stream.ts'
import type { Asked, PushSocket, Reply, VenueFormat } from './server.ts'

export const OKX_KEYS = { apiKey: 'loopback-key', secret: 'loopback-secret', password: 'loopback-passphrase' } as const

export interface OkxSettings {
  readonly core: ExchangeCore
  readonly keys?: OkxKeys
  /** Parts of the account's configuration: `acctLv`, `posMode`, `perm`, `ip`. */
  readonly account?: Readonly<Record<string, string>>
  readonly announcements?: () => readonly unknown[]
}

const THREE_DAYS = 3 * 24 * 3_600_000
const TWO_HOURS = 2 * 3_600_000
const FIRST_GHOST_ID = 7_000_000_001

const CODES: Readonly<Record<Exclude<RefusalCode, 'would-take'>, readonly [code: string, message: string]>> = {
  'unknown-instrument': ['51001', "Instrument ID, Instrument ID code or Spread ID doesn't exist."],
  halted: ['51022', 'Contract suspended'],
  'no-price': ['51140', 'Purchase failed due to insufficient sell orders, please try later.'],
  'off-lot': ['51121', 'Order quantity must be a multiple of the lot size.'],
  'off-tick': ['51000', 'Parameter px error'],
  'below-min-notional': ['51020', 'Your order should meet or exceed the minimum order amount.'],
  'insufficient-margin': ['51008', 'Order failed. Insufficient USDT margin in account'],
  'reduce-only': [
    '51169',
    "Order failed because you don't have any positions in this direction for this contract to reduce or close.",
  ],
  'duplicate-id': ['51016', 'Client order ID already exists.'],
  'would-trigger': ['51304', 'SL trigger price cannot be higher than the mark price'],
}
const NO_ORDER = ['51603', 'Order does not exist.'] as const
const NOT_OPEN = [
  '51400',
  'Order cancellation failed as the order has been filled, canceled or does not exist.',
] as const

const ok = (data: readonly unknown[]): Reply => ({ body: { code: '0', msg: '', data } })
const no = (code: string, msg: string, status = 200): Reply => ({ status, body: { code, msg, data: [] } })

/** OKX's swaps: its paths, its contracts, its codes within rows and without, its signatures and `expTime`. */
export function createOkxFormat(settings: OkxSettings): VenueFormat {
  const { core, keys = OKX_KEYS } = settings
  const config = {
    ...{ acctLv: '3', posMode: 'net_mode', perm: 'read_only,trade', ip: '192.0.2.7' },
    ...settings.account,
  }
  const assets = new Map(core.instruments.map(({ asset }) => [instIdOf(asset), asset]))
  /** Post-only orders that would have taken: taken, and cancelled at once. */
  const ghosts: Record<string, unknown>[] = []
  const sockets = new Set<PushSocket>()
  const tags = new Map<number, string>()
  const countdowns = new Map<string, number>()

  /** As OKX answers an operation: the code is in the row. */
  const done = (row: Record<string, unknown>): Reply =>
    ok([{ tag: '', ts: String(core.now()), ...row, sCode: '0', sMsg: '' }])
  const failed = ([sCode, sMsg]: readonly [string, string], row: Record<string, unknown> = {}): Reply => ({
    body: { code: '1', msg: 'All operations failed', data: [{ ordId: '', tag: '', ...row, sCode, sMsg }] },
  })

  function refusal({ headers, method, path, search, text }: Asked): Reply | undefined {
    const header = (name: string): string => String(headers[`ok-access-${name}`] ?? '')
    if (header('key') !== keys.apiKey) return no('50111', 'Invalid OK-ACCESS-KEY.', 401)
    if (header('passphrase') !== keys.password)
      return no('50105', 'Request header "OK-ACCESS-PASSPHRASE" incorrect.', 401)
    const timestamp = header('timestamp')
    if (Math.abs(core.now() - Date.parse(timestamp)) > TIMESTAMP_WINDOW) {
      return no('50102', 'Timestamp request expired.', 401)
    }
    const payload = `${timestamp}${method}${path}${search === '' ? '' : `?${search}`}${text}`
    return isSignedBy(keys.secret, payload, header('sign')) ? undefined : no('50113', 'Invalid signature.', 401)
  }

  /** What bears the tag of a countdown that has run out is cancelled; stops bear none. */
  function sweep(): void {
    for (const [tag, at] of countdowns) {
      if (core.now() < at) continue
      countdowns.delete(tag)
      for (const { orderId } of core.openOrders()) if (tags.get(orderId) === tag) core.cancel(orderId)
    }
  }

  const pushed = (channel: string, data: unknown): unknown => ({
    arg: { channel, instType: 'SWAP', uid: '77982378738415879' },
    data: [data],
  })

  function takeGhost(body: Params): Reply {
    const ordId = String(FIRST_GHOST_ID + ghosts.length)
    const ghost = {
      ...{ ordId, clOrdId: body.clOrdId, instId: body.instId, instType: 'SWAP', side: body.side, sz: body.sz },
      ...{ px: body.px, state: 'canceled', cancelSource: '31', accFillSz: '0', avgPx: '', ordType: 'post_only' },
      ...{ fillSz: '0', tradeId: '', algoId: '', algoClOrdId: '', category: 'normal', cTime: String(core.now()) },
    }
    ghosts.push(ghost)
    for (const socket of sockets) if (channelsOf(socket).has('orders')) socket.send(pushed('orders', ghost))
    return done({ ordId, clOrdId: body.clOrdId })
  }

  function submit({ headers }: Asked, body: Params): Reply {
    const expTime = headers.exptime
    if (expTime !== undefined && Number(expTime) < core.now()) {
      return failed([
        '50036',
        "The expTime can't be earlier than the current system time. Please adjust the expTime and try again.",
      ])
    }
    const { clOrdId = '', instId = '', sz = '', ordType = '' } = body
    if (!/^[A-Za-z0-9]{1,32}$/.test(clOrdId)) return failed(['51000', 'Parameter clOrdId error'])
    if (body.tdMode !== 'cross') return failed(['51000', 'Parameter tdMode error'])
    const asset = assets.get(instId) ?? ''
    const outcome = core.submit({
      ...{ clientId: clOrdId, asset, quantity: asset === '' ? '' : toBase(sz, asset) },
      side: body.side === 'buy' ? 'buy' : 'sell',
      ...(ordType !== 'market' && { limitPrice: body.px ?? '' }),
      timeInForce: ordType === 'ioc' ? 'ioc' : 'gtc',
      postOnly: ordType === 'post_only',
      reduceOnly: String(body.reduceOnly) === 'true',
    })
    if (outcome.kind === 'refused') {
      return outcome.code === 'would-take' ? takeGhost(body) : failed(CODES[outcome.code], { clOrdId })
    }
    if (body.tag !== undefined) tags.set(outcome.order.orderId, body.tag)
    return done({ ordId: String(outcome.order.orderId), clOrdId })
  }

  function submitStop(body: Params): Reply {
    const { algoClOrdId = '', instId = '', sz = '' } = body
    const isProtective =
      body.ordType === 'conditional' &&
      body.slTriggerPxType === 'mark' &&
      body.slOrdPx === '-1' &&
      String(body.reduceOnly) === 'true'
    // An algo order that is refused comes with the code 0 outside.
    const refused = (sCode: string, sMsg: string): Reply => ok([{ algoId: '', algoClOrdId, sCode, sMsg }])
    if (!isProtective || !/^[A-Za-z0-9]{1,32}$/.test(algoClOrdId)) return refused('51000', 'Parameter error')
    const asset = assets.get(instId) ?? ''
    const outcome = core.submitStop({
      ...{ clientId: algoClOrdId, asset, quantity: asset === '' ? '' : toBase(sz, asset) },
      side: body.side === 'buy' ? 'buy' : 'sell',
      triggerPrice: body.slTriggerPx ?? '',
    })
    if (outcome.kind === 'taken') return done({ algoId: String(outcome.order.orderId), algoClOrdId })
    if (outcome.code === 'duplicate-id') return refused('51065', 'algoClOrdId already exists.')
    return outcome.code === 'would-take' ? refused('51000', 'Parameter error') : refused(...CODES[outcome.code])
  }

  const isOf = (order: CoreOrder, kind: 'order' | 'algo'): boolean => (order.kind === 'stop') === (kind === 'algo')
  function pick({ ordId, clOrdId, algoId, algoClOrdId }: Params, kind: 'order' | 'algo'): CoreOrder | undefined {
    const [id, clientId] = kind === 'algo' ? [algoId, algoClOrdId] : [ordId, clOrdId]
    const orders = core.orders().filter((order) => isOf(order, kind))
    if (id) return orders.find((order) => String(order.orderId) === id)
    const nameOf = (order: CoreOrder): string => (kind === 'algo' ? (order.clientId ?? '') : clOrdIdOf(order))
    return clientId ? orders.findLast((order) => nameOf(order) === clientId) : undefined
  }

  /** What was cancelled unfilled is known for two hours. */
  const isForgotten = ({ state, filled, updatedAt }: CoreOrder): boolean =>
    state !== 'open' && filled === 0 && core.now() - updatedAt > TWO_HOURS

  function cancel(params: Params, kind: 'order' | 'algo'): Reply {
    const order = pick(params, kind)
    if (!order || !core.cancel(order.orderId)) return failed(NOT_OPEN)
    return kind === 'algo'
      ? done({ algoId: String(order.orderId), algoClOrdId: order.clientId })
      : done({ ordId: String(order.orderId), clOrdId: clOrdIdOf(order) })
  }

  const paged = (rows: readonly Record<string, unknown>[], id: string, { after, limit = '100' }: Params): Reply =>
    ok(
      rows
        .toSorted((a, b) => Number(b[id]) - Number(a[id]))
        .filter((row) => after === undefined || Number(row[id]) < Number(after))
        .slice(0, Math.min(100, Number(limit))),
    )

  function fills(params: Params, earliest: number): Reply {
    const { instId, ordId, begin, end } = params
    const isWanted = (fill: CoreFill): boolean =>
      instIdOf(fill.asset) === instId &&
      fill.at >= earliest &&
      (ordId === undefined || String(fill.orderId) === ordId) &&
      (begin === undefined || fill.at + 3 > Number(begin)) &&
      (end === undefined || fill.at + 3 < Number(end))
    const rows = core
      .fills()
      .filter(isWanted)
      .map((fill) => fillBody(fill, core))
    return paged(rows, 'billId', params)
  }

  function answer(asked: Asked): Reply | undefined {
    const { method, path } = asked
    const params = paramsOf(asked)
    sweep()
    if (!isOpenTo(path)) {
      const refused = refusal(asked)
      if (refused) return refused
    }
    switch (`${method} ${path.replace('/api/v5', '')}`) {
      case 'GET /public/time':
        return ok([{ ts: String(core.now()) }])
      case 'GET /public/instruments':
        return ok(
          core.instruments
            .filter(({ asset }) => [undefined, instIdOf(asset)].includes(params.instId))
            .map((instrument) => instrumentBody(instrument, core.halted(instrument.asset))),
        )
      case 'GET /system/status':
        return ok(settings.announcements?.() ?? [])
      case 'GET /account/config':
        return ok([{ uid: '44705892343619584', ...config }])
      case 'GET /account/balance':
        return ok([balanceBody(core, config.acctLv)])
      case 'GET /account/positions':
        return ok(
          core
            .positions()
            .map((position) => positionBody(position, { posSide: config.posMode === 'net_mode' ? 'net' : 'long' })),
        )
      case 'POST /trade/order':
        return submit(asked, params)
      case 'POST /trade/order-algo':
        return submitStop(params)
      case 'POST /trade/cancel-order':
        return cancel(params, 'order')
      case 'POST /trade/cancel-algos':
        return cancel(params, 'algo')
      case 'GET /trade/order': {
        const order = pick(params, 'order')
        if (order !== undefined && isForgotten(order)) return no(...NO_ORDER)
        const ghost = ghosts.findLast(({ clOrdId, ordId }) => [clOrdId, ordId].includes(params.clOrdId ?? params.ordId))
        return order ? ok([orderBody(order, core)]) : ghost ? ok([ghost]) : no(...NO_ORDER)
      }
      case 'GET /trade/order-algo': {
        const stop = pick(params, 'algo')
        return stop ? ok([algoBody(stop)]) : no(...NO_ORDER)
      }
      case 'GET /trade/orders-pending': {
        const orders = core.openOrders(assets.get(params.instId ?? '')).filter((order) => isOf(order, 'order'))
        return paged(
          orders.map((order) => orderBody(order, core)),
          'ordId',
          params,
        )
      }
      case 'GET /trade/orders-algo-pending': {
        if (params.ordType === undefined) return no('50014', 'Parameter ordType can not be empty.', 400)
        const isAsked = params.ordType.split(',').includes('conditional')
        const stops = core.openOrders(assets.get(params.instId ?? '')).filter((order) => isAsked && isOf(order, 'algo'))
        return paged(stops.map(algoBody), 'algoId', params)
      }
      case 'GET /trade/orders-algo-history': {
        const stops = core.orders().filter((order) => isOf(order, 'algo') && order.state === 'triggered')
        return paged(stops.map(algoBody), 'algoId', params)
      }
      case 'GET /trade/fills':
        return fills(params, core.now() - THREE_DAYS)
      case 'GET /trade/fills-history':
        return fills(params, 0)
      case 'POST /trade/cancel-all-after': {
        const seconds = Number(params.timeOut)
        if (seconds !== 0 && !(seconds >= 10 && seconds <= 120)) return no('51000', 'Parameter timeOut error', 400)
        const [tag, at] = [params.tag ?? '', seconds === 0 ? 0 : core.now() + seconds * 1000]
        if (seconds === 0) countdowns.delete(tag)
        else countdowns.set(tag, at)
        return ok([{ triggerTime: String(at), tag, ts: String(core.now()) }])
      }
      default:
        return undefined
    }
  }

  return {
    name: 'OKX',
    kindOf({ method, path }) {
      if (isOpenTo(path) || path.endsWith('/account/config')) return 'free'
      if (/\/trade\/cancel-(order|algos)$/.test(path)) return 'cancel'
      return method === 'POST' && /\/trade\/order(-algo)?$/.test(path) ? 'submit' : 'question'
    },
    answer,
    orderIdOf: (asked) => pick(paramsOf(asked), 'order')?.orderId,
    rateLimited: (status) => no('50011', 'Too Many Requests', status),
    serverError: (status) =>
      status === 503
        ? no('50001', 'Service temporarily unavailable. Please try again later.', 503)
        : { status, body: 'Bad gateway' },
    connect: ({ path }) => /^\/ws\/v5\/(private|business)$/.test(path),
    hear: (socket, text) => hearOkx(socket, text, { keys, now: core.now(), sockets }),
    tell(event, socket) {
      const [channel, data] = tellOkx(event, core)
      return channelsOf(socket).has(channel) ? [pushed(channel, data)] : []
    },
  }
}

type Params = Readonly<Record<string, string | undefined>>

/** Those that cancel conditional orders come as a list of one. */
const paramsOf = ({ query, body }: Asked): Params => ({
  ...query,
  ...((Array.isArray(body) ? body[0] : body) as Record<string, string>),
})
const isOpenTo = (path: string): boolean => /^\/api\/v5\/(public|system|market)\//.test(path)

/** In the futures mode (level 2) the margin is told of each currency, in the others of the whole account. */
function balanceBody(core: ExchangeCore, level: string): unknown {
  const { equity, initialMargin, maintenanceMargin } = core.account()
  const text = (value: number): string => value.toFixed(8)
  const margin = { imr: text(initialMargin), mmr: text(maintenanceMargin) }
  const isFutures = level === '2'
  return {
    adjEq: isFutures ? '' : text(equity),
    ...(isFutures ? { imr: '', mmr: '' } : margin),
    totalEq: text(equity),
    details: [{ ccy: 'USDT', eq: text(equity), eqUsd: text(equity), ...(isFutures ? margin : { imr: '', mmr: '' }) }],
    uTime: String(core.now()),
  }
}
