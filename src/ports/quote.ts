import type { Price, TimestampMs, Usd } from '../domain/units.ts'

/** What a venue would trade at. */
export interface Quote {
  readonly at: TimestampMs
  readonly bestBid: Price
  readonly bestAsk: Price
  /** Resting within 1 % of mid, each side; undefined where unknown. */
  readonly depthNotional?: Usd
  /** Traded per day, for impact. */
  readonly dailyVolumeNotional?: Usd
  readonly dailyVolatility?: number
}
