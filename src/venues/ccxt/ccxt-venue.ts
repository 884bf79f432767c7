import { Decimal } from 'decimal.js'
import type { ClientOrderId } from '../../domain/execution/order.ts'
import { type InstrumentId, instrumentIdOf } from '../../domain/instrument.ts'
import type { Asset } from '../../domain/market/tick.ts'
import { elapsed, type TimestampMs, timestamp, usd } from '../../domain/units.ts'
import type { Logger } from '../../log.ts'
import type { Quote } from '../../ports/quote.ts'
import type { CancelOutcome, OrderRef, SubmitOutcome, Venue, VenueFill } from '../../ports/venue.ts'
import type { Clock } from '../../ports.ts'
import type { Endpoint } from '../live/client.ts'
import { type Connection, createConnection, isOfTheWire } from './connection.ts'
import { type ContractMarket, lotSizeOf, toContracts, toInstrument } from './contracts.ts'
import { type Conversion, toVenueFill, toVenueOrder, toVenuePosition } from './convert.ts'
import type { Expiry, Judgement, RawFill, RequestLimits, Session, TradingExchange, WireRef } from './exchange.ts'
import { reasonOf } from './failures.ts'
import { createFeePrices } from './fee-prices.ts'
import { createLimiter } from './limiter.ts'
import { createStream } from './stream.ts'
import { attempt, type VenueKeys } from './trading-client.ts'

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
const INSTRUMENT_ID = /^([A-Z0-9]+)-USDT-PERP\./

const rejected = (reason: string): SubmitOutcome => ({ kind: 'rejected', reason })

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

  const assetOf = (instrumentId: InstrumentId): Asset | undefined => {
    const asset = INSTRUMENT_ID.exec(instrumentId)?.[1]
    return asset !== undefined && instrumentIdOf(asset, venueId) === instrumentId ? asset : undefined
  }
  const marketOf = (session: Session, instrumentId: InstrumentId): ContractMarket => {
    const asset = assetOf(instrumentId)
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

  /** What a request that is to change something needs before it is signed, or why it is not sent. */
  async function ready(
    request: {
      readonly clientOrderId: ClientOrderId
      readonly instrumentId: InstrumentId
      readonly validUntil: TimestampMs
    },
    send: (session: Session, common: { market: ContractMarket; clientId: string; expiry: Expiry }) => Promise<string>,
  ): Promise<SubmitOutcome> {
    const asset = assetOf(request.instrumentId)
    if (asset === undefined) return rejected(`UNKNOWN_INSTRUMENT instrumentId=${request.instrumentId}`)
    if (!isCarried(request.clientOrderId))
      return rejected(`CLIENT_ORDER_ID_MALFORMED clientOrderId=${request.clientOrderId}`)
    const clientId = ids.toVenue(request.clientOrderId)
    let session: Session
    try {
      session = await connection.open()
    } catch (error) {
      if (!isOfTheWire(error)) throw error
      return { kind: 'unknown', reason: `NOT_CONNECTED ${reasonOf(error)}` }
    }
    let market: ContractMarket
    try {
      market = session.marketOf(asset)
    } catch (error) {
      if (error instanceof RangeError) return rejected(`UNKNOWN_INSTRUMENT instrumentId=${request.instrumentId}`)
      throw error
    }
    const first = await sendOnce(session, request.validUntil, (expiry) => send(session, { market, clientId, expiry }))
    if ('outcome' in first) return first.outcome
    // The venue refused it unread because of the time on it: with the clock set right it goes out under the same id.
    try {
      await connection.synchronise(session)
    } catch (error) {
      if (!isOfTheWire(error)) throw error
      return rejected(`CLOCK_SKEW ${first.clock}`)
    }
    const second = await sendOnce(session, request.validUntil, (expiry) => send(session, { market, clientId, expiry }))
    return 'outcome' in second ? second.outcome : rejected(`CLOCK_SKEW ${second.clock}`)
  }

  /** Signs and sends; `clock` when the venue refused it for the time that it was signed with, and there is time left. */
  async function sendOnce(
    session: Session,
    validUntil: TimestampMs,
    send: (expiry: Expiry) => Promise<string>,
  ): Promise<{ readonly outcome: SubmitOutcome } | { readonly clock: string }> {
    const expired = () => rejected(`REQUEST_EXPIRED validUntil=${validUntil} now=${clock.now()}`)
    const patienceMs = elapsed(clock.now(), validUntil)
    if (patienceMs > 0 && !(await limiter.take(1, { isOrder: true, patienceMs }))) {
      return { outcome: rejected(`RATE_LIMITED validUntil=${validUntil}`) }
    }
    const now = clock.now()
    if (now >= validUntil) return { outcome: expired() }
    const signedAt = session.venueNow()
    const sent = await attempt(() => send({ signedAt, validUntil: signedAt + Math.floor(validUntil - now) }))
    if ('done' in sent) return { outcome: { kind: 'accepted', venueOrderId: sent.done } }
    const judgement = connection.judge(sent.error)
    if (judgement?.kind !== 'clock') return { outcome: outcomeOf(judgement, sent) }
    return clock.now() >= validUntil ? { outcome: expired() } : { clock: judgement.reason }
  }

  const isCarried = (clientOrderId: ClientOrderId): boolean => {
    try {
      ids.toVenue(clientOrderId)
      return true
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
  }

  /** Only a venue that said no has rejected; whatever else happened once a request had left is unknown. */
  function outcomeOf(
    judgement: Judgement | undefined,
    { error, sent }: { error: unknown; sent: boolean },
  ): SubmitOutcome {
    if (error instanceof NotOnStep) return rejected(error.message)
    if (!sent) return rejected(`NOT_SENT ${reasonOf(error)}`)
    switch (judgement?.kind) {
      case 'refused':
      case 'not-found':
        return rejected(judgement.reason)
      case 'busy':
        return rejected(`RATE_LIMITED ${judgement.reason}`)
      case 'duplicate':
        return { kind: 'unknown', reason: `DUPLICATE_CLIENT_ORDER_ID ${judgement.reason}` }
      default:
        if (!isOfTheWire(error)) log.error({ venue: venueId, err: error }, 'order sent, and its answer broke us')
        return { kind: 'unknown', reason: judgement?.reason ?? reasonOf(error) }
    }
  }

  return {
    venueId,
    capabilities,
    async instrument(asset) {
      if (!ASSET.test(asset)) throw new RangeError(`Expected an asset in capitals such as ETH, was ${asset}`)
      return toInstrument(await connection.ask('status', async (session) => session.marketOf(asset)), venueId)
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
      return ready(order, async (session, { market, ...common }) =>
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
      return ready(stop, async (session, { market, ...common }) =>
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

/** A quantity or a price that the venue has no step for: nothing was sent. */
class NotOnStep extends Error {}

function contractsOf(quantity: string, market: ContractMarket): string {
  try {
    return toContracts(quantity, market)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new NotOnStep(`QUANTITY_NOT_ON_LOT quantity=${quantity} lotSize=${lotSizeOf(market)}`)
  }
}

function onTick(text: string, name: 'limitPrice' | 'triggerPrice', { tickSize }: ContractMarket): string {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 && new Decimal(text).mod(tickSize).isZero()) return text
  throw new NotOnStep(`PRICE_NOT_ON_TICK ${name}=${text} tickSize=${tickSize}`)
}
