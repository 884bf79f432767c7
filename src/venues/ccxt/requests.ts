import { Decimal } from 'decimal.js'
import type { ClientOrderId } from '../../domain/execution/order.ts'
import { type InstrumentId, instrumentIdOf } from '../../domain/instrument.ts'
import type { Asset, VenueId } from '../../domain/market/tick.ts'
import { elapsed, type TimestampMs } from '../../domain/units.ts'
import type { SubmitOutcome } from '../../ports/venue.ts'
import type { CcxtVenueOptions } from './ccxt-venue.ts'
import { type Connection, isOfTheWire } from './connection.ts'
import { type ContractMarket, lotSizeOf, toContracts } from './contracts.ts'
import type { Expiry, Judgement, Session } from './exchange.ts'
import { reasonOf } from './failures.ts'
import type { Limiter } from './limiter.ts'
import { attempt } from './trading-client.ts'

const ASSET_OF_ID = /^[A-Z0-9]+(?=-)/

/** Undefined for an instrument of another venue. */
export function assetOf(instrumentId: InstrumentId, venueId: VenueId): Asset | undefined {
  const asset = ASSET_OF_ID.exec(instrumentId)?.[0]
  return asset !== undefined && instrumentIdOf(asset, venueId) === instrumentId ? asset : undefined
}

export const rejected = (reason: string): SubmitOutcome => ({ kind: 'rejected', reason })

/** What orders and stops have in common on their way out. */
interface Outgoing {
  readonly clientOrderId: ClientOrderId
  readonly instrumentId: InstrumentId
  readonly validUntil: TimestampMs
}
/** Signs and sends; answers with the venue's id. */
type Send = (session: Session, facts: { market: ContractMarket; clientId: string; expiry: Expiry }) => Promise<string>

/**
 * Sends what makes an order, once. Nothing is signed after its time, and what was signed is refused by the venue after it.
 *
 * The one thing that goes out a second time is a request that the venue refused unread because of the time that it was signed
 * with, under the same id and with the clock set right.
 */
export function createRequests(
  { exchange, clock, log }: CcxtVenueOptions,
  { connection, limiter }: { connection: Connection; limiter: Limiter },
) {
  const { venueId, ids } = exchange

  async function send(request: Outgoing, work: Send): Promise<SubmitOutcome> {
    const { clientOrderId, instrumentId, validUntil } = request
    const asset = assetOf(instrumentId, venueId)
    if (asset === undefined) return rejected(`UNKNOWN_INSTRUMENT instrumentId=${instrumentId}`)
    const clientId = orUndefined(() => ids.toVenue(clientOrderId))
    if (clientId === undefined) return rejected(`CLIENT_ORDER_ID_MALFORMED clientOrderId=${clientOrderId}`)
    let session: Session
    try {
      session = await connection.open()
    } catch (error) {
      if (!isOfTheWire(error)) throw error
      return { kind: 'unknown', reason: `NOT_CONNECTED ${reasonOf(error)}` }
    }
    const market = orUndefined(() => session.marketOf(asset))
    if (market === undefined) return rejected(`UNKNOWN_INSTRUMENT instrumentId=${instrumentId}`)
    const once = () => sendOnce(session, validUntil, (expiry) => work(session, { market, clientId, expiry }))
    const first = await once()
    if ('outcome' in first) return first.outcome
    try {
      await connection.synchronise(session)
    } catch (error) {
      if (!isOfTheWire(error)) throw error
      return rejected(`CLOCK_SKEW ${first.clock}`)
    }
    log.warn({ venue: venueId, clockOffsetMs: connection.offsetMs() }, 'our clock was off the venue’s')
    const second = await once()
    return 'outcome' in second ? second.outcome : rejected(`CLOCK_SKEW ${second.clock}`)
  }

  /** `clock` when the venue refused it for the time that it was signed with, and there is time left. */
  async function sendOnce(
    session: Session,
    validUntil: TimestampMs,
    work: (expiry: Expiry) => Promise<string>,
  ): Promise<{ readonly outcome: SubmitOutcome } | { readonly clock: string }> {
    const expired = () => rejected(`REQUEST_EXPIRED validUntil=${validUntil} now=${clock.now()}`)
    const patienceMs = elapsed(clock.now(), validUntil)
    if (patienceMs > 0 && !(await limiter.take(1, { isOrder: true, patienceMs }))) {
      return { outcome: rejected(`RATE_LIMITED validUntil=${validUntil}`) }
    }
    // Read before the clock that is checked: a process that is stopped in between has less time left afterwards, never more.
    const signedAt = session.venueNow()
    const now = clock.now()
    if (now >= validUntil) return { outcome: expired() }
    const sent = await attempt(() => work({ signedAt, validUntil: signedAt + Math.floor(validUntil - now) }))
    if ('done' in sent) return { outcome: { kind: 'accepted', venueOrderId: sent.done } }
    const judgement = connection.judge(sent.error)
    if (judgement?.kind !== 'clock') return { outcome: outcomeOf(judgement, sent) }
    return clock.now() >= validUntil ? { outcome: expired() } : { clock: judgement.reason }
  }

  /** Only a venue that said no has rejected; whatever else happened once a request had left is unknown. */
  function outcomeOf(
    judgement: Judgement | undefined,
    { error, sent }: { error: unknown; sent: boolean },
  ): SubmitOutcome {
    if (error instanceof NotOnStep) return rejected(error.message)
    if (!isOfTheWire(error)) log.error({ venue: venueId, sent, err: error }, 'order broke on its way')
    if (!sent) return rejected(`NOT_SENT ${reasonOf(error)}`)
    switch (judgement?.kind) {
      case 'refused':
      case 'not-found':
        return rejected(judgement.reason)
      case 'busy':
        return rejected(`RATE_LIMITED ${judgement.reason}`)
      case 'duplicate':
        // The order under this id may be this very one, sent before a crash: "rejected" would bury it.
        return { kind: 'unknown', reason: `DUPLICATE_CLIENT_ORDER_ID ${judgement.reason}` }
      default:
        return { kind: 'unknown', reason: judgement?.reason ?? reasonOf(error) }
    }
  }

  return { send }
}

/** Undefined where it is out of range. */
function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** A quantity or a price that the venue has no step for: nothing was sent. */
export class NotOnStep extends Error {}

/** Base coins as contracts. @throws {NotOnStep} */
export function contractsOf(quantity: string, market: ContractMarket): string {
  const contracts = orUndefined(() => toContracts(quantity, market))
  if (contracts !== undefined) return contracts
  throw new NotOnStep(`QUANTITY_NOT_ON_LOT quantity=${quantity} lotSize=${lotSizeOf(market)}`)
}

/** The price as it is. @throws {NotOnStep} */
export function onTick(text: string, name: 'limitPrice' | 'triggerPrice', { tickSize }: ContractMarket): string {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 && new Decimal(text).mod(tickSize).isZero()) return text
  throw new NotOnStep(`PRICE_NOT_ON_TICK ${name}=${text} tickSize=${tickSize}`)
}
