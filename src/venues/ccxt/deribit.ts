import { createHmac } from 'node:crypto'
import { Decimal } from 'decimal.js'
import type { KeyRights } from '../../ports/venue.ts'
import { type ContractMarket, marketFrom } from './contracts.ts'
import { deribitFills, historicalOrders } from './deribit-fills.ts'
import { judgeDeribit } from './deribit-judge.ts'
import { orderIdOf, orderUnder, resultOf, toRawOrder } from './deribit-shapes.ts'
import { confirmsSubscription, readDeribit } from './deribit-stream.ts'
import type { RawPosition, Session, TradingExchange, WireOrder, WireRef, WireStop } from './exchange.ts'
import { RequestFailure, UnreadableError } from './failures.ts'
import { plainIds } from './ids.ts'
import { decimalText, field, idText, instant, list, oneOf, optionalDecimal } from './readings.ts'
import { call, type TradingClient } from './trading-client.ts'

/** What the linear perpetuals are settled in. */
const CURRENCY = 'USDC'
/** The part of the currency that is asked for where an amount is not in coins. */
const KIND = 'future'

/**
 * Deribit's linear perpetuals in USDC, `ETH_USDC-PERPETUAL`. Our id is the order's label, which Deribit keeps and hands back and
 * of which it refuses none that was used before.
 *
 * Amounts are in coins here, and ccxt's contract size is not what they count in: every request says both the amount and the
 * contracts, and Deribit refuses one where the two disagree.
 *
 * Cancelling on disconnect belongs to a connection and to the orders that were sent over it. Ours go over HTTP, so it would not
 * cover them, and no countdown is claimed.
 *
 * @see https://docs.deribit.com
 */
export function createDeribit({ fillsPerPage = 1000 }: { readonly fillsPerPage?: number } = {}): TradingExchange {
  const { fillsOfOrder, fillsSince } = deribitFills({ fillsPerPage })

  const send = async (
    session: Session,
    { market, clientId, side, contracts, expiry }: WireOrder | WireStop,
    terms: Readonly<Record<string, unknown>>,
  ): Promise<string> => {
    const answer = await call(session.client, side === 'buy' ? 'privateGetBuy' : 'privateGetSell', {
      instrument_name: market.marketId,
      amount: contracts,
      contracts: new Decimal(contracts).div(contractSizeOf(session.client, market)).toFixed(),
      label: clientId,
      valid_until: expiry.validUntil,
      ...terms,
    })
    return orderIdOf(field(resultOf(answer), 'order'))
  }

  const find = async (session: Session, ref: WireRef): Promise<unknown> => {
    const { market, clientId: label, venueOrderId } = ref
    const asked = { currency: CURRENCY, label }
    const recent = list(resultOf(await call(session.client, 'privateGetGetOrderStateByLabel', asked)), 'orders')
    if (recent.length > 0) return orderUnder(recent, venueOrderId)
    const known = venueOrderId === undefined ? undefined : await orderById(session, venueOrderId)
    return known ?? orderUnder(await historicalOrders(session, { market, label }), venueOrderId)
  }

  return {
    venueId: 'deribit',
    module: 'deribit',
    options: {},
    marketParams: { currency: CURRENCY, kind: KIND },
    capabilities: {
      reduceOnly: true,
      postOnly: true,
      findsByClientOrderId: true,
      namesClientOrderId: true,
      listsFills: true,
      refusesLateRequests: true,
      protectiveStops: true,
      countdownCancel: 'none',
      tellsKeyRights: true,
      tellsLiquidationPrice: true,
      pushesOrders: true,
    },
    // A new account has credits for twenty orders at once and five a second more, and for a hundred other requests and twenty.
    limits: {
      ...{ weight: 100, weightWindowMs: 5_000, orders: 20, ordersWindowMs: 4_000 },
      weights: { find: 3, fills: 5, fillsSince: 4, status: 2, keyRights: 2 },
    },
    ids: plainIds,
    symbolOf: (asset) => `${asset}/${CURRENCY}:${CURRENCY}`,
    market(client, asset) {
      const raw = client.market(`${asset}/${CURRENCY}:${CURRENCY}`)
      const market = marketFrom(asset, raw)
      const size = contractSizeOf(client, market)
      if (!new Decimal(market.contractStep).mod(size).isZero()) {
        throw new RangeError(
          `Expected the least amount of ${raw.id} in contracts of ${size}, was ${market.contractStep}`,
        )
      }
      return { ...market, contractSize: '1', tickSize: largestTick(raw.info, market.tickSize) }
    },
    async serverTime(client) {
      return instant(resultOf(await call(client, 'publicGetGetTime')), 'server time')
    },

    submit: (session, order) =>
      send(session, order, {
        type: 'limit',
        price: order.limitPrice,
        time_in_force: order.timeInForce === 'ioc' ? 'immediate_or_cancel' : 'good_til_cancelled',
        ...(order.postOnly && { post_only: true, reject_post_only: true }),
        ...(order.reduceOnly && { reduce_only: true }),
      }),
    submitStop: (session, stop) =>
      send(session, stop, {
        type: 'stop_market',
        trigger: 'mark_price',
        trigger_price: stop.triggerPrice,
        reduce_only: true,
      }),
    async cancel({ client }, { clientId }) {
      const answer = await call(client, 'privateGetCancelByLabel', { label: clientId, currency: CURRENCY })
      if (Number(decimalText(resultOf(answer), 'number of orders cancelled')) > 0) return
      throw new RequestFailure('answered', 'no open order has this label', {
        answer: { status: 200, body: answer, text: '', headers: {}, errorName: 'OrderNotFound' },
      })
    },

    async find(session, ref) {
      const order = await find(session, ref)
      return order === undefined ? undefined : toRawOrder(order, ref.market)
    },
    async openOrders({ client }, market) {
      const answer = await call(client, 'privateGetGetOpenOrdersByInstrument', { instrument_name: market.marketId })
      return list(resultOf(answer), 'open orders').map((order) => toRawOrder(order, market))
    },
    async fills(session, ref) {
      const order = await find(session, ref)
      return order === undefined ? [] : fillsOfOrder(session, ref.market, order)
    },
    fillsSince,

    async positions(session) {
      const answer = await call(session.client, 'privateGetGetPositions', { currency: CURRENCY, kind: KIND })
      return list(resultOf(answer), 'positions').flatMap((row) => {
        const market = session.knownMarket(String(field(row, 'instrument_name')))
        return market ? [toRawPosition(row, market)] : []
      })
    },
    async account({ client }) {
      const summary = resultOf(await call(client, 'privateGetGetAccountSummary', { currency: CURRENCY }))
      // Where all coins together are collateral, one coin's part says nothing of the account.
      const [equity, initial, maintenance] =
        field(summary, 'cross_collateral_enabled') === true
          ? (['total_equity_usd', 'total_initial_margin_usd', 'total_maintenance_margin_usd'] as const)
          : (['equity', 'initial_margin', 'maintenance_margin'] as const)
      return {
        equity: decimalText(field(summary, equity), 'equity'),
        initialMargin: decimalText(field(summary, initial), 'initial margin'),
        maintenanceMargin: decimalText(field(summary, maintenance), 'maintenance margin'),
      }
    },
    async status({ client }, market) {
      const [platform, ticker] = await Promise.all([
        call(client, 'publicGetStatus'),
        call(client, 'publicGetTicker', { instrument_name: market.marketId }),
      ])
      const locked = oneOf(field(resultOf(platform), 'locked'), LOCKS, 'lock of the platform')
      const indices = field(resultOf(platform), 'locked_indices')
      const index = field(client.market(market.symbol).info, 'price_index')
      if (locked === 'true') return { kind: 'halted', reason: 'locked=true' }
      if (Array.isArray(indices) && indices.includes(index)) return { kind: 'halted', reason: `locked=${index}` }
      const state = field(resultOf(ticker), 'state')
      return state === 'open' ? { kind: 'trading' } : { kind: 'halted', reason: `state=${state}` }
    },
    keyRights: ({ client, venueNow }) => rightsOf(client, venueNow()),

    listen: ({ client }) => [() => client.watchOrders(), () => client.watchMyTrades()],
    confirmations: 2,
    confirms: confirmsSubscription,
    read: readDeribit,
    judge: judgeDeribit,
  }
}

/** Of all of it, of none, of some indices. */
const LOCKS = { true: 'true', false: 'false', partial: 'partial' } as const

/** Undefined where Deribit says that there is none. */
async function orderById({ client }: Session, order_id: string): Promise<unknown> {
  try {
    return resultOf(await call(client, 'privateGetGetOrderState', { order_id }))
  } catch (error) {
    if (error instanceof RequestFailure && error.answer && judgeDeribit(error.answer).kind === 'not-found')
      return undefined
    throw error
  }
}

/** Coins in what Deribit calls a contract. */
const contractSizeOf = (client: TradingClient, { symbol }: Pick<ContractMarket, 'symbol'>): string =>
  decimalText(field(client.market(symbol).info, 'contract_size'), 'contract size')

/** Some instruments have larger ticks above certain prices; the largest is good at every price. */
function largestTick(info: unknown, tickSize: string): string {
  const steps = field(info, 'tick_size_steps')
  const ticks = (Array.isArray(steps) ? steps : []).map((step) => decimalText(field(step, 'tick_size'), 'tick size'))
  return ticks.reduce((largest, tick) => (Number(tick) > Number(largest) ? tick : largest), tickSize)
}

/** Linear: the size is in coins. Its sign is left to the direction, which is `zero` when it is flat. */
function toRawPosition(row: unknown, market: ContractMarket): RawPosition {
  const size = decimalText(field(row, 'size'), 'position').replace('-', '')
  return {
    market,
    contracts: field(row, 'direction') === 'sell' && Number(size) > 0 ? `-${size}` : size,
    averageEntryPrice: optionalDecimal(field(row, 'average_price'), 'average price'),
    markPrice: optionalDecimal(field(row, 'mark_price'), 'mark price'),
    liquidationPrice: optionalDecimal(field(row, 'estimated_liquidation_price'), 'liquidation price'),
    leverage: optionalDecimal(field(row, 'leverage'), 'leverage'),
  }
}

/**
 * What a session opened with this key is granted, from the scope that Deribit answers a signature with; the secret stays here.
 * The list of keys, where this one may read it, says from which addresses it can be used.
 */
async function rightsOf(client: TradingClient, at: number): Promise<KeyRights> {
  const { apiKey, secret } = client as TradingClient & { readonly apiKey: string; readonly secret: string }
  const nonce = String(at)
  const signature = createHmac('sha256', secret).update(`${at}\n${nonce}\n`).digest('hex')
  const signed = { grant_type: 'client_signature', client_id: apiKey, timestamp: at, nonce, signature, data: '' }
  const session = resultOf(await call(client, 'publicGetAuth', signed))
  const scope = idText(field(session, 'scope'), 'scope').split(' ')
  const rights = {
    canTrade: scope.includes('trade:read_write'),
    canWithdraw: scope.includes('wallet:read_write'),
  }
  if (!scope.some((granted) => granted.startsWith('account:read'))) return rights
  const keys = list(resultOf(await call(client, 'privateGetListApiKeys')), 'keys')
  const key = keys.find((each) => field(each, 'client_id') === apiKey)
  if (key === undefined) throw new UnreadableError(`Expected the key in use among ${keys.length} keys, was none`)
  const addresses = field(key, 'ip_whitelist')
  return { ...rights, boundToAddresses: Array.isArray(addresses) && addresses.length > 0 }
}

/** Deribit as it is. */
export const deribit: TradingExchange = createDeribit()
