import { DAY, HOUR, later, type TimestampMs } from '../units.ts'
import { freshnessOf } from './freshness.ts'
import type { Panel } from './panel.ts'
import type { AccountRatio, Asset, FeedDeclaration, VenueId } from './tick.ts'

/** A mood of yesterday is none, however seldom a venue counts its accounts. */
const LONGEST_AGE = DAY
/** Where the spacing of a feed is read from: further apart than this, twice the spacing is over the longest age anyway. */
const SPACING_WINDOW = 12 * HOUR

/**
 * ln(long accounts / short accounts) of an asset, the median over the venues that are fresh: 0 where as many accounts are net
 * long as net short. Accounts are counted whatever their size.
 *
 * Fresh means no older than twice the cadence, at most a day. The cadence is the one declared; a feed that `feeds` does not
 * have, or no `feeds` at all, is taken to come as often as it lately came.
 *
 * @returns undefined when no venue is fresh
 */
export function accountLogRatio(
  panel: Panel,
  asset: Asset,
  at: TimestampMs,
  feeds: readonly FeedDeclaration[] = [],
): number | undefined {
  const ratios = panel.venues('account-ratio', asset).flatMap((venue) => {
    const reading = panel.latest('account-ratio', venue, asset, at)
    if (!reading || at - reading.eventAt > LONGEST_AGE) return []
    const declared = feeds.find((feed) => feed.feed === 'account-ratio' && feed.venue === venue && feed.asset === asset)
    const fresh = declared
      ? freshnessOf(panel, declared, at).state === 'fresh'
      : at - reading.eventAt <= 2 * spacingOf(panel, venue, reading)
    return fresh ? [Math.log(reading.longShare / (1 - reading.longShare))] : []
  })
  return median(ratios)
}

/** Middle of the times between the readings that came in the hours up to one; unbounded where it came alone. */
function spacingOf(panel: Panel, venue: VenueId, { asset, receivedAt }: AccountRatio): number {
  const lately = panel.between('account-ratio', venue, asset, later(receivedAt, -SPACING_WINDOW - 1), receivedAt)
  const events = [...new Set(lately.map((reading) => reading.eventAt))].sort((a, b) => a - b)
  return median(events.slice(1).map((event, i) => event - events[i]!)) ?? Number.POSITIVE_INFINITY
}

function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2
}
