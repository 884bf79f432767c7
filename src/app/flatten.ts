import { formatUsd } from '../domain/format.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Member } from '../domain/member.ts'
import type { Proposal } from '../domain/proposal.ts'
import { duration, MINUTE, type TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { type Asked, approveRequest, openRequest, type RequestDecision } from './admin-requests.ts'
import { announce, wakeDelivery } from './announce.ts'
import { announceProposal } from './announce-proposal.ts'
import { inExecution } from './draw-terms.ts'
import { openProposal } from './open-proposal.ts'
import type { Ports } from './ports.ts'
import { createSteerExecution } from './steer-execution.ts'
import { drawEmergency, type HedgeToTakeOff, readHedges, totalsOf } from './take-off-hedge.ts'
import { wakeExecution } from './wake-execution.ts'

/** The one who asked confirms within this; later the numbers are not what they saw. */
const CONFIRM_WITHIN = duration(2 * MINUTE)
/** More than this away from what was confirmed, and it has to be asked anew. */
const MAX_CHANGE = 0.1
const KEY = 'flatten'

/** A decision to take every hedge off; it holds until somebody resumes or halts, so that nothing puts a hedge back meanwhile. */
export interface Flattening {
  readonly requestId: string
  readonly by: string
  readonly reason: string
  readonly at: TimestampMs
  readonly phase: 'working' | 'flat'
}

export type FlattenAsked =
  | Asked
  | { readonly kind: 'nothing-to-take-off' }
  | { readonly kind: 'no-price'; readonly assets: readonly Asset[] }

/** What is in force of a decision to flatten; nothing unasked is proposed while there is one. */
export async function readFlattening(store: Store): Promise<Flattening | undefined> {
  const text = await store.settings.get(KEY)
  return text ? (JSON.parse(text) as Flattening) : undefined
}

/** Ends it, inside the transaction that says why. */
export const endFlattening = (tx: Store): Promise<void> => tx.settings.set(KEY, '')

/** `/risk flatten`: an emergency. Whoever asks confirms it alone, on notional and cost as they are now. */
export const createAskToFlatten =
  (ports: Ports) =>
  async ({ by, reason }: { by: Member; reason: string }): Promise<FlattenAsked> => {
    const { hedges, unpriced } = await readHedges(ports)
    if (unpriced.length > 0) return { kind: 'no-price', assets: unpriced }
    if (hedges.length === 0) return { kind: 'nothing-to-take-off' }
    const subject = { kind: 'flatten', ...totalsOf(hedges), reason } as const
    return openRequest(ports, { subject, by, expiry: CONFIRM_WITHIN, quiet: true })
  }

/**
 * The confirmation: trading goes to `reducing`, whatever is being executed is cancelled, and each hedge comes off by a proposal that
 * this admin's emergency approves. Notional, collar, slippage and order rate hold as ever, so a large hedge comes off in several.
 */
export const createConfirmFlatten =
  (ports: Ports) =>
  async (input: { requestId: string; by: Member }): Promise<RequestDecision> => {
    const { settings } = ports
    const { hedges } = await readHedges(ports)
    const decision = await approveRequest(
      ports,
      { ...input, kind: 'flatten', bySelf: true },
      async (tx, { subject, request, at }) => {
        const now = totalsOf(hedges)
        if (Math.abs(now.notional - subject.notional) > MAX_CHANGE * subject.notional)
          return `the hedges are worth ${formatUsd(now.notional)} now, not ${formatUsd(subject.notional)}`
        const { state: from } = await tx.settings.tradingState()
        const by = input.by.memberId
        await tx.settings.setTradingState('reducing', { by, at, reason: `flatten: ${subject.reason}` })
        const flattening: Flattening = {
          requestId: request.requestId,
          by,
          reason: subject.reason,
          at,
          phase: 'working',
        }
        await tx.settings.set(KEY, JSON.stringify(flattening))
        await tx.audit.append({
          at,
          actor: by,
          action: 'risk.flatten',
          subject: settings.book.name,
          details: {
            requestId: request.requestId,
            from,
            notionalUsd: now.notional,
            expectedCostUsd: now.expectedCost,
            reason: subject.reason,
          },
        })
        return undefined
      },
    )
    if (decision.kind === 'approved') await pursueFlatten(ports)
    return decision
  }

/**
 * Brings a decision to flatten one step further: cancels what is executed for anything else, opens what is still to come off, and
 * says when all is off. Safe to ask at any time and as often as one likes.
 */
export async function pursueFlatten(ports: Ports): Promise<Flattening['phase'] | undefined> {
  const { store, settings } = ports
  const flattening = await readFlattening(store)
  if (flattening?.phase !== 'working') return flattening?.phase
  const by = (await store.members.find(flattening.by)) ?? {
    memberId: flattening.by,
    name: flattening.by,
    role: 'none',
    identities: [],
  }
  const { hedges, unpriced } = await readHedges(ports)
  let working = unpriced.length > 0
  for (const asset of Object.keys(settings.book.exposures)) {
    const busy = await inExecution(store, { book: settings.book.name, asset })
    if (busy) {
      working = true
      if (!busy.emergency && busy.control !== 'canceling')
        await createSteerExecution(ports)({ proposalId: busy.proposalId, to: 'canceling', by })
      continue
    }
    const hedge = hedges.find((one) => one.asset === asset)
    if (hedge && (await takeOff(ports, hedge, flattening))) working = true
  }
  if (working) return 'working'
  await finish(ports, flattening)
  return 'flat'
}

/** Cancels what an earlier decision to flatten still has at work. */
export async function cancelEmergencies(ports: Ports, by: Member): Promise<void> {
  const { store, settings } = ports
  const executing = await store.proposals.list({
    book: settings.book.name,
    states: ['approved', 'executing'],
    limit: 100,
  })
  for (const { proposalId, emergency } of executing)
    if (emergency) await createSteerExecution(ports)({ proposalId, to: 'canceling', by })
}

/**
 * An emergency's proposal becomes approved by whoever decided the emergency, inside the transaction given; undefined where somebody
 * was faster.
 */
export async function approveEmergency(
  tx: Store,
  ports: Pick<Ports, 'settings' | 'ids' | 'clock'>,
  { proposalId, emergency, termsHash, notional }: Proposal,
): Promise<Proposal | undefined> {
  if (!emergency) throw new RangeError(`Expected proposal ${proposalId} to be an emergency's, was another`)
  const at = ports.clock.now()
  const { changed, proposal } = await tx.proposals.move(proposalId, ['pending'], 'approved', {
    decidedBy: emergency.by,
    decidedAt: at,
    reason: `emergency: flatten, request ${emergency.requestId}`,
  })
  if (!changed) return undefined
  await tx.audit.append({
    at,
    actor: emergency.by,
    action: 'risk.flatten-approved',
    subject: proposalId,
    details: { termsHash, notionalUsd: notional, requestId: emergency.requestId },
  })
  await announceProposal(tx, ports, proposal, { at })
  return proposal
}

/** Opens and approves the proposal for one asset; false where what is left is too small for an order. */
async function takeOff(ports: Ports, hedge: HedgeToTakeOff, flattening: Flattening): Promise<boolean> {
  const { store } = ports
  const terms = await drawEmergency(ports, hedge, flattening)
  if (!terms) return false
  const opened = await openProposal(ports, terms)
  if (opened.kind === 'busy') return true
  const { proposal } = opened
  const approved =
    proposal.state === 'pending' ? await store.transaction((tx) => approveEmergency(tx, ports, proposal)) : proposal
  if (approved) await wakeExecution(ports, approved)
  await wakeDelivery(ports.queue)
  return true
}

async function finish(ports: Ports, flattening: Flattening): Promise<void> {
  const { store, settings, clock } = ports
  const at = clock.now()
  await store.transaction(async (tx) => {
    const now = await readFlattening(tx)
    if (now?.requestId !== flattening.requestId || now.phase !== 'working') return
    await tx.settings.set(KEY, JSON.stringify({ ...flattening, phase: 'flat' } satisfies Flattening))
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'risk.flattened',
      subject: settings.book.name,
      details: { requestId: flattening.requestId, by: flattening.by },
    })
    await announce(tx, ports, {
      cardKey: `flatten:${flattening.requestId}`,
      at,
      urgency: 'urgent',
      card: {
        tone: 'warning',
        title: 'Every hedge is off',
        text: 'The book is not hedged. Nothing is proposed unasked and trading stays reducing until /risk resume.',
      },
    })
  })
  await wakeDelivery(ports.queue)
}
