import type { Card } from '../domain/card.ts'
import { directChannel } from '../domain/delivery.ts'
import { atLeast, type Identity, type Member } from '../domain/member.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Notifier, Place } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import { notifierFor } from './delivery.ts'
import { readOnCall } from './on-call.ts'
import type { Ports } from './ports.ts'

/** A place, tried without a message being sent. */
export interface ProbedPlace extends Place {
  readonly works: boolean
  /** Only where it does not. */
  readonly reason?: string | undefined
}

export interface ReachReport {
  /** Whether at least one channel of the desk would take a message. */
  readonly deskWorks: boolean
  readonly desk: readonly ProbedPlace[]
  /** Who has to be reachable in private and is not, with what was tried. */
  readonly membersWithout: readonly { readonly member: Member; readonly places: readonly ProbedPlace[] }[]
  /** Whether anything would be taken anywhere, in the desk's channels or in private. */
  readonly anythingWorks: boolean
}

const LIST_KEY = 'reach.without'

/**
 * Tries every channel of the desk and the private chats of everyone who has to be reached there: traders and up, who is on
 * call, who has subscribed. Whom nothing reaches is told to the desk, once for each change of that list.
 */
export const createCheckReach =
  (ports: Ports, notifiers: () => readonly Notifier[]) => async (): Promise<ReachReport> => {
    const { store, settings, clock } = ports
    const at = clock.now()
    const probe = createProbe(notifiers())
    const desk = await Promise.all(settings.channels.map(probe))
    const membersWithout: { member: Member; places: readonly ProbedPlace[] }[] = []
    let anythingWorks = desk.some(({ works }) => works)
    // At a terminal there are no private chats, and whoever sits there hears everything.
    const onTerminal = settings.channels.every(({ platform }) => platform === 'console')
    for (const member of onTerminal ? [] : await wanted(ports, at)) {
      const places = await Promise.all(privateOf(member, settings.channels).map(probe))
      for (const { platform, works, reason } of places) {
        await store.members.noteReach({ memberId: member.memberId, platform, works, reason, at })
      }
      if (places.some(({ works }) => works)) anythingWorks = true
      else membersWithout.push({ member, places })
    }
    const report = { deskWorks: desk.some(({ works }) => works), desk, membersWithout, anythingWorks }
    await tellChange(ports, report, at)
    return report
  }

/** Whoever may have to be told something in private. */
async function wanted({ store }: Pick<Ports, 'store'>, at: TimestampMs): Promise<readonly Member[]> {
  const onCall = await readOnCall(store, at)
  const named = new Set([
    ...(onCall?.order ?? []).map(({ memberId }) => memberId),
    ...(await store.members.subscriptions()).map(({ memberId }) => memberId),
  ])
  return (await store.members.list()).filter(
    ({ role, memberId }) => atLeast(role, 'trader') || (role !== 'none' && named.has(memberId)),
  )
}

/** On the platforms in use alone: the terminal's people are no one's private chat on Discord. */
const privateOf = ({ identities, memberId }: Member, channels: readonly Place[]): readonly Place[] =>
  identities
    .filter(
      ({ platform }: Identity) => platform !== 'console' && channels.some((channel) => channel.platform === platform),
    )
    .map((identity) => ({ platform: identity.platform, channel: directChannel(identity), memberId }))

const createProbe =
  (notifiers: readonly Notifier[]) =>
  async (place: Place): Promise<ProbedPlace> => {
    const notifier = notifierFor(notifiers, place)
    const reason = `${place.platform} is not connected in this process`
    return { ...place, ...(notifier ? await notifier.probe(place.channel) : { works: false, reason }) }
  }

async function tellChange(ports: Ports, { membersWithout }: ReachReport, at: TimestampMs): Promise<void> {
  const { store, settings, ids, queue } = ports
  const list = membersWithout.map(({ member }) => member.memberId).sort()
  const changed = await store.transaction(async (tx) => {
    const before = (await tx.settings.get(LIST_KEY)) ?? '[]'
    if (before === JSON.stringify(list)) return false
    await tx.settings.set(LIST_KEY, JSON.stringify(list))
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'reach.changed',
      subject: settings.book.name,
      details: { without: list, before: JSON.parse(before) },
    })
    const card = list.length > 0 ? unreachableCard(membersWithout) : ALL_REACHABLE
    await announce(tx, ports, { cardKey: `reach:${ids.rowId()}`, card, at, urgency: 'normal' })
    return true
  })
  if (changed) await wakeDelivery(queue)
}

const ALL_REACHABLE: Card = {
  tone: 'ok',
  title: 'Everyone can be reached in private again',
  text: 'Each trader, approver and admin, who is on call and who has subscribed has a private chat that works.',
}

const unreachableCard = (without: ReachReport['membersWithout']): Card => ({
  tone: 'warning',
  title: `${without.length} ${without.length === 1 ? 'member' : 'members'} cannot be reached in private`,
  text: 'Alerts that are for them alone would reach nobody. Each of them should write to the bot in a private chat once, or let it write to them.',
  fields: without.map(({ member, places }) => ({
    name: member.name,
    value:
      places.length === 0
        ? 'has no identity on a platform of this desk: join one with /link'
        : places.map(({ platform, reason }) => `${platform}: ${reason ?? 'does not work'}`).join('\n'),
  })),
})
