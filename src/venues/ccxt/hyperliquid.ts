import type { KeyRights } from '../../ports/venue.ts'
import { createOrderNames } from './binance-fills.ts'
import { type ContractMarket, marketFrom } from './contracts.ts'
import type { RawFill, RawOrder, Session, TradingExchange, WireOrder, WireRef, WireStop } from './exchange.ts'
import { RequestFailure, UnreadableError } from './failures.ts'
import { accountOf, act, ask, askOf, signerOf } from './hyperliquid-actions.ts'
import { averageOf, fillsFrom } from './hyperliquid-fills.ts'
import { foundNothing, isUnknownOrder, judgeHyperliquid } from './hyperliquid-judge.ts'
import { cloidOf, marketOfCoin, oidOf, toRawFill, toRawOrder } from './hyperliquid-shapes.ts'
import { asSigned, priceAsSigned, tickAt, worstPrice } from './hyperliquid-steps.ts'
import { confirmsSubscription, type Remembered, readHyperliquid } from './hyperliquid-stream.ts'
import { hexIds } from './ids.ts'
import { decimalText, field, idText, instant, list, oneOf, optionalDecimal } from './readings.ts'
import type { TradingClient } from './trading-client.ts'

/** How far through its trigger a stop may fill. A closing order that stops short of the market protects nothing. */
const STOP_THROUGH = 0.2
/** How an account keeps its money. With one balance for everything, what the perpetuals have says nothing of its equity. */
const BALANCES = {
  ...{ default: 'own', disabled: 'own', dexAbstraction: 'own' },
  ...{ unifiedAccount: 'shared', portfolioMargin: 'shared' },
} as const

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
    const id = await placing(session, { clientId, action, expiresAfter: expiry.validUntil })
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
    async prepare(session) {
      // A JSON text by itself, which ccxt leaves as it came.
      const mode = String(await askOf(session, 'userAbstraction')).replaceAll('"', '')
      if (oneOf(mode, BALANCES, 'mode of an account') === 'shared') {
        throw new RangeError(`Expected an account whose perpetuals have a balance of their own, was ${mode}`)
      }
    },
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

/** One for each order of an action. */
const statusesOf = (answer: unknown): readonly unknown[] =>
  list(field(field(field(answer, 'response'), 'data'), 'statuses'), 'statuses')

/** The id that an order was given. */
async function placing(
  session: Session,
  { clientId, action, expiresAfter }: { clientId: string; action: object; expiresAfter: number },
): Promise<string> {
  let answer: unknown
  try {
    answer = await act(session, action, expiresAfter)
  } catch (error) {
    if (!(error instanceof RequestFailure && error.answer && foundNothing(error.answer))) throw error
    // Taken and over, as on other venues, where that is no error; or refused, if nobody has heard of it.
    const over = await known(session, { clientId })
    if (over === undefined) throw error
    return oidOf(field(over, 'order'))
  }
  const [status] = statusesOf(answer)
  const placed = field(status, 'resting') ?? field(status, 'filled')
  if (placed !== undefined) return oidOf(placed)
  // A stop may be answered with `waitingForTrigger` alone.
  const waiting = await known(session, { clientId })
  if (waiting === undefined) throw new UnreadableError(`Expected the order ${clientId} to be known, was ${status}`)
  return oidOf(field(waiting, 'order'))
}

/** `{order, status}` by our id, or by the venue's where it does not know ours; undefined where it knows neither. */
async function known(
  session: Session,
  { clientId, venueOrderId }: Pick<WireRef, 'clientId' | 'venueOrderId'>,
): Promise<unknown> {
  for (const oid of [clientId, ...(venueOrderId === undefined ? [] : [Number(venueOrderId)])]) {
    try {
      const answer = await askOf(session, 'orderStatus', { oid })
      if (field(answer, 'status') === 'order') return field(answer, 'order')
      throw new UnreadableError(`Expected an order or that there is none, was ${JSON.stringify(answer)?.slice(0, 100)}`)
    } catch (error) {
      const isUnknown = error instanceof RequestFailure && error.answer && isUnknownOrder(error.answer)
      if (!isUnknown) throw error
    }
  }
  return undefined
}

const coinOf = (info: unknown): string => idText(field(info, 'name'), 'name of a perpetual')
const szDecimalsOf = (info: unknown): number => Number(decimalText(field(info, 'szDecimals'), 'number of decimals'))
const szDecimalsAt = ({ client }: Session, { symbol }: ContractMarket): number =>
  szDecimalsOf(client.market(symbol).info)
/** Orders name a perpetual by its place in the list of them. */
const indexOf = (client: TradingClient, { symbol }: ContractMarket): number =>
  Number(decimalText(client.market(symbol).id, 'place of a perpetual'))

function toRawPosition(position: unknown, market: ContractMarket) {
  const contracts = decimalText(field(position, 'szi'), 'position')
  const notional = Number(decimalText(field(position, 'positionValue'), 'position value'))
  return {
    market,
    contracts,
    averageEntryPrice: optionalDecimal(field(position, 'entryPx'), 'entry price'),
    ...(Number(contracts) !== 0 && { markPrice: (notional / Math.abs(Number(contracts))).toFixed(8) }),
    liquidationPrice: optionalDecimal(field(position, 'liquidationPx'), 'liquidation price'),
    leverage: optionalDecimal(field(field(position, 'leverage'), 'value'), 'leverage'),
  }
}

const ROLES = { user: 'user', agent: 'agent', vault: 'vault', subAccount: 'subAccount', missing: 'missing' } as const

/**
 * From whose key it is: an API wallet that the account approved trades and does nothing else; the account's own key does
 * everything. Nothing binds a key to addresses here.
 */
async function rightsOf(session: Session): Promise<KeyRights> {
  const [account, user] = [accountOf(session), signerOf(session)]
  const answer = await ask(session.client, 'userRole', { user })
  const role = oneOf(field(answer, 'role'), ROLES, 'role of a wallet')
  const master = String(field(field(answer, 'data'), 'user') ?? '').toLowerCase()
  if (user === account && role === 'user') return { canTrade: true, canWithdraw: true }
  return { canTrade: role === 'agent' && master === account && user !== account, canWithdraw: false }
}

/** Hyperliquid as it is for every account. */
export const hyperliquid: TradingExchange = createHyperliquid()
