import type { Asset } from '../domain/market/tick.ts'
import type { Member } from '../domain/member.ts'
import type { Mute } from '../domain/subscription.ts'
import { type DurationMs, later } from '../domain/units.ts'
import type { Ports } from './ports.ts'

export type MuteOutcome =
  | { readonly kind: 'muted'; readonly mute: Mute }
  /** How many had held. */
  | { readonly kind: 'ended'; readonly count: number }
  | { readonly kind: 'unknown-asset'; readonly assets: readonly Asset[] }

/**
 * Keeps a member's private chats free of an asset, or of all, for a while: what comes is held for their digest, and what is
 * critical comes all the same.
 *
 * @param input - `length` undefined ends it: that of one asset, or every one
 */
export const createMute =
  ({ store, clock, settings }: Ports) =>
  async (input: {
    readonly asset: Asset | '*'
    readonly length: DurationMs | undefined
    readonly by: Member
  }): Promise<MuteOutcome> => {
    const { asset, length, by } = input
    const { memberId } = by
    const at = clock.now()
    const assets = Object.keys(settings.book.exposures)
    if (asset !== '*' && !assets.includes(asset)) return { kind: 'unknown-asset', assets }
    return store.transaction(async (tx): Promise<MuteOutcome> => {
      const put = (action: string, details: Record<string, unknown>): Promise<void> =>
        tx.audit.append({ at, actor: memberId, action, subject: asset, details })
      if (length !== undefined) {
        const mute: Mute = { asset, until: later(at, length) }
        await tx.members.mute(memberId, mute)
        await put('mute.on', { until: mute.until })
        return { kind: 'muted', mute }
      }
      const standing = (await tx.members.mutes(at)).filter(
        (mute) => mute.memberId === memberId && (asset === '*' || mute.asset === asset),
      )
      for (const mute of standing) await tx.members.mute(memberId, { asset: mute.asset, until: at })
      await put('mute.off', { ended: standing.length })
      return { kind: 'ended', count: standing.length }
    })
  }
