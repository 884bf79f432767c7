import { formatPercent } from '../domain/format.ts'
import type { Member } from '../domain/member.ts'
import type { Proposal, ProposalId } from '../domain/proposal.ts'
import { fraction } from '../domain/units.ts'
import { asItStands, type Decision } from './decision.ts'
import { drawTerms } from './draw-terms.ts'
import { replaceProposal } from './open-proposal.ts'
import type { Ports } from './ports.ts'
import { type ProposeOutcome, recordDenial } from './propose-hedge.ts'
import { roleFor } from './role-for.ts'

export type ResizeOutcome =
  | { readonly kind: 'resizable'; readonly proposal: Proposal }
  | { readonly kind: 'outcome'; readonly outcome: ProposeOutcome; readonly old: Proposal }
  /** Nothing is left to resize, or the right was taken. */
  | { readonly kind: 'stands'; readonly decision: Decision }

/**
 * Proposes a share of what a pending proposal would change, in its place: to the hedge ratio before it plus that share of the way to
 * the ratio after it. The old one stays on the table unless the new one can take its place.
 *
 * @param input.percent - 100 = as it is; undefined only asks whether it can be resized
 */
export const createResizeProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; percent?: number; by: Member }): Promise<ResizeOutcome> => {
    const { store, settings, clock } = ports
    const { proposalId, percent, by } = input
    const old = await store.proposals.find(proposalId)
    if (!old) return { kind: 'stands', decision: { kind: 'not-found' } }
    if (old.state !== 'pending') return { kind: 'stands', decision: await asItStands(store, old) }
    if (clock.now() >= old.expiresAt) return { kind: 'stands', decision: { kind: 'expired', proposal: old } }
    if (percent === undefined) return { kind: 'resizable', proposal: old }

    const requestedRatio = resizedRatio(old, percent)
    const share = formatPercent(percent / 100, Number.isInteger(percent) ? 0 : 1)
    const drawn = await drawTerms(ports, {
      asset: old.asset,
      requestedRatio,
      because: `${share} of the change in ${proposalId}`,
      proposedBy: by.memberId,
      replaces: proposalId,
    })
    if (drawn.kind === 'denied') await recordDenial(ports, { asset: old.asset, proposedBy: by.memberId }, drawn.denials)
    if (drawn.kind !== 'drawn') return { kind: 'outcome', outcome: drawn, old }

    const needs = roleFor(settings, 'hedge resize')
    const opened = await replaceProposal(ports, drawn.terms, {
      old,
      because: `resized to ${share} of its change by ${by.name}`,
      by,
      needs,
      action: 'proposal.resized',
      details: { percent },
    })
    switch (opened.kind) {
      case 'proposed':
      case 'busy':
        return { kind: 'outcome', outcome: opened, old }
      case 'forbidden':
        return { kind: 'stands', decision: { kind: 'forbidden', needs, has: opened.has } }
      case 'overtaken':
        return { kind: 'stands', decision: await asItStands(store, (await store.proposals.find(proposalId))!) }
    }
  }

/** Of the way from the hedge ratio before a proposal to the one after it. */
export const resizedRatio = (
  { hedgeRatioBefore, hedgeRatioAfter }: Pick<Proposal, 'hedgeRatioBefore' | 'hedgeRatioAfter'>,
  percent: number,
) => fraction(hedgeRatioBefore + ((hedgeRatioAfter - hedgeRatioBefore) * percent) / 100)
