import { createHmac, timingSafeEqual } from 'node:crypto'
import { tellBinance } from './binance-push.ts'
import { algoBody, exchangeInfo, orderBody, positionBody, symbolOf, tradeBody } from './binance-shapes.ts'
import type { CoreFill, CoreOrder, ExchangeCore, RefusalCode } from './core.ts'
import type { Asked, Reply, VenueFormat } from './server.ts'

export const BINANCE_KEYS = { apiKey: 'loopback-key', secret: 'loopback-secret' } as const

export interface BinanceSettings {
  readonly core: ExchangeCore
  readonly keys?: { readonly apiKey: string; readonly secret: string }
  readonly keyRights?: { readonly canTrade: boolean; readonly canWithdraw: boolean; readonly boundToAddresses: boolean }
  readonly hedgeMode?: boolean
  /** USD per BNB where fees are paid in it. */
  readonly bnbPrice?: number
}

const failure = (code: number, msg: string, status = 400): Reply => ({ status, body: { code, msg } })

const REFUSALS: Readonly<Record<RefusalCode, Reply>> = {
  'unknown-instrument': failure(-1121, 'Invalid symbol.'),
  halted: failure(-4142, 'Symbol is not in trading status.'),
  'no-price': failure(-2020, 'Unable to fill.'),
  'off-lot': failure(-1111, 'Precision is over the maximum defined for this asset.'),
  'off-tick': failure(-4014, 'Price not increased by tick size.'),
  'below-min-notional': failure(-4164, "Order's notional must be no smaller than 5 (unless you choose reduce only)."),
  'insufficient-margin': failure(-2019, 'Margin is insufficient.'),
  'would-take': failure(
    -5022,
    'Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be recorded in the order history',
  ),
  'reduce-only': failure(-2022, 'ReduceOnly Order is rejected.'),
  'duplicate-id': failure(-4116, 'ClientOrderId is duplicated.'),
  'would-trigger': failure(-2021, 'Order would immediately trigger.'),
}
const NOT_SENT = failure(-2011, 'Unknown order sent.')
const NO_ORDER = failure(-2013, 'Order does not exist.')
const STOPS_ELSEWHERE = failure(
  -4120,
  'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.',
)
const MAX_RECV_WINDOW = 60_000
const DEFAULT_RECV_WINDOW = 5_000
const AHEAD = 1_000
const WEEK = 7 * 24 * 3_600_000

/** What needs no signature. */
const OPEN = /^\/fapi\/v1\/(exchangeInfo|time|ping|premiumIndex|listenKey)$/

/** Binance USDⓈ-M over HTTP: its paths, its bodies, its codes, its signatures and its receive window. */
export function createBinanceFormat(settings: BinanceSettings): VenueFormat {
  const { core, keys = BINANCE_KEYS, hedgeMode = false, bnbPrice } = settings
  const rights = settings.keyRights ?? { canTrade: true, canWithdraw: false, boundToAddresses: true }
  const listenKey = 'pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1'
  const assets = new Map(core.instruments.map(({ asset }) => [symbolOf(asset), asset]))

  function refusal(asked: Asked): Reply | undefined {
    if (asked.headers['x-mbx-apikey'] !== keys.apiKey) return failure(-2014, 'API-key format invalid.', 401)
    const signed = [asked.search, asked.text].filter((part) => part !== '').join('')
    const payload = signed.replace(/&?signature=[0-9a-f]+/, '')
    const expected = createHmac('sha256', keys.secret).update(payload).digest()
    const given = Buffer.from(params(asked).signature ?? '', 'hex')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return failure(-1022, 'Signature for this request is not valid.')
    }
    const { timestamp, recvWindow } = params(asked)
    const [at, window] = [Number(timestamp), Number(recvWindow ?? DEFAULT_RECV_WINDOW)]
    if (!(window > 0 && window <= MAX_RECV_WINDOW)) return failure(-1131, 'recvWindow must be less than 60000.')
    if (at > core.now() + AHEAD)
      return failure(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if (core.now() - at > window) return failure(-1021, 'Timestamp for this request is outside of the recvWindow.')
    return undefined
  }

  /** By the client's id or the exchange's own; stops apart from the rest, as they are kept apart. */
  function pick(asked: Asked, kind: 'order' | 'stop'): CoreOrder | undefined {
    const { orderId, origClientOrderId, algoId, clientAlgoId } = params(asked)
    const [id, clientId] = kind === 'stop' ? [algoId, clientAlgoId] : [orderId, origClientOrderId]
    const named = id === undefined ? core.orderByClientId(clientId ?? '') : core.order(Number(id))
    if (named === undefined || isOf(named, kind)) return named
    // What a stop became goes by its id.
    return named.childId === undefined ? undefined : core.order(named.childId)
  }

  function cancel(asked: Asked, kind: 'order' | 'stop'): Reply {
    const order = pick(asked, kind)
    if (!order || !core.cancel(order.orderId)) return NOT_SENT
    return kind === 'stop'
      ? { body: { algoId: order.orderId, clientAlgoId: order.clientId, code: '200', msg: 'success' } }
      : { body: orderBody(order) }
  }

  function submit(asked: Asked): Reply {
    const { symbol, side, type, quantity, price, timeInForce, reduceOnly, newClientOrderId } = params(asked)
    if (type !== 'LIMIT' && type !== 'MARKET') return STOPS_ELSEWHERE
    if (!/^[.A-Z:/a-z0-9_-]{1,36}$/.test(newClientOrderId ?? '')) return failure(-4015, 'Client order id is not valid.')
    const outcome = core.submit({
      clientId: newClientOrderId,
      asset: assets.get(symbol ?? '') ?? '',
      side: side === 'BUY' ? 'buy' : 'sell',
      quantity: quantity ?? '',
      limitPrice: type === 'LIMIT' ? (price ?? '') : undefined,
      timeInForce: timeInForce === 'IOC' ? 'ioc' : 'gtc',
      postOnly: timeInForce === 'GTX',
      reduceOnly: reduceOnly === 'true',
    })
    if (outcome.kind === 'refused') return REFUSALS[outcome.code]
    // An acknowledgement, made before anything was matched.
    return { body: { ...orderBody(outcome.order), status: 'NEW', executedQty: '0', cumQuote: '0', avgPrice: '0.00' } }
  }

  function submitStop(asked: Asked): Reply {
    const { algoType, type, workingType, symbol, side, quantity, triggerPrice, clientAlgoId, reduceOnly } =
      params(asked)
    if (algoType !== 'CONDITIONAL' || type !== 'STOP_MARKET' || workingType !== 'MARK_PRICE' || reduceOnly !== 'true') {
      return failure(-1102, 'Mandatory parameter was not sent, was empty/null, or malformed.')
    }
    const outcome = core.submitStop({
      clientId: clientAlgoId,
      asset: assets.get(symbol ?? '') ?? '',
      side: side === 'BUY' ? 'buy' : 'sell',
      quantity: quantity ?? '',
      triggerPrice: triggerPrice ?? '',
    })
    return outcome.kind === 'refused' ? REFUSALS[outcome.code] : { body: algoBody(outcome.order, core) }
  }

  function trades(asked: Asked): Reply {
    const { symbol, orderId, startTime, endTime, fromId, limit = '500' } = params(asked)
    if (fromId !== undefined && startTime !== undefined)
      return failure(-1128, 'Combination of optional parameters invalid.')
    if (startTime !== undefined && endTime !== undefined && Number(endTime) - Number(startTime) > WEEK) {
      return failure(-4166, 'Search window is restricted to recent 7 days only.')
    }
    const wanted = (fill: CoreFill): boolean =>
      symbolOf(fill.asset) === symbol &&
      (orderId === undefined || fill.orderId === Number(orderId)) &&
      (fromId === undefined || fill.tradeId >= Number(fromId)) &&
      (startTime === undefined || fill.at >= Number(startTime)) &&
      (endTime === undefined || fill.at <= Number(endTime))
    return {
      body: core
        .fills()
        .filter(wanted)
        .slice(0, Number(limit))
        .map((fill) => tradeBody(fill, bnbPrice)),
    }
  }

  function allOrders(asked: Asked): Reply {
    const { symbol, orderId = '0', limit = '500' } = params(asked)
    const wanted = core
      .orders()
      .filter((order) => isOf(order, 'order') && symbolOf(order.asset) === symbol && order.orderId >= Number(orderId))
    return { body: wanted.slice(0, Number(limit)).map(orderBody) }
  }

  function open(asked: Asked, kind: 'order' | 'stop'): Reply {
    const orders = core.openOrders(assets.get(params(asked).symbol ?? '')).filter((order) => isOf(order, kind))
    return { body: orders.map((order) => (kind === 'stop' ? algoBody(order, core) : orderBody(order))) }
  }

  function answer(asked: Asked): Reply | undefined {
    const { symbol, countdownTime } = params(asked)
    const { path } = asked
    if (!OPEN.test(path)) {
      const refused = refusal(asked)
      if (refused) return refused
    }
    switch (`${asked.method} ${path}`) {
      case 'GET /fapi/v1/time':
        return { body: { serverTime: core.now() } }
      case 'GET /fapi/v1/exchangeInfo':
        return { body: exchangeInfo(core) }
      case 'GET /fapi/v1/premiumIndex':
        return {
          body: {
            symbol,
            markPrice: String(symbol === 'BNBUSDT' ? bnbPrice : core.mark(assets.get(symbol ?? '') ?? '')),
            time: core.now(),
          },
        }
      case 'GET /fapi/v1/positionSide/dual':
        return { body: { dualSidePosition: hedgeMode } }
      case 'POST /fapi/v1/order':
        return submit(asked)
      case 'DELETE /fapi/v1/order':
        return cancel(asked, 'order')
      case 'GET /fapi/v1/order': {
        const order = pick(asked, 'order')
        return order ? { body: orderBody(order) } : NO_ORDER
      }
      case 'GET /fapi/v1/openOrders':
        return open(asked, 'order')
      case 'GET /fapi/v1/allOrders':
        return allOrders(asked)
      case 'GET /fapi/v1/userTrades':
        return trades(asked)
      case 'POST /fapi/v1/algoOrder':
        return submitStop(asked)
      case 'DELETE /fapi/v1/algoOrder':
        return cancel(asked, 'stop')
      case 'GET /fapi/v1/algoOrder': {
        const stop = pick(asked, 'stop')
        return stop ? { body: algoBody(stop, core) } : NO_ORDER
      }
      case 'GET /fapi/v1/openAlgoOrders':
        return open(asked, 'stop')
      case 'GET /fapi/v3/positionRisk':
        return { body: core.positions().map((position) => positionBody(position, core.now())) }
      case 'GET /fapi/v2/account':
        return { body: { ...accountBody(core), canTrade: rights.canTrade, canDeposit: true, canWithdraw: true } }
      case 'GET /fapi/v3/account':
        return { body: accountBody(core) }
      case 'POST /fapi/v1/countdownCancelAll':
        core.countdown(Number(countdownTime) === 0 ? undefined : Number(countdownTime))
        return { body: { symbol, countdownTime: String(countdownTime) } }
      case 'GET /sapi/v1/account/apiRestrictions':
        return {
          body: {
            ...{ ipRestrict: rights.boundToAddresses, createTime: 1698645219000, enableReading: true },
            ...{ enableFutures: rights.canTrade, enableWithdrawals: rights.canWithdraw, enableInternalTransfer: false },
            ...{ permitsUniversalTransfer: false, enableMargin: false, enableSpotAndMarginTrading: false },
          },
        }
      case 'POST /fapi/v1/listenKey':
      case 'PUT /fapi/v1/listenKey':
        return { body: { listenKey } }
      default:
        return undefined
    }
  }

  return {
    name: 'Binance',
    kindOf({ method, path }) {
      if (OPEN.test(path) || path.endsWith('/positionSide/dual'))
        return path.endsWith('/exchangeInfo') ? 'free' : 'free'
      if (/\/(order|algoOrder)$/.test(path))
        return method === 'POST' ? 'submit' : method === 'DELETE' ? 'cancel' : 'question'
      return 'question'
    },
    answer,
    orderIdOf: (asked) => pick(asked, 'order')?.orderId,
    rateLimited: (status) => ({
      ...failure(-1003, 'Too many requests; current limit is 2400 requests per minute.', status),
      headers: { 'retry-after': '0' },
    }),
    serverError: (status) =>
      status === 503
        ? failure(
            -1007,
            'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
            503,
          )
        : { status, body: 'Internal error; unable to process your request. Please try again.' },
    connect: ({ path, query }) => path.startsWith('/private/') && query.listenKey === listenKey,
    hear: () => undefined,
    tell: (event) => tellBinance(event, { core, bnbPrice }),
  }
}

const params = (asked: Asked): Readonly<Record<string, string | undefined>> => ({
  ...asked.query,
  ...(asked.body as Record<string, string>),
})

const isOf = (order: CoreOrder, kind: 'order' | 'stop'): boolean => (order.kind === 'stop') === (kind === 'stop')

function accountBody(core: ExchangeCore): Record<string, unknown> {
  const { walletBalance, equity, initialMargin, maintenanceMargin } = core.account()
  const text = (value: number): string => value.toFixed(8)
  return {
    totalInitialMargin: text(initialMargin),
    totalMaintMargin: text(maintenanceMargin),
    totalWalletBalance: text(walletBalance),
    totalUnrealizedProfit: text(equity - walletBalance),
    totalMarginBalance: text(equity),
    totalPositionInitialMargin: text(initialMargin),
    totalOpenOrderInitialMargin: text(0),
    totalCrossWalletBalance: text(walletBalance),
    totalCrossUnPnl: text(equity - walletBalance),
    availableBalance: text(equity - initialMargin),
    maxWithdrawAmount: text(equity - initialMargin),
    assets: [],
    positions: [],
  }
}
