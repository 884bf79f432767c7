import type { Asset, Tick } from '../../domain/market/tick.ts'
import { DAY, type DurationMs, duration, HOUR, type TimestampMs, timestamp } from '../../domain/units.ts'
import type { MarketStep } from '../../ports.ts'
import type { RawFunding, VenueClient } from './client.ts'
import type { Problems } from './problems.ts'
import { positive, type Stamp, toBar, toFunding } from './readings.ts'
import { hasFeed, type LiveVenue, pages } from './venue.ts'

/** Venues keep open interest for 30 days; a little less, so that the first page is not refused. */
export const WARM_UP = duration(29.5 * DAY)

/**
 * The last month of one asset on one venue: hourly candles, funding, and open interest, taker flow, account ratios and implied
 * volatility where they are kept.
 *
 * Every tick counts as received when it happened, as recorded history does: the venue had published it by then. What cannot
 * be fetched is noted and left out; the rest still comes.
 */
export async function fetchHistory(
  venue: LiveVenue,
  asset: Asset,
  { client, until, problems }: { client: VenueClient; until: TimestampMs; problems: Problems },
): Promise<readonly Tick[]> {
  const symbol = venue.symbolOf(asset)
  const since = Math.ceil((until - WARM_UP) / HOUR) * HOUR
  const window = { since, until }
  const stampOf = (at: number): Stamp => ({ venue: venue.venueId, asset, receivedAt: timestamp(at) })
  const isMark = venue.series === 'mark'

  const bars = async (): Promise<readonly (() => Tick)[]> => {
    const candles = await pages({ ...window, step: HOUR, perCall: venue.candlesPerCall }, (from, to) => {
      const limit = Math.max(1, Math.min(venue.candlesPerCall, Math.ceil((to - from) / HOUR)))
      return isMark ? client.fetchMarkOHLCV(symbol, '1h', from, limit) : client.fetchOHLCV(symbol, '1h', from, limit)
    })
    return candles.map((candle) => () => {
      const closeAt = positive(candle[0], 'candle time') + HOUR
      return toBar(candle, stampOf(closeAt), { series: venue.series, interval: HOUR, withVolume: !isMark })
    })
  }
  const funding = async (): Promise<readonly (() => Tick)[]> => {
    const step = HOUR // the shortest interval of any venue, so that no page is cut off
    const rates = await pages({ ...window, step, perCall: venue.fundingPerCall }, (from) =>
      client.fetchFundingRateHistory(symbol, from, venue.fundingPerCall),
    )
    return withIntervals(rates, venue.pastFundingInterval).map(({ rate, interval }) => () => {
      const at = positive(rate.timestamp, 'funding time')
      return toFunding({ rate: rate.fundingRate, interval, eventAt: at }, stampOf(at))
    })
  }
  const openInterest = async (): Promise<readonly (() => Tick)[]> =>
    (await venue.openInterestHistory?.(client, symbol, window, stampOf)) ?? []
  const takerFlow = async (): Promise<readonly (() => Tick)[]> => {
    const flows = await venue.takerFlow?.(
      client,
      symbol,
      { interval: 'hour', since: timestamp(since), now: until },
      () => stampOf(since),
    )
    return (flows ?? []).map((read) => () => {
      const tick = read()
      return { ...tick, receivedAt: tick.eventAt }
    })
  }

  const accountRatios = async (): Promise<readonly (() => Tick)[]> => {
    const { accountRatios: fetch, accountRatiosPerCall: limit = 100 } = venue
    if (!fetch) return []
    // From a moment before the hour and a row short of a page, whichever end of a span a venue leaves out: repeats drop later.
    return await pages({ ...window, step: HOUR, perCall: limit - 1 }, (from, to) =>
      fetch(client, symbol, { every: '1h', limit, since: from - 1, until: to }, stampOf),
    )
  }

  const impliedVolatility = async (): Promise<readonly (() => Tick)[]> =>
    hasFeed(venue, 'implied-volatility', asset)
      ? ((await venue.impliedVolatility?.(client, asset, { ...window, every: 'hour' }, stampOf)) ?? [])
      : []

  const all: Tick[] = []
  const sources = { bars, funding, openInterest, takerFlow, accountRatios, impliedVolatility }
  for (const [name, fetch] of Object.entries(sources)) {
    const where = `${venue.venueId} ${asset} history of ${name}`
    try {
      all.push(...problems.take(where, await fetch()))
    } catch (error) {
      problems.note(
        `${where}: ${error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 200) : String(error)}`,
      )
    }
  }
  return all.filter((tick) => tick.eventAt <= until)
}

/** History as steps of an hour, each at the end of its hour, in order. */
export function toSteps(ticks: readonly Tick[], until: TimestampMs): readonly MarketStep[] {
  const byHour = new Map<number, Tick[]>()
  const seen = new Set<string>()
  for (const tick of [...ticks].sort((a, b) => a.receivedAt - b.receivedAt)) {
    const key = `${tick.type}/${tick.venue}/${tick.asset}/${tick.eventAt}`
    if (seen.has(key)) continue
    seen.add(key)
    const at = Math.min(until, Math.ceil(tick.receivedAt / HOUR) * HOUR)
    byHour.set(at, [...(byHour.get(at) ?? []), tick])
  }
  return [...byHour].map(([at, hour]) => ({ at: timestamp(at), ticks: hour, warmup: true }))
}

/** What each rate was for: a fixed interval, else the time since the one before it. */
function withIntervals(
  rates: readonly RawFunding[],
  fixed: DurationMs | undefined,
): readonly { readonly rate: RawFunding; readonly interval: DurationMs }[] {
  const sorted = [...rates].sort((a, b) => Number(a.timestamp) - Number(b.timestamp))
  const unique = sorted.filter((rate, i) => rate.timestamp !== sorted[i - 1]?.timestamp)
  return unique.flatMap((rate, i) => {
    const [before, after] = [unique[i - 1]?.timestamp, unique[i + 1]?.timestamp]
    const gap =
      before !== undefined ? Number(rate.timestamp) - before : after !== undefined ? after - Number(rate.timestamp) : 0
    const interval = fixed ?? duration(Math.round(gap / HOUR) * HOUR)
    return interval > 0 ? [{ rate, interval }] : []
  })
}
