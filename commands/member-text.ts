import type { Reach } from '../src/domain/delivery.ts'
import type { Member, Platform } from '../src/domain/member.ts'

/** `discord works, telegram does not (blocked: open the chat and press Start)` */
export function describeReach(
  { identities }: Pick<Member, 'identities'>,
  reach: readonly Reach[],
  { reasons }: { reasons: boolean },
): string {
  const platforms = platformsOf(identities).filter((platform) => platform !== 'console')
  if (platforms.length === 0) return 'none: no account on a chat platform'
  return platforms
    .map((platform) => {
      const found = reach.find((one) => one.platform === platform)
      if (!found) return `${platform} not tried yet`
      if (found.works) return `${platform} works`
      return `${platform} does not work${reasons && found.reason ? ` (${found.reason})` : ''}`
    })
    .join(', ')
}

export const platformsOf = (identities: Member['identities']): readonly Platform[] => [
  ...new Set(identities.map(({ platform }) => platform)),
]
