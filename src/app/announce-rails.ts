import type { RailName, RailState } from '../domain/risk/rail.ts'
import { isAtLeast } from '../domain/risk/reading.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { RiskDecision, Store } from '../ports.ts'
import { announce } from './announce.ts'
import type { Ports } from './ports.ts'
import { railCard, railsCard, railUrgency } from './rail-card.ts'

/** These say how often and how soon; they come and go with every trade and are nothing to call anyone for. */
const QUIET: readonly RailName[] = ['pacing', 'min-hold']
/** More at one moment are told in one card. */
const MOST_CARDS = 3
const KEY = 'rails/cards'

/** By rail and scope, since when what its card tells goes on: a card is of one episode, from normal to normal. */
type Episodes = Record<string, TimestampMs>

/**
 * Tells the desk of rails that came to another level: one card each, edited while its episode goes on. One that comes to hold
 * trading back gets a card of its own then, because an edit calls nobody.
 */
export async function announceRails(
  tx: Store,
  ports: Ports,
  { decisions, states, at }: { decisions: readonly RiskDecision[]; states: readonly RailState[]; at: TimestampMs },
): Promise<void> {
  const moved = decisions.filter(({ rail, before, after }) => before !== after && !QUIET.includes(rail))
  if (moved.length === 0) return
  const text = await tx.settings.get(KEY)
  const episodes: Episodes = text ? (JSON.parse(text) as Episodes) : {}
  const keyOf = ({ rail, scope }: Pick<RailState, 'rail' | 'scope'>): string => `${rail}/${scope}`
  // What a person has stopped they have told themselves; what was never told of needs no word of its end either.
  const told = moved.filter((one) =>
    isAtLeast(one.after, one.before) ? one.inputs.variant !== 'killed' : episodes[keyOf(one)] !== undefined,
  )
  if (told.length === 0) return
  const stricter = told.filter(({ before, after }) => before !== after && isAtLeast(after, before))
  if (stricter.length > MOST_CARDS) {
    const worst = stricter.reduce((found, { after }) => (isAtLeast(after, found) ? after : found), stricter[0]!.after)
    await announce(tx, ports, {
      cardKey: `rails:${at}`,
      at,
      urgency: railUrgency(worst),
      card: railsCard(stricter, worst),
    })
  }
  for (const decision of told) {
    const key = keyOf(decision)
    const began = episodes[key] ?? at
    episodes[key] = began
    const state = states.find((one) => keyOf(one) === key)
    const isTold = stricter.length > MOST_CARDS && stricter.includes(decision)
    const hard = isAtLeast(decision.after, 'reducing') || isAtLeast(decision.before, 'reducing')
    if (state && !isTold)
      await announce(tx, ports, {
        cardKey: `rail:${key}:${began}${hard ? ':hard' : ''}`,
        at,
        urgency: railUrgency(decision.after),
        foldable: !hard,
        card: railCard(state, decision),
      })
    if (decision.after === 'normal') delete episodes[key]
  }
  await tx.settings.set(KEY, JSON.stringify(episodes))
}
