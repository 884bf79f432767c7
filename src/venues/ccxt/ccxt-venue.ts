import type { InstrumentId } from '../../domain/instrument.ts'
import type { Asset } from '../../domain/market/tick.ts'
import { type TimestampMs, timestamp, usd } from '../../domain/units.ts'
import type { Logger } from '../../log.ts'
import type { Quote } from '../../ports/quote.ts'
import type { CancelOutcome, OrderRef, Venue, VenueFill } from '../../ports/venue.ts'
import type { Clock } from '../../ports.ts'
import type { Endpoint } from '../live/client.ts'
import { type Connection, createConnection, isOfTheWire } from './connection.ts'
import { type ContractMarket, toInstrument } from './contracts.ts'
import { type Conversion, toVenueFill, toVenueOrder, toVenuePosition } from './convert.ts'
import type { RawFill, RequestLimits, Session, TradingExchange, WireRef } from './exchange.ts'
import { reasonOf } from './failures.ts'
import { createFeePrices } from './fee-prices.ts'
import { createLimiter } from './limiter.ts'
import { assetOf, contractsOf, createRequests, onTick, rejected } from './requests.ts'
import { createStream } from './stream.ts'
import type { VenueKeys } from './trading-client.ts'

export interface CcxtVenueOptions {
  readonly exchange: TradingExchange
  readonly keys: VenueKeys
  readonly endpoint?: Endpoint | undefined
  /** The venue's practice exchange. */
  readonly sandbox?: boolean
  readonly clock: Clock
  /** From the market feed; an order costs no request for a price. */
  readonly quoteAt: (asset: Asset, at: TimestampMs) => Quote | undefined
  readonly log: Logger
  /** Known from the start; others become known when they are first asked for. The countdown covers those that are known. */
  readonly assets?: readonly Asset[]
  /** How long one request may take. */
  readonly timeoutMs?: number
  /** Instead of the venue's own; for an account with others. */
  readonly limits?: RequestLimits
}

const ASSET = /^[A-Z0-9]+$/

/** A live exchange through ccxt, as the rest of the product sees it. Connects when it is first needed. */
export function createCcxtVenue(options: CcxtVenueOptions): Venue {
  const { exchange, clock, quoteAt, log } = options
  const { venueId, capabilities, ids } = exchange
  const limiter = createLimiter(options.limits ?? exchange.limits)
  const prices = createFeePrices(options)
  const conversion: Conversion = { exchange, offsetMs: () => connection.offsetMs(), priceOf: prices.priceOf }
  const stream = createStream({
    exchange,
    conversion,
    open: () => connection.open(),
    current: () => connection.current(),
    log,
  })
  const connection: Connection = createConnection(options, { limiter, ears: stream.ears })

  const requests = createRequests(options, { connection, limiter })

  const marketOf = (session: Session, instrumentId: InstrumentId): ContractMarket => {
    const asset = assetOf(instrumentId, venueId)
    if (asset === undefined) throw new RangeError(`Expected an instrument of ${venueId}, was ${instrumentId}`)
    return session.marketOf(asset)
  }
  const wireRef = (session: Session, { clientOrderId, instrumentId, venueOrderId }: OrderRef): WireRef => ({
    market: marketOf(session, instrumentId),
    clientOrderId,
    clientId: ids.toVenue(clientOrderId),
    venueOrderId,
  })

  async function fillsOf(session: Session, raws: readonly RawFill[]): Promise<readonly VenueFill[]> {
    await prices.learn(
      session,
      raws.map(({ feeCurrency }) => feeCurrency),
    )
    return raws.map((raw) => toVenueFill(raw, conversion)).sort((a, b) => a.filledAt - b.filledAt)
  }

  return {
    venueId,
    capabilities,
    async instrument(asset) {
      if (!ASSET.test(asset)) throw new RangeError(`Expected an asset in capitals such as ETH, was ${asset}`)
      return toInstrument((await connection.session()).marketOf(asset), venueId)
    },
    async quote(asset) {
      const quote = quoteAt(asset, clock.now())
      if (!quote) return undefined
      const { bestBid, bestAsk } = quote
      return bestBid > 0 && bestAsk >= bestBid && Number.isFinite(bestAsk) ? quote : undefined
    },

    async submit(order) {
      if (order.postOnly && !capabilities.postOnly) return rejected(`POST_ONLY_UNSUPPORTED venue=${venueId}`)
      if (order.reduceOnly && !capabilities.reduceOnly) return rejected(`REDUCE_ONLY_UNSUPPORTED venue=${venueId}`)
      return requests.send(order, async (session, { market, ...common }) =>
        exchange.submit(session, {
          market,
          ...common,
          clientOrderId: order.clientOrderId,
          side: order.side,
          contracts: contractsOf(order.quantity, market),
          limitPrice: onTick(order.limitPrice, 'limitPrice', market),
          timeInForce: order.timeInForce,
          postOnly: order.postOnly,
          reduceOnly: order.reduceOnly,
        }),
      )
    },
    async submitStop(stop) {
      const { submitStop } = exchange
      if (!submitStop || !capabilities.protectiveStops) return rejected(`STOPS_UNSUPPORTED venue=${venueId}`)
      return requests.send(stop, async (session, { market, ...common }) =>
        submitStop.call(exchange, session, {
          market,
          ...common,
          clientOrderId: stop.clientOrderId,
          side: stop.side,
          contracts: contractsOf(stop.quantity, market),
          triggerPrice: onTick(stop.triggerPrice, 'triggerPrice', market),
        }),
      )
    },
    async cancel(ref): Promise<CancelOutcome> {
      try {
        const session = await connection.open()
        if (!(await limiter.take(1, { isOrder: false, patienceMs: options.timeoutMs ?? 1_000 }))) {
          return { kind: 'unknown', reason: 'RATE_LIMITED' }
        }
        await exchange.cancel(session, wireRef(session, ref))
        return { kind: 'canceled' }
      } catch (error) {
        const judgement = connection.judge(error)
        if (judgement?.kind === 'not-found') return { kind: 'not-open' }
        if (!isOfTheWire(error)) throw error
        const session = connection.current()
        if (judgement?.kind === 'clock' && session) await connection.synchronise(session).catch(() => undefined)
        return { kind: 'unknown', reason: judgement?.reason ?? reasonOf(error) }
      }
    },

    find: (ref) =>
      connection.ask('find', async (session) => {
        const raw = await foundOr(() => exchange.find(session, wireRef(session, ref)), undefined)
        return raw && { ...toVenueOrder(raw, conversion), clientOrderId: ref.clientOrderId }
      }),
    openOrders: (instrumentId) =>
      connection.ask('openOrders', async (session) => {
        const raws = await exchange.openOrders(session, marketOf(session, instrumentId))
        return raws.map((raw) => toVenueOrder(raw, conversion))
      }),
    fills: (ref) =>
      connection.ask('fills', async (session) => {
        const raws = await foundOr(() => exchange.fills(session, wireRef(session, ref)), [])
        const fills = await fillsOf(session, raws)
        return fills.map((fill) => ({ ...fill, clientOrderId: ref.clientOrderId }))
      }),
    fillsSince: (instrumentId, since) =>
      connection.ask('fillsSince', async (session) => {
        const from = since + connection.offsetMs()
        return fillsOf(session, await exchange.fillsSince(session, marketOf(session, instrumentId), from))
      }),
    positions: () =>
      connection.ask('positions', async (session) => {
        const raws = await exchange.positions(session)
        return raws.flatMap((raw) => toVenuePosition(raw, conversion) ?? [])
      }),
    account: () =>
      connection.ask('account', async (session) => {
        const { equity, initialMargin, maintenanceMargin } = await exchange.account(session)
        return {
          equity: usd(Number(equity)),
          initialMargin: usd(Number(initialMargin)),
          maintenanceMargin: usd(Number(maintenanceMargin)),
          at: timestamp(clock.now()),
        }
      }),
    status: (asset) => connection.ask('status', async (session) => exchange.status(session, session.marketOf(asset))),
    keyRights: () => connection.ask('keyRights', (session) => exchange.keyRights(session)),

    async countdown(ttl) {
      const { countdown } = exchange
      if (!countdown) throw new RangeError(`Expected a venue that counts down, was ${venueId}`)
      await connection.ask('countdown', (session) => countdown.call(exchange, session, ttl))
    },
    watch: (listener, signal) => stream.watch(listener, signal),
    async close() {
      stream.end()
      await connection.close()
    },
  }

  /** `other` where the venue says that there is no such order. */
  async function foundOr<T>(ask: () => Promise<T>, other: T): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (connection.judge(error)?.kind === 'not-found') return other
      throw error
    }
  }
}
