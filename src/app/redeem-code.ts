import type { Identity, Member } from '../domain/member.ts'
import { codeHashOf } from '../domain/one-time-code.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Code, Store } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import type { Ports } from './ports.ts'

export type Redemption =
  | { readonly kind: 'joined'; readonly member: Member }
  | { readonly kind: 'linked'; readonly member: Member }
  | { readonly kind: 'already-theirs'; readonly member: Member }
  /** The identity is another member's. */
  | { readonly kind: 'identity-taken' }
  /** Somebody of that name came first. */
  | { readonly kind: 'name-taken' }
  /** Who made the code has no longer the right that it stands on. */
  | { readonly kind: 'withdrawn' }
  /** Never made, used or run out: which of them, nobody is told. */
  | { readonly kind: 'unknown' }

interface Given {
  readonly code: Code
  readonly identity: Identity
  readonly owner: Member | undefined
  readonly at: TimestampMs
}

/**
 * Uses a one-time code up for whoever typed it: an invitation makes them a member, a link joins their identity to the member
 * that asked for it. One transaction with its audit entry; a code that is refused is used up as well, because the wrong person
 * has seen it.
 *
 * @param code - as typed
 */
export function createRedeemCode(ports: Ports) {
  const { store, clock, queue } = ports

  const attempt = (typed: string, identity: Identity): Promise<Redemption> =>
    store.transaction(async (tx): Promise<Redemption> => {
      const at = clock.now()
      const hash = codeHashOf(typed)
      const code = hash && (await tx.codes.redeem(hash, at))
      const owner = await tx.members.findByIdentity(identity)
      const outcome = code ? await use(tx, ports, { code, identity, owner, at }) : ({ kind: 'unknown' } as const)
      await tx.audit.append({ at, ...entryOf(outcome, { code: code || undefined, identity, owner }) })
      return outcome
    })

  return async ({ code, identity }: { code: string; identity: Identity }): Promise<Redemption> => {
    const outcome = await attempt(code, identity).catch((error: unknown) => {
      // What it had looked at has changed under it and was taken back; the second look finds it changed.
      if (error instanceof OvertakenError) return attempt(code, identity)
      throw error
    })
    if (outcome.kind === 'joined') await wakeDelivery(queue)
    return outcome
  }
}

/** Another redemption made this name or took this identity a moment ago. */
class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

const use = (tx: Store, ports: Ports, given: Given): Promise<Redemption> =>
  given.code.purpose === 'invite' ? join(tx, ports, given) : link(tx, given)

async function join(tx: Store, ports: Ports, { code, identity, owner, at }: Given): Promise<Redemption> {
  const { memberId, name, role, createdBy } = code
  if (name === undefined || role === undefined) throw new Error(`Expected name and role of ${memberId}, were missing`)
  if (owner) return owner.memberId === memberId ? { kind: 'already-theirs', member: owner } : { kind: 'identity-taken' }
  const inviter = await tx.members.find(createdBy)
  if (inviter?.role !== 'admin') return { kind: 'withdrawn' }
  if (await tx.members.find(memberId)) return { kind: 'name-taken' }
  const made = await tx.members.seed({ memberId, name, role, identities: [] })
  if (made.identities.length > 0) throw new OvertakenError(`${memberId} was made by another invitation`)
  const added = await tx.members.addIdentity(memberId, identity)
  if (added !== 'added') throw new OvertakenError(`The identity went to another member: ${added}`)
  await announce(tx, ports, {
    cardKey: `member:${ports.ids.rowId()}`,
    at,
    urgency: 'normal',
    card: {
      tone: 'info',
      title: `${name} has joined the desk`,
      text: `${name} is ${role}, invited by ${inviter.name}, and came over ${identity.platform}. /members lists everyone.`,
    },
  })
  return { kind: 'joined', member: { ...made, identities: [identity] } }
}

async function link(tx: Store, { code: { memberId }, identity, owner }: Given): Promise<Redemption> {
  const member = await tx.members.find(memberId)
  if (owner) return owner.memberId === memberId ? { kind: 'already-theirs', member: owner } : { kind: 'identity-taken' }
  if (!member || member.role === 'none') return { kind: 'withdrawn' }
  const added = await tx.members.addIdentity(memberId, identity)
  switch (added) {
    case 'added':
      return { kind: 'linked', member: { ...member, identities: [...member.identities, identity] } }
    case 'theirs':
      return { kind: 'already-theirs', member }
    case 'taken':
      return { kind: 'identity-taken' }
    case 'unknown':
      return { kind: 'withdrawn' }
  }
}

function entryOf(
  outcome: Redemption,
  { code, identity, owner }: Pick<Given, 'identity' | 'owner'> & { code?: Code | undefined },
) {
  const { platform, platformUserId } = identity
  const who = `${platform}:${platformUserId}`
  const actor = owner?.memberId ?? who
  const details = { platform, identity: who, ...(code && { purpose: code.purpose, madeBy: code.createdBy }) }
  switch (outcome.kind) {
    case 'joined':
      return {
        actor,
        action: 'member.joined',
        subject: outcome.member.memberId,
        details: { ...details, role: outcome.member.role },
      }
    case 'linked':
      return { actor: outcome.member.memberId, action: 'identity.linked', subject: outcome.member.memberId, details }
    case 'already-theirs':
    case 'identity-taken':
    case 'name-taken':
    case 'withdrawn':
    case 'unknown':
      return {
        actor,
        action: 'code.refused',
        subject: code?.memberId ?? who,
        details: { ...details, reason: outcome.kind },
      }
  }
}
