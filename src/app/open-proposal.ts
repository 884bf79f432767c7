import { termsHashOf } from '../domain/hash.ts'
import { atLeast, type Member, type Role } from '../domain/member.ts'
import type { Proposal, ProposalTerms } from '../domain/proposal.ts'
import { elapsed, later, type TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { wakeDelivery } from './announce.ts'
import { announceProposal } from './announce-proposal.ts'
import { placesAtOpening } from './ask-approvers.ts'
import { approveByBudget } from './auto-approve.ts'
import { inExecution } from './draw-terms.ts'
import type { JudgedTerms } from './judge-proposal.ts'
import type { Ports } from './ports.ts'
import { wakeExecution } from './wake-execution.ts'

/** What asks for the place of a pending proposal. */
export interface Replacing {
  readonly old: Proposal
  /** In words, for the card of the old one. */
  readonly because: string
  readonly by: Member
  /** The least role that may ask for it, read again as the place is taken. */
  readonly needs: Role
  /** As it goes on record, with the old one as its subject. */
  readonly action: string
  readonly details?: Readonly<Record<string, unknown>>
}

export type Opened =
  | { readonly kind: 'proposed'; readonly proposal: Proposal }
  | { readonly kind: 'busy'; readonly proposal: Proposal }

/** Why nothing was put in the place of another. */
export type NotReplaced =
  /** It was decided or superseded a moment ago. */
  { readonly kind: 'overtaken' } | { readonly kind: 'forbidden'; readonly has: Member['role'] }

export const REMIND_AT_SHARE = 0.7
export const ESCALATE_AT_SHARE = 0.85

/**
 * Puts terms on the table, which supersedes the pending proposal of the same book and asset, and tells the desk.
 *
 * @param options.budget - what the risk engine judged the terms on, where they may be approved by the budget for protective orders:
 *   if they are, they are decided as they are opened, and their execution is woken
 */
export const openProposal = async (
  ports: Ports,
  terms: ProposalTerms,
  options: { readonly budget?: JudgedTerms } = {},
): Promise<Opened> => (await open(ports, terms, options)) as Opened

/** The same in the place of one proposal, and only while that one is pending. */
export const replaceProposal = (
  ports: Ports,
  terms: ProposalTerms,
  replacing: Replacing,
): Promise<Opened | NotReplaced> => open(ports, terms, { replacing })

async function open(
  ports: Ports,
  terms: ProposalTerms,
  { replacing, budget }: { readonly replacing?: Replacing; readonly budget?: JudgedTerms },
): Promise<Opened | NotReplaced> {
  let proposal: Proposal = {
    ...terms,
    proposalId: ports.ids.proposalId(),
    termsHash: termsHashOf(terms),
    state: 'pending',
    approvals: [],
    control: 'running',
    lease: 0,
  }
  let hindrance: Exclude<Opened, { kind: 'proposed' }> | NotReplaced | undefined
  const opening = ports.store.transaction(async (tx) => {
    const superseded = await tx.proposals.open(proposal)
    // Opening waits for whoever decides the pending one, so what is asked from here on is certain.
    hindrance = await findHindrance(tx, { terms, superseded, replacing })
    if (hindrance) throw new Error('Rolled back: what was to be superseded was decided meanwhile')
    const approved = budget && (await approveByBudget(tx, ports, { proposal, judged: budget }))
    await record(tx, ports, { proposal: approved ?? proposal, superseded, replacing })
    proposal = approved ?? proposal
  })
  await opening.catch((error: unknown) => {
    if (!hindrance) throw error
  })
  if (hindrance) return hindrance
  if (proposal.state === 'approved') await wakeExecution(ports, proposal)
  else await scheduleExpiry(ports, proposal)
  await wakeDelivery(ports.queue)
  return { kind: 'proposed', proposal }
}

async function findHindrance(
  tx: Store,
  {
    terms,
    superseded,
    replacing,
  }: { terms: ProposalTerms; superseded: readonly Proposal[]; replacing: Replacing | undefined },
): Promise<Exclude<Opened, { kind: 'proposed' }> | NotReplaced | undefined> {
  if (replacing && !superseded.some(({ proposalId }) => proposalId === replacing.old.proposalId))
    return { kind: 'overtaken' }
  const executing = await inExecution(tx, terms)
  if (executing) return { kind: 'busy', proposal: executing }
  const has = replacing && ((await tx.members.find(replacing.by.memberId))?.role ?? 'none')
  return replacing && has && !atLeast(has, replacing.needs) ? { kind: 'forbidden', has } : undefined
}

async function record(
  tx: Store,
  ports: Ports,
  {
    proposal,
    superseded,
    replacing,
  }: { proposal: Proposal; superseded: readonly Proposal[]; replacing: Replacing | undefined },
): Promise<void> {
  const at = proposal.proposedAt
  const { proposalId, termsHash, notional: notionalUsd, side, quantity, replaces } = proposal
  await tx.audit.append({
    at,
    actor: proposal.proposedBy,
    action: 'proposal.opened',
    subject: proposalId,
    details: { termsHash, notionalUsd, side, quantity, ...(replaces && { replaces }) },
  })
  for (const old of superseded) {
    const isMeant = replacing?.old.proposalId === old.proposalId
    const reason = `replaced by ${proposalId}${isMeant ? `: ${replacing.because}` : ''}`
    const told = await tx.proposals.move(old.proposalId, ['superseded'], 'superseded', { reason })
    const put = (actor: string, action: string, details: Readonly<Record<string, unknown>>): Promise<void> =>
      tx.audit.append({ at, actor, action, subject: old.proposalId, details: { by: proposalId, ...details } })
    if (isMeant) await put(replacing.by.memberId, replacing.action, replacing.details ?? {})
    await put('system', 'proposal.superseded', {})
    await announceProposal(tx, ports, told.proposal, { at, urgency: 'normal' })
  }
  await announceProposal(tx, ports, proposal, {
    at,
    places: await placesAtOpening(tx, ports, { proposal, superseded }),
  })
}

/** Wake-ups of a pending proposal: the reminder, the escalation and the expiry. Also used when the queue is rebuilt from rows. */
export async function scheduleExpiry({ queue }: Pick<Ports, 'queue'>, proposal: Proposal): Promise<void> {
  const { proposalId } = proposal
  const reminders = [
    { jobId: `remind-${proposalId}`, share: REMIND_AT_SHARE },
    { jobId: `escalate-${proposalId}`, share: ESCALATE_AT_SHARE },
  ]
  for (const { jobId, share } of reminders)
    await queue.add({ name: 'remind-approvers', data: { proposalId }, jobId, at: instantAt(proposal, share) })
  await queue.add({
    name: 'expire-proposal',
    data: { proposalId },
    jobId: `expire-${proposalId}`,
    at: proposal.expiresAt,
  })
}

/** When this share of the time to decide has gone by. */
export const instantAt = ({ proposedAt, expiresAt }: Proposal, share: number): TimestampMs =>
  later(proposedAt, Math.round(share * elapsed(proposedAt, expiresAt)))
