import type { Fill } from '../domain/execution/order.ts'
import type { Forecast } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Proposal } from '../domain/proposal.ts'
import { checkProposal, type Denial, type ProposalRisk } from '../domain/risk/checks.ts'
import type { Limits } from '../domain/risk/limits.ts'
import {
  type Bps,
  baseQty,
  DAY,
  duration,
  elapsed,
  fraction,
  HOUR,
  later,
  price,
  type TimestampMs,
  toBps,
} from '../domain/units.ts'
import { splitQuantity } from './legs.ts'
import type { Ports } from './ports.ts'
import { readTradeFacts, type TradeFacts, tradeRisk } from './trade-facts.ts'

export interface JudgedOrder {
  readonly asset: Asset
  readonly side: 'buy' | 'sell'
  readonly quantity: number
  readonly requestedRatio: number
  readonly forecast: Forecast
  readonly countsToday: boolean
  /** A person asked for the size, or a person's request: `ProposalRisk.askedFor`. */
  readonly askedFor: boolean
  readonly emergency: boolean
}

export interface JudgedTerms {
  readonly denials: readonly Denial[]
  readonly risk: ProposalRisk
  readonly limits: Limits
}

/** What the risk engine says of a pending proposal at this instant, with the facts it says it on. */
export interface Judgement {
  readonly denials: readonly Denial[]
  /** How far the price has moved since it was quoted; undefined where no price is on record. */
  readonly drift?: Bps
  readonly risk?: ProposalRisk
  readonly limits?: Limits
}

/** What our own decisions have moved lately. */
export interface Pace {
  readonly ratioChangeLastHour: ProposalRisk['ratioChangeLastHour']
  readonly ratioChangeLastDay: ProposalRisk['ratioChangeLastDay']
  readonly lastTrade?: ProposalRisk['lastTrade']
}

/** Where the source declares no cadence for prices, older than twice this is stale. */
const DEFAULT_PRICE_CADENCE = 60_000

/**
 * Runs every proposal check of the risk engine on the facts of this instant.
 *
 * The same list judges a proposal when it is made and again when it is approved, so nothing gets older than its approval.
 */
export async function judgeProposal(ports: Ports, order: JudgedOrder, known?: KnownFacts): Promise<JudgedTerms> {
  const { facts, traded } = known ?? (await readFacts(ports))
  const risk = await readRisk(ports, { facts, traded }, order)
  return { denials: checkProposal(risk, facts.limits), risk, limits: facts.limits }
}

/** What a proposal is sized and judged on. */
export interface KnownFacts {
  readonly facts: TradeFacts
  /** Of the day before. */
  readonly traded: readonly Fill[]
}

/** Everything in one go. */
export async function readFacts(ports: Ports): Promise<KnownFacts> {
  const [facts, traded] = await Promise.all([
    readTradeFacts(ports),
    ports.store.orders.tradedSince(later(ports.clock.now(), -DAY)),
  ])
  return { facts, traded }
}

/** The same for a proposal that waits, and whether the price has run away from its terms. */
export async function judgePending(ports: Ports, proposal: Proposal): Promise<Judgement> {
  const [latest, known] = await Promise.all([ports.store.forecasts.latest(proposal.asset), readFacts(ports)])
  if (!latest) return { denials: [{ code: 'PRICE_STALE', ageMs: Number.MAX_SAFE_INTEGER, maxMs: 0 }] }
  const drift = toBps(Math.abs(latest.forecast.market.price / proposal.referencePrice - 1))
  const drifted: readonly Denial[] =
    drift > proposal.maxPriceDrift ? [{ code: 'PRICE_DRIFTED', driftBps: drift, maxBps: proposal.maxPriceDrift }] : []
  const { asset, side, quantity } = proposal
  const order: JudgedOrder = {
    ...{ asset, side, quantity, forecast: latest.forecast },
    requestedRatio: proposal.hedgeRatioAfter,
    countsToday: false,
    askedFor: proposal.proposedBy !== 'system',
    emergency: proposal.emergency !== undefined,
  }
  const { denials, risk, limits } = await judgeProposal(ports, order, known)
  return { denials: [...drifted, ...denials], drift, risk, limits }
}

async function readRisk(ports: Ports, known: KnownFacts, order: JudgedOrder): Promise<ProposalRisk> {
  const { store, clock, venues } = ports
  const { facts } = known
  const at = clock.now()
  const { asset, side, forecast } = order
  const quantity = baseQty(order.quantity)
  const quote = await venues[0].quote(asset)
  // On a live market what is traded on is the book, which is asked for often; a process that follows none has the bars, and whether
  // the book is fresh is watched by the one that does.
  const isBook = clock.kind === 'wall' && quote !== undefined
  const [parts, maxPriceAge, proposalsToday] = await Promise.all([
    splitQuantity(facts, { asset, side, quantity }),
    isBook ? facts.limits.maxPriceAge : priceCadence(store, asset).then((cadence) => duration(2 * cadence)),
    order.countsToday ? store.proposals.countSince(startOfDay(at), { states: TRADED }) : 0,
  ])
  const priceAt = isBook ? quote.at : forecast.market.priceAt
  return {
    ...tradeRisk(ports, facts, {
      asset,
      side,
      parts,
      at: price(forecast.market.price),
      emergency: order.emergency,
    }),
    askedFor: order.askedFor,
    requestedRatio: fraction(order.requestedRatio),
    priceAge: elapsed(priceAt, at),
    maxPriceAge,
    proposalsToday,
    ...paceOf(known, asset),
  }
}

/** Σ |change of the hedge ratio| by the fills of our own decisions, and the newest of them. */
export function paceOf({ facts, traded: all }: KnownFacts, asset: Asset): Pace {
  const holding = facts.holdings.get(asset)
  const instruments = new Set(holding?.legs.map(({ instrument }) => instrument.instrumentId))
  const traded = all.filter((fill) => instruments.has(fill.instrumentId))
  const change = (since: TimestampMs) =>
    fraction(
      holding && holding.exposure > 0
        ? traded.filter(({ filledAt }) => filledAt >= since).reduce((sum, { quantity }) => sum + quantity, 0) /
            holding.exposure
        : 0,
    )
  const last = traded.at(-1)
  return {
    ratioChangeLastHour: change(later(facts.at, -HOUR)),
    ratioChangeLastDay: change(later(facts.at, -DAY)),
    ...(last && { lastTrade: { side: last.side, age: elapsed(last.filledAt, facts.at) } }),
  }
}

/** A price may be as old as twice the cadence its own feed declares. */
async function priceCadence(store: Ports['store'], asset: Asset): Promise<number> {
  const cadences = (await store.observations.declaredFeeds())
    .filter((feed) => feed.asset === asset && feed.feed === 'bar')
    .map((feed) => feed.cadence)
  return cadences.length > 0 ? Math.min(...cadences) : DEFAULT_PRICE_CADENCE
}

/** Parents that were let through: what nobody approved has not traded and uses up nothing. */
const TRADED = ['approved', 'executing', 'executed', 'failed'] as const

const startOfDay = (at: TimestampMs): TimestampMs => later(at, -(at % DAY))
