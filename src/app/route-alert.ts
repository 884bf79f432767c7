import type { Alert } from '../domain/alert.ts'
import type { Card } from '../domain/card.ts'
import { inZone } from '../domain/local-time.ts'
import type { Member } from '../domain/member.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../domain/preferences.ts'
import { privatePlaces, type Reader, routeAlert } from '../domain/routing.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Place, Store } from '../ports.ts'
import { readOnCall } from './on-call.ts'
import type { Ports } from './ports.ts'

/** Who is told of alerts in private at an instant, and how each place shows them. */
export interface Router {
  /** Whom a new or changed alert goes to, and for whom it is kept. */
  route(alert: Alert): { readonly places: readonly Place[]; readonly holdFor: readonly string[] }
  /** Private chats of these members, whatever they have muted. */
  placesOf(members: readonly Member[]): readonly Place[]
  readonly members: readonly Member[]
  readonly onCall: { readonly now?: Member | undefined; readonly next?: Member | undefined } | undefined
  /** The card as a place shows it: on the clocks of its reader, without sound in private for what is a notice. */
  show(card: Card, alert: Pick<Alert, 'severity'>): (place: Place) => Card
}

/** Reads everything that routing depends on, once, so that one look at the market costs the same for any number of alerts. */
export async function readRouter(
  store: Store,
  { settings }: Pick<Ports, 'settings'>,
  at: TimestampMs,
): Promise<Router> {
  const [members, subscriptions, mutes, reach, onCall] = await Promise.all([
    store.members.list(),
    store.members.subscriptions(),
    store.members.mutes(at),
    store.members.reach(),
    readOnCall(store, at),
  ])
  const preferences = new Map<string, Preferences>()
  for (const { memberId } of members) preferences.set(memberId, await store.members.preferences(memberId))
  const preferencesOf = (memberId: string): Preferences => preferences.get(memberId) ?? DEFAULT_PREFERENCES
  const readers = members.map((member): Reader => {
    const isTheirs = ({ memberId }: { readonly memberId: string }): boolean => memberId === member.memberId
    return {
      member,
      preferences: preferencesOf(member.memberId),
      subscriptions: subscriptions.filter(isTheirs),
      mutes: mutes.filter(isTheirs),
      onCall: onCall?.now?.memberId === member.memberId,
    }
  })
  const platforms = settings.channels.map(({ platform }) => platform)
  const placesOf = (some: readonly Member[]): readonly Place[] =>
    some.flatMap((member) => privatePlaces(member, { platforms, reach }))
  return {
    members,
    onCall,
    placesOf,
    route(alert) {
      // Who has not heard of it needs no word of its end.
      if (alert.stage === 'over') return { places: [], holdFor: [] }
      const routed = readers.map((reader) => ({ reader, route: routeAlert(alert, reader, at) }))
      const along = (wanted: (typeof routed)[number]['route']) =>
        routed.filter(({ route }) => route === wanted).map(({ reader }) => reader.member)
      return { places: placesOf(along('send')), holdFor: along('hold').map(({ memberId }) => memberId) }
    },
    show:
      (card, { severity }) =>
      ({ memberId }) => {
        if (memberId === undefined) return card
        const local = inZone(card, preferencesOf(memberId).timeZone)
        return severity === 'notice' ? { ...local, silent: true } : local
      },
  }
}
