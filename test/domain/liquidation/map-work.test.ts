/** How much work a map is, in things looked at rather than in seconds, so that it is the same on every machine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clustersAt } from '../../../src/domain/liquidation/clusters.ts'
import { advanceMap, createLiquidationMap } from '../../../src/domain/liquidation/map.ts'
import { createPanel } from '../../../src/domain/market/panel.ts'
import type { Tick } from '../../../src/domain/market/tick.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { DAY, type DurationMs, HOUR, later, MINUTE, type TimestampMs } from '../../../src/domain/units.ts'
import { bar, depth, funding, openInterest, START } from './setup.ts'

const VENUES = ['a', 'b', 'c', 'd', 'e', 'f']
const work = { ticksRead: 0, binsTouched: 0 }
const counted = <T>(run: () => T): { result: T; ticksRead: number; binsTouched: number } => {
  work.ticksRead = work.binsTouched = 0
  return { result: run(), ...work }
}

/** A tick that counts how often anyone asks when it was. */
function watched(tick: Tick): Tick {
  const count = (value: TimestampMs) => ({
    get() {
      work.ticksRead++
      return value
    },
  })
  return Object.defineProperties(
    { ...tick },
    { eventAt: count(tick.eventAt), receivedAt: count(tick.receivedAt) },
  ) as Tick
}

/** Six venues at any spacing: a map that goes forward, and clusters when asked for. */
function createDesk(every: DurationMs, feeds: 'declared' | 'undeclared' = 'declared') {
  const normal = createGaussian(createRandom(4))
  const panel = createPanel()
  const map = createLiquidationMap({ asset: 'ETH' })
  const declared = VENUES.map((venue) => ({ feed: 'open-interest', venue, asset: 'ETH', cadence: every }) as const)
  let [at, close] = [START, 100]
  let clusters: ReturnType<typeof clustersAt> = []
  const next = (): readonly Tick[] => {
    at = later(at, every)
    const open = close
    close *= Math.exp(0.006 * Math.sqrt(every / HOUR) * normal())
    const range = { high: Math.max(open, close), low: Math.min(open, close), close }
    return [
      { ...bar({ at, ...range }), interval: every } as Tick,
      ...VENUES.flatMap((venue) => [
        openInterest(at, 1_000 * (1 + 0.01 * normal()), { venue }),
        depth(at, 1e4, venue),
        ...(at % HOUR === 0 ? [funding(at, 1e-4 * (1 + normal()), venue)] : []),
      ]),
    ].map(watched)
  }
  return {
    advance(): void {
      for (const tick of next()) panel.apply(tick)
      advanceMap(map, panel, 'ETH', at)
      panel.forget(later(at, -61 * DAY))
      for (const { positions } of map.venues.values()) watch(positions)
    },
    cluster(): number {
      clusters = clustersAt({
        map,
        panel,
        feeds: feeds === 'declared' ? declared : [],
        asset: 'ETH',
        at,
        previous: clusters,
      })
      return clusters.length
    },
  }
}

type Positions =
  ReturnType<typeof createLiquidationMap>['venues'] extends Map<string, { positions: infer P }> ? P : never
const seen = new WeakSet<object>()
/** Counts the bins that openings go into and sweeps go over. */
function watch(positions: Positions): void {
  if (seen.has(positions)) return
  seen.add(positions)
  const { add, sweep } = positions
  positions.add = (...words) => {
    work.binsTouched++
    return add(...words)
  }
  positions.sweep = (leg, low, high, byLevel) => {
    work.binsTouched += Math.max(0, high - low)
    return sweep(leg, low, high, byLevel)
  }
}

test('twice the bars are twice the work: as many bins touched, as many ticks read per bar', () => {
  const rebuild = (bars: number) =>
    counted(() => {
      const desk = createDesk(HOUR)
      for (let i = 0; i < bars; i++) desk.advance()
    })
  const [once, twice] = [rebuild(2_000), rebuild(4_000)]
  for (const kind of ['binsTouched', 'ticksRead'] as const) {
    const ratio = twice[kind] / once[kind]
    assert.ok(once[kind] > 100_000 && ratio > 1.8 && ratio < 2.2, `${kind}: ${once[kind]}, then ${twice[kind]}`)
  }
})

for (const feeds of ['declared', 'undeclared'] as const) {
  test(`a minute costs no more after three weeks of minutes than after two (feeds ${feeds})`, () => {
    const desk = createDesk(MINUTE, feeds)
    const perMinute = (): number => {
      const { result, ticksRead } = counted(() => {
        let clusters = 0
        for (let i = 0; i < 30; i++) {
          desk.advance()
          clusters += desk.cluster()
        }
        return clusters
      })
      assert.ok(result > 30, `${result} clusters in 30 bars`)
      return ticksRead / 30
    }
    const minutes = (days: number) => (days * DAY) / MINUTE
    for (let i = 0; i < minutes(14); i++) desk.advance()
    const two = perMinute()
    for (let i = 0; i < minutes(7); i++) desk.advance()
    const three = perMinute()
    assert.ok(three < 1.1 * two, `${two} reads a minute after two weeks, ${three} after three`)
    assert.ok(three < 6_000, `${three} reads a minute`)
  })
}
