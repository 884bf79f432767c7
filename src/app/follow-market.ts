import { marginsOf } from '../domain/liquidation/bucket-margins.ts'
import { advanceMap, createLiquidationMap } from '../domain/liquidation/map.ts'
import type { Tick } from '../domain/market/tick.ts'
import { DAY, HOUR, later, type TimestampMs } from '../domain/units.ts'
import type { MarketStep } from '../ports.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'
import { wakeRiskWatch } from './wake-risk-watch.ts'

const WARMUP_BATCH = 5_000
/** Nothing looks back further than the sixty days of the funding correlation; what is older stays in the record only. */
const REMEMBERED = 61 * DAY
/** Features look back twelve days, and outcomes of clusters are judged within four: what is older is kept by the hour. */
const FINE = 20 * DAY

/**
 * Takes one step of the market in: stores it, folds it into the panel and the liquidation maps, and wakes the forecast
 * when one is due. Ticks do not pass through the queue.
 */
export const createFollowMarket = ({ store, queue, settings, clock }: Ports, market: MarketState) => {
  let forecastDueAt = 0
  let forgetDueAt = 0
  let unstored: Tick[] = []
  const flush = async (): Promise<void> => {
    const ticks = unstored
    unstored = []
    if (ticks.length > 0) await store.observations.append(ticks)
  }
  return {
    async step(step: MarketStep): Promise<void> {
      unstored.push(...step.ticks)
      // Warm-up is history that can be fetched again: it is stored in large batches. What is new is stored at once.
      if (!step.warmup || unstored.length >= WARMUP_BATCH) await flush()
      fold(market, step.ticks, step.at)
      if (step.at >= forgetDueAt) {
        tidy(market, step.at)
        forgetDueAt = step.at + HOUR
      }
      if (step.warmup) return
      // Where the market drives the clock, it drives the rails too; on a wall clock they are watched whether it moves or not.
      if (clock.kind === 'virtual') await wakeRiskWatch(queue)
      if (step.at < forecastDueAt) return
      forecastDueAt = step.at + settings.forecasts.every
      await queue.add({ name: 'refresh-forecasts', data: { at: step.at }, jobId: `refresh-forecasts-${step.at}` })
    },

    /** Rebuilds panel and maps from what was stored, by the same fold; returns the last instant received. */
    async restore(since: TimestampMs): Promise<TimestampMs | undefined> {
      let last: TimestampMs | undefined
      let [batch, batchAt, tidyDueAt] = [[] as Tick[], 0, 0]
      for await (const tick of store.observations.since(since)) {
        if (tick.receivedAt !== batchAt && batch.length > 0) {
          fold(market, batch, batchAt as TimestampMs)
          batch = []
          if (batchAt >= tidyDueAt) {
            tidy(market, batchAt as TimestampMs)
            tidyDueAt = batchAt + DAY
          }
        }
        batch.push(tick)
        batchAt = tick.receivedAt
        last = tick.receivedAt
      }
      if (last !== undefined) fold(market, batch, last)
      return last
    },
  }
}

/** Keeps memory bounded, also while a long record is read back. */
function tidy({ panel }: MarketState, at: TimestampMs): void {
  panel.forget(later(at, -REMEMBERED))
  panel.condense(later(at, -FINE))
}

function fold(market: MarketState, ticks: readonly Tick[], at: TimestampMs): void {
  for (const tick of ticks) market.panel.apply(tick)
  for (const asset of new Set(ticks.map((tick) => tick.asset))) {
    const margins = marginsOf(asset, () => market.tierTables)
    const map = market.maps.get(asset) ?? createLiquidationMap({ asset, margins })
    market.maps.set(asset, advanceMap(map, market.panel, asset, at))
  }
}
