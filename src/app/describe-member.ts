import type { Reach } from '../domain/delivery.ts'
import type { Identity, Member } from '../domain/member.ts'
import type { Preferences } from '../domain/preferences.ts'
import type { Ports } from './ports.ts'

export interface MemberFacts {
  readonly member: Member
  readonly preferences: Preferences
  /** As of the last try; nothing where none was made. */
  readonly reach: readonly Reach[]
}

/** Whose identity this is; undefined for a stranger. */
export const createDescribeMember =
  ({ store }: Pick<Ports, 'store'>) =>
  async (identity: Identity): Promise<MemberFacts | undefined> => {
    const member = await store.members.findByIdentity(identity)
    if (!member) return undefined
    const reach = await store.members.reach()
    return {
      member,
      preferences: await store.members.preferences(member.memberId),
      reach: reach.filter(({ memberId }) => memberId === member.memberId),
    }
  }

/** Everyone on record, in the order in which they came, with whether their private chats work. */
export const createListMembers =
  ({ store }: Pick<Ports, 'store'>) =>
  async (): Promise<readonly Omit<MemberFacts, 'preferences'>[]> => {
    const reach = await store.members.reach()
    return (await store.members.list()).map((member) => ({
      member,
      reach: reach.filter(({ memberId }) => memberId === member.memberId),
    }))
  }
