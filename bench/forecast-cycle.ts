/**
 * ms for one `refreshForecasts` of a whole book on six venues (features, boosted trees with their reasons, calibration, three
 * horizons, clusters and their confidence, stored, alerts judged), of two assets with bars of five minutes and of fifty with
 * hourly ones. Beside it the bare trees, the newest of each series looked up in bare arrays, and a bare insert of the same rows.
 *
 * @module
 */
import pg from 'pg'
import { loadEngine } from '../models/engine.ts'
import { FEATURE_COUNT, LOOKBACK_HOURS } from '../models/features.ts'
import { createForecasterOf } from '../models/forecaster.ts'
import type { RungName } from '../models/rung.ts'
import { TARGETS } from '../models/targets.ts'
import { createApp } from '../src/app/app.ts'
import { createMarketState, type MarketState } from '../src/app/market-state.ts'
import type { Settings } from '../src/app/settings.ts'
import { parseConfig } from '../src/config.ts'
import { marginsOf } from '../src/domain/liquidation/bucket-margins.ts'
import { advanceMap, createLiquidationMap } from '../src/domain/liquidation/map.ts'
import type { Asset } from '../src/domain/market/tick.ts'
import {
  baseQty,
  DAY,
  type DurationMs,
  duration,
  fraction,
  HOUR,
  later,
  MINUTE,
  type TimestampMs,
  timestamp,
} from '../src/domain/units.ts'
import { createLog } from '../src/log.ts'
import { alertRules } from '../src/main/alert-rules.ts'
import { createSeededIds } from '../src/main/ids.ts'
import { createQueue } from '../src/queue/queue.ts'
import { startEmbedded } from '../src/store/embedded.ts'
import { migrate } from '../src/store/migrate.ts'
import { createStore } from '../src/store/store.ts'
import { createVenueLedger } from '../src/venues/paper/ledger.ts'
import { createPaperVenue } from '../src/venues/paper/paper-venue.ts'
import { createVirtualClock } from '../src/venues/virtual-clock.ts'
import { anyConfidence } from './any-confidence.ts'
import { anyArtifact, TREES } from './any-model.ts'
import { type Bench, compare, type Measured } from './bench.ts'
import { bareTrees } from './limits/bare-trees.ts'
import { bareReads } from './limits/feature-reads.ts'
import { bareRows } from './limits/forecast-rows.ts'
import { BENCH_SERVER, isBrief, roundsOr } from './rounds.ts'
import { createSixVenues } from './six-venues.ts'
import { closing, inTemporaryFolder } from './temporary.ts'

const RUNG: RungName = 'boosted-trees'
const WARM_UP = 10
const START = timestamp(Date.UTC(2026, 0, 1))
/** As the app looks: twice a minute. */
const APART = duration(30_000)
/** So much of what it remembers is as fine as it came. */
const FINE = 20 * DAY
const log = createLog('silent')

/** What the app remembers; features look back on the first thirty-four. */
const DAYS = isBrief ? 35 : 61

interface Book {
  readonly assets: number
  /** How often everything is heard. */
  readonly every: DurationMs
  readonly cycles: number
}

export const forecastCycle2: Bench = {
  name: 'forecast-cycle-2',
  run: () => measure({ assets: 2, every: isBrief ? HOUR : duration(5 * MINUTE), cycles: 100 }),
}
export const forecastCycle50: Bench = {
  name: 'forecast-cycle-50',
  run: () => measure({ assets: isBrief ? 3 : 50, every: HOUR, cycles: 20 }),
}

const measure = (book: Book): Promise<Measured> =>
  inTemporaryFolder(async (folder) => {
    const server = await startEmbedded({ folder, log, ...BENCH_SERVER })
    return closing(server.stop, async () => {
      const connectionString = server.connectionString()
      await migrate(connectionString)
      const store = await createStore({ connectionString, log })
      return closing(store.close, async () => {
        const ledger = await createVenueLedger({ connectionString })
        return closing(ledger.close, async () => {
          const assets = Array.from({ length: book.assets }, (_, k) => ['ETH', 'BTC'][k] ?? `COIN${k}`)
          const { market, now, catchUp, series } = followed(assets, book)
          const clock = createVirtualClock(now)
          // Nobody works on it: what a forecast wakes is not part of the cycle.
          const queue = await createQueue({
            backend: { kind: 'postgres', connectionString },
            clock,
            log,
            name: 'bench',
          })
          return closing(queue.close, async () => {
            const engine = await loadEngine({ prefer: 'wasm' })
            const app = createApp(
              {
                store,
                queue,
                venues: [createPaperVenue({ venueId: 'paper', ledger, clock, quoteAt: () => undefined })],
                forecaster: await createForecasterOf(await anyArtifact(RUNG, engine), engine),
                clock,
                ids: createSeededIds('bench'),
                settings: settingsFor(folder, assets),
                build: { version: 'bench', node: process.version, startedAt: now, databaseVersion: async () => '' },
                instanceId: store.instanceId,
              },
              { market, notifiers: () => [] },
            )
            const cycle = async (at: TimestampMs): Promise<void> => {
              const made = await app.refreshForecasts({ at })
              const bad = made.find(({ prediction }) => prediction.kind !== 'estimated')
              if (made.length === assets.length && !bad) return
              throw new Error(
                `Expected ${assets.length} forecasts, were ${made.length}: ${JSON.stringify(bad?.prediction)}`,
              )
            }
            await cycle(now)
            const rows = await Promise.all(assets.map(async (asset) => (await store.forecasts.latest(asset))!))
            const client = new pg.Client({ connectionString })
            await client.connect()
            return closing(
              () => client.end(),
              async () => {
                const insert = await bareRows(client, rows)
                const reads = bareReads({ series, observations: FINE / book.every, hours: 1 + LOOKBACK_HOURS })
                const trees = bareTrees(TREES * TARGETS.length, FEATURE_COUNT)
                const bare = async (at: number): Promise<void> => {
                  for (const _ of assets) {
                    reads()
                    trees()
                  }
                  await insert(at)
                }
                return inTurns({ at: (i) => later(now, i * APART), catchUp, cycle, bare, cycles: book.cycles })
              },
            )
          })
        })
      })
    })
  })

/** Six venues of each asset, followed as the app follows its market; `catchUp` follows on. */
function followed(assets: readonly Asset[], { every }: Book) {
  const market: MarketState = createMarketState(anyConfidence())
  const makers = assets.map((asset, k) => createSixVenues({ asset, seed: k + 1, every }))
  market.feeds = makers.flatMap(({ feeds }) => feeds)
  for (const asset of assets) {
    const margins = marginsOf(asset, () => market.tierTables)
    market.maps.set(asset, createLiquidationMap({ asset, margins }))
  }
  let next = START
  const catchUp = (at: TimestampMs): void => {
    for (; next <= at; next = later(next, every)) {
      for (const maker of makers) for (const tick of maker.step(next)) market.panel.apply(tick)
      for (const [asset, map] of market.maps) advanceMap(map, market.panel, asset, next)
    }
  }
  const now = later(START, DAYS * DAY)
  catchUp(now)
  market.panel.condense(later(now, -FINE))
  return { market, now, catchUp, series: makers[0]!.feeds.length }
}

function settingsFor(folder: string, assets: readonly Asset[]): Settings {
  const config = parseConfig({ DATA_DIR: folder })
  return {
    ...config,
    book: { name: 'main', exposures: Object.fromEntries(assets.map((asset) => [asset, baseQty(40)])) },
    sizing: config.hedge,
    forecasts: config.forecast,
    alerts: alertRules(config.alerts, fraction(0.3)),
    heartbeat: { every: duration(15_000) },
    channels: [],
  }
}

/** Each cycle has an instant of its own, so that it adds rows as it does in life. */
async function inTurns(of: {
  readonly at: (i: number) => TimestampMs
  readonly catchUp: (at: TimestampMs) => void
  readonly cycle: (at: TimestampMs) => Promise<void>
  readonly bare: (at: TimestampMs) => Promise<void>
  readonly cycles: number
}): Promise<Measured> {
  const [ours, limits]: [number[], number[]] = [[], []]
  const warmUp = roundsOr(WARM_UP)
  for (let i = 1; i <= warmUp + roundsOr(of.cycles); i++) {
    const at = of.at(i)
    of.catchUp(at)
    const started = performance.now()
    await of.bare(at)
    const between = performance.now()
    await of.cycle(at)
    const ended = performance.now()
    if (i <= warmUp) continue
    limits.push(between - started)
    ours.push(ended - between)
  }
  return compare({ unit: 'ms', ours, limits })
}
