import type { Member } from '../domain/member.ts'
import { type Proposal, whoMayApprove } from '../domain/proposal.ts'
import { privatePlaces } from '../domain/routing.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Place, Store } from '../ports.ts'
import { readOnCall } from './on-call.ts'
import type { Ports } from './ports.ts'
import { proposalCardKey, reminderCardKey } from './proposal-card.ts'
import { roleFor } from './role-for.ts'

/**
 * Where the card of a new proposal goes besides the desk's channels: to who is on call and may approve it, and to whoever got
 * the one that it supersedes in private.
 */
export async function placesAtOpening(
  tx: Store,
  ports: Pick<Ports, 'settings'>,
  { proposal, superseded }: { proposal: Proposal; superseded: readonly Proposal[] },
): Promise<readonly Place[]> {
  const [first] = await inOrderOfCall(tx, ports, { proposal, at: proposal.proposedAt })
  const places = [...(first ? await privately(tx, ports, [first]) : [])]
  for (const old of superseded) places.push(...(await tx.outbox.places(proposalCardKey(old))).filter(isPrivate))
  return places
}

/**
 * Where a reminder goes that nobody has answered: to the next on call who may approve and has not been asked, or to every approver
 * where there is none.
 */
export async function placesAtEscalation(
  tx: Store,
  ports: Pick<Ports, 'settings'>,
  { proposal, at }: { proposal: Proposal; at: TimestampMs },
): Promise<readonly Place[]> {
  const asked = (await tx.outbox.places(proposalCardKey(proposal))).flatMap(({ memberId }) => memberId ?? [])
  const next = (await inOrderOfCall(tx, ports, { proposal, at })).find(({ memberId }) => !asked.includes(memberId))
  if (next) return privately(tx, ports, [next])
  return privately(tx, ports, whoMayApprove(proposal, await tx.members.list(), roleFor(ports.settings, 'approve')))
}

/** Whom a proposal's reminder has gone to in private. */
export const askedPrivately = async (tx: Store, proposal: Proposal): Promise<readonly Place[]> =>
  (await tx.outbox.places(reminderCardKey(proposal))).filter(isPrivate)

/** Whoever may still approve it, who is on call first. */
async function inOrderOfCall(
  tx: Store,
  { settings }: Pick<Ports, 'settings'>,
  { proposal, at }: { proposal: Proposal; at: TimestampMs },
): Promise<readonly Member[]> {
  const standing = await readOnCall(tx, at)
  if (!standing) return []
  const { now, next, order } = standing
  const turn = order.findIndex(({ memberId }) => memberId === (next ?? now)?.memberId)
  const rotated = turn < 0 ? order : [...order.slice(turn), ...order.slice(0, turn)]
  const inOrder = [now, next, ...rotated].flatMap((member) => member ?? [])
  const distinct = [...new Map(inOrder.map((member) => [member.memberId, member])).values()]
  return whoMayApprove(proposal, distinct, roleFor(settings, 'approve'))
}

async function privately(
  tx: Store,
  { settings }: Pick<Ports, 'settings'>,
  members: readonly Member[],
): Promise<readonly Place[]> {
  // At the terminal everything is said in the one channel.
  const platforms = settings.channels.map(({ platform }) => platform).filter((platform) => platform !== 'console')
  const reach = await tx.members.reach()
  return members.flatMap((member) => privatePlaces(member, { platforms, reach }))
}

const isPrivate = ({ memberId }: Place): boolean => memberId !== undefined
