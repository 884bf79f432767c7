import type { Selectable } from 'kysely'
import type { Forecast } from '../domain/forecast.ts'
import { timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { jsonb } from './json.ts'
import type { Tables } from './tables.ts'

export function createForecasts({ db }: StoreContext): Store['forecasts'] {
  return {
    async save(forecast, clusters) {
      const said = {
        kind: forecast.prediction.kind,
        prediction: jsonb(forecast.prediction),
        market: jsonb(forecast.market),
        clusters: jsonb(clusters),
      }
      await db
        .insertInto('forecasts')
        .values({ asset: forecast.asset, forecast_at: forecast.at, ...said })
        .onConflict((oc) => oc.columns(['asset', 'forecast_at']).doUpdateSet(said))
        .execute()
    },

    async latest(asset) {
      const row = await db
        .selectFrom('forecasts')
        .selectAll()
        .where('asset', '=', asset)
        .orderBy('forecast_at', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && { forecast: toForecast(row), clusters: row.clusters }
    },

    async between(asset, from, to) {
      const rows = await db
        .selectFrom('forecasts')
        .select(['asset', 'forecast_at', 'prediction', 'market'])
        .where('asset', '=', asset)
        .where('forecast_at', '>=', from)
        .where('forecast_at', '<=', to)
        .orderBy('forecast_at')
        .execute()
      return rows.map(toForecast)
    },
  }
}

const toForecast = (
  row: Pick<Selectable<Tables['forecasts']>, 'asset' | 'forecast_at' | 'prediction' | 'market'>,
): Forecast => ({
  asset: row.asset,
  at: timestamp(row.forecast_at),
  prediction: row.prediction,
  market: row.market,
})
