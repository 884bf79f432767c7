import type { Asset, Bar, BookDepth, FeedDeclaration, Observed } from '../../domain/market/tick.ts'
import { HOUR, MINUTE, type TimestampMs, timestamp } from '../../domain/units.ts'
import type { MarketSource, MarketStep, Quote } from '../../ports.ts'
import type { Candidate } from './observations.ts'
import { createQuotes } from './quotes.ts'

/** What was recorded of one asset over warm-up and window. */
export interface Recorded {
  readonly feeds: readonly FeedDeclaration[]
  readonly ticks: readonly Observed[]
  readonly quoteAt: (at: TimestampMs) => Quote | undefined
}

/** Bars and settled funding are in one minute after the hour, what the vendor aggregates ten. */
const STEP_OFFSETS = [MINUTE, 10 * MINUTE] as const

/**
 * Plays records back as a market source.
 *
 * A step falls one minute after every hour, and ten minutes after it where something came in between.
 *
 * @param problems - what could not be read
 */
export function playBack(options: {
  readonly name: string
  readonly recorded: ReadonlyMap<Asset, Recorded>
  /** Warm-up begins here, the window with `from`. */
  readonly start: TimestampMs
  readonly from: TimestampMs
  readonly to: TimestampMs
  readonly problems: readonly string[]
}): MarketSource {
  const { name, recorded, start, from, to, problems } = options
  const all = [...recorded.values()]
  const ticks = all.flatMap((one) => one.ticks).sort((a, b) => a.receivedAt - b.receivedAt)

  async function* steps({
    after,
    signal,
  }: {
    after?: TimestampMs
    signal?: AbortSignal
  } = {}): AsyncGenerator<MarketStep> {
    let next = 0
    for (const at of instants(ticks, start, to)) {
      if (signal?.aborted) return
      const first = next
      while (next < ticks.length && ticks[next]!.receivedAt <= at) next++
      if (after !== undefined && at <= after) continue
      const isHour = (at - STEP_OFFSETS[0]) % HOUR === 0
      if (next > first || isHour) yield { at, ticks: ticks.slice(first, next), warmup: at < from }
    }
  }

  return {
    name,
    assets: [...recorded.keys()],
    clock: 'virtual',
    from,
    to,
    feeds: all.flatMap((one) => one.feeds),
    steps,
    problems: () => problems,
    quoteAt: (asset, at) => recorded.get(asset)?.quoteAt(at),
    close: async () => undefined,
  }
}

/** Every hour of the range at each offset, from the first observation on. */
function* instants(ticks: readonly Observed[], start: TimestampMs, to: TimestampMs): Generator<TimestampMs> {
  const first = Math.max(start, ticks[0]?.receivedAt ?? start)
  for (let hour = Math.floor(first / HOUR) * HOUR; hour <= to; hour += HOUR) {
    for (const offset of STEP_OFFSETS) if (hour + offset >= first && hour + offset <= to) yield timestamp(hour + offset)
  }
}

/**
 * The record of one asset: only what has an observation received in (start, to] is declared.
 *
 * @param series - hourly bars, each array of one venue; quotes are made of the first that is not spot
 * @param chosen - everything else, one of each feed
 */
export function recordedOf(
  asset: Asset,
  {
    series,
    chosen,
    start,
    to,
  }: {
    readonly series: readonly (readonly Bar[])[]
    readonly chosen: readonly Candidate[]
    readonly start: TimestampMs
    readonly to: TimestampMs
  },
): Recorded {
  const priced = series.find((one) => one[0]!.series !== 'spot') ?? series[0] ?? []
  const depths = chosen.filter((one) => one.feed === 'book-depth')
  const depth = depths.find((one) => !one.venue.endsWith('-spot')) ?? depths[0]
  const played = series.map((one) => one.filter(inRange(start, to))).filter((one) => one.length > 0)
  return {
    feeds: [
      ...played.map((one): FeedDeclaration => ({ feed: 'bar', venue: one[0]!.venue, asset, cadence: HOUR })),
      ...chosen.map(({ feed, venue, cadence }): FeedDeclaration => ({ feed, venue, asset, cadence })),
    ],
    ticks: [...played.flat(), ...chosen.flatMap((one) => one.ticks)],
    quoteAt: createQuotes(withVolume(priced, series), (depth?.ticks ?? []) as readonly BookDepth[]),
  }
}

/**
 * Of several sources of one feed the finest, and before it begins what coarser ones have: a feed that begins later must not
 * take away what was known before.
 *
 * @param candidates - finest first
 */
export function finest(candidates: readonly Candidate[], start: TimestampMs, to: TimestampMs): readonly Candidate[] {
  const chosen = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const key = `${candidate.feed}/${candidate.venue}`
    const ticks = candidate.ticks.filter(inRange(start, to))
    const finer = chosen.get(key)
    if (ticks.length === 0) continue
    if (!finer) {
      chosen.set(key, { ...candidate, ticks })
      continue
    }
    const begins = finer.ticks[0]!.receivedAt
    const before = ticks.filter(({ receivedAt }) => receivedAt < begins)
    if (before.length > 0) chosen.set(key, { ...finer, ticks: [...before, ...finer.ticks] })
  }
  return [...chosen.values()]
}

const inRange = (start: TimestampMs, to: TimestampMs) => (tick: Observed) =>
  tick.receivedAt > start && tick.receivedAt <= to

/** Where the priced series has no volume, that of a series which has: an understated volume only makes impact dearer. */
function withVolume(priced: readonly Bar[], series: readonly (readonly Bar[])[]): readonly Bar[] {
  if (priced.some((bar) => bar.volume !== undefined)) return priced
  const volumes = new Map(
    series.flat().flatMap((bar) => (bar.volume === undefined ? [] : [[bar.eventAt, bar.volume] as const])),
  )
  return priced.map((bar) => ({ ...bar, volume: volumes.get(bar.eventAt) }))
}
