import type { Forecast } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Proposal } from '../domain/proposal.ts'
import { checkProposal, type Denial, type ProposalRisk } from '../domain/risk/checks.ts'
import { type Bps, DAY, duration, elapsed, fraction, later, type TimestampMs, toBps, usd } from '../domain/units.ts'
import { type Holding, readHolding } from './book.ts'
import type { Ports } from './ports.ts'

type Judging = Pick<Ports, 'store' | 'venue' | 'settings' | 'clock'>

export interface JudgedOrder {
  readonly asset: Asset
  readonly side: 'buy' | 'sell'
  readonly quantity: number
  readonly requestedRatio: number
  readonly forecast: Forecast
  readonly countsToday: boolean
}

/** What the risk engine says of a pending proposal at this instant, with the facts it says it on. */
export interface Judgement {
  readonly denials: readonly Denial[]
  /** How far the price has moved since it was quoted; undefined where no price is on record. */
  readonly drift?: Bps
  readonly risk?: ProposalRisk
}

/** Where the source declares no cadence for prices, older than this is stale. */
const DEFAULT_PRICE_CADENCE = 60_000

/**
 * Runs every proposal check of the risk engine on the facts of this instant.
 *
 * The same list judges a proposal when it is made and again when it is approved, so nothing gets older than its approval.
 */
export const judgeProposal = async (ports: Judging, order: JudgedOrder): Promise<readonly Denial[]> =>
  checkProposal(await readRisk(ports, order), ports.settings.limits)

/** The same for a proposal that waits, and whether the price has run away from its terms. */
export async function judgePending(ports: Judging, proposal: Proposal): Promise<Judgement> {
  const latest = await ports.store.forecasts.latest(proposal.asset)
  if (!latest) return { denials: [{ code: 'PRICE_STALE', ageMs: Number.MAX_SAFE_INTEGER, maxMs: 0 }] }
  const drift = toBps(Math.abs(latest.forecast.market.price / proposal.referencePrice - 1))
  const drifted: readonly Denial[] =
    drift > proposal.maxPriceDrift ? [{ code: 'PRICE_DRIFTED', driftBps: drift, maxBps: proposal.maxPriceDrift }] : []
  const risk = await readRisk(ports, {
    asset: proposal.asset,
    side: proposal.side,
    quantity: proposal.quantity,
    requestedRatio: proposal.hedgeRatioAfter,
    forecast: latest.forecast,
    countsToday: false,
  })
  return { denials: [...drifted, ...checkProposal(risk, ports.settings.limits)], drift, risk }
}

async function readRisk({ store, venue, settings, clock }: Judging, order: JudgedOrder): Promise<ProposalRisk> {
  const at = clock.now()
  const { price, priceAt } = order.forecast.market
  const holding = await readHolding({ store, venue, settings }, order.asset)
  const gross = await grossHedgeNotional({ store, venue, settings })
  const hedgeAfter = holding.hedge + (order.side === 'sell' ? order.quantity : -order.quantity)
  return {
    asset: order.asset,
    tradingState: (await store.settings.tradingState()).state,
    notional: usd(order.quantity * price),
    requestedRatio: fraction(order.requestedRatio),
    grossNotionalBefore: usd(gross),
    grossNotionalAfter: usd(gross + (Math.abs(hedgeAfter) - Math.abs(holding.hedge)) * price),
    netDeltaBefore: usd(Math.abs(holding.exposure - holding.hedge) * price),
    netDeltaAfter: usd(Math.abs(holding.exposure - hedgeAfter) * price),
    priceAge: elapsed(priceAt, at),
    maxPriceAge: duration(await maxPriceAge(store, order.asset)),
    proposalsToday: order.countsToday ? await proposalsSince(store, startOfDay(at)) : 0,
  }
}

async function grossHedgeNotional(ports: Pick<Ports, 'store' | 'venue' | 'settings'>): Promise<number> {
  let gross = 0
  for (const asset of Object.keys(ports.settings.book.exposures)) {
    const holding: Holding = await readHolding(ports, asset)
    const latest = await ports.store.forecasts.latest(asset)
    gross += Math.abs(holding.hedge) * (latest?.forecast.market.price ?? holding.averageEntryPrice ?? 0)
  }
  return gross
}

/** A price may be as old as twice the cadence its own feed declares. */
async function maxPriceAge(store: Ports['store'], asset: Asset): Promise<number> {
  const cadences = (await store.observations.declaredFeeds())
    .filter((feed) => feed.asset === asset && feed.feed === 'bar')
    .map((feed) => feed.cadence)
  return 2 * (cadences.length > 0 ? Math.min(...cadences) : DEFAULT_PRICE_CADENCE)
}

/** Parents that were let through: what nobody approved has not traded and uses up nothing. */
const TRADED = ['approved', 'executing', 'executed', 'failed'] as const

async function proposalsSince(store: Ports['store'], since: TimestampMs): Promise<number> {
  const traded = await store.proposals.list({ states: TRADED, limit: 200 })
  return traded.filter((proposal) => proposal.proposedAt >= since).length
}

const startOfDay = (at: TimestampMs): TimestampMs => later(at, -(at % DAY))
