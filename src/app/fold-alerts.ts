import type { Card } from '../domain/card.ts'
import { duration, later, MINUTE } from '../domain/units.ts'
import type { OutboxMessage, Place } from '../ports.ts'
import { putOnItsWay } from './announce.ts'
import type { Ports } from './ports.ts'

/** So many waiting at once in one place are told together: each alone would use up what the platform lets through. */
const MANY = 4
const MOST = 200
/** A message that tells of many goes on for so long; then a new one begins, where people look. */
const GOES_ON_FOR = duration(10 * MINUTE)
/** Lines that still read on a phone. */
const MOST_LINES = 40

/**
 * Tells cards that wait in a place and may be folded in one message, when they are many: a line each, the newest state of it.
 * What is urgent never is, and a card with a message of its own keeps it.
 *
 * @returns whether something was folded, so that what waits there has to be looked at again
 */
export const createFoldAlerts =
  (ports: Pick<Ports, 'store' | 'ids' | 'clock'>) =>
  async (place: Place): Promise<boolean> => {
    const { store, clock } = ports
    const at = clock.now()
    const waiting = await store.outbox.foldable(place, at, MOST)
    if (waiting.length < MANY) return false
    await store.transaction(async (tx) => {
      const last = await tx.outbox.lastFold(place, later(at, -GOES_ON_FOR))
      const told = last === undefined ? [] : await tx.outbox.foldedInto(last)
      const cardKey = last !== undefined && told.length < MOST_LINES ? last : `together:${ports.ids.rowId()}`
      await tx.outbox.fold(
        waiting.map(({ messageKey }) => messageKey),
        cardKey,
        at,
      )
      const card = togetherCard(await tx.outbox.foldedInto(cardKey))
      await putOnItsWay(tx, ports, { cardKey, card, at, urgency: mostUrgent(waiting) }, place)
    })
    return true
  }

const mostUrgent = (messages: readonly OutboxMessage[]): 'normal' | 'low' =>
  messages.some(({ urgency }) => urgency === 'normal') ? 'normal' : 'low'

/** One line for each, the severest first. */
export function togetherCard(messages: readonly Pick<OutboxMessage, 'card' | 'urgency'>[]): Card {
  const normalFirst = [...messages].sort((a, b) => Number(a.urgency === 'low') - Number(b.urgency === 'low'))
  return {
    tone: messages.some(({ card }) => card.tone === 'warning') ? 'warning' : 'info',
    title: `${messages.length} alerts at once`,
    text: normalFirst.map(({ card }) => lineOf(card)).join('\n'),
    footer: 'Told together because so many came at once. Critical ones come alone. /alerts lists them all.',
  }
}

/** `ETH: long liquidations at 2,750.50 (warning, 46.1 %)` */
function lineOf({ title, fields = [] }: Card): string {
  const said = (name: string): string[] => {
    const value = fields.find((field) => field.name === name)?.value
    return value === undefined ? [] : [value.split(/ within|\n| \[/)[0]!]
  }
  const more = [...said('Severity'), ...said('Confidence')]
  return more.length === 0 ? title : `${title} (${more.join(', ')})`
}
