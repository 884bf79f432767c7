import { once } from 'node:events'
import { calibrationsBefore, walk } from '../backtest/point-in-time.ts'
import { readRecorded } from '../backtest/recorded-validation.ts'
import { type Cluster, HORIZONS, type Horizon } from '../domain/forecast.ts'
import type { ConfidenceCalibrations } from '../domain/liquidation/confidence.ts'
import { type DurationMs, type TimestampMs, timestamp } from '../domain/units.ts'
import { assetsToFit, checkWindow, openRecorded, panelFolder } from './recorded.ts'
import { report as say } from './terminal.ts'

export interface ClustersOptions {
  readonly data: string
  readonly symbol: string
  readonly from: TimestampMs
  readonly to: TimestampMs
  readonly every: DurationMs
  readonly csv?: boolean
}

const COLUMNS = [
  'time',
  'cluster_id',
  'side',
  'p_low',
  'p_peak',
  'p_high',
  'notional_usd',
  'mark_price',
  'confidence_4h',
  'confidence_24h',
  'confidence_72h',
  'baseline_24h',
  'coverage',
] as const

/**
 * `liq-clusters`: every cluster at every stop, point in time, as CSV or one JSON value a line. `side` is the side of the
 * closing order (`sell` closes longs). An undetermined confidence is an empty cell. Confidence is fitted on what lies before
 * the window.
 */
export async function runLiqClusters(options: ClustersOptions): Promise<void> {
  const { from, to, every } = options
  checkWindow(options)
  const asset = options.symbol.toUpperCase()
  const folder = panelFolder(options.data)
  const calibrations = await fitBefore(folder, { asset, from })
  const { market, source } = await openRecorded(folder, { asset, from, to })
  process.stdout.on('error', endWithReader)
  if (options.csv) process.stdout.write(`${COLUMNS.join(',')}\n`)
  for await (const { at, conditions, clusters } of walk(market, { from, to, every, calibrations })) {
    for (const cluster of clusters) {
      const row = rowOf(cluster, { at, price: conditions.price, coverage: conditions.coverage })
      const line = options.csv
        ? row.map((value) => value ?? '').join(',')
        : JSON.stringify(Object.fromEntries(COLUMNS.map((name, i) => [name, row[i]])))
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
    }
  }
  await source.close()
}

/** Who reads the first lines only (`head`) closes the pipe: no fault. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

/** The confidence as it could have been fitted at an instant, on every asset of the folder. */
export async function fitBefore(
  folder: string,
  { asset, from }: { asset: string; from: TimestampMs },
): Promise<ConfidenceCalibrations> {
  const samples = []
  for (const each of await assetsToFit(folder, { asset, from: timestamp(from - 1), to: from })) {
    say(`Fitting on ${each.asset} before ${new Date(from).toISOString().slice(0, 16)}`)
    const opened = await openRecorded(folder, each)
    for (const sample of (await readRecorded(opened.market)).samples) samples.push(sample)
    await opened.source.close()
  }
  say('')
  return calibrationsBefore(samples, from)
}

function rowOf(
  cluster: Cluster,
  { at, price, coverage }: { at: TimestampMs; price: number; coverage: number },
): readonly (string | number | undefined)[] {
  const estimated = (horizon: Horizon) => {
    const answer = cluster.confidence[horizon]
    return answer.kind === 'estimated' ? answer : undefined
  }
  return [
    new Date(at).toISOString(),
    cluster.clusterId,
    cluster.side,
    ...[cluster.lowPrice, cluster.peakPrice, cluster.highPrice].map((level) => Number(level.toPrecision(8))),
    Math.round(cluster.notional),
    price,
    ...HORIZONS.map((horizon) => round(estimated(horizon)?.confidence)),
    round(estimated('24h')?.baseline),
    round(coverage),
  ]
}

const round = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Number(value.toPrecision(5))
