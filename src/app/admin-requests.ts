import { atLeast, type Member } from '../domain/member.ts'
import { type DurationMs, duration, later, MINUTE, type TimestampMs } from '../domain/units.ts'
import type { AdminRequest, Store } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import type { Ports } from './ports.ts'
import { requestCard, requestCardKey } from './request-card.ts'

/** A second admin has this long. */
export const REQUEST_EXPIRY = duration(30 * MINUTE)
/** More than these never wait at once. */
const MOST_PENDING = 100

type Subject = AdminRequest['subject']
export type Asked = { readonly kind: 'asked'; readonly request: AdminRequest } | { readonly kind: 'forbidden' }

export type RequestDecision =
  | { readonly kind: 'approved' | 'declined' | 'expired'; readonly request: AdminRequest }
  /** Someone, or time, was faster. */
  | { readonly kind: 'already-decided'; readonly request: AdminRequest }
  | { readonly kind: 'not-found' }
  /** Who asks does not approve; what is asked for oneself alone, nobody else confirms. */
  | { readonly kind: 'self-approval' | 'not-yours'; readonly request: AdminRequest }
  /** Whoever presses is no admin, or no longer. */
  | { readonly kind: 'forbidden' }
  /** Whoever asked is no admin any more, so that there would be one name under it and not two. */
  | { readonly kind: 'asker-lost-role'; readonly request: AdminRequest }
  /** What was true when it was asked is not any more. */
  | { readonly kind: 'overtaken'; readonly request: AdminRequest; readonly why: string }

/**
 * Puts a request on record, told to the desk with its buttons. Admins only, whatever a desk's own rules say.
 *
 * @param quiet - the asker's answer is its only card
 */
export async function openRequest(
  ports: Ports,
  input: { readonly subject: Subject; readonly by: Member; readonly expiry: DurationMs; readonly quiet?: boolean },
): Promise<Asked> {
  const { store, clock, ids, queue } = ports
  const at = clock.now()
  const request: AdminRequest = {
    requestId: ids.rowId(),
    subject: input.subject,
    state: 'pending',
    requestedBy: input.by.memberId,
    requestedAt: at,
    expiresAt: later(at, input.expiry),
  }
  const asked = await asAdmin(store, input.by, async (tx): Promise<Asked> => {
    await tx.requests.open(request)
    await record(tx, request, { action: 'request.opened', actor: input.by.memberId, at })
    if (!input.quiet) await announceRequest(tx, ports, request, at)
    return { kind: 'asked', request }
  })
  if (!asked) return { kind: 'forbidden' }
  await scheduleRequestExpiry(ports, request)
  await wakeDelivery(queue)
  return asked
}

export const scheduleRequestExpiry = ({ queue }: Pick<Ports, 'queue'>, request: AdminRequest): Promise<void> =>
  queue.add({
    name: 'expire-request',
    data: { requestId: request.requestId },
    jobId: `expire-request-${request.requestId}`,
    at: request.expiresAt,
  })

/**
 * One admin's yes to what another asked for: exactly one of all who press has effect, and `effect` happens in the same
 * transaction. Whether presser and asker are admins is read again under it.
 *
 * @param effect - what approving brings about; a text is why it cannot be any more, and leaves the request as it is
 */
export async function approveRequest<K extends Subject['kind']>(
  ports: Ports,
  input: { readonly requestId: string; readonly by: Member; readonly kind: K; readonly bySelf?: boolean },
  effect: (
    tx: Store,
    approved: { readonly request: AdminRequest; readonly subject: Extract<Subject, { kind: K }>; at: TimestampMs },
  ) => Promise<string | undefined>,
): Promise<RequestDecision> {
  const { store, clock, queue } = ports
  const { requestId, by } = input
  const request = await store.requests.find(requestId)
  if (!request || request.subject.kind !== input.kind) return { kind: 'not-found' }
  if (request.state !== 'pending') return { kind: 'already-decided', request }
  const isOwn = request.requestedBy === by.memberId
  if (isOwn !== (input.bySelf ?? false)) {
    await record(store, request, { action: 'request.self-approval-refused', actor: by.memberId, at: clock.now() })
    return { kind: isOwn ? 'self-approval' : 'not-yours', request }
  }
  if (clock.now() >= request.expiresAt) return expireRequest(ports, request)

  const decision = await asAdmin(store, by, async (tx): Promise<RequestDecision> => {
    const at = clock.now()
    const asker = await tx.members.find(request.requestedBy)
    if (!asker || !atLeast(asker.role, 'admin')) return { kind: 'asker-lost-role', request }
    const decided = await tx.requests.decide(requestId, 'approved', { by: by.memberId, at })
    if (!decided.changed) return { kind: 'already-decided', request: decided.request }
    const subject = decided.request.subject as Extract<Subject, { kind: K }>
    const why = await effect(tx, { request: decided.request, subject, at })
    if (why !== undefined) throw new OvertakenError(why)
    await record(tx, decided.request, { action: 'request.approved', actor: by.memberId, at })
    await announceRequest(tx, ports, decided.request, at)
    return { kind: 'approved', request: decided.request }
  }).catch((error: unknown): RequestDecision => {
    if (error instanceof OvertakenError) return { kind: 'overtaken', request, why: error.message }
    throw error
  })
  await wakeDelivery(queue)
  return decision ?? { kind: 'forbidden' }
}

/** Any admin says no, also who asked. */
export const createDeclineRequest =
  (ports: Ports) =>
  async (input: { requestId: string; by: Member; reason?: string }): Promise<RequestDecision> => {
    const { store, clock, queue } = ports
    const { requestId, by, reason } = input
    const request = await store.requests.find(requestId)
    if (!request) return { kind: 'not-found' }
    const decision = await asAdmin(store, by, async (tx): Promise<RequestDecision> => {
      const at = clock.now()
      const to = at >= request.expiresAt ? 'expired' : 'declined'
      const actor = to === 'expired' ? 'system' : by.memberId
      const decided = await tx.requests.decide(requestId, to, {
        by: actor,
        at,
        ...(reason !== undefined && to === 'declined' && { reason }),
      })
      if (!decided.changed) return { kind: 'already-decided', request: decided.request }
      await record(tx, decided.request, { action: `request.${to}`, actor, at })
      await announceRequest(tx, ports, decided.request, at)
      return { kind: to, request: decided.request }
    })
    await wakeDelivery(queue)
    return decision ?? { kind: 'forbidden' }
  }

/** The wake-up at a request's expiry: does nothing when someone was faster or the time has not come. */
export const createExpireRequest =
  (ports: Ports) =>
  async ({ requestId }: { requestId: string }): Promise<void> => {
    const request = await ports.store.requests.find(requestId)
    if (request?.state === 'pending' && ports.clock.now() >= request.expiresAt) await expireRequest(ports, request)
  }

/** Those whose wake-up was lost. */
export async function expireOverdueRequests(ports: Ports): Promise<void> {
  const pending = await ports.store.requests.list({ state: 'pending', limit: MOST_PENDING })
  for (const request of pending) if (ports.clock.now() >= request.expiresAt) await expireRequest(ports, request)
}

/** What another admin can still decide, newest first. */
export const createListRequests =
  ({ store, clock }: Ports) =>
  async (): Promise<readonly AdminRequest[]> =>
    (await store.requests.list({ state: 'pending', limit: MOST_PENDING })).filter(
      ({ expiresAt }) => clock.now() < expiresAt,
    )

export async function expireRequest(ports: Ports, { requestId }: AdminRequest): Promise<RequestDecision> {
  const decision = await ports.store.transaction(async (tx): Promise<RequestDecision> => {
    const at = ports.clock.now()
    const { changed, request } = await tx.requests.decide(requestId, 'expired', { by: 'system', at })
    if (!changed) return { kind: 'already-decided', request }
    await record(tx, request, { action: 'request.expired', actor: 'system', at })
    await announceRequest(tx, ports, request, at)
    return { kind: 'expired', request }
  })
  await wakeDelivery(ports.queue)
  return decision
}

/** What one does for oneself alone is told to the desk once it has an effect, and not before. */
export async function announceRequest(tx: Store, ports: Ports, request: AdminRequest, at: TimestampMs): Promise<void> {
  if (request.subject.kind === 'flatten' && request.state !== 'approved') return
  const card = requestCard(request, await tx.members.list())
  await announce(tx, ports, { cardKey: requestCardKey(request), card, at, urgency: 'urgent' })
}

/** One step of a request in the audit log; those that need no admin under a name of their own. */
export const record = (
  tx: Store,
  { requestId, subject, requestedBy }: AdminRequest,
  { action, actor, at }: { action: string; actor: string; at: TimestampMs },
): Promise<void> =>
  tx.audit.append({
    at,
    actor,
    action: subject.kind === 'model' ? `model-${action}` : action,
    subject: requestId,
    details: { asked: { ...subject }, requestedBy },
  })

class NoLongerAdminError extends Error {
  override readonly name = 'NoLongerAdminError'
}

/** Takes back an approval that has come too late. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

/** Runs in a transaction in which `by` is an admin and stays one until it ends; undefined, and nothing done, when they are not. */
export const asAdmin = <T>(
  store: Store,
  by: Pick<Member, 'memberId'>,
  work: (tx: Store) => Promise<T>,
): Promise<T | undefined> =>
  store
    .transaction(async (tx) => {
      // Says whether they are an admin and holds every role as it is; a role that this gives is taken back with the rest.
      if ((await tx.members.setRole(by.memberId, 'admin')) !== 'unchanged') throw new NoLongerAdminError(by.memberId)
      return work(tx)
    })
    .catch((error: unknown): undefined => {
      if (error instanceof NoLongerAdminError) return undefined
      throw error
    })
