import type { Asset } from '../../domain/market/tick.ts'
import { clamp, duration, price, type TimestampMs, usd } from '../../domain/units.ts'
import type { Quote } from '../../ports.ts'
import { STEPS_PER_DAY, VENUE_SHARES } from './presets.ts'
import { STEP } from './publication.ts'
import type { WorldStep } from './world.ts'

/** Spread, as a fraction of mid, at 2 % daily volatility; it widens in proportion, within bounds. */
const SPREAD = 1e-4
const [TIGHTEST, WIDEST] = [0.3e-4, 50e-4]
/** A quote says nothing about an instant two steps later. */
const VALID_FOR = duration(2 * STEP)
const KEPT = 7 * STEPS_PER_DAY
const VOLUME_KEEP = 0.5 ** (1 / (STEPS_PER_DAY / 2))

/** What the largest venue would trade at after each step; remembers a week. */
export function createQuotes() {
  const byAsset = new Map<Asset, Quote[]>()
  return {
    record(asset: Asset, step: WorldStep, at: TimestampMs): void {
      const quotes = byAsset.get(asset) ?? []
      byAsset.set(asset, quotes)
      const share = VENUE_SHARES[0]
      const half = clamp((SPREAD * step.dailyVolatility) / 0.02, TIGHTEST, WIDEST) / 2
      const volumeToday = step.volume * STEPS_PER_DAY * share
      const before = quotes.at(-1)?.dailyVolumeNotional ?? volumeToday
      quotes.push({
        at,
        bestBid: price(step.closePrice * (1 - half)),
        bestAsk: price(step.closePrice * (1 + half)),
        depthNotional: usd(Math.min(step.bidDepth, step.askDepth) * share),
        dailyVolumeNotional: usd(VOLUME_KEEP * before + (1 - VOLUME_KEEP) * volumeToday),
        dailyVolatility: step.dailyVolatility,
      })
      if (quotes.length > 2 * KEPT) quotes.splice(0, KEPT)
    },
    /** The quote of the last step at or before `at`, unless that is more than ten minutes earlier. */
    at(asset: Asset, at: TimestampMs): Quote | undefined {
      const quote = byAsset.get(asset)?.findLast((candidate) => candidate.at <= at)
      return quote && at - quote.at <= VALID_FOR ? quote : undefined
    },
    clear: (): void => byAsset.clear(),
  }
}
