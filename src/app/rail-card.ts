import type { Card } from '../domain/card.ts'
import type { Urgency } from '../domain/delivery.ts'
import { formatAge, formatTime } from '../domain/format.ts'
import type { RailLevel, RailName, RailState } from '../domain/risk/rail.ts'
import { isAtLeast } from '../domain/risk/reading.ts'
import type { RiskDecision } from '../ports.ts'

/** How people call them. */
export const RAIL_TITLES: Readonly<Record<RailName, string>> = {
  kill: 'Keys and process',
  reconciliation: 'Reconciliation',
  'liquidation-distance': 'Own liquidation',
  margin: 'Margin',
  leverage: 'Leverage',
  'daily-loss': 'Loss of the day',
  data: 'Prices',
  'venue-status': 'Venue',
  'funding-spike': 'Funding',
  'one-sided-open-interest': 'One-sided open interest',
  'model-health': 'Model',
  pacing: 'Pace',
  'min-hold': 'Holding time',
}

/** What a level means for orders. */
const MEANS: Readonly<Record<RailLevel, string>> = {
  normal: 'Nothing is held back by it any more.',
  caution: 'A warning; orders go through.',
  degraded: 'What it guards is held back; trading goes on.',
  reducing: 'Only what shrinks risk goes through.',
  halted: 'No new order leaves.',
}

export const railUrgency = (level: RailLevel): Urgency => (isAtLeast(level, 'reducing') ? 'urgent' : 'normal')

const toneOf = (level: RailLevel): Card['tone'] =>
  level === 'normal' ? 'ok' : isAtLeast(level, 'reducing') ? 'critical' : 'warning'

/** One rail of one scope, as it stands after a change. */
export function railCard(state: RailState, { before, after, at }: RiskDecision): Card {
  return {
    tone: toneOf(after),
    title: `${titleOf(state)}: ${before} → ${after}`,
    text: `${state.text}\n${MEANS[after]}`,
    fields: [
      ...(state.heldForPerson ? [{ name: 'Released', value: 'by an admin with /risk resume, then step by step' }] : []),
      { name: 'Since', value: formatTime(at) },
    ],
    footer: '/risk status shows every rail.',
  }
}

/** Many changes of one moment in one card. */
export const railsCard = (decisions: readonly RiskDecision[], worst: RailLevel): Card => ({
  tone: toneOf(worst),
  title: `${decisions.length} rails moved at once`,
  text: decisions
    .map((one) => `${titleOf(one)}: ${one.before} → ${one.after}. ${String(one.inputs.text ?? '')}`.trim())
    .join('\n'),
  footer: '/risk status shows every rail.',
})

export const titleOf = ({ rail, scope }: Pick<RailState, 'rail' | 'scope'>): string =>
  scope === 'desk' ? RAIL_TITLES[rail] : `${RAIL_TITLES[rail]} (${scope})`

export const sinceText = (since: number, at: number): string => `for ${formatAge(Math.max(0, at - since))}`
