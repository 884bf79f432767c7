import type { Alert } from '../domain/alert.ts'
import type { Card } from '../domain/card.ts'
import { formatChance, formatPercent, formatPrice, formatTime } from '../domain/format.ts'
import { inZone } from '../domain/local-time.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Member } from '../domain/member.ts'
import type { Preferences } from '../domain/preferences.ts'
import { digestDueAt, isMuted, privatePlaces } from '../domain/routing.ts'
import { MINUTE, type TimestampMs, timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { alertCardKey } from './alert-card.ts'
import { tell, wakeDelivery } from './announce.ts'
import type { Ports } from './ports.ts'

/** Quiet hours may end at any minute; a quarter of an hour later is soon enough. */
const LOOK_EVERY = 15 * MINUTE
const MOST_TOLD = 15

/** Adds the next wake-up while something is held for someone; with nothing held there is none. */
export async function scheduleDigests({
  store,
  queue,
  clock,
}: Pick<Ports, 'store' | 'queue' | 'clock'>): Promise<void> {
  if ((await store.held.members()).length === 0) return
  const at = timestamp((Math.floor(clock.now() / LOOK_EVERY) + 1) * LOOK_EVERY)
  await queue.add({ name: 'send-digests', data: {}, jobId: `send-digests-${at}`, at })
}

/**
 * Tells each member whose quiet hours are over or whose digest is due, in one card, what was held for them; what of it is still
 * muted stays held. Returns how many were told.
 */
export const createSendDigests = (ports: Ports) => async (): Promise<number> => {
  const { store, clock, queue } = ports
  const at = clock.now()
  const muted = await store.members.mutes(at)
  let told = 0
  for (const memberId of await store.held.members()) {
    const member = await store.members.find(memberId)
    if (!member) continue
    const preferences = await store.members.preferences(memberId)
    if (!(await isDue(store, memberId, { preferences, at }))) continue
    const mutes = muted.filter((mute) => mute.memberId === memberId)
    const card = await store.transaction((tx) =>
      tellHeld(tx, ports, { member, preferences, at, isMuted: (asset) => isMuted(asset, mutes, at) }),
    )
    if (card) told++
  }
  await scheduleDigests(ports)
  if (told > 0) await wakeDelivery(queue)
  return told
}

/** Whether a digest has fallen due since the oldest of it was held. */
async function isDue(
  { settings }: Pick<Store, 'settings'>,
  memberId: string,
  { preferences, at }: { readonly preferences: Preferences; readonly at: TimestampMs },
): Promise<boolean> {
  const dueAt = digestDueAt(preferences, at)
  return dueAt !== undefined && dueAt > Number((await settings.get(sinceKey(memberId))) ?? 0)
}

/** Keeps alerts for the digests of members. */
export async function holdAlert(
  tx: Pick<Store, 'held' | 'settings'>,
  alertId: string,
  { memberIds, at }: { readonly memberIds: readonly string[]; readonly at: TimestampMs },
): Promise<void> {
  const holding = await tx.held.members()
  for (const memberId of memberIds) {
    if (!holding.includes(memberId)) await tx.settings.set(sinceKey(memberId), String(at))
    await tx.held.add(memberId, alertId, at)
  }
}

/** Since when something is held for a member. */
const sinceKey = (memberId: string): string => `held-since:${memberId}`

async function tellHeld(
  tx: Store,
  ports: Ports,
  about: {
    readonly member: Member
    readonly preferences: Preferences
    readonly at: TimestampMs
    readonly isMuted: (asset: Asset) => boolean
  },
): Promise<Card | undefined> {
  const { member, preferences, at } = about
  const { memberId } = member
  const alerts: Alert[] = []
  for (const alertId of await tx.held.take(memberId)) {
    const alert = (await tx.alerts.find(alertId))!
    if (about.isMuted(alert.asset)) await holdAlert(tx, alertId, { memberIds: [memberId], at })
    else if (!(await wasTold(tx, alert, memberId))) alerts.push(alert)
  }
  if (member.role === 'none' || alerts.length === 0) return undefined
  const card = inZone(await digestCard(tx, alerts, at), preferences.timeZone)
  const platforms = ports.settings.channels.map(({ platform }) => platform)
  const places = privatePlaces(member, { platforms, reach: await tx.members.reach() })
  await tell(tx, ports, { cardKey: `digest:${memberId}:${at}`, card, at, urgency: 'low', places })
  return card
}

/** Meanwhile it may have become critical, or gone further after the quiet hours. */
const wasTold = async (tx: Store, alert: Alert, memberId: string): Promise<boolean> =>
  (await tx.outbox.places(alertCardKey(alert))).some((place) => place.memberId === memberId)

async function digestCard(tx: Store, alerts: readonly Alert[], at: TimestampMs): Promise<Card> {
  const newestFirst = [...alerts].sort((a, b) => b.raisedAt - a.raisedAt)
  const fields: { name: string; value: string }[] = []
  for (const alert of newestFirst.slice(0, MOST_TOLD)) {
    const { asset, cluster } = alert
    const side = cluster.side === 'sell' ? 'longs' : 'shorts'
    fields.push({
      name: `${asset} ${side} at ${formatPrice(cluster.peakPrice)}`,
      value: `${courseOf(alert)}\n${await figuresOf(tx, alert)}`,
    })
  }
  const more = newestFirst.length - fields.length
  return {
    tone: 'info',
    title: `While you were not disturbed: ${alerts.length} ${alerts.length === 1 ? 'alert' : 'alerts'}`,
    fields,
    footer: `${formatTime(at)}${more > 0 ? `, ${more} older ones not shown` : ''}. /alerts lists them all.`,
  }
}

const courseOf = ({ raisedAt, endedAt, endReason, stage, severity }: Alert): string =>
  endedAt === undefined
    ? `open since ${formatTime(raisedAt)}, ${stage}, ${severity}`
    : `raised ${formatTime(raisedAt)}, over ${formatTime(endedAt)} (${endReason}), ${severity} at most`

/** As the last forecast has it; the highest of the episode where its cluster is gone. */
async function figuresOf(tx: Store, alert: Alert): Promise<string> {
  const peak = `highest confidence ${formatPercent(alert.peakConfidence)} within ${alert.horizon}`
  const latest = alert.stage === 'over' ? undefined : await tx.forecasts.latest(alert.asset)
  const cluster = latest?.clusters.find(({ clusterId }) => clusterId === alert.clusterId)
  if (!latest || !cluster) return peak
  const now = cluster.confidence[alert.horizon]
  const said = now.kind === 'estimated' ? `now ${formatChance(now.confidence)}` : 'now undetermined'
  return `${peak}, ${said}; price ${formatPrice(latest.forecast.market.price)}, ${formatPercent(cluster.distance / 10_000)} away`
}
