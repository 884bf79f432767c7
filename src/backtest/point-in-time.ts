import { type Cluster, HORIZONS } from '../domain/forecast.ts'
import { clustersAt } from '../domain/liquidation/clusters.ts'
import { type Conditions, conditionsAt } from '../domain/liquidation/conditions.ts'
import type { ConfidenceCalibrations, ConfidenceSample } from '../domain/liquidation/confidence.ts'
import { advanceMap, createLiquidationMap, type LiquidationMap } from '../domain/liquidation/map.ts'
import { type MapSnapshot, snapshotOf } from '../domain/liquidation/snapshot.ts'
import { createPanel, type Panel } from '../domain/market/panel.ts'
import { DAY, type DurationMs, HOUR, later, price, type TimestampMs } from '../domain/units.ts'

import { calibrate, type RecordedMarket } from './recorded-validation.ts'

/** What is looked back on: the sixty-one days that a running desk remembers. */
const REMEMBERED = 61 * DAY

/** Map and clusters as a desk would have had them at an instant. */
export interface Moment {
  readonly at: TimestampMs
  readonly map: LiquidationMap
  readonly panel: Panel
  readonly conditions: Conditions
  readonly clusters: readonly Cluster[]
}

/** The confidence of every horizon as it could have been fitted at an instant. */
export const calibrationsBefore = (samples: readonly ConfidenceSample[], before: TimestampMs): ConfidenceCalibrations =>
  Object.fromEntries(HORIZONS.map((horizon) => [horizon, calibrate(samples, horizon, before)]))

/**
 * Walks through a recorded market and stops every so often within a window, each time with what had been received by then.
 * Clusters keep their identity from stop to stop.
 */
export async function* walk(
  market: RecordedMarket,
  {
    from,
    to,
    every,
    calibrations,
  }: { from: TimestampMs; to: TimestampMs; every: DurationMs; calibrations: ConfidenceCalibrations },
): AsyncGenerator<Moment> {
  const { asset, feeds } = market
  const panel = createPanel()
  const map = createLiquidationMap({ asset, ...market.map })
  let previous: readonly Cluster[] = []
  let due = from as number
  let forgottenAt = Number.NEGATIVE_INFINITY
  const stop = (at: TimestampMs): Moment | undefined => {
    const conditions = conditionsAt(map, panel, { asset, at, feeds })
    if (!conditions) return undefined
    const clusters = clustersAt({ map, panel, feeds, asset, at, previous, calibrations })
    previous = clusters
    return { at, map, panel, conditions, clusters }
  }
  for await (const { at, ticks } of market.steps()) {
    // What is received after a stop is not folded in before it.
    for (; due < at && due <= to; due += every) {
      advanceMap(map, panel, asset, due as TimestampMs)
      const moment = stop(due as TimestampMs)
      if (moment) yield moment
    }
    if (at > to) return
    for (const tick of ticks) panel.apply(tick)
    advanceMap(map, panel, asset, at)
    if (at - forgottenAt < DAY) continue
    panel.forget(later(at, -REMEMBERED))
    forgottenAt = at
  }
  for (; due <= to; due += every) {
    const moment = stop(due as TimestampMs)
    if (moment) yield moment
  }
}

/** Snapshots of every hour before the last moment of a walk, as the record of a desk would hold them. */
export function createHistory(): { take(moment: Moment): void; snapshots(): readonly MapSnapshot[] } {
  const snapshots: MapSnapshot[] = []
  return {
    take({ at, map, panel, conditions }) {
      const bars = panel.priceVenue(map.asset)
      const last = snapshots.at(-1)?.at ?? later(at, -HOUR)
      const since = bars === undefined ? [] : panel.between('bar', bars, map.asset, last, at)
      const { price: now } = conditions
      const lowPrice = price(Math.min(now, ...since.map((bar) => bar.lowPrice)))
      const highPrice = price(Math.max(now, ...since.map((bar) => bar.highPrice)))
      snapshots.push(snapshotOf(map, { at, price: now, lowPrice, highPrice }))
    },
    snapshots: () => snapshots,
  }
}
