import type { Card } from '../domain/card.ts'
import { formatTime, formatUsd } from '../domain/format.ts'
import type { Member } from '../domain/member.ts'
import { compareLimit, formatLimit } from '../domain/risk/limit-value.ts'
import { LIMITS } from '../domain/risk/limits.ts'
import type { AdminRequest } from '../ports.ts'

/** What can be asked for. */
export type RequestKind = AdminRequest['subject']['kind']

export const requestCardKey = ({ requestId }: Pick<AdminRequest, 'requestId'>): string => `request:${requestId}`

/** The one card of a request, from asking to deciding; buttons only while it can be decided. */
export function requestCard(request: AdminRequest, members: readonly Member[]): Card {
  const { state, requestedBy, requestedAt, expiresAt, requestId, approvals = [] } = request
  const name = (memberId: string): string =>
    members.find((member) => member.memberId === memberId)?.name ?? (memberId === 'system' ? 'the desk' : memberId)
  return {
    tone: state === 'approved' ? 'ok' : state === 'pending' ? 'warning' : 'info',
    title: `${TITLES[state]}: ${titleOf(request)}`,
    ...(state === 'pending' ? { text: whoDecides(request, name(requestedBy)) } : {}),
    fields: [
      ...subjectFields(request),
      { name: 'Asked by', value: `${name(requestedBy)}, ${formatTime(requestedAt)}` },
      ...(approvals.length > 0
        ? [{ name: 'Agreed', value: approvals.map(({ memberId }) => name(memberId)).join(', ') }]
        : []),
      state === 'pending'
        ? { name: 'Expires', value: formatTime(expiresAt) }
        : { name: DECIDED[state], value: decidedText(request, name) },
    ],
    ...(state === 'pending' ? { buttons: buttonsOf(request) } : {}),
    footer: `Request ${requestId}`,
  }
}

/** `max-leverage 3× → 2.5×` */
export function titleOf({ subject }: Pick<AdminRequest, 'subject'>): string {
  switch (subject.kind) {
    case 'limit':
      return `${LIMITS[subject.key].name} ${formatLimit(subject.key, subject.before)} → ${formatLimit(subject.key, subject.value)}`
    case 'live':
      return 'trade with real money'
    case 'flatten':
      return `take every hedge off, ${formatUsd(subject.notional)}`
    case 'model':
      return `put model ${subject.modelId} in force`
  }
}

const TITLES: Readonly<Record<AdminRequest['state'], string>> = {
  pending: 'Asked for',
  approved: 'Approved',
  declined: 'Declined',
  expired: 'Expired',
}
const DECIDED = { approved: 'Approved by', declined: 'Declined by', expired: 'Expired' } as const

function whoDecides({ subject, approvals = [] }: AdminRequest, asker: string): string {
  switch (subject.kind) {
    case 'flatten':
      return `Only ${asker} confirms it, once.`
    case 'model':
      return `Approvers other than ${asker} decide, as they do on a trade${approvals.length > 0 ? '; more have to agree' : ''}. Until then nothing changes.`
    case 'limit':
    case 'live':
      return `Another admin than ${asker} has to approve it. Until then nothing changes.`
  }
}

function decidedText(request: AdminRequest, name: (memberId: string) => string): string {
  const at = formatTime(request.decidedAt ?? request.expiresAt)
  if (request.state === 'expired') return `${at}: nobody decided in time, and nothing changed`
  return `${name(request.decidedBy ?? 'system')}, ${at}${request.reason ? `: ${request.reason}` : ''}`
}

function subjectFields({ subject }: AdminRequest): NonNullable<Card['fields']> {
  switch (subject.kind) {
    case 'limit': {
      const { key, before, value } = subject
      const { name, what, least, most } = LIMITS[key]
      return [
        { name: 'Limit', value: `${name}: ${what}` },
        { name: 'Before', value: formatLimit(key, before) },
        { name: 'After', value: `${formatLimit(key, value)}, ${compareLimit(key, before, value)}` },
        { name: 'Hard bounds', value: `${formatLimit(key, least)} to ${formatLimit(key, most)}` },
      ]
    }
    case 'live':
      return [{ name: 'What', value: 'orders with real money, within every limit, until a condition is lost' }]
    case 'flatten':
      return [
        { name: 'Taken off', value: formatUsd(subject.notional) },
        { name: 'Expected cost', value: formatUsd(subject.expectedCost) },
        { name: 'Why', value: subject.reason },
      ]
    case 'model':
      return [
        { name: 'Model', value: `${subject.rung}, for ${subject.market} markets` },
        { name: 'In force until then', value: subject.over ?? 'none: volatility alone answers' },
        { name: 'What its record shows', value: subject.evidence.join('\n') },
      ]
  }
}

function buttonsOf({ subject, requestId }: AdminRequest): NonNullable<Card['buttons']> {
  const decline = { label: 'Decline', command: `/risk decline ${requestId}`, style: 'neutral', once: true } as const
  switch (subject.kind) {
    case 'limit':
      return [
        { label: 'Approve', command: `/risk approve ${requestId}`, style: 'primary', once: true },
        { ...decline, style: 'danger', asks: 'reason' },
      ]
    case 'live':
      return [
        { label: 'Approve', command: `/live approve ${requestId}`, style: 'danger', once: true },
        { ...decline, asks: 'reason' },
      ]
    case 'flatten':
      return [
        {
          label: `Flatten ${formatUsd(subject.notional)}, cost ${formatUsd(subject.expectedCost)}`,
          command: `/risk confirm ${requestId}`,
          style: 'danger',
          once: true,
        },
        { ...decline, label: 'Leave it' },
      ]
    case 'model':
      return [
        { label: 'Approve', command: `/model approve ${requestId}`, style: 'primary', once: true },
        { ...decline, command: `/model decline ${requestId}`, style: 'danger', asks: 'reason' },
      ]
  }
}
