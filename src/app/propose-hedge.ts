import type { Proposal } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import { drawTerms, type HedgeRequest, type NoTerms } from './draw-terms.ts'
import { openProposal } from './open-proposal.ts'
import type { Ports } from './ports.ts'

export type ProposeOutcome = { readonly kind: 'proposed'; readonly proposal: Proposal } | NoTerms

/**
 * Sizes the hedge of one asset on the newest forecast and, if it is worth trading and the risk engine lets it, opens a
 * proposal that supersedes the pending one.
 */
export const createProposeHedge =
  (ports: Ports) =>
  async (input: Pick<HedgeRequest, 'asset' | 'requestedRatio' | 'proposedBy'>): Promise<ProposeOutcome> => {
    const drawn = await drawTerms(ports, { ...input, unasked: input.proposedBy === 'system' })
    if (drawn.kind === 'denied') await recordDenial(ports, input, drawn.denials)
    if (drawn.kind !== 'drawn') return drawn
    // What a person asked for is decided by another person; the budget is for what the desk does unasked.
    return openProposal(ports, drawn.terms, input.proposedBy === 'system' ? { budget: drawn.judged } : {})
  }

/** Puts on record that nothing was opened, and why. */
export async function recordDenial(
  { store, clock, settings }: Ports,
  input: Pick<HedgeRequest, 'asset' | 'proposedBy'>,
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
