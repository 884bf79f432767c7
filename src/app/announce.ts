import type { Card } from '../domain/card.ts'
import type { Urgency } from '../domain/delivery.ts'
import { canonicalJson, sha256 } from '../domain/hash.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Place, Queue, Store } from '../ports.ts'
import { issueButtons } from './issue-buttons.ts'
import type { Ports } from './ports.ts'

export interface Announcement {
  /** What the card is about: a later card under the same key edits the earlier post. */
  readonly cardKey: string
  /** The same in every place, or as each place is to show it. */
  readonly card: Card | ((place: Place) => Card)
  readonly at: TimestampMs
  readonly urgency: Urgency
  /** May be told in one message with others when many wait in a place. */
  readonly foldable?: boolean
  /** Besides the desk's channels, which always get it; private chats above all. */
  readonly places?: readonly Place[]
}

/**
 * Puts a card into the outbox for every desk channel, for the places given, and for wherever an earlier version of it stands,
 * inside the caller's transaction: the change and the word of it are stored together or not at all.
 */
export async function announce(
  tx: Store,
  { settings, ids }: Pick<Ports, 'settings' | 'ids'>,
  { places = [], ...announcement }: Announcement,
): Promise<void> {
  await tell(tx, { ids }, { ...announcement, places: [...settings.channels, ...places] })
}

/** The same without the desk's channels: what is said to one member, or to those who got it before. */
export async function tell(tx: Store, { ids }: Pick<Ports, 'ids'>, announcement: Announcement): Promise<void> {
  const { cardKey, places = [] } = announcement
  for (const place of distinct([...places, ...(await tx.outbox.places(cardKey))])) {
    await putOnItsWay(tx, { ids }, announcement, place)
  }
}

/** To one place and no other. */
export async function putOnItsWay(
  tx: Store,
  { ids }: Pick<Ports, 'ids'>,
  { cardKey, card, at, urgency, foldable }: Omit<Announcement, 'places'>,
  place: Place,
): Promise<void> {
  const shown = typeof card === 'function' ? card(place) : card
  await tx.outbox.add({
    ...place,
    messageKey: `${cardKey}/${ids.rowId()}`,
    cardKey,
    revision: sha256(canonicalJson(shown)).slice(0, 12),
    urgency,
    foldable,
    card: await issueButtons(tx, shown, { cardKey, place, ids, at }),
    createdAt: at,
  })
}

/** Each once, and in one order everywhere, so that no two transactions wait for each other. */
const distinct = (places: readonly Place[]): readonly Place[] => {
  const byKey = new Map(places.map((place) => [placeKey(place), place]))
  return [...byKey.keys()].sort().map((key) => byKey.get(key)!)
}

/** One text for one place. */
export const placeKey = ({ platform, channel }: Pick<Place, 'platform' | 'channel'>): string => `${platform}/${channel}`

/** Wakes the delivery job; the outbox row, not this call, is what makes delivery certain. */
export const wakeDelivery = (queue: Queue): Promise<void> =>
  queue.add({ name: 'deliver-messages', data: {}, jobId: 'deliver-messages' })
