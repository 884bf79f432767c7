import type { Member, Role } from '../domain/member.ts'
import { codeHashOf, toCode } from '../domain/one-time-code.ts'
import { HOUR, later, type TimestampMs } from '../domain/units.ts'
import type { Ports } from './ports.ts'

const VALID = 24 * HOUR

export type Invitation =
  /** `code` is shown here and nowhere else: the record has its hash. */
  | { readonly kind: 'invited'; readonly code: string; readonly expiresAt: TimestampMs }
  | { readonly kind: 'name-taken'; readonly member: Member }
  | { readonly kind: 'forbidden' }

/**
 * Makes a one-time code with which someone new becomes a member. Admins only, whatever a desk's own rules say: who may let
 * people in may do everything.
 */
export const createInviteMember =
  ({ store, clock, ids }: Pick<Ports, 'store' | 'clock' | 'ids'>) =>
  ({ name, role, by }: { name: string; role: Role; by: Pick<Member, 'memberId'> }): Promise<Invitation> =>
    store.transaction(async (tx): Promise<Invitation> => {
      const [at, memberId] = [clock.now(), name.toLowerCase()]
      if ((await tx.members.find(by.memberId))?.role !== 'admin') return { kind: 'forbidden' }
      const member = await tx.members.find(memberId)
      if (member) return { kind: 'name-taken', member }
      const code = toCode(ids.rowId())
      const expiresAt = later(at, VALID)
      await tx.codes.create({
        codeHash: codeHashOf(code)!,
        purpose: 'invite',
        memberId,
        name,
        role,
        createdBy: by.memberId,
        createdAt: at,
        expiresAt,
      })
      await tx.audit.append({
        at,
        actor: by.memberId,
        action: 'member.invited',
        subject: memberId,
        details: { role, expiresAt },
      })
      return { kind: 'invited', code, expiresAt }
    })
