import type pg from 'pg'
import type { Tf } from '../../models/engine.ts'
import type { Network } from '../../models/tcn/network.ts'

/** The network on one random window per row, and the row stored: nothing is read, calibrated or judged. */
export async function bareForecasts(work: {
  readonly tf: Tf
  readonly network: Network
  readonly client: pg.Client
  readonly rows: readonly { readonly forecast: object; readonly clusters: readonly object[] }[]
  readonly at: number
}): Promise<void> {
  const { tf, network, client, rows, at } = work
  const { windowHours, inputs } = network.shape
  for (const [i, { forecast, clusters }] of rows.entries()) {
    tf.tidy(() => network.forward(tf.randomNormal([1, windowHours, inputs])).dataSync())
    await client.query(
      `insert into bare_forecasts (asset, forecast_at, kind, prediction, market, clusters)
       values ($1, $2, 'estimated', $3, '{}', $4)`,
      [`asset-${i}`, at, JSON.stringify(forecast), JSON.stringify(clusters)],
    )
  }
}
