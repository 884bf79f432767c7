import { binanceFills, createOrderNames } from './binance-fills.ts'
import { judgeBinance } from './binance-judge.ts'
import { orderStateFrom, sideFrom, stopStateFrom, toSide } from './binance-shapes.ts'
import { readBinance } from './binance-stream.ts'
import type { ContractMarket } from './contracts.ts'
import type { Expiry, RawOrder, Session, TradingExchange, WireRef } from './exchange.ts'
import { RequestFailure, UnreadableError } from './failures.ts'
import { plainIds } from './ids.ts'
import { decimalText, field, idText, instant, list, optionalDecimal } from './readings.ts'
import { call } from './trading-client.ts'

/** The longest that Binance lets a request be valid. */
const MAX_RECV_WINDOW_MS = 60_000
/**
 * Binance USDⓈ-M: contracts are coins; conditional orders are kept by a service of their own (`algoOrder`), which places an
 * order under the same client id once they are triggered. One-way position mode is required.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures
 */
export function createBinance({ fillsPerPage = 1000 }: { readonly fillsPerPage?: number } = {}): TradingExchange {
  const names = createOrderNames()
  const { fills, fillsSince } = binanceFills({ names, fillsPerPage })

  /** Undefined where Binance says that there is none. */
  const ifAny = async (asked: Promise<unknown>): Promise<unknown> => {
    try {
      return await asked
    } catch (error) {
      if (error instanceof RequestFailure && error.answer && judgeBinance(error.answer).kind === 'not-found')
        return undefined
      throw error
    }
  }
  const regular = ({ client }: Session, { market, clientId }: WireRef) =>
    ifAny(call(client, 'fapiPrivateGetOrder', { symbol: market.marketId, origClientOrderId: clientId }))

  const exchange: TradingExchange = {
    venueId: 'binance',
    module: 'binanceusdm',
    options: {
      fetchMarkets: { types: ['linear'] },
      watchBalance: { fetchBalanceSnapshot: false, awaitBalanceSnapshot: false },
      watchPositions: { fetchPositionsSnapshot: false, awaitPositionsSnapshot: false },
    },
    capabilities: {
      reduceOnly: true,
      postOnly: true,
      findsByClientOrderId: true,
      namesClientOrderId: true,
      listsFills: true,
      refusesLateRequests: true,
      protectiveStops: true,
      countdownCancel: 'spares-stops',
      tellsKeyRights: true,
      tellsLiquidationPrice: true,
      pushesOrders: true,
    },
    limits: {
      ...{ weight: 2_200, weightWindowMs: 60_000, orders: 280, ordersWindowMs: 10_000 },
      weights: { find: 2, openOrders: 2, fills: 6, fillsSince: 10, positions: 5, account: 5, countdown: 10 },
    },
    ids: plainIds,
    symbolOf: (asset) => `${asset}/USDT:USDT`,
    // ccxt refuses the old practice addresses; Binance's demo trading took their place.
    useSandbox: (client) => client.enableDemoTrading(true),

    async prepare({ client }) {
      const mode = await call(client, 'fapiPrivateGetPositionSideDual')
      if (String(field(mode, 'dualSidePosition')) !== 'false') {
        throw new RangeError('Expected the one-way position mode at Binance, was hedge mode')
      }
    },
    async serverTime(client) {
      return instant(field(await call(client, 'fapiPublicGetTime'), 'serverTime'), 'server time')
    },

    async submit({ client }, order) {
      const answer = await call(client, 'fapiPrivatePostOrder', {
        symbol: order.market.marketId,
        side: toSide(order.side),
        type: 'LIMIT',
        quantity: order.contracts,
        price: order.limitPrice,
        timeInForce: order.postOnly ? 'GTX' : order.timeInForce === 'ioc' ? 'IOC' : 'GTC',
        ...(order.reduceOnly && { reduceOnly: 'true' }),
        newClientOrderId: order.clientId,
        newOrderRespType: 'ACK',
        ...validity(order.expiry),
      })
      const orderId = idText(field(answer, 'orderId'), 'order id')
      names.set(orderId, order.clientId)
      return orderId
    },
    async submitStop({ client }, stop) {
      const answer = await call(client, 'fapiPrivatePostAlgoOrder', {
        algoType: 'CONDITIONAL',
        symbol: stop.market.marketId,
        side: toSide(stop.side),
        type: 'STOP_MARKET',
        quantity: stop.contracts,
        triggerPrice: stop.triggerPrice,
        workingType: 'MARK_PRICE',
        reduceOnly: 'true',
        clientAlgoId: stop.clientId,
        ...validity(stop.expiry),
      })
      return idText(field(answer, 'algoId'), 'algo id')
    },
    async cancel({ client }, { market, clientId }) {
      const symbol = market.marketId
      const known = await ifAny(call(client, 'fapiPrivateDeleteOrder', { symbol, origClientOrderId: clientId }))
      // Undefined is what `ifAny` gives for "no such order": it may be one of the other service.
      if (known === undefined) await call(client, 'fapiPrivateDeleteAlgoOrder', { symbol, clientAlgoId: clientId })
    },

    async find(session, ref) {
      const order = await regular(session, ref)
      if (order !== undefined) return toRawOrder(order, ref.market)
      const algo = await ifAny(call(session.client, 'fapiPrivateGetAlgoOrder', { clientAlgoId: ref.clientId }))
      if (algo === undefined) return undefined
      const child = await childOf(session, algo, ref.market)
      return toRawStop(algo, ref.market, child)
    },
    async openOrders({ client }, market) {
      const symbol = market.marketId
      const [orders, algos] = await Promise.all([
        call(client, 'fapiPrivateGetOpenOrders', { symbol }),
        call(client, 'fapiPrivateGetOpenAlgoOrders', { symbol }),
      ])
      return [
        ...list(orders, 'open orders').map((order) => toRawOrder(order, market)),
        ...list(algos, 'open algo orders').map((algo) => toRawStop(algo, market)),
      ]
    },
    async fills(session, ref) {
      const order = await regular(session, ref)
      if (order !== undefined) return fills(session, ref, idText(field(order, 'orderId'), 'order id'))
      const algo = await ifAny(call(session.client, 'fapiPrivateGetAlgoOrder', { clientAlgoId: ref.clientId }))
      const orderId = algo === undefined ? undefined : childIdOf(algo)
      return orderId === undefined ? [] : fills(session, ref, orderId)
    },
    fillsSince,

    async positions(session) {
      const rows = list(await call(session.client, 'fapiPrivateV3GetPositionRisk'), 'positions')
      return rows.flatMap((row) => {
        const contracts = decimalText(field(row, 'positionAmt'), 'position')
        const market = session.knownMarket(String(field(row, 'symbol')))
        if (Number(contracts) === 0 || !market) return []
        const margin = Number(field(row, 'positionInitialMargin'))
        const leverage = Math.abs(Number(field(row, 'notional'))) / margin
        return {
          market,
          contracts,
          averageEntryPrice: optionalDecimal(field(row, 'entryPrice'), 'entry price'),
          markPrice: optionalDecimal(field(row, 'markPrice'), 'mark price'),
          liquidationPrice: optionalDecimal(field(row, 'liquidationPrice'), 'liquidation price'),
          leverage: Number.isFinite(leverage) ? leverage.toFixed(1) : undefined,
        }
      })
    },
    async account({ client }) {
      const account = await call(client, 'fapiPrivateV3GetAccount')
      return {
        equity: decimalText(field(account, 'totalMarginBalance'), 'margin balance'),
        initialMargin: decimalText(field(account, 'totalInitialMargin'), 'initial margin'),
        maintenanceMargin: decimalText(field(account, 'totalMaintMargin'), 'maintenance margin'),
      }
    },
    async status({ client }, market) {
      const info = await call(client, 'fapiPublicGetExchangeInfo')
      const symbols = list(field(info, 'symbols'), 'symbols')
      const status = field(
        symbols.find((each) => field(each, 'symbol') === market.marketId),
        'status',
      )
      return status === 'TRADING' ? { kind: 'trading' } : { kind: 'halted', reason: `status=${status ?? 'DELISTED'}` }
    },
    async keyRights({ client }) {
      // The practice exchange has no such question; there the account says whether it may trade.
      if (field(client.urls.api, 'sapi') === undefined) {
        return { canTrade: field(await call(client, 'fapiPrivateV2GetAccount'), 'canTrade') === true }
      }
      const rights = await call(client, 'sapiGetAccountApiRestrictions')
      return {
        canTrade: flag(rights, 'enableFutures'),
        canWithdraw: flag(rights, 'enableWithdrawals'),
        boundToAddresses: flag(rights, 'ipRestrict'),
      }
    },
    async countdown({ client, markets }, ttlMs) {
      await Promise.all(
        markets().map(({ marketId }) =>
          call(client, 'fapiPrivatePostCountdownCancelAll', { symbol: marketId, countdownTime: ttlMs ?? 0 }),
        ),
      )
    },
    async priceOf({ client }, currency) {
      const index = await call(client, 'fapiPublicGetPremiumIndex', { symbol: `${currency}USDT` })
      return Number(decimalText(field(index, 'markPrice'), `price of ${currency}`))
    },

    forget: ({ client }) => {
      // ccxt would go on with a listen key that may have expired meanwhile.
      client.options.future = { ...(client.options.future as object), listenKey: undefined, lastAuthenticatedTime: 0 }
    },
    listen: ({ client }) => [() => client.watchOrders()],
    read: (session, message) => readBinance(session, message, names),
    judge: judgeBinance,
  }
  return exchange
}

/** The instant of signing and for how long from then on the venue may take it. */
const validity = ({ signedAt, validUntil }: Expiry) => ({
  timestamp: signedAt,
  recvWindow: Math.max(1, Math.min(MAX_RECV_WINDOW_MS, validUntil - signedAt)),
})

/** Of the order that a triggered stop became. */
function childIdOf(algo: unknown): string | undefined {
  const id = field(algo, 'actualOrderId')
  return id === undefined || id === null || id === '' || id === 0 ? undefined : String(id)
}

async function childOf({ client }: Session, algo: unknown, market: ContractMarket): Promise<RawOrder | undefined> {
  const orderId = childIdOf(algo)
  if (orderId === undefined) return undefined
  return toRawOrder(await call(client, 'fapiPrivateGetOrder', { symbol: market.marketId, orderId }), market)
}

function toRawOrder(order: unknown, market: ContractMarket): RawOrder {
  return {
    market,
    clientId: String(field(order, 'clientOrderId') ?? ''),
    venueOrderId: idText(field(order, 'orderId'), 'order id'),
    // We send limits and stops; an order at the market under an id of ours is a stop that was triggered.
    kind: field(order, 'type') === 'LIMIT' ? 'limit' : 'stop',
    side: sideFrom(field(order, 'side')),
    contracts: decimalText(field(order, 'origQty'), 'quantity'),
    state: orderStateFrom(field(order, 'status')),
    filledContracts: decimalText(field(order, 'executedQty'), 'filled quantity'),
    averagePrice: optionalDecimal(field(order, 'avgPrice'), 'average price'),
  }
}

function toRawStop(algo: unknown, market: ContractMarket, child?: RawOrder): RawOrder {
  const state = stopStateFrom(field(algo, 'algoStatus'))
  return {
    market,
    clientId: String(field(algo, 'clientAlgoId') ?? ''),
    venueOrderId: idText(field(algo, 'algoId'), 'algo id'),
    kind: 'stop',
    side: sideFrom(field(algo, 'side')),
    contracts: decimalText(field(algo, 'quantity'), 'quantity'),
    state: child?.state ?? (state === 'as-its-order' ? 'expired' : state),
    filledContracts: child?.filledContracts ?? '0',
    averagePrice: child?.averagePrice,
  }
}

function flag(value: unknown, name: string): boolean {
  const found = field(value, name)
  if (typeof found === 'boolean') return found
  throw new UnreadableError(`Expected ${name} to be true or false, was ${found}`)
}

/** Binance USDⓈ-M as it is. */
export const binance: TradingExchange = createBinance()
