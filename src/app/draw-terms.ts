import type { Forecast } from '../domain/forecast.ts'
import { railClip } from '../domain/hedging/rail-clip.ts'
import { type Sizing, sizeHedge } from '../domain/hedging/size.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Proposal, ProposalId, ProposalTerms, SizingStep } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import { elapsed, type Fraction, fraction, later } from '../domain/units.ts'
import type { Quote, Store } from '../ports.ts'
import { type JudgedTerms, judgeProposal, type KnownFacts, paceOf, readFacts } from './judge-proposal.ts'
import type { Ports } from './ports.ts'

export interface HedgeRequest {
  readonly asset: Asset
  /** Sizes to this ratio instead of the policy's. */
  readonly requestedRatio?: Fraction
  /** Why that ratio, in words; that a member asked for it when absent. */
  readonly because?: string
  readonly proposedBy: string
  readonly replaces?: ProposalId
  /** An admin's decision to take every hedge off. */
  readonly emergency?: ProposalTerms['emergency']
  /** Nobody asked: it keeps the cooldown, and leaves alone what is on the table. */
  readonly unasked?: boolean
}

/** Why there is nothing to propose. */
export type NoTerms =
  | {
      readonly kind: 'held'
      readonly reason: Extract<Sizing, { kind: 'hold' }>['reason']
      readonly ratio: Fraction
      readonly steps: readonly SizingStep[]
    }
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  /** Another proposal of this book and asset is being executed; none is made beside it. */
  | { readonly kind: 'busy'; readonly proposal: Proposal }
  /** Unasked ones only: one was refused or ran out a moment ago, or an equal one is on the table. */
  | { readonly kind: 'cooling-down' }
  | { readonly kind: 'no-forecast' }
  | { readonly kind: 'unknown-asset'; readonly known: readonly Asset[] }

export type DrawnTerms =
  | {
      readonly kind: 'drawn'
      readonly terms: ProposalTerms /** What it was judged on. */
      readonly judged: JudgedTerms
    }
  | NoTerms

/** A pending proposal is replaced unasked only when the target has moved this far. */
const MATERIAL_CHANGE = 0.05

/** Sizes the hedge of one asset on the newest forecast and asks the risk engine; writes nothing. */
export async function drawTerms(ports: Ports, request: HedgeRequest): Promise<DrawnTerms> {
  const { store, venues, settings, clock } = ports
  const { asset } = request
  const exposure = settings.book.exposures[asset]
  if (exposure === undefined) return { kind: 'unknown-asset', known: Object.keys(settings.book.exposures) }
  const [latest, busy, [current]] = await Promise.all([
    store.forecasts.latest(asset),
    inExecution(store, { book: settings.book.name, asset }),
    store.proposals.list({ book: settings.book.name, asset, limit: 1 }),
  ])
  if (!latest) return { kind: 'no-forecast' }
  if (busy) return { kind: 'busy', proposal: busy }

  // Not before it is known that nothing is being executed: what has ended meanwhile is in what is held.
  const [known, quote] = await Promise.all([readFacts(ports), venues[0].quote(asset)])
  const sizing = size(ports, { forecast: latest.forecast, known, quote }, request)
  if (sizing.kind === 'hold') return { kind: 'held', reason: sizing.reason, ratio: sizing.ratio, steps: sizing.steps }
  if (request.unasked && current && isTooSoon(ports, current, sizing.ratioAfter)) return { kind: 'cooling-down' }
  const judged = await judgeProposal(
    ports,
    {
      asset,
      side: sizing.side,
      quantity: sizing.quantity,
      requestedRatio: request.requestedRatio ?? sizing.ratioAfter,
      forecast: latest.forecast,
      countsToday: true,
      askedFor: request.proposedBy !== 'system',
      emergency: request.emergency !== undefined,
    },
    known,
  )
  if (judged.denials.length > 0) return { kind: 'denied', denials: judged.denials }

  const { approvals } = settings
  const at = clock.now()
  const large = sizing.notional > approvals.quorumLargeAbove
  const terms: ProposalTerms = {
    book: settings.book.name,
    asset,
    instrumentId: (await venues[0].instrument(asset)).instrumentId,
    side: sizing.side,
    quantity: sizing.quantity,
    notional: sizing.notional,
    referencePrice: latest.forecast.market.price,
    hedgeRatioBefore: sizing.ratioBefore,
    hedgeRatioAfter: sizing.ratioAfter,
    exposure,
    expectedCost: sizing.expectedCost,
    policy: settings.sizing.policy,
    steps: sizing.steps.map((step) =>
      step.name === 'requested' && request.because !== undefined ? { ...step, note: request.because } : step,
    ),
    proposedBy: request.proposedBy,
    proposedAt: at,
    expiresAt: later(at, approvals.expiry),
    maxPriceDrift: approvals.maxDrift,
    quorum: large ? approvals.quorumLarge : approvals.quorum,
    selfApprovalAllowed: sizing.notional <= approvals.selfApprovalMax,
    schedule: {
      ...settings.execution.schedule,
      ...(quote?.dailyVolatility !== undefined && { dailyVolatility: fraction(quote.dailyVolatility) }),
      ...(quote?.dailyVolumeNotional !== undefined && { dailyVolumeNotional: quote.dailyVolumeNotional }),
      ...(settings.execution.schedule.kind === 'vwap' &&
        latest.forecast.market.volumeProfile && { volumeProfile: latest.forecast.market.volumeProfile }),
    },
    ...(request.replaces && { replaces: request.replaces }),
    ...(request.emergency && { emergency: request.emergency }),
  }
  return { kind: 'drawn', terms, judged }
}

/** The proposal of this book and asset that was let through and is not finished. */
export async function inExecution(
  store: Store,
  { book, asset }: Pick<ProposalTerms, 'book' | 'asset'>,
): Promise<Proposal | undefined> {
  return (await store.proposals.list({ book, asset, states: ['approved', 'executing'], limit: 1 }))[0]
}

function size(
  ports: Ports,
  { forecast, known, quote }: { forecast: Forecast; known: KnownFacts; quote: Quote | undefined },
  { asset, requestedRatio }: HedgeRequest,
): Sizing {
  const { facts } = known
  const holding = facts.holdings.get(asset)!
  const pace = paceOf(known, asset)
  const rules = { ...ports.settings.sizing, maxRatio: facts.limits.maxRatio }
  return sizeHedge({
    exposure: holding.exposure,
    hedge: holding.hedge,
    price: forecast.market.price,
    hourlyVolatility: forecast.market.hourlyVolatility,
    volatilityTimedRatio: forecast.market.volatilityTimedRatio,
    fundingRate: forecast.market.fundingRate,
    fundingCorrelation: forecast.market.fundingCorrelation,
    dailyVolumeNotional: quote?.dailyVolumeNotional,
    prediction: forecast.prediction,
    instrument: holding.instrument,
    rules,
    requestedRatio,
    rails: railClip(facts.effects, {
      asset,
      held: holding.hedgeRatio,
      maxRatio: facts.limits.maxRatio,
      room: {
        lastHour: pace.ratioChangeLastHour,
        lastDay: pace.ratioChangeLastDay,
        maxPerHour: facts.limits.maxRatioChangePerHour,
        maxPerDay: facts.limits.maxRatioChangePerDay,
      },
    }),
  })
}

function isTooSoon({ settings, clock }: Ports, current: Proposal, ratioAfter: number): boolean {
  // What a person put on the table is theirs to decide; the desk does not replace it unasked.
  if (current.state === 'pending' && current.proposedBy !== 'system') return true
  if (current.state === 'pending') return Math.abs(current.hedgeRatioAfter - ratioAfter) < MATERIAL_CHANGE
  if (current.state === 'executed' || current.state === 'superseded') return false
  return elapsed(current.decidedAt ?? current.expiresAt, clock.now()) < settings.approvals.cooldown
}
