import type { Forecast } from '../domain/forecast.ts'
import { termsHashOf } from '../domain/hash.ts'
import { type Sizing, sizeHedge } from '../domain/hedging/size.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Proposal, ProposalTerms, SizingStep } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import { elapsed, type Fraction, later } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import { readHolding } from './book.ts'
import { proposalCard, proposalCardKey } from './cards.ts'
import { judgeProposal } from './judge-proposal.ts'
import type { Ports } from './ports.ts'

export type ProposeOutcome =
  | { readonly kind: 'proposed'; readonly proposal: Proposal }
  | {
      readonly kind: 'held'
      readonly reason: Extract<Sizing, { kind: 'hold' }>['reason']
      readonly ratio: Fraction
      readonly steps: readonly SizingStep[]
    }
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  /** Another proposal of this book and asset is being executed; none is made beside it. */
  | { readonly kind: 'busy'; readonly proposal: Proposal }
  /** Automatic proposals only: one was refused or ran out a moment ago, or an equal one is on the table. */
  | { readonly kind: 'cooling-down' }
  | { readonly kind: 'no-forecast' }
  | { readonly kind: 'unknown-asset'; readonly known: readonly Asset[] }

/** A pending proposal is replaced unasked only when the target has moved this far. */
const MATERIAL_CHANGE = 0.05
/** Where the source declares no cadence for prices, older than this is stale. */
const DEFAULT_PRICE_CADENCE = 60_000
const REMIND_AT_SHARE = 0.7

/**
 * Sizes the hedge of one asset on the newest forecast and, if it is worth trading and the risk engine lets it, opens a
 * proposal that supersedes the pending one.
 */
export const createProposeHedge =
  (ports: Ports) =>
  async (input: { asset: Asset; requestedRatio?: Fraction; proposedBy: string }): Promise<ProposeOutcome> => {
    const { store, venue, settings, clock } = ports
    if (settings.book.exposures[input.asset] === undefined)
      return { kind: 'unknown-asset', known: Object.keys(settings.book.exposures) }
    const latest = await store.forecasts.latest(input.asset)
    if (!latest) return { kind: 'no-forecast' }

    const busy = await inExecution(store, { book: settings.book.name, asset: input.asset })
    if (busy) return { kind: 'busy', proposal: busy }
    const [current] = await store.proposals.list({ book: settings.book.name, asset: input.asset, limit: 1 })

    const sizing = await size(ports, latest.forecast, input)
    const automatic = input.proposedBy === 'system'
    if (sizing.kind === 'hold') return { kind: 'held', reason: sizing.reason, ratio: sizing.ratio, steps: sizing.steps }
    if (automatic && current && isTooSoon(ports, current, sizing.ratioAfter)) return { kind: 'cooling-down' }

    const denials = await judgeProposal(ports, {
      asset: input.asset,
      side: sizing.side,
      quantity: sizing.quantity,
      requestedRatio: input.requestedRatio ?? sizing.ratioAfter,
      forecast: latest.forecast,
      maxPriceAge: await maxPriceAge(ports, input.asset),
      countsToday: true,
    })
    if (denials.length > 0) {
      await recordDenial(ports, input, denials)
      return { kind: 'denied', denials }
    }
    const instrument = await venue.instrument(input.asset)
    const at = clock.now()
    const large = sizing.notional > settings.approvals.quorumLargeAbove
    const terms: ProposalTerms = {
      book: settings.book.name,
      asset: input.asset,
      instrumentId: instrument.instrumentId,
      side: sizing.side,
      quantity: sizing.quantity,
      notional: sizing.notional,
      referencePrice: latest.forecast.market.price,
      hedgeRatioBefore: sizing.ratioBefore,
      hedgeRatioAfter: sizing.ratioAfter,
      exposure: settings.book.exposures[input.asset]!,
      expectedCost: sizing.expectedCost,
      policy: settings.sizing.policy,
      steps: sizing.steps,
      proposedBy: input.proposedBy,
      proposedAt: at,
      expiresAt: later(at, settings.approvals.expiry),
      maxPriceDrift: settings.approvals.maxDrift,
      quorum: large ? settings.approvals.quorumLarge : settings.approvals.quorum,
      selfApprovalAllowed: sizing.notional <= settings.approvals.selfApprovalMax,
    }
    return open(ports, terms)
  }

async function inExecution(
  store: Store,
  { book, asset }: Pick<ProposalTerms, 'book' | 'asset'>,
): Promise<Proposal | undefined> {
  return (await store.proposals.list({ book, asset, states: ['approved', 'executing'], limit: 1 }))[0]
}

async function size(
  ports: Ports,
  forecast: Forecast,
  input: { asset: Asset; requestedRatio?: Fraction },
): Promise<Sizing> {
  const holding = await readHolding(ports, input.asset)
  const quote = await ports.venue.quote(input.asset)
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
    rules: ports.settings.sizing,
    requestedRatio: input.requestedRatio,
  })
}

function isTooSoon({ settings, clock }: Ports, current: Proposal, ratioAfter: number): boolean {
  // What a person put on the table is theirs to decide; the desk does not replace it unasked.
  if (current.state === 'pending' && current.proposedBy !== 'system') return true
  if (current.state === 'pending') return Math.abs(current.hedgeRatioAfter - ratioAfter) < MATERIAL_CHANGE
  if (current.state === 'executed' || current.state === 'superseded') return false
  return elapsed(current.decidedAt ?? current.expiresAt, clock.now()) < settings.approvals.cooldown
}

/** A price may be as old as twice the cadence its own feed declares. */
export async function maxPriceAge({ store }: Pick<Ports, 'store'>, asset: Asset): Promise<number> {
  const cadences = (await store.observations.declaredFeeds())
    .filter((feed) => feed.asset === asset && feed.feed === 'bar')
    .map((feed) => feed.cadence)
  return 2 * (cadences.length > 0 ? Math.min(...cadences) : DEFAULT_PRICE_CADENCE)
}

async function recordDenial(
  { store, clock, settings }: Ports,
  input: { asset: Asset; proposedBy: string },
  denials: readonly Denial[],
): Promise<void> {
  if (input.proposedBy === 'system') {
    // Asked after every forecast, the same refusal would fill the record; once per cooldown says as much.
    const key = `automatic-denial/${input.asset}/${denials.map((denial) => denial.code).join('+')}`
    const last = await store.settings.get(key)
    if (last !== undefined && clock.now() - Number(last) < settings.approvals.cooldown) return
    await store.settings.set(key, String(clock.now()))
  }
  await store.audit.append({
    at: clock.now(),
    actor: input.proposedBy,
    action: 'risk.denied',
    subject: input.asset,
    details: { denials },
  })
}

async function open(
  ports: Ports,
  terms: ProposalTerms,
): Promise<Extract<ProposeOutcome, { kind: 'proposed' | 'busy' }>> {
  const { store, queue, ids } = ports
  const proposal: Proposal = {
    ...terms,
    proposalId: ids.proposalId(),
    termsHash: termsHashOf(terms),
    state: 'pending',
    approvals: [],
    lease: 0,
  }
  const at = terms.proposedAt
  let overtakenBy: Proposal | undefined
  const opening = store.transaction(async (tx) => {
    const superseded = await tx.proposals.open(proposal)
    // The pending one may have been approved while this one was sized; opening waits for that, so asking now is certain.
    overtakenBy = await inExecution(tx, terms)
    if (overtakenBy) throw new Error('Rolled back: another proposal of this book and asset was approved meanwhile')
    await tx.audit.append({
      at,
      actor: terms.proposedBy,
      action: 'proposal.opened',
      subject: proposal.proposalId,
      details: {
        termsHash: proposal.termsHash,
        notionalUsd: terms.notional,
        side: terms.side,
        quantity: terms.quantity,
      },
    })
    for (const old of superseded) {
      await tx.audit.append({
        at,
        actor: 'system',
        action: 'proposal.superseded',
        subject: old.proposalId,
        details: { by: proposal.proposalId },
      })
      await announce(tx, ports, { cardKey: proposalCardKey(old), card: proposalCard(old), at, urgency: 'normal' })
    }
    await announce(tx, ports, {
      cardKey: proposalCardKey(proposal),
      card: proposalCard(proposal),
      at,
      urgency: 'urgent',
    })
  })
  await opening.catch((error: unknown) => {
    if (!overtakenBy) throw error
  })
  if (overtakenBy) return { kind: 'busy', proposal: overtakenBy }
  await scheduleExpiry(ports, proposal)
  await wakeDelivery(queue)
  return { kind: 'proposed', proposal }
}

/** Wake-ups of a pending proposal: the reminder and the expiry. Also used when the queue is rebuilt from rows. */
export async function scheduleExpiry({ queue }: Pick<Ports, 'queue'>, proposal: Proposal): Promise<void> {
  const remindAt = later(
    proposal.proposedAt,
    Math.round(REMIND_AT_SHARE * elapsed(proposal.proposedAt, proposal.expiresAt)),
  )
  await queue.add({
    name: 'remind-approvers',
    data: { proposalId: proposal.proposalId },
    jobId: `remind-${proposal.proposalId}`,
    at: remindAt,
  })
  await queue.add({
    name: 'expire-proposal',
    data: { proposalId: proposal.proposalId },
    jobId: `expire-${proposal.proposalId}`,
    at: proposal.expiresAt,
  })
}
