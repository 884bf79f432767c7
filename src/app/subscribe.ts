import type { Asset } from '../domain/market/tick.ts'
import type { Member } from '../domain/member.ts'
import type { Mute, Subscription } from '../domain/subscription.ts'
import type { Ports } from './ports.ts'

/** What a member has asked to be told of in private, and what is muted for now. */
export interface Standing {
  readonly subscriptions: readonly Subscription[]
  readonly mutes: readonly Mute[]
  /** Assets that the desk follows. */
  readonly assets: readonly Asset[]
}

export type SubscriptionChange =
  | { readonly kind: 'on'; readonly subscription: Subscription }
  | { readonly kind: 'off'; readonly asset: Asset | '*' }

export type SubscriptionOutcome =
  | { readonly kind: 'changed'; readonly ended: number; readonly standing: Standing }
  | { readonly kind: 'unknown-asset'; readonly assets: readonly Asset[] }

export const createReadSubscriptions =
  ({ store, clock, settings }: Ports) =>
  async ({ memberId }: Pick<Member, 'memberId'>): Promise<Standing> => ({
    subscriptions: await store.members.subscriptions(memberId),
    mutes: (await store.members.mutes(clock.now())).filter((mute) => mute.memberId === memberId),
    assets: Object.keys(settings.book.exposures),
  })

/** Begins, changes or ends what a member is told of in private; one subscription an asset, and one for all. */
export const createSubscribe =
  (ports: Ports) =>
  async ({ change, by }: { change: SubscriptionChange; by: Member }): Promise<SubscriptionOutcome> => {
    const { store, clock, settings } = ports
    const { memberId } = by
    const assets = Object.keys(settings.book.exposures)
    const asset = change.kind === 'on' ? change.subscription.asset : change.asset
    if (change.kind === 'on' && asset !== '*' && !assets.includes(asset)) return { kind: 'unknown-asset', assets }
    const ended = await store.transaction(async (tx) => {
      const count = change.kind === 'off' ? await tx.members.unsubscribe(memberId, change.asset) : 0
      if (change.kind === 'on') await tx.members.subscribe(memberId, change.subscription)
      await tx.audit.append({
        at: clock.now(),
        actor: memberId,
        action: `subscription.${change.kind}`,
        subject: asset,
        details: change.kind === 'on' ? { ...change.subscription } : { ended: count },
      })
      return count
    })
    return { kind: 'changed', ended, standing: await createReadSubscriptions(ports)(by) }
  }
