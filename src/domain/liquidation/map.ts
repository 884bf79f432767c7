/**
 * Where leveraged positions would be liquidated, estimated from what venues publish: a fold over price bars and open
 * interest that keeps, per venue, the coins waiting in every bin of liquidation price.
 *
 * @module
 * @see specification §1.2–1.4
 */

import type { Panel } from '../market/panel.ts'
import type { Asset, VenueId } from '../market/tick.ts'
import { DAY, fraction, HOUR, price, type TimestampMs, timestamp } from '../units.ts'
import type { BucketMargin, MarginsOf } from './bucket-margins.ts'
import { LEVERAGE_BUCKETS, type LeverageBucket, leveragedShares, leverageMix } from './leverage.ts'
import { liquidationPrice } from './liquidation-price.ts'
import { AGGREGATE, createMapBars, type MapBar, type MapBars } from './map-bars.ts'
import { createMapLearning, type MapLearning } from './map-learning.ts'
import {
  BIN_COUNT,
  BIN_WIDTH,
  binOf,
  createPositionBins,
  HALF_BINS,
  LONG,
  type PositionBins,
  SHORT,
} from './position-bins.ts'

/** Swept size whose counterparties close too; the rest is taken over by new unleveraged positions. */
const CLOSED_SHARE = 0.85
const UNLEVERED_HOURS = 96
/** Where only traded prices are known, the mark is taken to have gone this much less far. */
const MARK_ALLOWANCE = 0.0005
const ENTRY_POINTS = 5
/** Leveraged openings are at most this share of what was traded. */
const MAX_OPENED_OF_VOLUME = 0.5
const RECENTRE_BINS = 16
const READINGS_KEPT = 2 * DAY
const MEMORY_BARS = 400 // a day of five-minute bars and more: as far back as late open interest reaches

export interface MapOptions {
  readonly asset: Asset
  readonly buckets?: readonly LeverageBucket[]
  /** Mean time until an unleveraged position is closed; default 96 h. */
  readonly unleveredHours?: number
  /** What each bucket pays in maintenance on a venue at an instant, and whether it is offered there; default the bucket's own. */
  readonly margins?: MarginsOf
  /** Whether shares of leverage are learned from what is liquidated; default true. */
  readonly learn?: boolean
}

interface Memory {
  readonly closesAt: TimestampMs
  readonly low: number
  readonly high: number
  readonly volume: number | undefined
  /** Our estimate after this bar, coins; corrected when a late figure arrives. */
  openInterest: number
}

interface VenueState {
  readonly positions: PositionBins
  openInterest: number
  lastReadingAt: TimestampMs
  readonly since: TimestampMs
  /** Oldest first. */
  readonly memory: Memory[]
  /** What was heard of its open interest in the last two days, oldest first. */
  readonly readings: { readonly eventAt: TimestampMs; readonly coins: number }[]
  margins: Margins
}

/** Kept for a day, since tables change by the date. */
interface Margins {
  readonly day: number
  /** Log liquidation price less log entry price, by leg and bucket. */
  readonly offsets: readonly (readonly number[])[]
  readonly allowed: readonly boolean[]
}

/** What has been swept since the map began: take differences. */
interface Swept {
  /** USD at the price of each bin, by leg. */
  readonly notional: Float64Array
  /** Coins of both legs by bucket, as they would have been had every bucket the same share of openings. */
  readonly evenly: Float64Array
}

/** Changed in place by `applyMapBar` and `advanceMap`; everything else only reads it. */
export interface LiquidationMap {
  readonly asset: Asset
  readonly options: Required<Omit<MapOptions, 'asset'>>
  /** Share of openings by bucket, as assumed or as learned. */
  shares: readonly number[]
  readonly learning: MapLearning
  readonly swept: Swept
  readonly venues: Map<VenueId, VenueState>
  /** What must not be read ahead of: everything received by then is folded in. */
  advancedTo: TimestampMs
  /** Absolute bin in the middle of the window. */
  centre: number
  /** Whether any bar since the start was of traded prices, not of the mark. */
  onTradedPrices: boolean
  readonly bars: MapBars
}

/** An empty map; it stays empty until open interest is heard. */
export function createLiquidationMap(options: MapOptions): LiquidationMap {
  const buckets = options.buckets ?? LEVERAGE_BUCKETS
  const ownRates = buckets.map(
    ({ maintenanceRate }): BucketMargin => ({ maintenanceRate, maintenanceOn: 'mark', allowed: true }),
  )
  const shares = buckets.map(({ share }) => share)
  return {
    asset: options.asset,
    options: {
      buckets,
      unleveredHours: options.unleveredHours ?? UNLEVERED_HOURS,
      margins: options.margins ?? (() => ownRates),
      learn: options.learn ?? true,
    },
    shares,
    learning: createMapLearning(options.asset, shares),
    swept: { notional: new Float64Array(2), evenly: new Float64Array(buckets.length) },
    venues: new Map(),
    advancedTo: timestamp(Number.MIN_SAFE_INTEGER),
    centre: 0,
    onTradedPrices: false,
    bars: createMapBars(options.asset),
  }
}

/** Where positions of each bucket die on a venue, relative to their entry. */
function marginsAt({ options: { buckets, margins } }: LiquidationMap, venue: VenueId, at: TimestampMs): Margins {
  const terms = margins(venue, at)
  return {
    day: Math.floor(at / DAY),
    allowed: terms.map(({ allowed }) => allowed),
    offsets: [1, -1].map((quantity) =>
      buckets.map(({ leverage }, k) => {
        const { maintenanceRate, maintenanceOn } = terms[k]!
        const position = { contract: 'linear', quantity, entryPrice: price(1), leverage, maintenanceOn } as const
        return Math.log(liquidationPrice({ ...position, maintenanceRate: fraction(maintenanceRate) }) ?? 1)
      }),
    ),
  }
}

/**
 * Folds in what the panel received since the last call, one bar per venue per price bar, each seeing only what had been
 * received by its own receipt: however the calls are cut up, the map comes out the same.
 *
 * @returns the same map, changed
 */
export function advanceMap(map: LiquidationMap, panel: Panel, asset: Asset, at: TimestampMs): LiquidationMap {
  if (asset !== map.asset) throw new RangeError(`Expected ${map.asset}, was ${asset}`)
  if (at <= map.advancedTo) return map
  map.bars.read(panel, { from: map.advancedTo, to: at }, (bars, receivedAt) => {
    for (const bar of bars) applyMapBar(map, bar)
    for (const venue of map.venues.keys()) {
      if (!bars.some((bar) => bar.venue === venue)) map.venues.delete(venue)
    }
    const learned = map.options.learn && bars[0] ? map.learning.take(map, panel, bars[0], receivedAt) : undefined
    if (learned) map.shares = learned
  })
  map.advancedTo = at
  return map
}

/**
 * Folds in one bar of one venue: decay, sweep, openings, unexplained falls, and the identity that both legs sum to the open
 * interest. The first bar of a venue needs open interest; before that nothing is known and nothing changes.
 *
 * A reading of open interest corrects the estimate as of its own instant, so that a late figure is not taken for a
 * change of now, and what it shows to have been opened is placed at the prices of that time.
 *
 * @returns the same map, changed
 */
export function applyMapBar(map: LiquidationMap, bar: MapBar): LiquidationMap {
  if (!isSound(map, bar)) return map
  const state = map.venues.get(bar.venue) ?? begin(map, bar)
  if (!state) return map
  const day = Math.floor(bar.closesAt / DAY)
  if (state.margins.day !== day) state.margins = marginsAt(map, bar.venue, bar.closesAt)
  recentre(map, bar.closePrice)
  if (bar.series !== 'mark') map.onTradedPrices = true
  const allowance = bar.series === 'mark' ? 0 : MARK_ALLOWANCE
  const low = Math.log(bar.lowPrice * (1 + allowance))
  const high = Math.max(low, Math.log(bar.highPrice * (1 - allowance)))
  const { positions, memory } = state
  const previous = memory.at(-1)
  const hours = Math.max(0, previous ? bar.closesAt - previous.closesAt : bar.interval) / HOUR

  const [closedLongs, closedShorts] = positions.close(hours)
  // A contract has two legs, so what was closed is half of the sum.
  const closed = (closedLongs + closedShorts) / 2
  const swept = sweep(map, positions, { low, high })
  state.openInterest = Math.max(0, state.openInterest - CLOSED_SHARE * swept)
  memory.push({ closesAt: bar.closesAt, low, high, volume: bar.volume, openInterest: state.openInterest })
  if (memory.length > MEMORY_BARS) memory.shift()

  const correction = bar.openInterest ? correct(state, bar.openInterest) : { coins: 0, bars: [] }
  const lost = Math.min(0, closed + correction.coins)
  for (const leg of [LONG, SHORT] as const) if (lost < 0) positions.hasten(leg, -lost)
  const steady = closed + Math.min(0, correction.coins)
  if (steady > 0) open(map, state, bar, { coins: steady, bars: memory.slice(-1) })
  if (correction.coins > 0) open(map, state, bar, correction)
  positions.balance(state.openInterest)
  return map
}

/** Whether a bar can be folded in; what cannot is labelled and passed over. */
function isSound(map: LiquidationMap, { venue, closesAt, lowPrice, highPrice, closePrice }: MapBar): boolean {
  const at = closesAt
  if (!(lowPrice > 0 && highPrice >= lowPrice && closePrice > 0)) {
    const detail = `low ${lowPrice}, high ${highPrice}, close ${closePrice}: no bar can be; passed over`
    map.bars.guard.note({ at, venue, kind: 'bad-bar', detail })
    return false
  }
  const last = map.venues.get(venue)?.memory.at(-1)
  if (!last || closesAt > last.closesAt) return true
  // Its extremes belong to a time whose positions are no longer told apart from later ones.
  map.bars.guard.note({ at, venue, kind: 'late-bar', detail: 'came after a later one, or twice; passed over' })
  return false
}

/** A venue's state from its first open interest: all of it unleveraged, because nothing is known of where it was opened. */
function begin(map: LiquidationMap, bar: MapBar): VenueState | undefined {
  if (!bar.openInterest) return undefined
  const positions = createPositionBins(map.options.buckets, map.options.unleveredHours)
  if (bar.venue === AGGREGATE) {
    for (const venue of map.venues.values()) positions.absorb(venue.positions)
    map.venues.clear()
  }
  if (map.venues.size === 0) map.centre = binOf(bar.closePrice)
  positions.balance(bar.openInterest.coins)
  const { coins, eventAt } = bar.openInterest
  const state: VenueState = {
    positions,
    openInterest: coins,
    lastReadingAt: eventAt,
    since: bar.closesAt,
    memory: [],
    readings: [{ eventAt, coins }],
    margins: marginsAt(map, bar.venue, bar.closesAt),
  }
  map.venues.set(bar.venue, state)
  return state
}

/** Liquidates what the bar reached; counterparties close with it, newcomers without leverage take over the rest. */
function sweep(map: LiquidationMap, positions: PositionBins, { low, high }: { low: number; high: number }): number {
  const first = map.centre - HALF_BINS
  const byLevel = new Float64Array(map.shares.length)
  const longs = positions.sweep(LONG, Math.round(low / BIN_WIDTH) - first, BIN_COUNT - 1, byLevel)
  const shorts = positions.sweep(SHORT, 0, Math.round(high / BIN_WIDTH) - first, byLevel)
  const { notional, evenly } = map.swept
  notional[LONG]! += longs * Math.exp(low)
  notional[SHORT]! += shorts * Math.exp(high)
  for (const [k, share] of map.shares.entries()) if (share > 0) evenly[k]! += byLevel[k]! / share
  positions.shrink(SHORT, CLOSED_SHARE * longs)
  positions.shrink(LONG, CLOSED_SHARE * shorts)
  positions.unlevered[LONG]! += (1 - CLOSED_SHARE) * longs
  positions.unlevered[SHORT]! += (1 - CLOSED_SHARE) * shorts
  return longs + shorts
}

/** By how many coins a reading differs from the estimate of its own instant, and the bars in which that came about. */
function correct(
  state: VenueState,
  reading: { coins: number; eventAt: TimestampMs },
): { coins: number; bars: Memory[] } {
  const { memory, readings } = state
  readings.push(reading)
  while (readings[0]!.eventAt < reading.eventAt - READINGS_KEPT) readings.shift()
  let at = memory.length - 1
  while (at > 0 && memory[at]!.closesAt > reading.eventAt) at--
  const coins = Math.max(reading.coins - memory[at]!.openInterest, -state.openInterest)
  let from = at
  while (from > 0 && memory[from - 1]!.closesAt > state.lastReadingAt) from--
  for (let i = at; i < memory.length; i++) memory[i]!.openInterest = Math.max(0, memory[i]!.openInterest + coins)
  state.openInterest = Math.max(0, state.openInterest + coins)
  state.lastReadingAt = reading.eventAt
  return { coins, bars: memory.slice(from, at + 1) }
}

/** Spreads newly opened coins over the bars given, entries even over each bar's range, and over sides and leverage. */
function open(
  map: LiquidationMap,
  state: VenueState,
  bar: MapBar,
  opened: { coins: number; bars: readonly Memory[] },
): void {
  const { buckets } = map.options
  const { offsets, allowed } = state.margins
  const shares = leveragedShares(bar)
  const mix = leverageMix(map.shares, bar, allowed)
  const first = map.centre - HALF_BINS
  const perBar = opened.coins / opened.bars.length
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let next = state.memory.length - 1
  for (let i = opened.bars.length - 1; i >= 0; i--) {
    const { low, high, closesAt, volume } = opened.bars[i]!
    for (; next >= 0 && state.memory[next]!.closesAt >= closesAt; next--) {
      lowest = Math.min(lowest, state.memory[next]!.low)
      highest = Math.max(highest, state.memory[next]!.high)
    }
    const coins = Math.min(perBar, volume === undefined ? perBar : MAX_OPENED_OF_VOLUME * volume)
    const openedAt = closesAt / HOUR
    const age = Math.max(0, (bar.closesAt - closesAt) / HOUR)
    // What lies beyond a price reached since has been liquidated again.
    const [longsBelow, shortsAbove] = [Math.round(lowest / BIN_WIDTH), Math.round(highest / BIN_WIDTH)]
    for (const [level, weight] of mix.entries()) {
      const left = (coins * weight * Math.exp(-age / buckets[level]!.holdingHours)) / ENTRY_POINTS
      if (left === 0) continue
      for (let point = 0; point < ENTRY_POINTS; point++) {
        const entry = low + ((point + 0.5) / ENTRY_POINTS) * (high - low)
        const long = Math.round((entry + offsets[LONG]![level]!) / BIN_WIDTH)
        if (long < longsBelow)
          state.positions.add(LONG, level, { index: long - first, amount: left * shares.long, openedAt })
        const short = Math.round((entry + offsets[SHORT]![level]!) / BIN_WIDTH)
        if (short > shortsAbove)
          state.positions.add(SHORT, level, { index: short - first, amount: left * shares.short, openedAt })
      }
    }
  }
}

function recentre(map: LiquidationMap, close: number): void {
  const bins = binOf(close) - map.centre
  if (Math.abs(bins) <= RECENTRE_BINS) return
  for (const { positions } of map.venues.values()) positions.shift(bins)
  map.centre += bins
}

/** Open interest as the map has it, by venue; empty when none has been heard. Both legs of each venue sum to it. */
export const mapOpenInterest = (map: LiquidationMap): Readonly<Record<VenueId, number>> =>
  Object.fromEntries([...map.venues].map(([venue, { openInterest }]) => [venue, openInterest]))
