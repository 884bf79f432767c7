import type { InstrumentId } from '../domain/instrument.ts'
import type { Member } from '../domain/member.ts'
import { type BaseQty, baseQty, usd } from '../domain/units.ts'
import type { Ports } from './ports.ts'

export type AcceptedPosition =
  | { readonly kind: 'accepted'; readonly quantity: BaseQty; readonly foreignQuantity: BaseQty }
  | { readonly kind: 'nothing-unexplained' }
  | { readonly kind: 'never-checked' }

/**
 * A person has looked: what a venue holds beyond our books is other hands'. It counts as explained from then on, and is never
 * traded by us.
 */
export const createAcceptPosition =
  ({ store, clock }: Ports) =>
  ({ instrumentId, by }: { instrumentId: InstrumentId; by: Member }): Promise<AcceptedPosition> =>
    store.transaction(async (tx): Promise<AcceptedPosition> => {
      const standing = await tx.standings.read(instrumentId)
      if (!standing) return { kind: 'never-checked' }
      const quantity = standing.unexplainedQuantity
      if (quantity === 0) return { kind: 'nothing-unexplained' }
      const foreignQuantity = baseQty(Number((standing.foreignQuantity + quantity).toFixed(9)))
      await tx.standings.write({
        ...standing,
        foreignQuantity,
        unexplainedQuantity: baseQty(0),
        unexplainedNotional: usd(0),
      })
      await tx.audit.append({
        at: clock.now(),
        actor: by.memberId,
        action: 'venue.position-accepted',
        subject: instrumentId,
        details: { quantity, foreignQuantity },
      })
      return { kind: 'accepted', quantity, foreignQuantity }
    })
