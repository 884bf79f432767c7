import type { Member } from '../domain/member.ts'
import { compareLimit, parseLimitValue, whyIncoherent } from '../domain/risk/limit-value.ts'
import { LIMITS, type LimitKey, limitKeyOf } from '../domain/risk/limits.ts'
import type { AdminRequest, LimitOverride } from '../ports.ts'
import { type Asked, approveRequest, openRequest, REQUEST_EXPIRY, type RequestDecision } from './admin-requests.ts'
import type { Ports } from './ports.ts'
import { readLimits } from './risk-in-force.ts'

export type LimitAsked =
  | Asked
  | { readonly kind: 'unknown-limit'; readonly near: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unchanged'; readonly key: LimitKey; readonly value: number }

export interface LimitInForce {
  readonly key: LimitKey
  readonly value: number
  readonly configured: number
  /** Who decided it, where it is not what is configured. */
  readonly decided?: LimitOverride | undefined
}

/** `/risk set`: an admin asks for another value of a limit; nothing changes until another admin approves. */
export const createAskForLimit =
  (ports: Ports) =>
  async (input: { limit: string; value: string; by: Member }): Promise<LimitAsked> => {
    const key = limitKeyOf(input.limit)
    if (!key) return { kind: 'unknown-limit', near: namesLike(input.limit) }
    const parsed = parseLimitValue(key, input.value)
    if (parsed.kind === 'refused') return parsed
    const limits = await readLimits(ports)
    const before = limits[key]
    if (before === parsed.value) return { kind: 'unchanged', key, value: before }
    const why = whyIncoherent(limits, key, parsed.value)
    if (why !== undefined) return { kind: 'refused', why }
    const subject: AdminRequest['subject'] = { kind: 'limit', key, value: parsed.value, before }
    return openRequest(ports, { subject, by: input.by, expiry: REQUEST_EXPIRY })
  }

/** Another admin's approval: the limit holds from this instant on, with both names on record. */
export const createApproveLimit =
  (ports: Ports) =>
  (input: { requestId: string; by: Member }): Promise<RequestDecision> =>
    approveRequest(ports, { ...input, kind: 'limit' }, async (tx, { request, subject, at }) => {
      const { key, value, before } = subject
      const limits = await readLimits({ store: tx, settings: ports.settings })
      // Approvals bind to what was shown: had it moved meanwhile, "before" on the card would be wrong.
      if (limits[key] !== before) return `${LIMITS[key].name} was changed meanwhile`
      const why = whyIncoherent(limits, key, value)
      if (why !== undefined) return why
      const [requestedBy, approvedBy] = [request.requestedBy, input.by.memberId]
      await tx.limits.set({ key, value, requestedBy, approvedBy, at })
      await tx.audit.append({
        at,
        actor: approvedBy,
        action: 'limit.changed',
        subject: LIMITS[key].name,
        details: {
          before,
          after: value,
          change: compareLimit(key, before, value),
          requestedBy,
          approvedBy,
          requestId: request.requestId,
        },
      })
      return undefined
    })

/** Every limit by name, with the value in force and where that comes from. */
export const createListLimits =
  ({ store, settings }: Ports) =>
  async (): Promise<readonly LimitInForce[]> => {
    const overrides = await store.limits.overrides()
    return (Object.keys(LIMITS) as LimitKey[]).map((key) => {
      const decided = overrides.find((override) => override.key === key)
      const configured = settings.limits[key]
      return { key, value: decided?.value ?? configured, configured, ...(decided && { decided }) }
    })
  }

/** Names that share a word with what was typed. */
function namesLike(typed: string): readonly string[] {
  const words = typed
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length > 2)
  return Object.values(LIMITS)
    .map(({ name }) => name)
    .filter((name) => words.some((word) => name.includes(word)))
    .slice(0, 5)
}
