import type { RequestDecision } from '../src/app/admin-requests.ts'
import type { App } from '../src/app/app.ts'
import { type RequestKind, titleOf } from '../src/app/request-card.ts'
import type { Asker, Completion } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import { formatTime } from '../src/domain/format.ts'

/** The answer to a press on a request. */
export function requestDecisionCard(decision: RequestDecision, { done, again }: { done: string; again: string }): Card {
  switch (decision.kind) {
    case 'approved':
      return { tone: 'ok', title: `Approved: ${titleOf(decision.request)}`, text: done }
    case 'declined':
      return { tone: 'ok', title: `Declined: ${titleOf(decision.request)}`, text: 'Nothing changed.' }
    case 'expired':
      return {
        tone: 'refused',
        title: `Expired: ${titleOf(decision.request)}`,
        text: `It expired ${formatTime(decision.request.expiresAt)}, and nothing changed. Ask anew: ${again}`,
      }
    case 'already-decided':
      return {
        tone: 'info',
        title: `Already ${decision.request.state}: ${titleOf(decision.request)}`,
        text: `${decision.request.decidedBy ?? 'Somebody'} was faster. Nothing changed by this.`,
      }
    case 'not-found':
      return {
        tone: 'refused',
        title: 'There is no such request',
        text: `/risk limits names those that wait. ${again}`,
      }
    case 'self-approval':
      return {
        tone: 'refused',
        title: 'Another admin has to approve this',
        text: `You asked for it yourself: ${titleOf(decision.request)}.`,
      }
    case 'not-yours':
      return {
        tone: 'refused',
        title: 'Only who asked confirms this',
        text: `Ask for your own: ${again}`,
      }
    case 'forbidden':
      return { tone: 'refused', title: 'Only an admin decides this', text: 'Nothing changed. Ask an admin.' }
    case 'asker-lost-role':
      return {
        tone: 'refused',
        title: 'Whoever asked is no admin any more',
        text: `It takes two admins, and now there is one. Ask anew: ${again}`,
      }
    case 'overtaken':
      return {
        tone: 'refused',
        title: `Not approved: ${titleOf(decision.request)}`,
        text: `${decision.why}. Nothing changed. Ask anew: ${again}`,
      }
  }
}

/** Requests of one kind that can still be decided. */
export const pendingRequests =
  (kinds: readonly RequestKind[]) =>
  async (_: Asker, app: App): Promise<readonly Completion[]> =>
    (await app.listRequests())
      .filter(({ subject }) => kinds.includes(subject.kind))
      .map((request) => ({ value: request.requestId, label: `${titleOf(request)}, asked by ${request.requestedBy}` }))
