import { createAnnouncements } from './announcements.ts'
import { judgeBybit } from './bybit-judge.ts'
import { toRawFill, toRawOrder, toSide } from './bybit-shapes.ts'
import { signBybit, within } from './bybit-signing.ts'
import { confirmsBybit, readBybit } from './bybit-stream.ts'
import { outcomeOfCancel } from './cancel-taken.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, RawOrder, Session, TradingExchange, WireRef } from './exchange.ts'
import { RequestFailure, UnreadableError } from './failures.ts'
import { plainIds } from './ids.ts'
import { decimalText, field, idText, instant, list, optionalDecimal } from './readings.ts'
import { call } from './trading-client.ts'

/** USDT-settled contracts. */
const LINEAR = { category: 'linear' } as const
/** The longest stretch of time that executions are listed for. */
const WINDOW_MS = 7 * 24 * 3_600_000
/** Of the service of contracts, in announcements; and the practice exchange, which is not ours. */
const CONTRACTS = 1
const DEMO = 2
/** Unified accounts of the first and the second generation, and their kinds for professionals. */
const UNIFIED = new Set(['3', '4', '5', '6'])

/**
 * Bybit's linear perpetuals on a unified account: contracts are coins; conditional orders are orders like the others, under one
 * id before and after they are triggered. It takes an order or a cancel first and reads it afterwards. Cross margin and one-way
 * position mode are required.
 *
 * @see https://bybit-exchange.github.io/docs/v5/intro
 */
export function createBybit({ fillsPerPage = 100 }: { readonly fillsPerPage?: number } = {}): TradingExchange {
  const announced = createAnnouncements(async ({ client }) => {
    const events = resultList(await call(client, 'publicGetV5SystemStatus'), 'announcements')
    const stopped = events.find(
      (event) =>
        field(event, 'state') === 'ongoing' &&
        list(field(event, 'product'), 'products').map(Number).includes(CONTRACTS) &&
        Number(field(event, 'env')) !== DEMO,
    )
    return stopped === undefined ? undefined : `MAINTENANCE ${field(stopped, 'title')}`
  })

  /** Page after page, newest first, as Bybit lists everything. */
  async function pages(
    { client }: Session,
    method: string,
    { limit, ...asked }: { readonly limit: number } & Readonly<Record<string, unknown>>,
  ): Promise<readonly unknown[]> {
    const all: unknown[] = []
    let cursor: unknown
    do {
      const answer = await call(client, method, { ...LINEAR, ...asked, limit, ...(cursor ? { cursor } : {}) })
      const page = resultList(answer, 'rows')
      all.push(...page)
      cursor = page.length < limit ? undefined : field(field(answer, 'result'), 'nextPageCursor')
    } while (cursor)
    return all
  }

  async function executions(
    session: Session,
    market: ContractMarket,
    asked: Readonly<Record<string, unknown>>,
  ): Promise<readonly RawFill[]> {
    const rows = await pages(session, 'privateGetV5ExecutionList', {
      ...asked,
      symbol: market.marketId,
      limit: fillsPerPage,
    })
    // Rows of one millisecond are in no fixed order, so that a row may stand on two pages.
    const once = new Map(rows.map((row) => [idText(field(row, 'execId'), 'execution id'), row]))
    return [...once.values()].flatMap((row) => toRawFill(row, market) ?? []).reverse()
  }

  /** The open ones and the latest that ended; what is older, or was before the venue's last restart, is in the history. */
  async function find(session: Session, { market, clientId }: WireRef): Promise<RawOrder | undefined> {
    const asked = { ...LINEAR, symbol: market.marketId, orderLinkId: clientId }
    for (const method of ['privateGetV5OrderRealtime', 'privateGetV5OrderHistory']) {
      const orders = resultList(await call(session.client, method, asked), 'orders')
      // Newest first: an id that was used again names the latest.
      const newest = orders.find((order) => field(order, 'symbol') === market.marketId)
      if (newest !== undefined) return toRawOrder(newest, market)
    }
    return undefined
  }

  async function positionRows(session: Session): Promise<readonly unknown[]> {
    const rows = await pages(session, 'privateGetV5PositionList', { settleCoin: 'USDT', limit: 200 })
    const hedged = rows.find((row) => Number(field(row, 'positionIdx')) !== 0)
    if (hedged === undefined) return rows
    throw new RangeError(`Expected the one-way position mode at Bybit, was hedge mode of ${field(hedged, 'symbol')}`)
  }

  const exchange: TradingExchange = {
    venueId: 'bybit',
    module: 'bybit',
    options: {
      fetchMarkets: { types: ['linear'] },
      // Asked for by ourselves in `prepare`; ccxt would ask before each stream.
      enableUnifiedMargin: false,
      enableUnifiedAccount: true,
    },
    capabilities: {
      reduceOnly: true,
      postOnly: true,
      findsByClientOrderId: true,
      namesClientOrderId: true,
      listsFills: true,
      refusesLateRequests: true,
      protectiveStops: true,
      // Its protection starts when a WebSocket is cut and a manager of the venue has enabled it: a process that hangs with its
      // socket open is never cleared away.
      countdownCancel: 'none',
      tellsKeyRights: true,
      tellsLiquidationPrice: true,
      pushesOrders: true,
    },
    limits: {
      ...{ weight: 550, weightWindowMs: 5_000, orders: 9, ordersWindowMs: 1_000 },
      weights: { find: 2, status: 2 },
    },
    ids: plainIds,
    symbolOf: (asset) => `${asset}/USDT:USDT`,

    async prepare(session) {
      signBybit(session)
      const info = field(await call(session.client, 'privateGetV5AccountInfo'), 'result')
      const [kind, mode] = [String(field(info, 'unifiedMarginStatus')), String(field(info, 'marginMode'))]
      if (!UNIFIED.has(kind))
        throw new RangeError(`Expected a unified account at Bybit, was unifiedMarginStatus ${kind}`)
      if (mode === 'ISOLATED_MARGIN') throw new RangeError('Expected cross margin at Bybit, was isolated margin')
      await positionRows(session)
    },
    async serverTime(client) {
      return instant(field(await call(client, 'publicGetV5MarketTime'), 'time'), 'server time')
    },

    async submit({ client }, order) {
      const answer = await call(client, 'privatePostV5OrderCreate', {
        ...LINEAR,
        symbol: order.market.marketId,
        side: toSide(order.side),
        orderType: 'Limit',
        qty: order.contracts,
        price: order.limitPrice,
        timeInForce: order.postOnly ? 'PostOnly' : order.timeInForce === 'ioc' ? 'IOC' : 'GTC',
        ...(order.reduceOnly && { reduceOnly: true }),
        positionIdx: 0,
        orderLinkId: order.clientId,
        ...within(order.expiry),
      })
      return idText(field(field(answer, 'result'), 'orderId'), 'order id')
    },
    async submitStop({ client }, stop) {
      const answer = await call(client, 'privatePostV5OrderCreate', {
        ...LINEAR,
        symbol: stop.market.marketId,
        side: toSide(stop.side),
        orderType: 'Market',
        qty: stop.contracts,
        triggerPrice: stop.triggerPrice,
        triggerBy: 'MarkPrice',
        // 1 waits for a rise, 2 for a fall.
        triggerDirection: stop.side === 'buy' ? 1 : 2,
        reduceOnly: true,
        // Makes room for itself where the margin is not there.
        closeOnTrigger: true,
        positionIdx: 0,
        orderLinkId: stop.clientId,
        ...within(stop.expiry),
      })
      return idText(field(field(answer, 'result'), 'orderId'), 'order id')
    },
    async cancel(session, ref) {
      const { market, clientId } = ref
      await call(session.client, 'privatePostV5OrderCancel', {
        ...LINEAR,
        symbol: market.marketId,
        orderLinkId: clientId,
      })
      if ((await outcomeOfCancel(() => find(session, ref))) === 'ended-otherwise') throw ended()
    },

    find,
    async openOrders(session, market) {
      const rows = await pages(session, 'privateGetV5OrderRealtime', { symbol: market.marketId, limit: 50 })
      return rows.map((row) => toRawOrder(row, market))
    },
    fills: (session, { market, clientId, venueOrderId }) =>
      executions(session, market, venueOrderId === undefined ? { orderLinkId: clientId } : { orderId: venueOrderId }),
    async fillsSince(session, market, since) {
      const all: RawFill[] = []
      for (let startTime = since; startTime <= session.venueNow(); startTime += WINDOW_MS) {
        all.push(...(await executions(session, market, { startTime, endTime: startTime + WINDOW_MS - 1 })))
      }
      return all
    },

    async positions(session) {
      return (await positionRows(session)).flatMap((row) => {
        const size = decimalText(field(row, 'size') || '0', 'size of a position')
        const market = session.knownMarket(String(field(row, 'symbol')))
        if (Number(size) === 0 || !market) return []
        return {
          market,
          contracts: field(row, 'side') === 'Sell' ? `-${size}` : size,
          averageEntryPrice: optionalDecimal(field(row, 'avgPrice'), 'entry price'),
          markPrice: optionalDecimal(field(row, 'markPrice'), 'mark price'),
          liquidationPrice: optionalDecimal(field(row, 'liqPrice'), 'liquidation price'),
          leverage: optionalDecimal(field(row, 'leverage'), 'leverage'),
        }
      })
    },
    async account({ client }) {
      const answer = await call(client, 'privateGetV5AccountWalletBalance', { accountType: 'UNIFIED' })
      const [account] = resultList(answer, 'accounts')
      return {
        // What stands against liquidation: coins that are no collateral are not in it.
        equity: decimalText(field(account, 'totalMarginBalance'), 'margin balance'),
        initialMargin: decimalText(field(account, 'totalInitialMargin'), 'initial margin'),
        maintenanceMargin: decimalText(field(account, 'totalMaintenanceMargin'), 'maintenance margin'),
      }
    },
    async status(session, { marketId }) {
      const asked = { ...LINEAR, symbol: marketId }
      const answer = await call(session.client, 'publicGetV5MarketInstrumentsInfo', asked)
      const status = field(resultList(answer, 'instruments')[0], 'status')
      if (status !== 'Trading') return { kind: 'halted', reason: `status=${status ?? 'DELISTED'}` }
      const reason = await announced(session)
      return reason === undefined ? { kind: 'trading' } : { kind: 'halted', reason }
    },
    async keyRights({ client }) {
      const key = field(await call(client, 'privateGetV5UserQueryApi'), 'result')
      const permits = (group: string, right: string): boolean =>
        list(field(field(key, 'permissions'), group) ?? [], 'permissions').includes(right)
      const addresses = list(field(key, 'ips') ?? [], 'addresses')
      return {
        canTrade:
          Number(field(key, 'readOnly')) === 0 &&
          (permits('ContractTrade', 'Order') || permits('Derivatives', 'DerivativesTrade')),
        canWithdraw: permits('Wallet', 'Withdraw'),
        boundToAddresses: addresses.length > 0 && !addresses.includes('*'),
      }
    },
    async priceOf({ client }, currency) {
      const answer = await call(client, 'publicGetV5MarketTickers', { ...LINEAR, symbol: `${currency}USDT` })
      return Number(decimalText(field(resultList(answer, 'tickers')[0], 'markPrice'), `price of ${currency}`))
    },

    listen: ({ client }) => [() => client.watchOrders(), () => client.watchMyTrades()],
    confirmations: 2,
    confirms: confirmsBybit,
    read: readBybit,
    judge: judgeBybit,
  }
  return exchange
}

/** @throws {UnreadableError} when the answer has no list */
function resultList(answer: unknown, what: string): readonly unknown[] {
  const result = field(answer, 'result')
  if (result === undefined) throw new UnreadableError(`Expected a result with ${what}, was none`)
  return list(field(result, 'list'), what)
}

/** As if Bybit had said so at once: it took the cancel, and the order had ended. */
const ended = (): RequestFailure =>
  new RequestFailure('answered', 'order had ended before it was cancelled', {
    answer: {
      status: 200,
      body: { retCode: 110001, retMsg: 'order had ended before it was cancelled' },
      text: '',
      headers: {},
      errorName: 'OrderNotFound',
    },
  })

/** Bybit as it is. */
export const bybit: TradingExchange = createBybit()
