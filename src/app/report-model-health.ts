import type { HealthReport } from '../domain/model/health.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { ModelRecord } from '../ports.ts'
import { toHealthReport } from './model-health-card.ts'
import type { Ports } from './ports.ts'

export type ModelHealthAnswer =
  | { readonly kind: 'no-registry' }
  /** None is in force, or none of that id is on record. */
  | { readonly kind: 'not-found'; readonly known: readonly string[] }
  | { readonly kind: 'not-measured'; readonly model: ModelRecord }
  | { readonly kind: 'measured'; readonly model: ModelRecord; readonly day: TimestampMs; readonly report: HealthReport }

/** The newest verdict on a model, with every number behind it: of the one in force where no id is given. */
export const createReportModelHealth =
  ({ store, models }: Pick<Ports, 'store' | 'models'>) =>
  async ({ modelId }: { modelId?: string | undefined } = {}): Promise<ModelHealthAnswer> => {
    if (!models) return { kind: 'no-registry' }
    const model = modelId === undefined ? await store.models.champion(models.market) : await store.models.find(modelId)
    if (!model) {
      const known = (await store.models.list(models.market)).filter(({ state }) => state !== 'retired')
      return { kind: 'not-found', known: known.map((one) => one.modelId) }
    }
    const row = await store.modelHealth.latest(model.modelId)
    const report = row && toHealthReport(row)
    return row && report ? { kind: 'measured', model, day: row.day, report } : { kind: 'not-measured', model }
  }
