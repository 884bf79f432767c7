import type { TimestampMs } from '../units.ts'
import { condensed, hourOf } from './condense.ts'
import {
  type Asset,
  type Bar,
  type FeedKind,
  feedKey,
  isGauge,
  type Observed,
  type Tick,
  type VenueId,
} from './tick.ts'

type Of<K extends FeedKind> = Extract<Observed, { type: K }>

/**
 * Everything observed so far, joined point in time: whatever you ask, you get only what had been received by then.
 *
 * The one read model of market data, filled by the same fold in training, replay and live, so that a feature means the
 * same thing in all three. Series are kept in order of `receivedAt`; a late correction of an older event is kept too.
 */
export interface Panel {
  /**
   * Folds one tick in. Returns false when nothing was changed: the tick is a duplicate (same feed, event and receipt), or it
   * cannot be (a number that is none, a bar without a positive price or with its high below its low).
   */
  apply(tick: Tick): boolean
  /** What could not be and was received in (from, at]; of all assets at most a hundred are kept. */
  refused(asset: Asset, from: TimestampMs, at: TimestampMs): readonly Observed[]
  assets(): readonly Asset[]
  venues(feed: FeedKind, asset: Asset): readonly VenueId[]
  /** The newest observation of a feed received by `at`, or undefined. */
  latest<K extends FeedKind>(feed: K, venue: VenueId, asset: Asset, at: TimestampMs): Of<K> | undefined
  /** Observations of a feed received in (from, at], oldest first. */
  between<K extends FeedKind>(
    feed: K,
    venue: VenueId,
    asset: Asset,
    from: TimestampMs,
    at: TimestampMs,
  ): readonly Of<K>[]
  /**
   * For each of `marks` (ascending) the newest event of a feed by then, out of what was received in (from, known]; as a
   * sampling of a long window it costs the marks, not the window.
   */
  newestAt<K extends FeedKind>(
    feed: K,
    venue: VenueId,
    asset: Asset,
    sampling: { readonly marks: readonly TimestampMs[]; readonly from: TimestampMs; readonly known: TimestampMs },
  ): readonly (Of<K> | undefined)[]
  /** The venue whose bars stand for the asset's price: mark before perp before spot, then the longest history. */
  priceVenue(asset: Asset): VenueId | undefined
  /** The last bar of the price venue received by `at`. */
  lastBar(asset: Asset, at: TimestampMs): Bar | undefined
  /** When the feed last said that it was cut off, if nothing came after. */
  disconnectedSince(feed: FeedKind, venue: VenueId, asset: Asset, at: TimestampMs): TimestampMs | undefined
  /** Drops what was received before `before`, keeping the last of each feed. */
  forget(before: TimestampMs): void
  /**
   * Keeps of what was received before `before` one observation an hour and feed: hourly closes, highs, lows and sums stay what
   * they were. Call it for instants that nothing looks back on more finely.
   */
  condense(before: TimestampMs): void
}

const MAX_REFUSED = 100
const SERIES_RANK: Record<Bar['series'], number> = { mark: 0, perp: 1, spot: 2 }

export function createPanel(): Panel {
  const series = new Map<string, Observed[]>()
  const venuesByFeed = new Map<string, VenueId[]>()
  const cuts = new Map<string, TimestampMs[]>()
  const assetsSeen = new Set<Asset>()
  const priceVenues = new Map<Asset, VenueId>()
  const refused: Observed[] = []
  /** By feed, up to which receipt it has been condensed. */
  const condensedTo = new Map<string, TimestampMs>()

  const read = <K extends FeedKind>(feed: K, venue: VenueId, asset: Asset): Of<K>[] =>
    (series.get(feedKey({ feed, venue, asset })) ?? []) as Of<K>[]

  const choosePriceVenue = (asset: Asset): void => {
    const ranked = [...(venuesByFeed.get(`bar/${asset}`) ?? [])].sort((left, right) => {
      const [a, b] = [read('bar', left, asset), read('bar', right, asset)]
      return SERIES_RANK[a.at(-1)!.series] - SERIES_RANK[b.at(-1)!.series] || a[0]!.eventAt - b[0]!.eventAt
    })
    if (ranked[0]) priceVenues.set(asset, ranked[0])
  }

  return {
    apply(tick) {
      if (tick.type === 'disconnect') {
        const key = feedKey(tick)
        cuts.set(key, [...(cuts.get(key) ?? []), tick.receivedAt].slice(-100))
        return true
      }
      if (!isPossible(tick)) {
        refused.push(tick)
        if (refused.length > MAX_REFUSED) refused.shift()
        return false
      }
      const key = feedKey({ feed: tick.type, venue: tick.venue, asset: tick.asset })
      const list = series.get(key)
      assetsSeen.add(tick.asset)
      if (!list) {
        series.set(key, [tick])
        const group = `${tick.type}/${tick.asset}`
        venuesByFeed.set(group, [...(venuesByFeed.get(group) ?? []), tick.venue])
        if (tick.type === 'bar') choosePriceVenue(tick.asset)
        return true
      }
      let position = list.length
      while (position > 0 && list[position - 1]!.receivedAt > tick.receivedAt) position--
      for (let i = position - 1; i >= 0 && list[i]!.receivedAt === tick.receivedAt; i--) {
        if (list[i]!.eventAt === tick.eventAt) return false
      }
      if (position === list.length) list.push(tick)
      else list.splice(position, 0, tick)
      return true
    },
    refused: (asset, from, at) =>
      refused.filter((tick) => tick.asset === asset && tick.receivedAt > from && tick.receivedAt <= at),
    assets: () => [...assetsSeen],
    venues: (feed, asset) => venuesByFeed.get(`${feed}/${asset}`) ?? [],
    latest(feed, venue, asset, at) {
      const list = read(feed, venue, asset)
      // Receipt order may differ from event order when a venue corrects itself: the newest event wins.
      let best: (typeof list)[number] | undefined
      for (let i = countReceivedBy(list, at) - 1, looked = 0; i >= 0 && looked < 4; i--, looked++) {
        if (!best || list[i]!.eventAt > best.eventAt) best = list[i]
      }
      return best
    },
    between(feed, venue, asset, from, at) {
      const list = read(feed, venue, asset)
      return list.slice(countReceivedBy(list, from), countReceivedBy(list, at))
    },
    newestAt(feed, venue, asset, { marks, from, known }) {
      const list = read(feed, venue, asset)
      const [start, end] = [countReceivedBy(list, from), countReceivedBy(list, known)]
      let [next, stride] = [start, 0]
      return marks.map((mark) => {
        const before = next
        // Marks and bars are mostly evenly spaced: look where the last step leads first.
        const near = { low: Math.max(next, next + stride - 2), high: Math.min(end, next + stride + 2) }
        const isNear =
          near.low < near.high && list[near.low]!.receivedAt <= mark && list[near.high - 1]!.receivedAt > mark
        // Nothing is received before it happens, so what was received by the mark had happened by then.
        next = countReceivedBy(list, mark, isNear ? near : { low: next, high: end })
        while (next < end && list[next]!.eventAt <= mark) next++
        stride = next - before
        let best: (typeof list)[number] | undefined
        // For the same reason nothing received before the newest event can be newer than it.
        for (let i = next - 1; i >= start && !(best && list[i]!.receivedAt < best.eventAt); i--) {
          if (!best || list[i]!.eventAt > best.eventAt) best = list[i]
        }
        return best
      })
    },
    priceVenue: (asset) => priceVenues.get(asset),
    lastBar(asset, at) {
      const venue = priceVenues.get(asset)
      return venue === undefined ? undefined : this.latest('bar', venue, asset, at)
    },
    disconnectedSince(feed, venue, asset, at) {
      const key = feedKey({ feed, venue, asset })
      const since = (cuts.get(key) ?? []).filter((instant) => instant <= at).at(-1)
      if (since === undefined) return undefined
      const last = this.latest(feed, venue, asset, at)
      return last && last.receivedAt > since ? undefined : since
    },
    forget(before) {
      for (const list of series.values()) {
        const drop = Math.min(countReceivedBy(list, before), list.length - 1)
        if (drop > 0) list.splice(0, drop)
      }
    },
    condense(before) {
      for (const [key, list] of series) {
        const start = countReceivedBy(list, condensedTo.get(key) ?? (Number.MIN_SAFE_INTEGER as TimestampMs))
        const end = completeHours(list, start, countReceivedBy(list, before))
        if (end - start < 2) continue
        condensedTo.set(key, list[end - 1]!.receivedAt)
        list.splice(start, end - start, ...byHour(list.slice(start, end)).map(condensed))
      }
    },
  }
}

/** The end of the last hour in [start, end) that is whole: the one that `end` cuts may go on. */
function completeHours(list: readonly Observed[], start: number, end: number): number {
  if (end <= start) return end
  let cut = end - 1
  while (cut > start && hourOf(list[cut - 1]!.eventAt) === hourOf(list[end - 1]!.eventAt)) cut--
  return cut
}

/** Neighbours of one hour together; a late figure of an earlier hour stays by itself. */
function byHour<T extends Observed>(ticks: readonly T[]): T[][] {
  const groups: T[][] = []
  for (const tick of ticks) {
    const group = groups.at(-1)
    if (group && hourOf(group[0]!.eventAt) === hourOf(tick.eventAt)) group.push(tick)
    else groups.push([tick])
  }
  return groups
}

/** Adapters keep this out; should one fail to, one price of nothing must not spoil every average it enters. */
function isPossible(tick: Observed): boolean {
  if (isGauge(tick)) return Number.isFinite(tick.value)
  switch (tick.type) {
    case 'bar': {
      const { openPrice, highPrice, lowPrice, closePrice, volume = 0 } = tick
      const positive = lowPrice > 0 && closePrice > 0 && openPrice > 0 && highPrice >= lowPrice
      return positive && Number.isFinite(highPrice + openPrice + closePrice + volume)
    }
    case 'open-interest':
      return Number.isFinite(tick.openInterest)
    case 'funding':
      return Number.isFinite(tick.fundingRate)
    case 'liquidations':
      return Number.isFinite(tick.longNotional + tick.shortNotional)
    case 'taker-flow':
      return Number.isFinite(tick.buyNotional + tick.sellNotional)
    case 'book-depth':
      return Number.isFinite(tick.bidNotional + tick.askNotional)
    case 'account-ratio':
      return Number.isFinite(tick.longShare)
  }
}

/** How many of a list ordered by receipt had been received by `at` (binary search between `low` and `high`). */
function countReceivedBy(
  list: readonly { receivedAt: TimestampMs }[],
  at: TimestampMs,
  { low, high } = { low: 0, high: list.length },
): number {
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]!.receivedAt <= at) low = middle + 1
    else high = middle
  }
  return low
}
