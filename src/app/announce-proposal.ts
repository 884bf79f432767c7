import type { Urgency } from '../domain/delivery.ts'
import type { Proposal } from '../domain/proposal.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Place, Store } from '../ports.ts'
import { announce, tell } from './announce.ts'
import type { Ports } from './ports.ts'
import { type Execution, proposalCard, proposalCardKey, reminderCard, reminderCardKey } from './proposal-card.ts'
import { roleFor } from './role-for.ts'

/** The same card while it is worked, with what is filled so far. */
export async function announceProgress(ports: Pick<Ports, 'store' | 'settings' | 'ids' | 'clock'>, proposal: Proposal) {
  const { store, clock } = ports
  const [orders, fills] = await Promise.all([
    store.orders.forProposal(proposal.proposalId),
    store.orders.fills(proposal.proposalId),
  ])
  await announceProposal(store, ports, proposal, { at: clock.now(), urgency: 'normal', execution: { orders, fills } })
}

/**
 * The card of a proposal as it now is, for the desk's channels, for the places given and wherever it stands; and its reminder,
 * wherever one stands.
 */
export async function announceProposal(
  tx: Store,
  ports: Pick<Ports, 'settings' | 'ids'>,
  proposal: Proposal,
  {
    at,
    urgency = 'urgent',
    places = [],
    execution,
  }: {
    readonly at: TimestampMs
    readonly urgency?: Urgency
    readonly places?: readonly Place[]
    readonly execution?: Execution
  },
): Promise<void> {
  const facts = {
    members: await tx.members.list(),
    needs: roleFor(ports.settings, 'approve'),
    execution,
    money: ports.settings.trading.mode === 'live' ? ('real' as const) : ('paper' as const),
  }
  const card = proposalCard(proposal, facts)
  await announce(tx, ports, { cardKey: proposalCardKey(proposal), card, at, urgency, places })
  const asked = await tx.outbox.places(reminderCardKey(proposal))
  if (asked.length === 0) return
  const reminder = reminderCard(proposal, { ...facts, asked })
  await tell(tx, ports, { cardKey: reminderCardKey(proposal), card: reminder, at, urgency: 'normal' })
}
