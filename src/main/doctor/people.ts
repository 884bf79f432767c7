import { joinPeople } from '../../config/people.ts'
import type { ConfigReading } from '../../config.ts'
import { atLeast, type MemberRole, type Platform } from '../../domain/member.ts'
import { type Check, checksOf } from './check.ts'

/** A member as the database has it. */
export interface RecordedMember {
  readonly memberId: string
  readonly name: string
  readonly role: MemberRole
  readonly platforms: readonly Platform[]
}

const INVITE = 'an admin says /invite in chat and passes the code on in private'
const { ok, warning, missing, skipped } = checksOf('People')

/**
 * Whether somebody may answer, and enough may approve.
 *
 * @param recorded - members on record; undefined where the record could not be read
 */
export function checkPeople(
  { values, mistakes }: Pick<ConfigReading, 'values' | 'mistakes'>,
  recorded: readonly RecordedMember[] | undefined,
): readonly Check[] {
  const platforms: Platform[] = [
    ...(values.DISCORD_TOKEN === undefined ? [] : (['discord'] as const)),
    ...(values.TELEGRAM_TOKEN === undefined ? [] : (['telegram'] as const)),
  ]
  if (platforms.length === 0) {
    return [skipped('members', 'no chat platform is on, so this terminal is the chat and who sits at it the admin')]
  }
  if (mistakes.some(({ variable }) => variable === 'ADMINS' || variable === 'MEMBERS')) {
    return [skipped('members', 'ADMINS and MEMBERS have to be put right first')]
  }
  const members = together(values, recorded)
  const admins = members.filter(({ role }) => role === 'admin')
  return [
    admins.length === 0
      ? missing('admins', 'nobody is an admin, so nobody could be let in', 'put yourself into ADMINS')
      : ok('admins', admins.map((admin) => `${admin.name} (${admin.platforms.join(', ')})`).join('; ')),
    ...members
      .filter(({ role }) => role !== 'none')
      .flatMap(({ name, platforms: known }) =>
        platforms
          .filter((platform) => !known.includes(platform))
          .map((platform) => ok(name, `not known on ${platform}`, `${name} says /link to be the same member there`)),
      ),
    ...quorum(values, members, recorded !== undefined),
  ]
}

function quorum(
  values: ConfigReading['values'],
  members: readonly RecordedMember[],
  recordRead: boolean,
): readonly Check[] {
  const approvers = members.filter(({ role }) => atLeast(role, 'approver')).length
  const where = recordRead ? 'named here or on record' : 'named here (the record could not be read)'
  const found = `${approvers} may approve, ${where}`
  const [small, large] = [values.APPROVAL_QUORUM, values.APPROVAL_QUORUM_LARGE]
  if (small === undefined || large === undefined) return [skipped('quorum', 'APPROVAL_QUORUM cannot be read yet')]
  if (approvers < small) {
    return [warning('quorum', `${found}; every hedge needs ${small}, so none could be approved`, INVITE)]
  }
  if (approvers < large) {
    const above = `$${(values.QUORUM_LARGE_ABOVE_USD ?? 0).toLocaleString('en-US')}`
    return [
      warning('quorum', `${found}; above ${above} a hedge needs ${large}, so none of those could be approved`, INVITE),
    ]
  }
  return [ok('quorum', `${found}; ${small} needed, ${large} for a large hedge`)]
}

/** Once a member is on record, what the record says stands. */
function together(
  { ADMINS = [], MEMBERS = [] }: ConfigReading['values'],
  recorded: readonly RecordedMember[] = [],
): readonly RecordedMember[] {
  const named = joinPeople([...ADMINS, ...MEMBERS]).members.map(({ identities, ...member }) => ({
    ...member,
    platforms: [...new Set(identities.map(({ platform }) => platform))],
  }))
  const known = new Map(recorded.map((member) => [member.memberId, member]))
  const seeded = named.map((member) => {
    const before = known.get(member.memberId)
    known.delete(member.memberId)
    return before ? { ...before, platforms: [...new Set([...before.platforms, ...member.platforms])] } : member
  })
  return [...seeded, ...known.values()]
}
