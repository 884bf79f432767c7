import type { Identity, Member } from '../domain/member.ts'
import { codeHashOf, toCode } from '../domain/one-time-code.ts'
import { later, MINUTE, type TimestampMs } from '../domain/units.ts'
import type { Ports } from './ports.ts'

const VALID = 10 * MINUTE

export type LinkOffer =
  /** `code` is shown here and nowhere else: the record has its hash. */
  | { readonly kind: 'offered'; readonly member: Member; readonly code: string; readonly expiresAt: TimestampMs }
  | { readonly kind: 'not-a-member' }
  | { readonly kind: 'no-role' }

/** Makes a one-time code with which a member joins an account on another platform to themselves. */
export const createOfferLink =
  ({ store, clock, ids }: Pick<Ports, 'store' | 'clock' | 'ids'>) =>
  (identity: Identity): Promise<LinkOffer> =>
    store.transaction(async (tx): Promise<LinkOffer> => {
      const member = await tx.members.findByIdentity(identity)
      if (!member) return { kind: 'not-a-member' }
      if (member.role === 'none') return { kind: 'no-role' }
      const { memberId } = member
      const at = clock.now()
      const code = toCode(ids.rowId())
      const expiresAt = later(at, VALID)
      await tx.codes.create({
        codeHash: codeHashOf(code)!,
        purpose: 'link',
        memberId,
        createdBy: memberId,
        createdAt: at,
        expiresAt,
      })
      await tx.audit.append({
        at,
        actor: memberId,
        action: 'identity.link-offered',
        subject: memberId,
        details: { platform: identity.platform, expiresAt },
      })
      return { kind: 'offered', member, code, expiresAt }
    })
