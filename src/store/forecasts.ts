import { type Selectable, sql } from 'kysely'
import type { Cluster, Forecast } from '../domain/forecast.ts'
import { type FundingPer8h, timestamp } from '../domain/units.ts'
import type { PathPoint, Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { jsonb } from './json.ts'
import type { Tables } from './tables.ts'

const MOST_FOUND = 10

export function createForecasts(context: StoreContext): Store['forecasts'] {
  const { db } = context
  return {
    async save(forecast, clusters) {
      const said = {
        kind: forecast.prediction.kind,
        prediction: jsonb(forecast.prediction),
        market: jsonb(forecast.market),
        clusters: jsonb(clusters),
      }
      const { asset, at } = forecast
      const sightings = clusters.map(({ clusterId }) => ({
        asset,
        cluster_id: clusterId,
        first_seen_at: at,
        last_seen_at: at,
      }))
      await atomically(context, async (tx) => {
        await tx
          .insertInto('forecasts')
          .values({ asset, forecast_at: at, ...said })
          .onConflict((oc) => oc.columns(['asset', 'forecast_at']).doUpdateSet(said))
          .execute()
        if (sightings.length === 0) return
        await tx
          .insertInto('cluster_sightings')
          .values(sightings)
          .onConflict((oc) =>
            oc.columns(['asset', 'cluster_id']).doUpdateSet({
              last_seen_at: sql<number>`greatest(cluster_sightings.last_seen_at, excluded.last_seen_at)`,
            }),
          )
          .execute()
      })
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

    async path(asset, { from, to, every }) {
      // One look into the index a mark: a forecast every few seconds would otherwise be read a hundred times too often.
      const { rows } = await sql<PathPoint & { fundingRate: FundingPer8h | null }>`
        select mark, newest.at, newest.price, newest.funding as "fundingRate"
        from generate_series(${to}::bigint, ${from}::bigint, -${every}::bigint) as mark
        cross join lateral (
          select forecast_at as at,
            (market ->> 'price')::double precision as price,
            (market ->> 'fundingRate')::double precision as funding
          from forecasts
          where asset = ${asset} and forecast_at <= mark and forecast_at > mark - ${every}::bigint
          order by forecast_at desc
          limit 1
        ) as newest
        order by mark`.execute(db)
      return rows.map(({ mark, at, price, fundingRate }) => ({
        mark,
        at,
        price,
        ...(fundingRate === null ? {} : { fundingRate }),
      }))
    },

    async first(asset, from, to) {
      const row = await db
        .selectFrom('forecasts')
        .selectAll()
        .where('asset', '=', asset)
        .where('forecast_at', '>=', from)
        .where('forecast_at', '<=', to)
        .orderBy('forecast_at')
        .limit(1)
        .executeTakeFirst()
      return row && { forecast: toForecast(row), clusters: row.clusters }
    },

    async findClusters(prefix, since) {
      const { rows } = await sql<{ cluster: Cluster; last_seen_at: number }>`
        select member.cluster, sighting.last_seen_at
        from cluster_sightings as sighting
        join forecasts as forecast
          on forecast.asset = sighting.asset and forecast.forecast_at = sighting.last_seen_at
        cross join lateral jsonb_array_elements(forecast.clusters) as member (cluster)
        where starts_with(upper(sighting.cluster_id), upper(${prefix}))
          and sighting.last_seen_at >= ${since}
          and member.cluster ->> 'clusterId' = sighting.cluster_id
        order by sighting.last_seen_at desc, sighting.cluster_id
        limit ${MOST_FOUND}`.execute(db)
      return rows.map((row) => ({ cluster: row.cluster, seenAt: timestamp(row.last_seen_at) }))
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
