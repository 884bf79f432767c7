import { createOrderNames } from './binance-fills.ts'
import { type ContractMarket, marketFrom } from './contracts.ts'
import type { RawFill, RawOrder, Session, TradingExchange, WireOrder, WireStop } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { requireOwnBalance, rightsOf, toRawPosition } from './hyperliquid-account.ts'
import { accountOf, act, ask, askOf } from './hyperliquid-actions.ts'
import { averageOf, fillsFrom } from './hyperliquid-fills.ts'
import { judgeHyperliquid } from './hyperliquid-judge.ts'
import { known, place, statusesOf } from './hyperliquid-orders.ts'
import { cloidOf, marketOfCoin, oidOf, toRawFill, toRawOrder } from './hyperliquid-shapes.ts'
import { asSigned, priceAsSigned, tickAt, worstPrice } from './hyperliquid-steps.ts'
import { confirmsSubscription, type Remembered, readHyperliquid } from './hyperliquid-stream.ts'
import { hexIds } from './ids.ts'
import { decimalText, field, idText, instant, list } from './readings.ts'
import type { TradingClient } from './trading-client.ts'

/** How far through its trigger a stop may fill. A closing order that stops short of the market protects nothing. */
const STOP_THROUGH = 0.2

export interface HyperliquidOptions {
  readonly fillsPerPage?: number
  /**
   * Counts down by `scheduleCancel`. Off unless it is asked for: an account has it only once it has traded a million dollars, it
   * works ten times a day, and it takes protective stops along.
   */
  readonly scheduledCancel?: boolean
}

/**
 * Hyperliquid's perpetuals in USDC. Sizes are coins; our id is the `cloid`, which orders and fills name and by which an order is
 * found after its end. The wallet is the account's address, and the key that of an API wallet, which cannot withdraw.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api
 */
export function createHyperliquid({
  fillsPerPage = 2000,
  scheduledCancel = false,
}: HyperliquidOptions = {}): TradingExchange {
  const remembered: Remembered = { names: createOrderNames(), kinds: createOrderNames() }

  /** Fills of an order, by its id or by ours. */
  async function fillsOf(session: Session, order: unknown): Promise<readonly unknown[]> {
    const since = instant(field(order, 'timestamp'), 'time of an order')
    const fills = await fillsFrom(session, { since, fillsPerPage })
    const cloid = cloidOf(order)
    return fills.filter((fill) => oidOf(fill) === oidOf(order) || (cloid !== undefined && cloidOf(fill) === cloid))
  }

  function readFills(session: Session, market: ContractMarket, fills: readonly unknown[]): readonly RawFill[] {
    const account = accountOf(session)
    return fills
      .filter((fill) => marketOfCoin(session, field(fill, 'coin')) === market)
      .map((fill) => toRawFill(fill, { market, account, clientId: remembered.names.get(oidOf(fill)) }))
  }

  async function send(
    session: Session,
    { market, clientId, side, contracts, expiry }: WireOrder | WireStop,
    { price, reduceOnly, type }: { readonly price: string; readonly reduceOnly: boolean; readonly type: object },
  ): Promise<string> {
    const order = {
      ...{ a: indexOf(session.client, market), b: side === 'buy', p: price, s: asSigned(contracts), r: reduceOnly },
      ...{ t: type, c: clientId },
    }
    const action = { type: 'order', orders: [order], grouping: 'na' }
    const id = await place(session, { clientId, action, expiresAfter: expiry.validUntil })
    remembered.names.set(id, clientId)
    return id
  }

  return {
    venueId: 'hyperliquid',
    module: 'hyperliquid',
    options: { fetchMarkets: { types: ['swap'] }, builderFee: false, approvedBuilderFee: false, refSet: true },
    capabilities: {
      reduceOnly: true,
      postOnly: true,
      findsByClientOrderId: true,
      namesClientOrderId: true,
      listsFills: true,
      refusesLateRequests: true,
      protectiveStops: true,
      countdownCancel: scheduledCancel ? 'takes-stops' : 'none',
      tellsKeyRights: true,
      tellsLiquidationPrice: true,
      pushesOrders: true,
    },
    limits: {
      ...{ weight: 1_200, weightWindowMs: 60_000, orders: 1_000, ordersWindowMs: 60_000 },
      weights: {
        find: 24,
        openOrders: 20,
        fills: 24,
        fillsSince: 44,
        positions: 2,
        account: 2,
        status: 22,
        keyRights: 60,
      },
    },
    ids: hexIds,
    symbolOf: (asset) => `${asset}/USDC:USDC`,
    market(client, asset) {
      const raw = client.market(`${asset}/USDC:USDC`)
      const price = decimalText(field(raw.info, 'markPx'), 'mark price')
      const tickSize = tickAt(price, szDecimalsOf(raw.info))
      return { ...marketFrom(asset, raw), marketId: coinOf(raw.info), tickSize }
    },
    prepare: requireOwnBalance,
    async serverTime(client) {
      return instant(field(await ask(client, 'exchangeStatus'), 'time'), 'server time')
    },

    submit(session, order) {
      const tif = order.postOnly ? 'Alo' : order.timeInForce === 'ioc' ? 'Ioc' : 'Gtc'
      return send(session, order, {
        price: priceAsSigned(order.limitPrice, szDecimalsAt(session, order.market)),
        reduceOnly: order.reduceOnly,
        type: { limit: { tif } },
      })
    },
    submitStop(session, stop) {
      const szDecimals = szDecimalsAt(session, stop.market)
      const triggerPx = priceAsSigned(stop.triggerPrice, szDecimals)
      remembered.kinds.set(stop.clientId, 'stop')
      return send(session, stop, {
        price: worstPrice(triggerPx, { side: stop.side, through: STOP_THROUGH, szDecimals }),
        reduceOnly: true,
        type: { trigger: { isMarket: true, triggerPx, tpsl: 'sl' } },
      })
    },
    async cancel(session, { market, clientId }) {
      const cancels = [{ asset: indexOf(session.client, market), cloid: clientId }]
      const answer = await act(session, { type: 'cancelByCloid', cancels })
      const [status] = statusesOf(answer)
      if (status !== 'success') throw new UnreadableError(`Expected a cancel to be a success, was ${status}`)
    },

    async find(session, ref) {
      const found = await known(session, ref)
      if (found === undefined) return undefined
      const order = field(found, 'order')
      const raw = toRawOrder(order, { market: ref.market, status: field(found, 'status') })
      remembered.kinds.set(ref.clientId, raw.kind)
      if (Number(raw.filledContracts) === 0) return raw
      // The order does not say at which price.
      return { ...raw, averagePrice: averageOf(await fillsOf(session, order)) }
    },
    async openOrders(session, market) {
      const orders = list(await askOf(session, 'frontendOpenOrders'), 'open orders')
      return orders.flatMap((order): RawOrder[] =>
        field(order, 'coin') === market.marketId ? [toRawOrder(order, { market, status: 'open' })] : [],
      )
    },
    async fills(session, ref) {
      const found = await known(session, ref)
      if (found === undefined) return []
      return readFills(session, ref.market, await fillsOf(session, field(found, 'order')))
    },
    async fillsSince(session, market, since) {
      return readFills(session, market, await fillsFrom(session, { since, fillsPerPage }))
    },

    async positions(session) {
      const state = await askOf(session, 'clearinghouseState')
      return list(field(state, 'assetPositions'), 'positions').flatMap((row) => {
        const position = field(row, 'position')
        const market = marketOfCoin(session, field(position, 'coin'))
        return market ? [toRawPosition(position, market)] : []
      })
    },
    async account(session) {
      const state = await askOf(session, 'clearinghouseState')
      const summary = field(state, 'marginSummary')
      return {
        equity: decimalText(field(summary, 'accountValue'), 'account value'),
        initialMargin: decimalText(field(summary, 'totalMarginUsed'), 'margin used'),
        maintenanceMargin: decimalText(field(state, 'crossMaintenanceMarginUsed'), 'maintenance margin'),
      }
    },
    async status({ client }, market) {
      const [exchange, markets] = await Promise.all([ask(client, 'exchangeStatus'), ask(client, 'meta')])
      instant(field(exchange, 'time'), 'server time')
      const special = field(exchange, 'specialStatuses') ?? undefined
      if (special !== undefined) {
        return { kind: 'halted', reason: `specialStatuses=${JSON.stringify(special).slice(0, 100)}` }
      }
      const universe = list(field(markets, 'universe'), 'perpetuals')
      const found = universe.find((each) => field(each, 'name') === market.marketId)
      const isTraded = found !== undefined && field(found, 'isDelisted') !== true
      return isTraded ? { kind: 'trading' } : { kind: 'halted', reason: 'DELISTED' }
    },
    keyRights: rightsOf,
    ...(scheduledCancel && {
      async countdown(session: Session, ttlMs: number | undefined) {
        const time = ttlMs === undefined ? undefined : session.venueNow() + ttlMs
        const answer = await act(session, { type: 'scheduleCancel', ...(time !== undefined && { time }) })
        if (field(answer, 'status') !== 'ok') throw new UnreadableError(`Expected a countdown to be set, was ${answer}`)
      },
    }),

    listen: ({ client }) => [() => client.watchOrders(), () => client.watchMyTrades()],
    confirmations: 2,
    confirms: confirmsSubscription,
    read: (session, message) => readHyperliquid(session, message, remembered),
    judge: judgeHyperliquid,
  }
}

const coinOf = (info: unknown): string => idText(field(info, 'name'), 'name of a perpetual')
const szDecimalsOf = (info: unknown): number => Number(decimalText(field(info, 'szDecimals'), 'number of decimals'))
const szDecimalsAt = ({ client }: Session, { symbol }: ContractMarket): number =>
  szDecimalsOf(client.market(symbol).info)
/** Orders name a perpetual by its place in the list of them. */
const indexOf = (client: TradingClient, { symbol }: ContractMarket): number =>
  Number(decimalText(client.market(symbol).id, 'place of a perpetual'))

/** Hyperliquid as it is for every account. */
export const hyperliquid: TradingExchange = createHyperliquid()
