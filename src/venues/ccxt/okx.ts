import { createAnnouncements } from './announcements.ts'
import { createOrderNames } from './binance-fills.ts'
import { outcomeOfCancel } from './cancel-taken.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawOrder, RawPosition, Session, TradingExchange, WireRef } from './exchange.ts'
import { RequestFailure, UnreadableError } from './failures.ts'
import { plainIds } from './ids.ts'
import { okxFills } from './okx-fills.ts'
import { codeOf, judgeOkx } from './okx-judge.ts'
import { childIdOf, toRawOrder, toRawStop } from './okx-shapes.ts'
import { signOkx } from './okx-signing.ts'
import { confirmsOkx, readOkx } from './okx-stream.ts'
import { decimalText, field, idText, instant, list, optionalDecimal } from './readings.ts'
import { call, type TradingClient } from './trading-client.ts'

const PER_PAGE = 100
/** Kinds of conditional orders that rest; what icebergs and the like place is among the orders. */
const RESTING_KINDS = ['conditional,oco', 'trigger', 'move_order_stop'] as const
/** Services whose maintenance keeps us from trading: trading for all, for some accounts, for some products. */
const TRADING_SERVICES = new Set(['5', '8', '9'])
/** Futures, multi-currency margin, portfolio margin; the first, spot, has no perpetuals. */
const ACCOUNT_LEVELS = new Set(['2', '3', '4'])
const FORGETS_AFTER_MS = 2 * 3_600_000
/** Seconds. */
const SHORTEST_COUNTDOWN = 10
const LONGEST_COUNTDOWN = 120
/** On what we send and may leave resting, so that the countdown takes away that, and neither stops nor other hands' orders. */
const TAG = 'breakwater'

/**
 * OKX's USDT-margined swaps, in contracts of 0.01 BTC, 0.1 ETH and so on. Conditional orders are kept by a service of their own
 * and place an order under an id of the venue's once they are triggered. Cross margin is traded on; the net position mode is
 * required.
 *
 * @see https://www.okx.com/docs-v5/en/
 */
export function createOkx({ fillsPerPage = 100 }: { readonly fillsPerPage?: number } = {}): TradingExchange {
  const names = createOrderNames()
  const { fillsOf, fillsSince } = okxFills({ names, fillsPerPage })
  const announced = createAnnouncements(async ({ client }) => {
    const env = client.options.sandboxMode === true ? '2' : '1'
    const events = rowsOf(await call(client, 'publicGetSystemStatus'), 'announcements')
    const stopped = events.find(
      (event) =>
        ['ongoing', 'pre_open'].includes(String(field(event, 'state'))) &&
        TRADING_SERVICES.has(String(field(event, 'serviceType'))) &&
        String(field(event, 'env') || env) === env,
    )
    return stopped === undefined ? undefined : `MAINTENANCE ${field(stopped, 'title')}`
  })

  const regular = ({ client }: Session, { market, clientId }: WireRef) =>
    ifAny(call(client, 'privateGetTradeOrder', { instId: market.marketId, clOrdId: clientId }))
  const algo = ({ client }: Session, { clientId }: WireRef) =>
    ifAny(call(client, 'privateGetTradeOrderAlgo', { algoClOrdId: clientId }))

  async function find(session: Session, ref: WireRef): Promise<RawOrder | undefined> {
    const order = await regular(session, ref)
    if (order !== undefined) return toRawOrder(order, ref.market)
    const stop = await algo(session, ref)
    return stop === undefined ? undefined : stopWithChild(session, stop, ref.market)
  }

  /** Page after page, newest first. */
  async function pages(
    client: TradingClient,
    method: string,
    { id, ...asked }: { readonly id: 'ordId' | 'algoId' } & Readonly<Record<string, unknown>>,
  ): Promise<readonly unknown[]> {
    const all: unknown[] = []
    for (let after: string | undefined; ; ) {
      const params = { ...asked, limit: PER_PAGE, ...(after !== undefined && { after }) }
      const page = rowsOf(await call(client, method, params), 'orders')
      all.push(...page)
      if (page.length < PER_PAGE) return all
      after = idText(field(page.at(-1), id), 'id')
    }
  }

  const exchange: TradingExchange = {
    venueId: 'okx',
    module: 'okx',
    options: { fetchMarkets: { types: ['swap'] }, watchOrders: { type: 'swap' } },
    capabilities: {
      reduceOnly: true,
      postOnly: true,
      findsByClientOrderId: true,
      namesClientOrderId: true,
      listsFills: true,
      refusesLateRequests: true,
      protectiveStops: true,
      // It takes away what bears our tag, and stops bear none.
      countdownCancel: 'spares-stops',
      tellsKeyRights: true,
      tellsLiquidationPrice: true,
      pushesOrders: true,
    },
    limits: {
      ...{ weight: 55, weightWindowMs: 2_000, orders: 55, ordersWindowMs: 2_000 },
      weights: { find: 3, openOrders: 9, fills: 4, fillsSince: 6, positions: 6, account: 6, status: 3, keyRights: 12 },
    },
    ids: plainIds,
    symbolOf: (asset) => `${asset}/USDT:USDT`,

    async prepare(session) {
      signOkx(session)
      const [config] = rowsOf(await call(session.client, 'privateGetAccountConfig'), 'account configuration')
      const [level, mode] = [String(field(config, 'acctLv')), String(field(config, 'posMode'))]
      if (!ACCOUNT_LEVELS.has(level))
        throw new RangeError(`Expected an account at OKX that has swaps, was acctLv ${level}`)
      if (mode !== 'net_mode') throw new RangeError(`Expected the net position mode at OKX, was ${mode}`)
    },
    async serverTime(client) {
      return instant(field(rowsOf(await call(client, 'publicGetPublicTime'), 'time')[0], 'ts'), 'server time')
    },

    async submit({ client }, order) {
      const answer = await call(client, 'privatePostTradeOrder', {
        instId: order.market.marketId,
        tdMode: 'cross',
        side: order.side,
        ordType: order.postOnly ? 'post_only' : order.timeInForce === 'ioc' ? 'ioc' : 'limit',
        sz: order.contracts,
        px: order.limitPrice,
        ...(order.reduceOnly && { reduceOnly: true }),
        clOrdId: order.clientId,
        tag: TAG,
        expTime: order.expiry.validUntil,
      })
      const orderId = idText(field(done(answer), 'ordId'), 'order id')
      names.set(orderId, order.clientId)
      return orderId
    },
    async submitStop({ client }, stop) {
      // Not a `trigger` order: those know no `reduceOnly`.
      const answer = await call(client, 'privatePostTradeOrderAlgo', {
        instId: stop.market.marketId,
        tdMode: 'cross',
        side: stop.side,
        ordType: 'conditional',
        sz: stop.contracts,
        slTriggerPx: stop.triggerPrice,
        slTriggerPxType: 'mark',
        // At the market.
        slOrdPx: '-1',
        reduceOnly: true,
        algoClOrdId: stop.clientId,
        expTime: stop.expiry.validUntil,
      })
      return idText(field(done(answer), 'algoId'), 'algo id')
    },
    async cancel(session, ref) {
      const { client } = session
      const { clientId } = ref
      const instId = ref.market.marketId
      const known = await ifAny(call(client, 'privatePostTradeCancelOrder', { instId, clOrdId: clientId }))
      // It may be one of the other service, which takes a list.
      if (known === undefined)
        done(await call(client, 'privatePostTradeCancelAlgos', listOf({ instId, algoClOrdId: clientId })))
      if ((await outcomeOfCancel(() => find(session, ref))) === 'ended-otherwise') throw failure('51400', ENDED)
    },

    find,
    async openOrders({ client }, market) {
      const asked = { instType: 'SWAP', instId: market.marketId }
      const [orders, ...algos] = await Promise.all([
        pages(client, 'privateGetTradeOrdersPending', { id: 'ordId', ...asked }),
        ...RESTING_KINDS.map((ordType) =>
          pages(client, 'privateGetTradeOrdersAlgoPending', { id: 'algoId', ...asked, ordType }),
        ),
      ])
      return [
        ...orders.map((order) => toRawOrder(order, market)),
        ...algos.flat().map((stop) => toRawStop(stop, market)),
      ]
    },
    async fills(session, ref) {
      const { market, clientId } = ref
      const order = await regular(session, ref)
      const stop = order === undefined ? await algo(session, ref) : undefined
      const orderId = order === undefined ? childIdOf(stop) : idText(field(order, 'ordId'), 'order id')
      if (orderId === undefined) return []
      const createdAt = instant(field(order ?? stop, 'cTime'), 'time of an order')
      return fillsOf(session, market, { orderId, clientId, createdAt })
    },
    fillsSince,

    async positions(session) {
      const rows = rowsOf(await call(session.client, 'privateGetAccountPositions', { instType: 'SWAP' }), 'positions')
      const found = new Map<string, RawPosition>()
      for (const row of rows) {
        const contracts = decimalText(field(row, 'pos') || '0', 'position')
        const market = session.knownMarket(String(field(row, 'instId')))
        if (Number(contracts) === 0 || !market) continue
        if (field(row, 'posSide') !== 'net' || found.has(market.marketId)) {
          throw new RangeError(`Expected one position of ${market.marketId} at OKX, in cross margin, were more`)
        }
        found.set(market.marketId, toRawPosition(row, market, contracts))
      }
      return [...found.values()]
    },
    async account({ client }) {
      const [account] = rowsOf(await call(client, 'privateGetAccountBalance'), 'accounts')
      const text = (from: unknown, name: string, what: string): string => decimalText(field(from, name) || '0', what)
      // The futures mode has no margin of the whole account, only one of each currency.
      const isWhole = Boolean(field(account, 'adjEq'))
      const usdt = list(field(account, 'details') ?? [], 'currencies').find((each) => field(each, 'ccy') === 'USDT')
      const from = isWhole ? account : usdt
      return {
        equity: text(from, isWhole ? 'adjEq' : 'eq', 'equity'),
        initialMargin: text(from, 'imr', 'initial margin'),
        maintenanceMargin: text(from, 'mmr', 'maintenance margin'),
      }
    },
    async status(session, { marketId }) {
      const asked = { instType: 'SWAP', instId: marketId }
      const state = field(
        rowsOf(await call(session.client, 'publicGetPublicInstruments', asked), 'instruments')[0],
        'state',
      )
      if (state !== 'live') return { kind: 'halted', reason: `state=${state ?? 'DELISTED'}` }
      const reason = await announced(session)
      return reason === undefined ? { kind: 'trading' } : { kind: 'halted', reason }
    },
    async keyRights({ client }) {
      const [config] = rowsOf(await call(client, 'privateGetAccountConfig'), 'account configuration')
      const rights = String(field(config, 'perm') ?? '').split(',')
      return {
        canTrade: rights.includes('trade'),
        canWithdraw: rights.includes('withdraw'),
        boundToAddresses: Boolean(field(config, 'ip')),
      }
    },
    async countdown({ client }, ttlMs) {
      const seconds = Math.floor((ttlMs ?? 0) / 1000)
      if (ttlMs !== undefined && (seconds < SHORTEST_COUNTDOWN || seconds > LONGEST_COUNTDOWN)) {
        throw new RangeError(
          `Expected a countdown of ${SHORTEST_COUNTDOWN} to ${LONGEST_COUNTDOWN} seconds at OKX, was ${ttlMs} ms`,
        )
      }
      done(await call(client, 'privatePostTradeCancelAllAfter', { timeOut: String(seconds), tag: TAG }))
    },

    listen: ({ client }) => [
      () => client.watchOrders(),
      () => client.watchOrders(undefined, undefined, undefined, { trigger: true }),
    ],
    confirmations: 2,
    confirms: confirmsOkx,
    read: (session, message) => readOkx(session, message, names),
    judge: judgeOkx,
  }
  return exchange
}

const ENDED = 'Order had ended before it was cancelled.'

/** ccxt hands a list on as it is, though its methods are said to take parameters. */
const listOf = (params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  [params] as unknown as Readonly<Record<string, unknown>>

/** @throws {UnreadableError} when the answer has no rows */
const rowsOf = (answer: unknown, what: string): readonly unknown[] => list(field(answer, 'data'), what)

const failure = (code: string, message: string, body: unknown = { code, msg: message, data: [] }): RequestFailure =>
  new RequestFailure('answered', message, {
    answer: { status: 200, body, text: message, headers: {}, errorName: 'ExchangeError' },
  })

/**
 * The row of the one operation that was asked for. OKX may say of the request that it succeeded and of the operation that it did
 * not; ccxt looks no further.
 *
 * @throws {RequestFailure} when it did not succeed
 */
function done(answer: unknown): unknown {
  const { code, message = '' } = codeOf(answer)
  if (code !== undefined) throw failure(code, `${code} ${message}`, answer)
  const [row] = rowsOf(answer, 'operations')
  if (row === undefined) throw new UnreadableError('Expected what became of the operation, was nothing')
  return row
}

/** The first row, or undefined where OKX says that there is none such. */
async function ifAny(asked: Promise<unknown>): Promise<unknown> {
  try {
    return done(await asked)
  } catch (error) {
    if (error instanceof RequestFailure && error.answer && judgeOkx(error.answer).kind === 'not-found') return undefined
    throw error
  }
}

/**
 * A stop with what became of it. OKX forgets an order that was cancelled unfilled after two hours; one that it does not know
 * before has yet to be placed.
 */
async function stopWithChild(session: Session, stop: unknown, market: ContractMarket): Promise<RawOrder> {
  const ordId = childIdOf(stop)
  if (ordId === undefined) return toRawStop(stop, market)
  const child = await ifAny(call(session.client, 'privateGetTradeOrder', { instId: market.marketId, ordId }))
  if (child !== undefined) return toRawStop(stop, market, toRawOrder(child, market))
  const isForgotten = session.venueNow() - instant(field(stop, 'uTime'), 'time of a stop') > FORGETS_AFTER_MS
  return { ...toRawStop(stop, market), ...(isForgotten && { state: 'canceled' }) }
}

const toRawPosition = (row: unknown, market: ContractMarket, contracts: string): RawPosition => ({
  market,
  contracts,
  averageEntryPrice: optionalDecimal(field(row, 'avgPx'), 'entry price'),
  markPrice: optionalDecimal(field(row, 'markPx'), 'mark price'),
  liquidationPrice: optionalDecimal(field(row, 'liqPx'), 'liquidation price'),
  leverage: optionalDecimal(field(row, 'lever'), 'leverage'),
})

/** OKX as it is. */
export const okx: TradingExchange = createOkx()
