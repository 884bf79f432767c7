/**
 * ms for one bar of one asset on six venues: ticks into the panel, the liquidation map forward, clusters and confidence, beside
 * the same number of bins closed, swept and smoothed in bare arrays.
 *
 * @module
 */
import { type BareCluster, clustersAt } from '../src/domain/liquidation/clusters.ts'
import { advanceMap, createLiquidationMap } from '../src/domain/liquidation/map.ts'
import { createPanel } from '../src/domain/market/panel.ts'
import { DAY, type DurationMs, HOUR, later, MINUTE, timestamp } from '../src/domain/units.ts'
import { anyConfidence } from './any-confidence.ts'
import { type Bench, compare, type Measured } from './bench.ts'
import { bareBar } from './limits/liq-map-bar.ts'
import { createSixVenues } from './six-venues.ts'

/** As long as the app remembers. */
const HISTORY = 61 * DAY
const WARM_UP = 200
const BARS = 2_000
const START = timestamp(Date.UTC(2025, 0, 1))

export const liqMapBar: Bench = { name: 'liq-map-bar', run: async () => measure(HOUR) }
/** With sixty-one days of minutes in memory. */
export const liqMapMinute: Bench = { name: 'liq-map-minute', run: async () => measure(MINUTE) }

function measure(every: DurationMs): Measured {
  const asset = 'ETH'
  const venues = createSixVenues({ asset, seed: 1, every })
  const calibrations = anyConfidence()
  const panel = createPanel()
  const map = createLiquidationMap({ asset })
  let at = START
  for (const end = START + HISTORY; at < end; at = later(at, every)) {
    for (const tick of venues.step(at)) panel.apply(tick)
    advanceMap(map, panel, asset, at)
  }
  let clusters: readonly BareCluster[] = []
  let clustered = 0
  const [ours, limits]: [number[], number[]] = [[], []]
  for (let i = 0; i < WARM_UP + BARS; i++, at = later(at, every)) {
    const ticks = venues.step(at)
    const started = performance.now()
    for (const tick of ticks) panel.apply(tick)
    advanceMap(map, panel, asset, at)
    clusters = clustersAt({ map, panel, feeds: venues.feeds, asset, at, previous: clusters, calibrations })
    const between = performance.now()
    bareBar()
    const ended = performance.now()
    if (at % HOUR === 0) panel.forget(later(at, -HISTORY))
    if (i < WARM_UP) continue
    clustered += clusters.length
    ours.push(between - started)
    limits.push(ended - between)
  }
  if (clustered < BARS) throw new Error(`Expected a cluster a bar at least, were ${clustered} in ${BARS} bars`)
  return compare({ unit: 'ms', ours, limits })
}
