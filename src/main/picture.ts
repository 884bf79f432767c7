import { writeFile } from 'node:fs/promises'
import { renderPng } from '../charts/render.ts'
import { type RunChartData, runChart } from '../charts/run-chart.ts'
import { positionOf } from '../domain/execution/position.ts'
import { formatTime } from '../domain/format.ts'
import { timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { withStore } from './maintenance.ts'

/** `picture`: a run drawn from its record. */
export async function runPicture(options: {
  out: string
  symbol: string
  dark?: boolean
  database: string
}): Promise<void> {
  const data = await withStore(options, (store) => readRun(store, options.symbol.toUpperCase()))
  await writeFile(options.out, renderPng(runChart(data, { dark: options.dark === true }), { width: 1000, height: 800 }))
  process.stdout.write(`${options.out}\n`)
}

async function readRun(store: Store, asset: string): Promise<RunChartData> {
  const forecasts = await store.forecasts.between(asset, timestamp(0), timestamp(8.64e15))
  if (forecasts.length === 0)
    throw new Error(
      `Expected forecasts of ${asset} in this database, were none: name your run with --database and its asset with --symbol`,
    )
  const [first, last] = [forecasts[0]!.at, forecasts.at(-1)!.at]
  const fills = [...(await store.orders.allFills())]
    .filter((fill) => fill.instrumentId.startsWith(`${asset}-`))
    .sort((a, b) => a.filledAt - b.filledAt)
  const [proposal] = await store.proposals.list({ asset, limit: 1 })
  const exposure = proposal?.exposure ?? 0
  const hedgeRatios = fills.map(
    (fill, i) => [fill.filledAt, exposure > 0 ? -positionOf(fills.slice(0, i + 1)).quantity / exposure : 0] as const,
  )
  const alerts = (await store.alerts.recent(10_000)).filter((alert) => alert.asset === asset)
  const estimated = forecasts.flatMap(({ at, prediction }) =>
    prediction.kind === 'estimated' ? [{ at, prediction }] : [],
  )
  return {
    asset,
    title: `${asset}: ${formatTime(first)} to ${formatTime(last)}`,
    subtitle: `paper money; probabilities within 24 h, ${estimated.at(-1)?.prediction.calibratedOn === 'recorded' ? 'calibrated on recorded data' : 'calibrated on simulated data only'}; shaded: a cluster alert stood`,
    prices: forecasts.map((forecast) => [forecast.at, forecast.market.price] as const),
    hedgeRatios: [[first, 0], ...hedgeRatios, [last, hedgeRatios.at(-1)?.[1] ?? 0]],
    fills: fills.map((fill) => ({ at: fill.filledAt, price: fill.fillPrice, side: fill.side })),
    alerts: alerts.map((alert) => ({
      from: alert.raisedAt,
      to: alert.endedAt ?? last,
      price: alert.cluster.peakPrice,
      side: alert.cluster.side,
    })),
    pCascadeDown: estimated.map(({ at, prediction }) => [at, prediction.cascades['24h'].pCascadeDown] as const),
    pCascadeDownBaseline: estimated.map(
      ({ at, prediction }) => [at, prediction.cascades['24h'].baseline.pCascadeDown] as const,
    ),
  }
}
