import type { Asset, Disconnect, FeedDeclaration, Tick } from '../../domain/market/tick.ts'
import { clamp, later, MINUTE, type TimestampMs } from '../../domain/units.ts'
import { STEPS_PER_DAY, VENUES } from './presets.ts'

/** Per venue. */
const OUTAGES_PER_MONTH = 3
const CHANCE = OUTAGES_PER_MONTH / (30 * STEPS_PER_DAY)
const MEAN_MINUTES = 45
const [SHORTEST, LONGEST] = [10, 360]

/**
 * Cuts one feed of one venue off now and then, for all assets, for ten minutes to six hours. What falls into the gap is lost.
 * Account ratios are spared: most cuts are shorter than their hour, and which feed is cut stays what it was without them.
 *
 * Call it once per step, in order: it returns the ticks that get through, after a `disconnect` for each feed newly cut.
 */
export function createOutages(feeds: readonly FeedDeclaration[], random: () => number) {
  const endsAt = new Map<string, TimestampMs>()
  const isCut = (tick: Tick): boolean => (endsAt.get(`${tick.type}/${tick.venue}`) ?? 0) > tick.receivedAt

  return (ticks: readonly Tick[], at: TimestampMs): readonly Tick[] => {
    const cuts: Disconnect[] = []
    for (const venue of VENUES) {
      if (random() >= CHANCE) continue
      const own = feeds.filter((feed) => feed.venue === venue && feed.feed !== 'account-ratio')
      const kinds = [...new Set(own.map((feed) => feed.feed))]
      const feed = kinds[Math.floor(random() * kinds.length)]!
      const minutes = clamp(-MEAN_MINUTES * Math.log(1 - random()), SHORTEST, LONGEST)
      endsAt.set(`${feed}/${venue}`, later(at, minutes * MINUTE))
      const assets: readonly Asset[] = own
        .filter((declared) => declared.feed === feed)
        .map((declared) => declared.asset)
      cuts.push(
        ...assets.map(
          (asset) =>
            ({
              type: 'disconnect',
              venue,
              asset,
              feed,
              eventAt: at,
              receivedAt: at,
              reason: 'connection lost',
            }) as const,
        ),
      )
    }
    const through = ticks.filter((tick) => !isCut(tick))
    return cuts.length > 0 ? [...through, ...cuts] : through
  }
}
