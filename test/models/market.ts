import { createPanel, type Panel } from '../../src/domain/market/panel.ts'
import type { FeedDeclaration, Tick } from '../../src/domain/market/tick.ts'
import { DAY, later, type TimestampMs, timestamp } from '../../src/domain/units.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'

export interface RecordedMarket {
  readonly from: TimestampMs
  readonly to: TimestampMs
  /** In order of receipt. */
  readonly ticks: readonly Tick[]
  readonly feeds: readonly FeedDeclaration[]
}

/** Thirty-four days of hourly history and three of five minutes, of one asset, every feed there. */
export async function recordMarket(seed = 5, assets = ['ETH']): Promise<RecordedMarket> {
  const from = timestamp(Date.UTC(2024, 5, 3))
  const to = later(from, 3 * DAY)
  const market = createSimulatedMarket({ seed, assets, from, to, warmupDays: 34 })
  const ticks: Tick[] = []
  for await (const step of market.steps()) ticks.push(...step.ticks)
  await market.close()
  return { from, to, ticks, feeds: market.feeds }
}

export function panelOf(ticks: readonly Tick[]): Panel {
  const panel = createPanel()
  for (const tick of ticks) panel.apply(tick)
  return panel
}
