import { accountLogRatio } from '../market/accounts.ts'
import type { Panel } from '../market/panel.ts'
import type { Asset, Bar, FundingRate, OpenInterest, VenueId } from '../market/tick.ts'
import { type BaseQty, baseQty, DAY, type DurationMs, HOUR, MINUTE, type Price, type TimestampMs } from '../units.ts'
import type { Mood } from './leverage.ts'
import { createOpenInterestGuard, type OpenInterestGuard } from './open-interest-guard.ts'
import { createRolling } from './rolling.ts'

/** A vendor's sum over exchanges: it holds the single venues and is not added to them. */
export const AGGREGATE = 'all-exchanges'

const MONTH_HOURS = 30 * 24
const HALF_YEAR_HOURS = 180 * 24
const MIN_SAMPLES = 72 // three days of hours: fewer would call any mood the normal one
const NEUTRAL_FUNDING = 1e-4
const FUNDING_FLOOR = 5e-5 // 0.5 bp: funding sits at its neutral rate so long that its spread can be nothing
const FLOOR_SHARE = 0.1
const LOG_VOLATILITY_FLOOR = 0.1
const ACCOUNTS_FLOOR = 0.02 // of the log ratio: a ratio that hardly moves has no mood
const VOLATILITY_KEEP = 0.5 ** (1 / 24)
/** Open interest not heard for so long no longer says which venues there are. */
const FORGET_VENUE_AFTER = 3 * DAY

/** One price bar as one venue's positions saw it, with what had become known by its receipt. */
export interface MapBar extends Mood {
  /** Whose open interest: a venue, or `all-exchanges`. */
  readonly venue: VenueId
  readonly closesAt: TimestampMs
  readonly interval: DurationMs
  readonly series: Bar['series']
  readonly highPrice: Price
  readonly lowPrice: Price
  readonly closePrice: Price
  /** Base volume of this venue, where the bar is its own. */
  readonly volume?: BaseQty
  /** Only when freshly received; `eventAt` may lie bars back. */
  readonly openInterest?: { readonly coins: BaseQty; readonly eventAt: TimestampMs }
}

export interface MapBars {
  /** Funding of the middle venue in standard deviations of its trailing 30 days above neutral; undefined when not known. */
  fundingZ(panel: Panel, at: TimestampMs): number | undefined
  /** Hands over what was received in (from, to]: one list per price bar, in order of receipt, one map bar per venue. */
  read(
    panel: Panel,
    window: { from: TimestampMs; to: TimestampMs },
    take: (bars: readonly MapBar[], receivedAt: TimestampMs) => void,
  ): void
  /** What keeps bad input out, and what it had to say. */
  readonly guard: OpenInterestGuard
}

/**
 * Turns what a panel received into map bars: one per price bar and venue with open interest, with the mood of the market in
 * standard deviations of the trailing 30 days.
 *
 * It keeps the trailing windows, sampled once an hour, so that a bar costs microseconds; each bar sees only what had been
 * received by its own receipt. Read windows in order.
 */
export function createMapBars(asset: Asset): MapBars {
  const fundingWindows = new Map<VenueId, ReturnType<typeof createRolling>>()
  const takerMonth = createRolling(MONTH_HOURS)
  const takerHalfYear = createRolling(HALF_YEAR_HOURS)
  const volatilityMonth = createRolling(MONTH_HOURS)
  const guard = createOpenInterestGuard()
  const accountsMonth = createRolling(MONTH_HOURS)
  const usedReadings = new Map<VenueId, TimestampMs>()
  let sampledHour = Number.NEGATIVE_INFINITY
  let lastHourPrice: number | undefined
  let variance: number | undefined
  let taker: number | undefined
  let accounts: number | undefined

  const sampleHour = (panel: Panel, bar: Bar): void => {
    const hour = Math.floor(bar.eventAt / HOUR)
    if (hour <= sampledHour) return
    if (lastHourPrice !== undefined) {
      const squared = Math.log(bar.closePrice / lastHourPrice) ** 2
      variance = variance === undefined ? squared : VOLATILITY_KEEP * variance + (1 - VOLATILITY_KEEP) * squared
      if (variance > 0) volatilityMonth.push(Math.log(variance) / 2)
    }
    for (const venue of panel.venues('funding', asset)) {
      const rate = currentRate(panel, venue, asset, bar.receivedAt)
      if (rate === undefined) continue
      const window = fundingWindows.get(venue) ?? createRolling(MONTH_HOURS)
      fundingWindows.set(venue, window)
      window.push(rate.fundingRate)
    }
    taker = takerShare(panel, asset, bar.receivedAt)
    if (taker !== undefined) {
      takerMonth.push(taker)
      takerHalfYear.push(taker)
    }
    accounts = accountLogRatio(panel, asset, bar.receivedAt)
    if (accounts !== undefined) accountsMonth.push(accounts)
    lastHourPrice = bar.closePrice
    sampledHour = hour
  }

  const fundingZ = (panel: Panel, venue: VenueId | undefined, at: TimestampMs): number | undefined => {
    const scores = [...fundingWindows.keys()]
      .filter((candidate) => candidate === venue || venue === undefined || !fundingWindows.has(venue))
      .flatMap((candidate) => {
        const rate = currentRate(panel, candidate, asset, at)
        const window = fundingWindows.get(candidate)!
        if (!rate || window.count() < MIN_SAMPLES) return []
        return [(rate.fundingRate - NEUTRAL_FUNDING) / Math.max(window.deviation(), FUNDING_FLOOR)]
      })
      .sort((a, b) => a - b)
    return scores[Math.floor((scores.length - 1) / 2)]
  }

  const takerZ = (): number | undefined => {
    if (taker === undefined || takerMonth.count() < MIN_SAMPLES) return undefined
    const spread = Math.max(takerMonth.deviation(), FLOOR_SHARE * takerHalfYear.deviation())
    return spread > 0 ? (taker - takerMonth.mean()) / spread : undefined
  }

  const accountsZ = (): number | undefined => {
    if (accounts === undefined || accountsMonth.count() < MIN_SAMPLES) return undefined
    return (accounts - accountsMonth.mean()) / Math.max(accountsMonth.deviation(), ACCOUNTS_FLOOR)
  }

  const volatilityZ = (): number | undefined => {
    if (!variance || volatilityMonth.count() < MIN_SAMPLES) return undefined
    const spread = Math.max(volatilityMonth.deviation(), LOG_VOLATILITY_FLOOR)
    return (Math.log(variance) / 2 - volatilityMonth.mean()) / spread
  }

  return {
    guard,
    fundingZ: (panel, at) => fundingZ(panel, undefined, at),
    read(panel, { from, to }, take) {
      const priceVenue = panel.priceVenue(asset)
      for (const { type, venue, eventAt: at } of panel.refused(asset, from, to)) {
        if (type === 'bar') guard.note({ at, venue, kind: 'bad-bar', detail: 'no price can be so; passed over' })
      }
      if (priceVenue === undefined) return
      for (const bar of panel.between('bar', priceVenue, asset, from, to)) {
        sampleHour(panel, bar)
        const common = { takerZ: takerZ(), accountsZ: accountsZ(), volatilityZ: volatilityZ() }
        const bars = venuesToFollow(panel, asset, bar.receivedAt).map(({ venue, reading }): MapBar => {
          const fresh = reading.eventAt > (usedReadings.get(venue) ?? Number.NEGATIVE_INFINITY)
          if (fresh) usedReadings.set(venue, reading.eventAt)
          const { openInterest, eventAt } = reading
          const heard = { venue, coins: openInterest, at: eventAt, price: bar.closePrice }
          const coins = fresh ? guard.accept(heard) : undefined
          return {
            venue,
            closesAt: bar.eventAt,
            interval: bar.interval,
            series: bar.series,
            highPrice: bar.highPrice,
            lowPrice: bar.lowPrice,
            closePrice: bar.closePrice,
            ...(venue === priceVenue && bar.series !== 'spot' ? { volume: bar.volume } : {}),
            ...(coins === undefined ? {} : { openInterest: { coins: baseQty(coins), eventAt } }),
            ...common,
            fundingZ: fundingZ(panel, venue, bar.receivedAt),
          }
        })
        take(bars, bar.receivedAt)
      }
    },
  }
}

/** Venues whose open interest is known and not long gone: the aggregate alone where there is one, else each of its own. */
export function venuesToFollow(
  panel: Panel,
  asset: Asset,
  at: TimestampMs,
): readonly { readonly venue: VenueId; readonly reading: OpenInterest }[] {
  const known = panel.venues('open-interest', asset).flatMap((venue) => {
    const reading = panel.latest('open-interest', venue, asset, at)
    return reading && at - reading.eventAt <= FORGET_VENUE_AFTER ? [{ venue, reading }] : []
  })
  const aggregate = known.filter(({ venue }) => venue === AGGREGATE)
  return aggregate.length > 0 ? aggregate : known
}

/** The newest funding of a venue, unless it is older than two of the slowest spacing there is, a day. */
function currentRate(panel: Panel, venue: VenueId, asset: Asset, at: TimestampMs): FundingRate | undefined {
  const last = panel.latest('funding', venue, asset, at)
  return last && at - last.eventAt <= 2 * DAY ? last : undefined
}

/** Taker buying over the last hour as a share of all trading, over the venues that tell; undefined when none does. */
function takerShare(panel: Panel, asset: Asset, at: TimestampMs): number | undefined {
  let [buys, total] = [0, 0]
  for (const venue of panel.venues('taker-flow', asset)) {
    const last = panel.latest('taker-flow', venue, asset, at)
    if (!last || at - last.eventAt > 2 * last.interval + MINUTE) continue
    const from = (at - Math.max(HOUR, last.interval)) as TimestampMs
    for (const flow of panel.between('taker-flow', venue, asset, from, at)) {
      buys += flow.buyNotional
      total += flow.buyNotional + flow.sellNotional
    }
  }
  return total > 0 ? buys / total : undefined
}
