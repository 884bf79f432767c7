/**
 * A liquidation map rebuilt from two years of hourly bars on six venues: how long it takes, how that grows with the length, and
 * how much memory two assets hold afterwards.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { advanceMap, createLiquidationMap } from '../src/domain/liquidation/map.ts'
import { createPanel } from '../src/domain/market/panel.ts'
import type { Observed } from '../src/domain/market/tick.ts'
import { DAY, HOUR, later, type TimestampMs, timestamp } from '../src/domain/units.ts'
import { type Bench, compare } from './bench.ts'
import { bareRebuild } from './limits/liq-map-rebuild.ts'
import { createSixVenues } from './six-venues.ts'

const YEAR_HOURS = 365 * 24
const REMEMBERED = 61 * DAY
const ROUNDS = 5
const START = timestamp(Date.UTC(2023, 0, 1))

export const liqMapRebuild: Bench = {
  name: 'liq-map-rebuild',
  async run() {
    const record = recordOf('ETH', 2 * YEAR_HOURS)
    const [ours, limits]: [number[], number[]] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(timed(() => rebuild(record)) / 1000)
      limits.push(timed(() => bareRebuild(record)) / 1000)
    }
    return compare({ unit: 's', ours, limits })
  },
}

/** Two years over one: 2 is what a cost in proportion to the bars has. */
export const liqMapLinear: Bench = {
  name: 'liq-map-linear',
  async run() {
    const record = recordOf('ETH', 2 * YEAR_HOURS)
    const half = record.slice(0, YEAR_HOURS)
    rebuild(half)
    const [ours, limits]: [number[], number[]] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(quickest(() => rebuild(record)) / quickest(() => rebuild(half)))
      limits.push(timed(() => bareRebuild(record)) / timed(() => bareRebuild(half)))
    }
    return compare({ unit: 'times', ours, limits })
  },
}

/** As the product is started: otherwise V8 keeps a hundred MB more that reading the history took. */
const FLAGS = ['--max-semi-space-size=16', '--expose-gc']

/** MB above a bare Node with the same modules, after two years of two assets; each in a process of its own. */
export const liqMapMemory: Bench = {
  name: 'liq-map-memory',
  async run() {
    const [ours, limits]: [number[], number[]] = [[], []]
    for (let round = 0; round < 3; round++) {
      const [idle, held, bare] = [await residentMb('idle'), await residentMb('held'), await residentMb('bare')]
      ours.push(held - idle)
      limits.push(bare - idle)
    }
    return compare({ unit: 'MB', ours, limits })
  },
}

interface Hour {
  readonly at: TimestampMs
  readonly ticks: readonly Observed[]
}

export function* hoursOf(asset: string, count: number): Generator<Hour> {
  const venues = createSixVenues({ asset, seed: 2, every: HOUR })
  for (let i = 0; i < count; i++) {
    const at = later(START, i * HOUR)
    yield { at, ticks: venues.step(at) }
  }
}

const recordOf = (asset: string, count: number): readonly Hour[] => [...hoursOf(asset, count)]

/** As the app reads its record after a restart: tick by tick into the panel, the map after each step, what is old forgotten. */
export function rebuild(record: Iterable<Hour>, asset = 'ETH') {
  const panel = createPanel()
  const map = createLiquidationMap({ asset })
  for (const { at, ticks } of record) {
    for (const tick of ticks) panel.apply(tick)
    advanceMap(map, panel, asset, at)
    panel.forget(later(at, -REMEMBERED))
  }
  if (map.venues.size !== 6) throw new Error(`Expected six venues, were ${map.venues.size}`)
  return { panel, map }
}

/** Of three: a ratio of single times is mostly what else the machine did meanwhile. */
const quickest = (work: () => unknown): number => Math.min(timed(work), timed(work), timed(work))

function timed(work: () => unknown): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

async function residentMb(what: 'idle' | 'held' | 'bare'): Promise<number> {
  const program = fileURLToPath(new URL('liq-map-memory.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, program, what])
  return Number(stdout)
}
