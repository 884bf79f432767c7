import type { Button, Card } from '../domain/card.ts'
import { realisedCost } from '../domain/execution/cost.ts'
import type { Fill, Order } from '../domain/execution/order.ts'
import type { ScheduleChoice } from '../domain/execution/schedule.ts'
import {
  formatAge,
  formatBps,
  formatCount,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatTime,
  formatUsd,
} from '../domain/format.ts'
import type { Member, Role } from '../domain/member.ts'
import {
  type Approval,
  AUTO_APPROVED_BY,
  type Proposal,
  type ProposalState,
  tallyApprovals,
} from '../domain/proposal.ts'
import type { Place } from '../ports.ts'

export interface Execution {
  readonly orders: readonly Order[]
  readonly fills: readonly Fill[]
  /** What rests at the venues to close the legs, and what it would do to the hedge; in words. */
  readonly stops?: readonly string[] | undefined
}

/** Besides the proposal itself. */
export interface CardFacts {
  readonly members: readonly Member[]
  /** The least role that may approve here. */
  readonly needs: Role
  readonly execution?: Execution | undefined
  readonly money: 'paper' | 'real'
}

interface Field {
  readonly name: string
  readonly value: string
}

const TITLES: Record<ProposalState, string> = {
  pending: 'Hedge proposed',
  approved: 'Hedge approved',
  executing: 'Hedge executing',
  executed: 'Hedge executed',
  declined: 'Hedge declined',
  expired: 'Hedge proposal expired',
  denied: 'Hedge denied by the risk engine',
  superseded: 'Hedge proposal superseded',
  failed: 'Hedge execution failed',
}

/** Said elsewhere on the card: the size held and the order itself. */
const PLAIN_STEPS = ['exposure', 'held now', 'lot rounding']

export const proposalCardKey = (proposal: Pick<Proposal, 'proposalId'>): string => `proposal:${proposal.proposalId}`
export const reminderCardKey = (proposal: Pick<Proposal, 'proposalId'>): string =>
  `${proposalCardKey(proposal)}/reminder`

/** The one card of a proposal, from offer to fills: who did what and when; buttons only while it can still be decided. */
export function proposalCard(proposal: Proposal, facts: CardFacts): Card {
  const { asset, proposalId, state } = proposal
  const text = whatNow(proposal)
  return {
    tone: TONES[state] ?? 'info',
    title: `${TITLES[state]}: ${asset} ${proposalId}`,
    ...(text === undefined ? {} : { text }),
    fields: [
      { name: 'Order', value: describeOrder(proposal) },
      {
        name: 'Hedge ratio',
        value: `${formatPercent(proposal.hedgeRatioBefore)} → ${formatPercent(proposal.hedgeRatioAfter)} of ${formatQuantity(proposal.exposure, asset)}`,
      },
      ...(state === 'pending' ? offerFields(proposal) : []),
      ...(proposal.replaces ? [{ name: 'Replaces', value: proposal.replaces }] : []),
      ...approvalFields(proposal, facts),
      ...decisionFields(proposal, facts),
      ...(facts.execution ? executionFields(proposal, facts.execution) : []),
    ],
    ...buttonsOf(proposal),
    footer: `Book ${proposal.book}, ${facts.money} money, terms ${proposal.termsHash.slice(0, 12)}, proposed ${proposal.proposedBy === 'system' ? 'by policy' : `by ${nameOf(proposal.proposedBy, facts)}`} ${formatTime(proposal.proposedAt)}`,
  }
}

/**
 * What is said when a proposal still waits; once it is decided, that it is. Its buttons go with the decision.
 *
 * @param asked - where the reminder stands, to say who was asked in private
 */
export function reminderCard(
  proposal: Proposal,
  facts: Pick<CardFacts, 'members' | 'needs'> & { readonly asked: readonly Place[] },
): Card {
  const { asset, proposalId, state } = proposal
  if (state !== 'pending') {
    return {
      tone: 'info',
      title: `Decided: ${DECIDED[state]}: ${asset} ${proposalId}`,
      fields: [{ name: 'Order', value: describeOrder(proposal) }, ...decisionFields(proposal, facts)],
    }
  }
  const { missing, counted } = tallyApprovals(proposal, facts.members, facts.needs)
  const asked = [...new Set(facts.asked.flatMap(({ memberId }) => (memberId ? [nameOf(memberId, facts)] : [])))]
  return {
    tone: 'warning',
    title: `Still waiting: ${asset} ${proposalId}`,
    fields: [
      { name: 'Order', value: describeOrder(proposal) },
      {
        name: 'Needs',
        value: `${missing}${counted.length > 0 ? ' more' : ''} of ${countOf(proposal.quorum, 'approval')}`,
      },
      { name: 'Expires', value: formatTime(proposal.expiresAt) },
      ...(asked.length > 0 ? [{ name: 'Asked in private', value: someOf(asked) }] : []),
    ],
    buttons: [...decisionButtons(proposal), ...questionButtons(proposal).slice(0, 1)],
  }
}

/** `Ben (approver)`; the id where nobody is on record under it. */
export function withRole(memberId: string, { members }: Pick<CardFacts, 'members'>): string {
  const member = members.find((one) => one.memberId === memberId)
  return member ? `${member.name} (${member.role === 'none' ? 'no role now' : member.role})` : memberId
}

export const nameOf = (memberId: string, { members }: Pick<CardFacts, 'members'>): string =>
  members.find((one) => one.memberId === memberId)?.name ?? memberId

/** Two lines: what is traded, and at what it was quoted. */
export const describeOrder = ({ side, quantity, asset, notional, referencePrice }: Proposal): string =>
  `${side} ${formatQuantity(quantity, asset)} perp\n${formatUsd(notional)} at ${formatPrice(referencePrice)}`

/** At most eight names, and how many there are besides. */
export const someOf = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 7).join(', ')} and ${names.length - 7} more`

export const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const SCHEDULES: Readonly<Record<ScheduleChoice['kind'], string>> = {
  twap: 'TWAP',
  vwap: 'VWAP',
  pov: 'share of volume',
  'almgren-chriss': 'Almgren–Chriss',
}

const describeSchedule = ({ kind, urgency, duration }: ScheduleChoice): string =>
  `${SCHEDULES[kind]}, ${urgency}, over ${formatAge(duration)}`

const TONES: Partial<Record<ProposalState, Card['tone']>> = { executed: 'ok', denied: 'warning', failed: 'warning' }

const DECIDED: Record<Exclude<ProposalState, 'pending'>, string> = {
  approved: 'approved',
  executing: 'approved',
  executed: 'approved',
  failed: 'approved',
  declined: 'declined',
  expired: 'expired',
  denied: 'denied by the risk engine',
  superseded: 'replaced',
}

const decisionButtons = ({ proposalId }: Proposal): readonly Button[] => [
  { label: 'Approve', command: `/approve ${proposalId}`, style: 'primary', once: true },
  { label: 'Decline', command: `/decline ${proposalId}`, style: 'danger', once: true, asks: 'reason' },
]

const questionButtons = ({ proposalId }: Proposal): readonly Button[] => [
  { label: 'Why', command: `/hedge why ${proposalId}`, style: 'neutral' },
  { label: 'Resize', command: `/hedge resize ${proposalId}`, style: 'neutral' },
]

/** To decide it while it can be decided, to steer it while it is worked. */
function buttonsOf(proposal: Proposal): Pick<Card, 'buttons'> {
  const { state, control, proposalId } = proposal
  if (state === 'pending') return { buttons: [...decisionButtons(proposal), ...questionButtons(proposal)] }
  if ((state !== 'approved' && state !== 'executing') || control === 'canceling') return {}
  const [label, verb] = control === 'paused' ? ['Resume', 'resume'] : ['Pause', 'pause']
  return {
    buttons: [
      { label, command: `/hedge ${verb} ${proposalId}`, style: 'neutral' },
      { label: 'Cancel the rest', command: `/hedge cancel ${proposalId}`, style: 'danger' },
    ],
  }
}

/** What to do where the desk has to act again. */
function whatNow(proposal: Proposal): string | undefined {
  const { asset, state, steps } = proposal
  const asked = steps.some(({ name }) => name === 'requested')
  const again = `/hedge propose ${asset}${asked ? ` ${Number(proposal.hedgeRatioAfter.toFixed(4))}` : ''}`
  if (state === 'expired') return `Nobody decided in time, and nothing was traded. For fresh terms: ${again}`
  if (state === 'denied') return `Nothing was traded. When the reason is gone: ${again}`
  return undefined
}

/** How the size came about matters while it can be decided; afterwards the fills do. */
const offerFields = ({ steps, expectedCost, notional, schedule, expiresAt }: Proposal): readonly Field[] => [
  {
    name: 'Why',
    value: steps
      .filter(({ name }) => !PLAIN_STEPS.includes(name))
      .map((step) => `${step.name}: ${step.note}`)
      .join('\n'),
  },
  { name: 'Expected cost', value: `${formatBps(expectedCost)}, ${formatUsd((expectedCost * notional) / 1e4)}` },
  ...(schedule ? [{ name: 'Worked as', value: describeSchedule(schedule) }] : []),
  { name: 'Expires', value: formatTime(expiresAt) },
]

function approvalFields(proposal: Proposal, facts: CardFacts): readonly Field[] {
  const { approvals, quorum, state, decidedBy } = proposal
  const said = ({ memberId, at }: Approval): string => `${withRole(memberId, facts)}, ${formatTime(at)}`
  if (state === 'pending') {
    if (approvals.length === 0 && quorum === 1) return []
    const { counted, uncounted } = tallyApprovals(proposal, facts.members, facts.needs)
    const lines = [...counted.map(said), ...uncounted.map((one) => `${said(one)}: does not count, role taken since`)]
    return [
      { name: 'Approvals', value: `${counted.length} of ${quorum}${lines.length > 0 ? `: ${lines.join('\n')}` : ''}` },
    ]
  }
  // Who decided alone is named below.
  const others = approvals.length > 1 || approvals.some(({ memberId }) => memberId !== decidedBy)
  return others ? [{ name: 'Approvals', value: approvals.map(said).join('\n') }] : []
}

function decisionFields(proposal: Proposal, facts: Pick<CardFacts, 'members'>): readonly Field[] {
  const { state, decidedBy, decidedAt, reason } = proposal
  const who = (): string => {
    if (decidedBy === undefined || decidedBy === 'system') return 'nobody in time'
    if (decidedBy === AUTO_APPROVED_BY) return 'within the budget for protective orders'
    if (state === 'denied') return `risk engine, as ${withRole(decidedBy, facts)} approved`
    return withRole(decidedBy, facts)
  }
  return [
    ...(decidedAt === undefined ? [] : [{ name: 'Decided', value: `${who()}\n${formatTime(decidedAt)}` }]),
    ...(reason === undefined
      ? []
      : [{ name: state === 'approved' || state === 'executing' ? 'Note' : 'Reason', value: reason }]),
  ]
}

function executionFields(proposal: Proposal, { orders, fills, stops = [] }: Execution): readonly Field[] {
  const filled = fills.reduce((sum, fill) => sum + fill.quantity, 0)
  const cost = realisedCost(
    fills,
    orders.find((order) => order.arrivalMid !== undefined)?.arrivalMid ?? proposal.referencePrice,
  )
  const average = filled > 0 ? fills.reduce((sum, fill) => sum + fill.quantity * fill.fillPrice, 0) / filled : undefined
  return [
    {
      name: 'Filled',
      value: `${formatQuantity(filled, proposal.asset)} of ${formatQuantity(proposal.quantity, proposal.asset)} in ${formatCount(fills.length, 'fill')}`,
    },
    ...(average === undefined ? [] : [{ name: 'Average price', value: formatPrice(average) }]),
    ...(cost === undefined
      ? []
      : [{ name: 'Realised cost', value: `${formatBps(cost)} against ${formatBps(proposal.expectedCost)} expected` }]),
    ...(stops.length === 0 ? [] : [{ name: 'Protective stop', value: stops.join('\n') }]),
  ]
}
