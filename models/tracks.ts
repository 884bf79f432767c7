/**
 * What was received of one feed as columns of numbers, kept from one reading to the next.
 *
 * A month of a feed is thousands of observations, and looking at each of them where it lies in memory takes longer than
 * everything else that a forecast does. So their instants and figures are copied side by side once; the next reading compares
 * which observations they are (not what is in them: an observation never changes, and joining those of an hour to one or taking
 * in a late one moves those after it) and copies only those that are new.
 *
 * @module
 */
import type { Panel } from '../src/domain/market/panel.ts'
import { type FeedDeclaration, feedKey, type Observed } from '../src/domain/market/tick.ts'
import { type TimestampMs, timestamp } from '../src/domain/units.ts'

/** Observations [begin, end) of a feed in order of receipt. */
export interface Track {
  readonly feed: FeedDeclaration
  begin: number
  end: number
  ticks: Observed[]
  receivedAt: Float64Array
  eventAt: Float64Array
  /** The figure of the kind, and the second one where it has two: see `figuresOf`. */
  first: Float64Array
  second: Float64Array
}

const kept = new WeakMap<Panel, Map<string, Track>>()

const newTrack = (feed: FeedDeclaration): Track => ({
  feed,
  begin: 0,
  end: 0,
  ticks: [],
  receivedAt: new Float64Array(0),
  eventAt: new Float64Array(0),
  first: new Float64Array(0),
  second: new Float64Array(0),
})

/** What was received of a feed in (from, at]; `keep` remembers it for the next reading. */
export function trackOf(
  panel: Panel,
  feed: FeedDeclaration,
  { from, at, keep }: { readonly from: number; readonly at: TimestampMs; readonly keep: boolean },
): Track {
  const ticks = panel.between(feed.feed, feed.venue, feed.asset, timestamp(from), at) as readonly Observed[]
  if (!keep) return extend(newTrack(feed), ticks, 0)
  const tracks = kept.get(panel) ?? new Map<string, Track>()
  kept.set(panel, tracks)
  const key = feedKey(feed)
  const known = tracks.get(key)
  const track = known && known.feed.cadence === feed.cadence ? known : newTrack(feed)
  tracks.set(key, track)
  return extend(track, ticks, adopt(track, ticks))
}

/** Moves the beginning to where the observations begin; returns how many of them the track has already. */
function adopt(track: Track, ticks: readonly Observed[]): number {
  const first = ticks[0]
  let begin = track.begin
  while (begin < track.end && track.ticks[begin] !== first) begin++
  const most = Math.min(track.end - begin, ticks.length)
  let same = isUnchanged(track.ticks, begin, ticks, most) ? most : 0
  while (same < most && track.ticks[begin + same] === ticks[same]) same++
  track.begin = same > 0 ? begin : 0
  return same
}

const CHECKPOINTS = 32

/**
 * Whether the first `count` are those of the store from `begin` on. A late observation among them, or some of them joined to one,
 * moves all that follow: the last one and some between tell, without touching thousands.
 */
function isUnchanged(store: readonly Observed[], begin: number, ticks: readonly Observed[], count: number): boolean {
  for (let k = 1; k <= CHECKPOINTS; k++) {
    const j = Math.floor((count * k) / CHECKPOINTS) - 1
    if (j >= 0 && store[begin + j] !== ticks[j]) return false
  }
  return count > 0
}

function extend(track: Track, ticks: readonly Observed[], same: number): Track {
  if (track.begin + ticks.length > track.receivedAt.length) makeRoom(track, same, ticks.length)
  const { begin, receivedAt, eventAt, first, second } = track
  track.end = begin + ticks.length
  for (let j = same; j < ticks.length; j++) {
    const tick = ticks[j]!
    const at = begin + j
    track.ticks[at] = tick
    receivedAt[at] = tick.receivedAt
    eventAt[at] = tick.eventAt
    writeFigures(tick, at, first, second)
  }
  return track
}

/** Room for a while of growth behind what is there. */
function makeRoom(track: Track, same: number, needed: number): void {
  const size = Math.ceil(needed * (same > 0 ? 1.5 : 1.05))
  const moved = (list: Float64Array): Float64Array => {
    const larger = new Float64Array(size)
    larger.set(list.subarray(track.begin, track.begin + same))
    return larger
  }
  track.ticks = track.ticks.slice(track.begin, track.begin + same)
  track.receivedAt = moved(track.receivedAt)
  track.eventAt = moved(track.eventAt)
  track.first = moved(track.first)
  track.second = moved(track.second)
  track.begin = 0
}

/** Close and volume of a bar, bids and asks of a book, longs and shorts, bought and sold; the one figure of any other. */
function writeFigures(tick: Observed, at: number, first: Float64Array, second: Float64Array): void {
  switch (tick.type) {
    case 'bar':
      first[at] = tick.closePrice
      second[at] = tick.volume ?? Number.NaN
      return
    case 'open-interest':
      first[at] = tick.openInterest
      return
    case 'funding':
      first[at] = tick.fundingRate
      return
    case 'liquidations':
      first[at] = tick.longNotional
      second[at] = tick.shortNotional
      return
    case 'taker-flow':
      first[at] = tick.buyNotional
      second[at] = tick.sellNotional
      return
    case 'book-depth':
      first[at] = tick.bidNotional
      second[at] = tick.askNotional
      return
    case 'account-ratio':
      first[at] = tick.longShare
      return
    default:
      first[at] = tick.value
  }
}

/** How many observations (from the first of the store) had been received by an instant, counted on from `start`. */
export function receivedBy({ receivedAt, end }: Track, at: number, start: number): number {
  let [low, step] = [start, 1]
  while (low + step <= end && receivedAt[low + step - 1]! <= at) {
    low += step
    step *= 2
  }
  let high = Math.min(end, low + step - 1)
  while (low < high) {
    const middle = (low + high) >> 1
    if (receivedAt[middle]! <= at) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The newest event among [start, end) and what was known before (−1: nothing); of two reports of one event the later received.
 *
 * Looks back only as far as receipts reach the newest event: what was received before it happened cannot be newer.
 */
export function newestOf({ receivedAt, eventAt }: Track, start: number, end: number, known: number): number {
  if (end <= start) return known
  let newest = end - 1
  for (let j = end - 2; j >= start && receivedAt[j]! >= eventAt[newest]!; j--) {
    if (eventAt[j]! > eventAt[newest]!) newest = j
  }
  return known >= 0 && eventAt[known]! > eventAt[newest]! ? known : newest
}
