import type { Member, MemberRole } from '../domain/member.ts'
import { announce, wakeDelivery } from './announce.ts'
import type { Ports } from './ports.ts'

export type RoleChange =
  | { readonly kind: 'changed'; readonly member: Member; readonly from: MemberRole; readonly to: MemberRole }
  | { readonly kind: 'unchanged'; readonly member: Member }
  | { readonly kind: 'unknown' }
  /** Nobody could undo it. */
  | { readonly kind: 'last-admin'; readonly member: Member }
  | { readonly kind: 'forbidden' }

/**
 * Gives a member a role, or takes it away; audited and told to the desk in one transaction. Admins only, whatever a desk's own
 * rules say: who may give roles may do everything.
 *
 * @param memberId - or their name, in any case
 */
export const createChangeRole =
  (ports: Ports) =>
  async (input: { memberId: string; to: MemberRole; by: Pick<Member, 'memberId' | 'name'> }): Promise<RoleChange> => {
    const { store, queue } = ports
    const change = await store
      .transaction((tx) => changeRole(tx, ports, input))
      .catch((error: unknown): RoleChange => {
        if (error instanceof NoLongerAdminError) return { kind: 'forbidden' }
        throw error
      })
    if (change.kind === 'changed') await wakeDelivery(queue)
    return change
  }

/** Takes back a change by someone whose own role was taken at the same moment. */
class NoLongerAdminError extends Error {
  override readonly name = 'NoLongerAdminError'
}

async function changeRole(
  tx: Ports['store'],
  ports: Ports,
  { memberId: named, to, by }: { memberId: string; to: MemberRole; by: Pick<Member, 'memberId' | 'name'> },
): Promise<RoleChange> {
  const at = ports.clock.now()
  // Says whether they are an admin, and keeps every role as it is until this is done; anything else is taken back.
  if ((await tx.members.setRole(by.memberId, 'admin')) !== 'unchanged') throw new NoLongerAdminError(by.memberId)
  const member = await findNamed(tx, named)
  if (!member) return { kind: 'unknown' }
  const { memberId } = member
  const outcome = await tx.members.setRole(memberId, to)
  const audit = (action: string, details: Record<string, unknown>) =>
    tx.audit.append({ at, actor: by.memberId, action, subject: memberId, details })
  switch (outcome) {
    case 'unknown':
      return { kind: 'unknown' }
    case 'unchanged':
      return { kind: 'unchanged', member }
    case 'last-admin':
      await audit('member.role-refused', { from: member.role, to, reason: 'last-admin' })
      return { kind: 'last-admin', member }
    case 'changed': {
      await audit('member.role-changed', { from: member.role, to })
      await announce(tx, ports, {
        cardKey: `member:${ports.ids.rowId()}`,
        at,
        urgency: 'normal',
        card: {
          tone: to === 'none' ? 'warning' : 'info',
          title: to === 'none' ? `${member.name} has no role any more` : `${member.name} is ${to} now`,
          text: `${by.name} changed it; it was ${member.role}.`,
        },
      })
      return { kind: 'changed', member: { ...member, role: to }, from: member.role, to }
    }
  }
}

async function findNamed(tx: Ports['store'], named: string): Promise<Member | undefined> {
  const wanted = named.toLowerCase()
  return (
    (await tx.members.find(named)) ??
    (await tx.members.list()).find(
      ({ memberId, name }) => memberId.toLowerCase() === wanted || name.toLowerCase() === wanted,
    )
  )
}
