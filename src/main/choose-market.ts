import type { Config } from '../config.ts'
import { type TimestampMs, timestamp } from '../domain/units.ts'
import type { Logger } from '../log.ts'
import type { Clock, MarketSource } from '../ports.ts'
import { createSimulatedMarket } from '../venues/simulated/market.ts'

/** A date long enough after the recorded history ends that nobody takes the synthetic market for a record. */
const SIMULATED_START = timestamp(Date.UTC(2026, 0, 5))
const WARMUP_DAYS = 30

export interface MarketOptions {
  readonly assets: readonly string[]
  readonly seed: number
  readonly from?: TimestampMs
  readonly to?: TimestampMs
}

/** Opens the market that the configuration and the command line ask for. */
export async function chooseMarket(
  config: Config,
  options: MarketOptions,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<MarketSource> {
  const { choice } = config.market
  switch (choice.kind) {
    case 'simulated':
      return createSimulatedMarket({
        seed: options.seed,
        assets: options.assets,
        from: options.from ?? SIMULATED_START,
        to: options.to,
        warmupDays: WARMUP_DAYS,
      })
    case 'replay': {
      const { createReplayMarket } = await import('../venues/replay/market.ts')
      return createReplayMarket({
        folder: choice.folder,
        assets: options.assets,
        from: options.from,
        to: options.to,
        warmupDays: WARMUP_DAYS,
      })
    }
    case 'live': {
      const { createLiveMarket } = await import('../venues/live/market.ts')
      return createLiveMarket({
        venues: config.market.liveVenues,
        assets: options.assets,
        endpoints: config.market.endpoints,
        clock,
        log,
      })
    }
  }
}
