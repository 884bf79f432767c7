import type { Member } from '../domain/member.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { ModelRecord, RolledBack } from '../ports.ts'
import { asAdmin } from './admin-requests.ts'
import { wakeDelivery } from './announce.ts'
import { announceModel } from './model-card.ts'
import type { Ports } from './ports.ts'

export type ModelRolledBack = RolledBack | { readonly kind: 'forbidden' | 'no-registry' }

export type ModelDemoted =
  | { readonly kind: 'demoted'; readonly model: ModelRecord }
  /** It was not, or not any more; nothing changed. */
  | { readonly kind: 'not-in-force' }

/** `/model rollback`: the former champion is in force again at once, by one admin. */
export const createRollBackModel =
  (ports: Ports) =>
  async ({ by, reason }: { by: Member; reason: string }): Promise<ModelRolledBack> => {
    const { store, clock, queue, models } = ports
    if (!models) return { kind: 'no-registry' }
    const { market, featureHash } = models
    const over = (await store.models.champion(market))?.modelId
    const outcome = await asAdmin(store, by, async (tx): Promise<RolledBack> => {
      const at = clock.now()
      const rolledBack = await tx.models.rollBack({ market, over, featureHash, at, by: by.memberId, reason })
      if (rolledBack.kind !== 'rolled-back') return rolledBack
      const { model, retired } = rolledBack
      await tx.audit.append({
        at,
        actor: by.memberId,
        action: 'model.rolled-back',
        subject: model.modelId,
        details: { market, retired: retired.modelId, reason },
      })
      await announceModel(tx, ports, { news: { what: 'rolled-back', model, retired, by: by.name, reason }, at })
      return rolledBack
    })
    await wakeDelivery(queue)
    return outcome ?? { kind: 'forbidden' }
  }

/**
 * Takes a model whose health has failed out of force: volatility alone answers from then on, the desk is told, and only people
 * put a model in force again. Said twice, it is told once.
 */
export const createDemoteModel =
  (ports: Ports) =>
  async ({ modelId, reason, at }: { modelId: string; reason: string; at: TimestampMs }): Promise<ModelDemoted> => {
    const model = await ports.store.transaction(async (tx) => {
      const demoted = await tx.models.demote({ modelId, reason, at, by: 'system' })
      if (!demoted) return undefined
      const { market } = demoted
      await tx.audit.append({
        at,
        actor: 'system',
        action: 'model.demoted',
        subject: modelId,
        details: { market, reason },
      })
      await announceModel(tx, ports, { news: { what: 'demoted', model: demoted, reason }, at })
      return demoted
    })
    if (!model) return { kind: 'not-in-force' }
    await wakeDelivery(ports.queue)
    return { kind: 'demoted', model }
  }
