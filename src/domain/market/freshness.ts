import { type DurationMs, duration, elapsed, type TimestampMs } from '../units.ts'
import type { Panel } from './panel.ts'
import { type Asset, EXPECTED_KINDS, FEED_KINDS, type FeedDeclaration, type FeedKind } from './tick.ts'

export type Freshness =
  | { readonly state: 'fresh'; readonly age: DurationMs }
  | { readonly state: 'stale'; readonly age: DurationMs }
  /** Declared by nobody, or declared and never seen: shown as missing, never filled in. */
  | { readonly state: 'missing' }

export interface FeedFreshness {
  readonly feed: FeedKind
  readonly venue?: string
  readonly freshness: Freshness
}

/**
 * How old the newest observation of one declared feed is.
 *
 * Stale is an age over twice the declared cadence, so a four-hour feed goes stale after eight hours and a five-minute one
 * after ten minutes (specification §6, rail 6).
 */
export function freshnessOf(panel: Panel, feed: FeedDeclaration, at: TimestampMs): Freshness {
  const last = panel.latest(feed.feed, feed.venue, feed.asset, at)
  if (!last) return { state: 'missing' }
  const age = duration(Math.max(0, elapsed(last.eventAt, at)))
  const cut = panel.disconnectedSince(feed.feed, feed.venue, feed.asset, at)
  const limit = 2 * feed.cadence
  return { state: age > limit || (cut !== undefined && elapsed(cut, at) > limit) ? 'stale' : 'fresh', age }
}

/**
 * For each kind of feed the best an asset has: fresh before stale before missing, youngest first.
 *
 * A gauge that nobody declared is left out: no asset is expected to have it.
 */
export function freshnessByKind(
  panel: Panel,
  feeds: readonly FeedDeclaration[],
  asset: Asset,
  at: TimestampMs,
): readonly FeedFreshness[] {
  const rank = { fresh: 0, stale: 1, missing: 2 }
  return FEED_KINDS.flatMap((kind): FeedFreshness[] => {
    const candidates = feeds
      .filter((feed) => feed.asset === asset && feed.feed === kind)
      .map((feed) => ({ feed: kind, venue: feed.venue, freshness: freshnessOf(panel, feed, at) }))
      .sort((a, b) => rank[a.freshness.state] - rank[b.freshness.state] || ageOf(a.freshness) - ageOf(b.freshness))
    if (candidates[0]) return [candidates[0]]
    return EXPECTED.has(kind) ? [{ feed: kind, freshness: { state: 'missing' } }] : []
  })
}

const EXPECTED: ReadonlySet<FeedKind> = new Set(EXPECTED_KINDS)

const ageOf = (freshness: Freshness): number =>
  freshness.state === 'missing' ? Number.POSITIVE_INFINITY : freshness.age
