import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readConfidence } from '../../models/confidence-file.ts'
import { describeCalibration } from '../app/cards.ts'
import { createHistory, type Moment, walk } from '../backtest/point-in-time.ts'
import { drawPicture } from '../charts/draw.ts'
import { type Cluster, HORIZONS } from '../domain/forecast.ts'
import { formatPercent, formatPrice, formatTime, formatUsd } from '../domain/format.ts'
import type { ConfidenceCalibrations } from '../domain/liquidation/confidence.ts'
import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import { HOUR, later, type TimestampMs, timestamp } from '../domain/units.ts'
import { ARTIFACT_FOLDER } from './artifacts.ts'
import { fitBefore } from './liq-clusters.ts'
import { checkRecorded, openRecorded, panelFolder } from './recorded.ts'

const HISTORY_HOURS = 72

export interface MapCommandOptions {
  readonly data: string
  readonly symbol: string
  readonly at: TimestampMs
  readonly png?: string
  readonly dark?: boolean
  readonly json?: boolean
}

/** `liq-map`: the map of recorded data at an instant, as text, JSON and a picture of the three days before it. */
export async function runLiqMap(options: MapCommandOptions): Promise<void> {
  const { at } = options
  const asset = options.symbol.toUpperCase()
  const folder = panelFolder(options.data)
  if (options.png !== undefined && !existsSync(dirname(options.png)))
    throw new Error(`Expected a folder for --png at ${dirname(options.png)}, was absent. Make it or choose another.`)
  await checkRecorded(folder, { asset, at })
  const calibrations = withShipped(
    await fitBefore(folder, { asset, from: at }),
    (await readConfidence(ARTIFACT_FOLDER))?.horizons,
  )
  const { market, source } = await openRecorded(folder, { asset, from: timestamp(at - 1), to: at })
  const history = createHistory()
  let last: Moment | undefined
  const window = { from: later(at, -HISTORY_HOURS * HOUR), to: at, every: HOUR, calibrations }
  for await (const moment of walk(market, window)) {
    history.take(moment)
    last = moment
  }
  await source.close()
  if (!last || last.at !== at || last.map.venues.size === 0)
    throw new Error(
      `Expected open interest of ${asset} before ${new Date(at).toISOString()} in ${folder}, was none. Choose a later --at or another --symbol.`,
    )
  const snapshots = history.snapshots()
  if (options.png !== undefined) await writeFile(options.png, drawPng(last, snapshots, options.dark === true))
  process.stdout.write(options.json ? `${JSON.stringify(toJson(last, snapshots.at(-1)!))}\n` : describe(last))
}

/** Where the record holds too few outcomes to calibrate on, what ships; every number says what it was calibrated on. */
const withShipped = (fitted: ConfidenceCalibrations, shipped: ConfidenceCalibrations = {}): ConfidenceCalibrations =>
  Object.fromEntries(
    HORIZONS.map((horizon) => [horizon, fitted[horizon]?.kind === 'fitted' ? fitted[horizon] : shipped[horizon]]),
  )

function drawPng({ at, conditions, clusters, map }: Moment, snapshots: readonly MapSnapshot[], dark: boolean): Buffer {
  const trust = clusters.flatMap(({ confidence: { '24h': day } }) =>
    day.kind === 'estimated' ? [day.calibratedOn] : [],
  )[0]
  const words = `${trust ? `confidence ${describeCalibration(trust)}; ` : ''}recorded data, ${conditions.quality} quality, coverage ${formatPercent(conditions.coverage, 0)}; an estimate from open interest, never a list of real positions`
  return drawPicture(
    {
      kind: 'liquidation-map',
      asset: map.asset,
      title: `${map.asset} liquidation map, ${formatTime(at)}`,
      subtitle: words,
      alt: describe({ at, conditions, clusters, map }),
      snapshots,
      clusters: clusters.map(({ confidence, ...cluster }) => {
        const day = confidence['24h']
        return { ...cluster, ...(day.kind === 'estimated' ? { confidence: day.confidence } : {}) }
      }),
    },
    { dark },
  ).png
}

function describe({ at, conditions, clusters, map }: Pick<Moment, 'at' | 'conditions' | 'clusters' | 'map'>): string {
  const lines = [...clusters].sort((a, b) => a.distance - b.distance).map(lineOf)
  return [
    `${map.asset} at ${formatPrice(conditions.price)}, ${formatTime(at)}: ${clusters.length} clusters, data ${conditions.quality}, coverage ${formatPercent(conditions.coverage, 0)}`,
    ...lines,
    '',
  ].join('\n')
}

function lineOf({ side, peakPrice, distance, distanceSigma, notional, confidence }: Cluster): string {
  const day = confidence['24h']
  const likely =
    day.kind === 'estimated'
      ? `within 24 h ${formatPercent(day.confidence)} (distance and volatility alone ${formatPercent(day.baseline)}), ${describeCalibration(day.calibratedOn)}`
      : `within 24 h undetermined (${day.reason})`
  return `${side === 'sell' ? 'longs ' : 'shorts'} ${formatPrice(peakPrice)}, ${formatPercent(distance / 10_000)} ${side === 'sell' ? 'below' : 'above'}, ${distanceSigma.toFixed(1)} sigma of a day, ${formatUsd(notional)}, ${likely}`
}

/** Everything at that instant: conditions, clusters whole, and the map in bins of 25 bps. */
function toJson({ at, conditions, clusters, map }: Moment, snapshot: MapSnapshot) {
  const { price, quality, coverage, dataAge, undetermined } = conditions
  return {
    symbol: map.asset,
    at: new Date(at).toISOString(),
    price,
    quality,
    coverage,
    dataAgeHours: dataAge / HOUR,
    ...(undetermined ? { undetermined } : {}),
    openInterestUsd: Math.round(conditions.openInterestNotional),
    venues: [...map.venues.keys()],
    labels: map.bars.guard.labels(),
    leverageShares: map.options.buckets.map(({ leverage }, k) => ({ leverage, share: map.shares[k] })),
    clusters,
    horizons: HORIZONS,
    map: {
      binWidth: snapshot.binWidth,
      firstBin: snapshot.firstBin,
      longsUsd: snapshot.longs,
      shortsUsd: snapshot.shorts,
    },
  }
}
