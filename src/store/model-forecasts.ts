import { type Selectable, sql } from 'kysely'
import { DAY, HOUR, timestamp } from '../domain/units.ts'
import type { ModelForecast, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { present } from './json.ts'
import type { Tables } from './tables.ts'

/** PostgreSQL takes 65 535 parameters a statement, and a row has seven. */
const ROWS_PER_INSERT = 5_000

export function createModelForecasts({ db }: StoreContext): Store['modelForecasts'] {
  return {
    async save(forecasts) {
      let written = 0
      for (let i = 0; i < forecasts.length; i += ROWS_PER_INSERT) {
        const rows = await db
          .insertInto('model_forecasts')
          .values(
            forecasts.slice(i, i + ROWS_PER_INSERT).map((forecast) => ({
              model_id: forecast.modelId,
              asset: forecast.asset,
              forecast_at: forecast.at,
              target: forecast.target,
              probability: forecast.probability,
              baseline: forecast.baseline ?? null,
              due_at: forecast.dueAt,
            })),
          )
          .onConflict((oc) => oc.columns(['model_id', 'asset', 'forecast_at', 'target']).doNothing())
          .returning('model_id')
          .execute()
        written += rows.length
      }
      return written
    },

    async pending({ before, limit }) {
      const rows = await db
        .selectFrom('model_forecasts')
        .selectAll()
        .where('looked_at', '=', false)
        .where('due_at', '<=', before)
        .orderBy('due_at')
        .orderBy('model_id')
        .orderBy('asset')
        .orderBy('target')
        .limit(limit)
        .execute()
      return rows.map(toForecast)
    },

    async resolve(outcomes) {
      if (outcomes.length === 0) return 0
      const known = JSON.stringify(
        outcomes.map(({ modelId, asset, at, target, outcome }) => ({
          model_id: modelId,
          asset,
          forecast_at: at,
          target,
          outcome: outcome ?? null,
        })),
      )
      const { numAffectedRows } = await sql`
        update model_forecasts as said set outcome = known.outcome, looked_at = true
        from jsonb_to_recordset(${known}::jsonb)
          as known (model_id text, asset text, forecast_at bigint, target text, outcome boolean)
        where said.model_id = known.model_id and said.asset = known.asset and said.forecast_at = known.forecast_at
          and said.target = known.target and not said.looked_at
      `.execute(db)
      return Number(numAffectedRows ?? 0)
    },

    async between({ modelId, from, to, asset, target }) {
      const rows = await db
        .selectFrom('model_forecasts')
        .selectAll()
        .where('model_id', '=', modelId)
        .where('forecast_at', '>=', from)
        .where('forecast_at', '<=', to)
        .$if(asset !== undefined, (query) => query.where('asset', '=', asset!))
        .$if(target !== undefined, (query) => query.where('target', '=', target!))
        .orderBy('forecast_at')
        .orderBy('asset')
        .orderBy('target')
        .execute()
      return rows.map(toForecast)
    },

    async shadow(modelId) {
      const { days, forecasts, known, first, last } = await db
        .selectFrom('model_forecasts')
        .select([
          sql<number>`count(distinct forecast_at / ${sql.lit(DAY)})`.as('days'),
          sql<number>`count(*)`.as('forecasts'),
          sql<number>`count(outcome)`.as('known'),
          sql<number | null>`min(forecast_at)`.as('first'),
          sql<number | null>`max(forecast_at)`.as('last'),
        ])
        .where('model_id', '=', modelId)
        .executeTakeFirstOrThrow()
      return {
        days,
        forecasts,
        known,
        ...(first !== null && { firstAt: timestamp(first) }),
        ...(last !== null && { lastAt: timestamp(last) }),
      }
    },

    async thin({ from, to }) {
      const { numAffectedRows } = await sql`
        delete from model_forecasts as said
        where said.forecast_at >= ${from} and said.forecast_at < ${to} and exists (
          select 1 from model_forecasts as earlier
          where earlier.model_id = said.model_id and earlier.asset = said.asset and earlier.target = said.target
            and earlier.forecast_at < said.forecast_at
            and earlier.forecast_at >= said.forecast_at - said.forecast_at % ${sql.lit(HOUR)}
        )
      `.execute(db)
      return Number(numAffectedRows ?? 0)
    },

    async deleteBefore(at) {
      const { numDeletedRows } = await db
        .deleteFrom('model_forecasts')
        .where('forecast_at', '<', at)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

const toForecast = (row: Selectable<Tables['model_forecasts']>): ModelForecast =>
  present({
    modelId: row.model_id,
    asset: row.asset,
    at: row.forecast_at,
    target: row.target,
    probability: row.probability,
    baseline: row.baseline,
    dueAt: row.due_at,
    outcome: row.outcome,
  } as { [K in keyof ModelForecast]: ModelForecast[K] | null })
