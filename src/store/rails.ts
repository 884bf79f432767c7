import type { RailLevel, RailName } from '../domain/risk/rail.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { jsonb } from './json.ts'

export function createRails(context: StoreContext): Store['rails'] {
  const { db } = context
  return {
    async read() {
      const row = await db.selectFrom('rail_record').selectAll().executeTakeFirst()
      return row && { states: row.states, effects: row.effects, at: row.judged_at as TimestampMs }
    },

    write: ({ states, effects, at }, decisions) =>
      atomically(context, async (tx) => {
        const values = { states: jsonb(states), effects: jsonb(effects), judged_at: at }
        await tx
          .insertInto('rail_record')
          .values(values)
          .onConflict((oc) => oc.column('only_row').doUpdateSet(values))
          .execute()
        if (decisions.length === 0) return
        await tx
          .insertInto('risk_decisions')
          .values(
            decisions.map((decision) => ({
              decided_at: decision.at,
              rail: decision.rail,
              scope: decision.scope,
              level_before: decision.before,
              level_after: decision.after,
              inputs: jsonb(decision.inputs),
              inputs_hash: decision.inputsHash,
            })),
          )
          .execute()
      }),

    async decisions({ rail, limit }) {
      const rows = await db
        .selectFrom('risk_decisions')
        .selectAll()
        .$if(rail !== undefined, (query) => query.where('rail', '=', rail!))
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        at: row.decided_at as TimestampMs,
        rail: row.rail as RailName,
        scope: row.scope,
        before: row.level_before as RailLevel,
        after: row.level_after as RailLevel,
        inputs: row.inputs,
        inputsHash: row.inputs_hash,
      }))
    },
  }
}
