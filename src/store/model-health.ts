import type { Selectable } from 'kysely'
import { timestamp } from '../domain/units.ts'
import type { ModelHealth, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { jsonb } from './json.ts'
import type { Tables } from './tables.ts'

export function createModelHealth({ db }: StoreContext): Store['modelHealth'] {
  return {
    async save({ modelId, day, verdict, report }) {
      await db
        .insertInto('model_health')
        .values({ model_id: modelId, day_at: day, verdict, report: jsonb(report) })
        .onConflict((oc) =>
          oc.columns(['model_id', 'day_at']).doUpdateSet((eb) => ({
            verdict: eb.ref('excluded.verdict'),
            report: eb.ref('excluded.report'),
          })),
        )
        .execute()
    },

    async latest(modelId) {
      const row = await db
        .selectFrom('model_health')
        .selectAll()
        .where('model_id', '=', modelId)
        .orderBy('day_at', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && toHealth(row)
    },

    async between({ modelId, from, to }) {
      const rows = await db
        .selectFrom('model_health')
        .selectAll()
        .where('model_id', '=', modelId)
        .where('day_at', '>=', from)
        .where('day_at', '<=', to)
        .orderBy('day_at')
        .execute()
      return rows.map(toHealth)
    },
  }
}

const toHealth = (row: Selectable<Tables['model_health']>): ModelHealth => ({
  modelId: row.model_id,
  day: timestamp(row.day_at),
  verdict: row.verdict as ModelHealth['verdict'],
  report: row.report,
})
