import { atLeast, type Member, type MemberRole, type Role } from '../domain/member.ts'
import { DAY, later } from '../domain/units.ts'
import type { AdminRequest, ModelRecord, Store } from '../ports.ts'
import {
  announceRequest,
  expireRequest,
  OvertakenError,
  type RequestDecision,
  record,
  scheduleRequestExpiry,
} from './admin-requests.ts'
import { wakeDelivery } from './announce.ts'
import { announceModel } from './model-card.ts'
import type { PromotionRefusal } from './model-gate.ts'
import { readStanding } from './model-registry.ts'
import { formatRefusal, promotionEvidence } from './model-words.ts'
import type { Ports } from './ports.ts'
import { roleFor } from './role-for.ts'

/** Approvers in other time zones shall see it. */
export const PROMOTION_EXPIRY = DAY
/** More than these never wait at once. */
const MOST_PENDING = 100

export type PromotionAsked =
  | { readonly kind: 'asked'; readonly request: AdminRequest; readonly quorum: number }
  | { readonly kind: 'already-asked'; readonly request: AdminRequest }
  | { readonly kind: 'refused'; readonly model: ModelRecord; readonly refusals: readonly PromotionRefusal[] }
  | { readonly kind: 'already-champion'; readonly model: ModelRecord }
  | { readonly kind: 'not-found' }
  /** This process keeps no record of models. */
  | { readonly kind: 'no-registry' }

export type PromotionDecision =
  | RequestDecision
  /** Counted, and more have to agree. */
  | { readonly kind: 'waiting' | 'already-approved-by-you'; readonly request: AdminRequest; readonly missing: number }
  | { readonly kind: 'no-registry' }

/** `/model promote`: puts the question to the approvers, where nothing on record stands against it. */
export const createAskForPromotion =
  (ports: Ports) =>
  async ({ modelId, by }: { modelId: string; by: Member }): Promise<PromotionAsked> => {
    const { store, clock, ids, queue, settings, models } = ports
    if (!models) return { kind: 'no-registry' }
    const model = await store.models.find(modelId)
    if (!model) return { kind: 'not-found' }
    if (model.state === 'champion') return { kind: 'already-champion', model }
    const standing = await readStanding(store, ports, models, model)
    if (standing.refusals.length > 0) return { kind: 'refused', model, refusals: standing.refusals }
    const waiting = (await store.requests.list({ state: 'pending', limit: MOST_PENDING })).find(
      ({ subject, expiresAt }) => subject.kind === 'model' && subject.modelId === modelId && clock.now() < expiresAt,
    )
    if (waiting) return { kind: 'already-asked', request: waiting }

    const at = clock.now()
    const over = (await store.models.champion(model.market))?.modelId
    const request: AdminRequest = {
      requestId: ids.rowId(),
      subject: {
        kind: 'model',
        modelId,
        rung: model.rung,
        market: model.market,
        ...(over !== undefined && { over }),
        evidence: promotionEvidence(standing),
      },
      state: 'pending',
      requestedBy: by.memberId,
      requestedAt: at,
      expiresAt: later(at, PROMOTION_EXPIRY),
    }
    await store.transaction(async (tx) => {
      await tx.requests.open(request)
      await record(tx, request, { action: 'request.opened', actor: by.memberId, at })
      await announceRequest(tx, ports, request, at)
    })
    await scheduleRequestExpiry(ports, request)
    await wakeDelivery(queue)
    return { kind: 'asked', request, quorum: settings.approvals.quorum }
  }

/**
 * One approver's yes. With the last one needed, and only if nothing on record stands against it by now and the champion is still
 * the one on the card, the model is in force. Who asked does not approve, whoever they are.
 */
export const createApprovePromotion =
  (ports: Ports) =>
  async ({ requestId, by }: { requestId: string; by: Member }): Promise<PromotionDecision> => {
    const { store, clock, queue, models } = ports
    if (!models) return { kind: 'no-registry' }
    const request = await store.requests.find(requestId)
    if (request?.subject.kind !== 'model') return { kind: 'not-found' }
    if (request.state !== 'pending') return { kind: 'already-decided', request }
    if (request.requestedBy === by.memberId) {
      await record(store, request, { action: 'request.self-approval-refused', actor: by.memberId, at: clock.now() })
      return { kind: 'self-approval', request }
    }
    if (clock.now() >= request.expiresAt) return expireRequest(ports, request)
    const needs = roleFor(ports.settings, 'model approve')
    const decision = await entitled(store, { ports, by, needs, as: 'model approve', requestId }, (tx, members) =>
      approve(tx, { ...ports, models }, { request, by, members, needs }),
    ).catch((error: unknown): PromotionDecision => {
      if (error instanceof OvertakenError) return { kind: 'overtaken', request, why: error.message }
      throw error
    })
    await wakeDelivery(queue)
    return decision
  }

/** An approver's no. */
export const createDeclinePromotion =
  (ports: Ports) =>
  async (input: { requestId: string; by: Member; reason?: string }): Promise<RequestDecision> => {
    const { store, clock, queue } = ports
    const { requestId, by, reason } = input
    const request = await store.requests.find(requestId)
    if (request?.subject.kind !== 'model') return { kind: 'not-found' }
    if (request.state === 'pending' && clock.now() >= request.expiresAt) return expireRequest(ports, request)
    const needs = roleFor(ports.settings, 'model decline')
    const decision = await entitled(
      store,
      { ports, by, needs, as: 'model decline', requestId },
      async (tx): Promise<RequestDecision> => {
        const at = clock.now()
        const decided = await tx.requests.decide(requestId, 'declined', {
          by: by.memberId,
          at,
          ...(reason !== undefined && { reason }),
        })
        if (!decided.changed) return { kind: 'already-decided', request: decided.request }
        await record(tx, decided.request, { action: 'request.declined', actor: by.memberId, at })
        await announceRequest(tx, ports, decided.request, at)
        return { kind: 'declined', request: decided.request }
      },
    )
    await wakeDelivery(queue)
    return decision
  }

/** The row of the request is held from here to the end, so that of two at once the second sees what the first has done. */
async function approve(
  tx: Store,
  ports: Ports & Required<Pick<Ports, 'models'>>,
  {
    request: { requestId, requestedBy },
    by,
    members,
    needs,
  }: { request: AdminRequest; by: Member; members: () => Promise<readonly Member[]>; needs: Role },
): Promise<PromotionDecision> {
  const at = ports.clock.now()
  const { changed, request } = await tx.requests.addApproval(requestId, by.memberId, at)
  if (request.state !== 'pending') return { kind: 'already-decided', request }
  const everyone = await members()
  const entitledNow = new Set(everyone.filter(({ role }) => atLeast(role, needs)).map(({ memberId }) => memberId))
  const counted = (request.approvals ?? []).filter(
    ({ memberId }) => entitledNow.has(memberId) && memberId !== requestedBy,
  )
  const missing = Math.max(0, ports.settings.approvals.quorum - counted.length)
  if (changed) await record(tx, request, { action: 'request.approval', actor: by.memberId, at })
  if (missing > 0) {
    if (!changed) return { kind: 'already-approved-by-you', request, missing }
    await announceRequest(tx, ports, request, at)
    return { kind: 'waiting', request, missing }
  }
  const approvers = counted.map(({ memberId }) => memberId)
  const names = approvers.map((id) => everyone.find(({ memberId }) => memberId === id)?.name ?? id)
  const model = await putInForce(tx, ports, { request, by, at, approvers })
  const decided = await tx.requests.decide(requestId, 'approved', { by: by.memberId, at })
  await record(tx, decided.request, { action: 'request.approved', actor: by.memberId, at })
  await announceRequest(tx, ports, decided.request, at)
  await announceModel(tx, ports, { news: { what: 'promoted', model, by: names.join(' and ') }, at })
  return { kind: 'approved', request: decided.request }
}

/** @throws {OvertakenError} when it cannot be any more */
async function putInForce(
  tx: Store,
  ports: Ports & Required<Pick<Ports, 'models'>>,
  { request, by, at, approvers }: Approved,
): Promise<ModelRecord> {
  const subject = request.subject as Extract<AdminRequest['subject'], { kind: 'model' }>
  const { modelId, market, over } = subject
  const reason = `request ${request.requestId}`
  const model = await tx.models.find(modelId)
  if (!model) throw new OvertakenError(`${modelId} is not on record`)
  const before = await readStanding(tx, ports, ports.models!, model)
  if (before.refusals.length > 0) throw new OvertakenError(before.refusals.map(formatRefusal).join('; '))
  const promoted = await tx.models.promote({ modelId, over, at, by: by.memberId, reason })
  switch (promoted.kind) {
    case 'promoted':
      await tx.audit.append({
        at,
        actor: by.memberId,
        action: 'model.promoted',
        subject: modelId,
        details: {
          market,
          over: over ?? null,
          requestedBy: request.requestedBy,
          approvers,
          requestId: request.requestId,
        },
      })
      return promoted.model
    case 'overtaken':
      throw new OvertakenError(
        `${promoted.champion?.modelId ?? 'No model'} is in force by now, and ${over ?? 'none'} was when it was asked`,
      )
    case 'not-a-challenger':
      throw new OvertakenError(`${modelId} is ${promoted.model.state} by now`)
    case 'not-found':
      throw new OvertakenError(`${modelId} is not on record`)
  }
}

interface Approved {
  readonly request: AdminRequest
  readonly by: Member
  readonly at: ModelRecord['registeredAt']
  readonly approvers: readonly string[]
}

class RoleTakenError extends Error {
  override readonly name = 'RoleTakenError'
  readonly has: MemberRole
  constructor(has: MemberRole) {
    super(`has ${has}`)
    this.has = has
  }
}

/** Runs in a transaction in which the presser's right is read again at its end, when every row it needs is held. */
async function entitled<T extends PromotionDecision>(
  store: Store,
  { ports, by, needs, as, requestId }: { ports: Ports; by: Member; needs: Role; as: string; requestId: string },
  work: (tx: Store, members: () => Promise<readonly Member[]>) => Promise<T>,
): Promise<T | { readonly kind: 'forbidden' }> {
  try {
    return await store.transaction(async (tx) => {
      const result = await work(tx, () => tx.members.list())
      const has = (await tx.members.find(by.memberId))?.role ?? 'none'
      if (!atLeast(has, needs)) throw new RoleTakenError(has)
      return result
    })
  } catch (error) {
    if (!(error instanceof RoleTakenError)) throw error
    await store.audit.append({
      at: ports.clock.now(),
      actor: by.memberId,
      action: 'command.forbidden',
      subject: as,
      details: { requestId, reason: 'ROLE_TAKEN', needs, has: error.has },
    })
    return { kind: 'forbidden' }
  }
}
