import type { Card } from '../domain/card.ts'
import { DeliveryRefusedError } from '../domain/delivery.ts'
import type { Member, Platform } from '../domain/member.ts'
import { privatePlaces } from '../domain/routing.ts'
import { DAY, duration, elapsed, later, MINUTE, SECOND, type TimestampMs } from '../domain/units.ts'
import type { Notifier, OutboxMessage, Place, Store } from '../ports.ts'
import { placeKey, putOnItsWay } from './announce.ts'
import { firstResponders } from './on-call.ts'
import type { Ports } from './ports.ts'

const FIRST_RETRY_MS = SECOND
const LONGEST_RETRY_MS = 5 * MINUTE
const GIVE_UP_AFTER = DAY // a desk that was unreachable for a day reads /alerts, not a day-old card
/** What is urgent and has failed for so long goes another way as well. */
const DETOUR_AFTER = duration(10 * SECOND)

const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  console: 'the terminal',
  discord: 'Discord',
  telegram: 'Telegram',
}

/** A claimed message, sent or failed, and everything that follows from it on record. */
export function createDelivery(ports: Ports, notifiers: readonly Notifier[]) {
  const { store, clock } = ports
  const reach = createReachMemory(store)

  return async (message: OutboxMessage): Promise<'delivered' | 'failed'> => {
    let messageId: string
    try {
      messageId = await send(store, notifiers, message)
    } catch (error) {
      await noteFailure(ports, reach, message, error)
      return 'failed'
    }
    await store.outbox.delivered(message.messageKey, messageId, clock.now())
    await reach.worked(message, clock.now())
    return 'delivered'
  }
}

async function send(store: Store, notifiers: readonly Notifier[], message: OutboxMessage): Promise<string> {
  const { cardKey, platform, channel, card, urgency } = message
  const posted = await store.outbox.postedAt(cardKey, platform, channel)
  const notifier = notifierFor(notifiers, message)
  if (!notifier) throw new Error(`No ${platform} connection in this process`)
  const { messageId } =
    posted === undefined
      ? await notifier.post(channel, card, { urgency })
      : await notifier.edit(channel, posted, card, { urgency })
  return messageId
}

async function noteFailure(ports: Ports, reach: ReachMemory, message: OutboxMessage, error: unknown): Promise<void> {
  const at = ports.clock.now()
  const refused = error instanceof DeliveryRefusedError
  const reason = error instanceof Error ? error.message : String(error)
  const retryAt = refused ? undefined : nextTry(message, at)
  await ports.store.transaction(async (tx) => {
    await tx.outbox.failed(message.messageKey, reason, retryAt)
    if (refused) await reach.refused(tx, message, reason, at)
    if (retryAt === undefined) {
      const { platform, channel, memberId } = message
      await tx.audit.append({
        at,
        actor: 'system',
        action: 'delivery.failed',
        subject: message.cardKey,
        details: { platform, channel, memberId, reason, refused },
      })
    }
    if (message.urgency === 'urgent') await detour(tx, ports, message, { refused, at })
  })
}

function nextTry(message: OutboxMessage, at: TimestampMs): TimestampMs | undefined {
  if (elapsed(message.createdAt, at) > GIVE_UP_AFTER) return undefined
  const next = later(at, Math.min(FIRST_RETRY_MS * 2 ** message.attempts, LONGEST_RETRY_MS))
  const detourAt = later(message.waitingSince, DETOUR_AFTER)
  return message.urgency === 'urgent' && at < detourAt && detourAt < next ? detourAt : next
}

/** What is urgent and does not get through is sent another way as well, once. */
async function detour(
  tx: Store,
  ports: Ports,
  message: OutboxMessage,
  { refused, at }: { refused: boolean; at: TimestampMs },
): Promise<void> {
  if (!refused && elapsed(message.waitingSince, at) < DETOUR_AFTER) return
  const places = await otherWays(tx, ports, message, { refused, at })
  if (places.length === 0) return
  const known = new Set((await tx.outbox.places(message.cardKey)).map(placeKey))
  const missed = places.filter((place) => !known.has(placeKey(place)))
  const card = explained(message, refused)
  for (const place of missed) {
    await putOnItsWay(tx, ports, { cardKey: message.cardKey, card, at, urgency: 'urgent' }, place)
  }
}

/** The member's other private chats; for a channel of the desk that refuses, those of who is on call. */
async function otherWays(
  tx: Store,
  { settings }: Pick<Ports, 'settings'>,
  message: OutboxMessage,
  { refused, at }: { refused: boolean; at: TimestampMs },
): Promise<readonly Place[]> {
  const { memberId } = message
  if (memberId === undefined && !refused) return []
  const member = memberId === undefined ? undefined : await tx.members.find(memberId)
  const people: readonly Member[] = memberId === undefined ? await firstResponders(tx, at) : member ? [member] : []
  const platforms = settings.channels.map(({ platform }) => platform)
  const reach = await tx.members.reach()
  return (
    people
      .flatMap((one) => privatePlaces(one, { platforms, reach }))
      // A terminal is one screen: whoever misses something there finds it nowhere else on it.
      .filter((place) => place.platform !== 'console' && placeKey(place) !== placeKey(message))
      .sort((a, b) => (placeKey(a) < placeKey(b) ? -1 : 1))
  )
}

function explained({ card, platform, memberId }: OutboxMessage, refused: boolean): Card {
  const where = memberId === undefined ? `The desk's channel on ${PLATFORM_NAMES[platform]}` : PLATFORM_NAMES[platform]
  const sentence = `${where[0]!.toUpperCase()}${where.slice(1)} ${refused ? 'refuses messages' : 'does not answer'}, so this came here.`
  return { ...card, footer: card.footer === undefined ? sentence : `${card.footer} ${sentence}` }
}

interface ReachMemory {
  worked(message: OutboxMessage, at: TimestampMs): Promise<void>
  refused(tx: Store, message: OutboxMessage, reason: string, at: TimestampMs): Promise<void>
}

/** Notes whether private chats work; reads once what is known, so that a delivery that works costs no statement. */
function createReachMemory(store: Store): ReachMemory {
  let known: Promise<Map<string, boolean>> | undefined
  const keyOf = (one: { readonly memberId?: string | undefined; readonly platform: Platform }): string =>
    `${one.memberId}/${one.platform}`
  return {
    async worked(message, at) {
      const { memberId, platform } = message
      if (memberId === undefined) return
      known ??= store.members.reach().then((all) => new Map(all.map((one) => [keyOf(one), one.works])))
      const works = await known
      if (works.get(keyOf(message))) return
      await store.members.noteReach({ memberId, platform, works: true, at })
      works.set(keyOf(message), true)
    },
    async refused(tx, message, reason, at) {
      const { memberId, platform } = message
      if (memberId === undefined) return
      await tx.members.noteReach({ memberId, platform, works: false, reason, at })
      ;(await known)?.set(keyOf(message), false)
    },
  }
}

export const notifierFor = (
  notifiers: readonly Notifier[],
  { platform }: Pick<Place, 'platform'>,
): Notifier | undefined => notifiers.find((candidate) => candidate.platform === platform)
