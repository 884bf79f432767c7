import type pg from 'pg'

/** A table of its own, and what stores so many forecasts there: nothing is read, calibrated or judged. */
export async function bareRows(client: pg.Client, rows: readonly { forecast: object; clusters: readonly object[] }[]) {
  await client.query('create table bare_forecasts (like forecasts including all)')
  return async (at: number): Promise<void> => {
    for (const [i, { forecast, clusters }] of rows.entries()) {
      await client.query(
        `insert into bare_forecasts (asset, forecast_at, kind, prediction, market, clusters)
         values ($1, $2, 'estimated', $3, '{}', $4)`,
        [`asset-${i}`, at, JSON.stringify(forecast), JSON.stringify(clusters)],
      )
    }
  }
}
