import { type FeedKind, GAUGE_KINDS, type GaugeKind, type Observed, type Tick } from '../domain/market/tick.ts'

/** One number (or word) of one tick. */
export interface ObservationRow {
  readonly feed: string
  readonly venue: string
  readonly asset: string
  readonly metric: string
  readonly event_at: number
  readonly received_at: number
  readonly value: number | null
  readonly note: string | null
}

type Property<K extends FeedKind> = Exclude<
  keyof Extract<Observed, { type: K }>,
  'type' | 'venue' | 'asset' | 'eventAt' | 'receivedAt'
>

/** Property → metric, for every kind of tick. A word (series, coverage) goes into the row's note instead of its value. */
const METRICS: { readonly [K in FeedKind]: Readonly<Record<Property<K>, string>> } = {
  bar: {
    openPrice: 'open-price',
    highPrice: 'high-price',
    lowPrice: 'low-price',
    closePrice: 'close-price',
    volume: 'volume',
    series: 'series',
    interval: 'interval-ms',
  },
  'open-interest': { openInterest: 'open-interest' },
  funding: { fundingRate: 'funding-rate-per-8h' },
  liquidations: {
    longNotional: 'long-notional-usd',
    shortNotional: 'short-notional-usd',
    coverage: 'coverage',
    interval: 'interval-ms',
  },
  'taker-flow': { buyNotional: 'buy-notional-usd', sellNotional: 'sell-notional-usd', interval: 'interval-ms' },
  'book-depth': { bidNotional: 'bid-notional-usd', askNotional: 'ask-notional-usd' },
  'account-ratio': { longShare: 'long-share' },
  ...(Object.fromEntries(GAUGE_KINDS.map((kind) => [kind, { value: 'value' }])) as Record<
    GaugeKind,
    { value: 'value' }
  >),
}
const DISCONNECT = 'disconnect'

/**
 * The rows of one tick: one per metric of its kind, null where the tick has none, so that a repeat meets all of them.
 *
 * @throws {RangeError} on a number that is not finite: an adapter let it through
 */
export function toRows(tick: Tick): ObservationRow[] {
  const shared = { venue: tick.venue, asset: tick.asset, event_at: tick.eventAt, received_at: tick.receivedAt }
  if (tick.type === 'disconnect') {
    return [{ ...shared, feed: tick.feed, metric: DISCONNECT, value: null, note: tick.reason }]
  }
  return Object.entries(METRICS[tick.type]).map(([property, metric]) => {
    const raw = (tick as unknown as Record<string, number | string | undefined>)[property]
    if (typeof raw === 'number' && !Number.isFinite(raw)) {
      throw new RangeError(`Expected a finite ${property} in a ${tick.type} of ${tick.venue}/${tick.asset}, was ${raw}`)
    }
    return {
      ...shared,
      feed: tick.type,
      metric,
      value: typeof raw === 'number' ? raw : null,
      note: typeof raw === 'string' ? raw : null,
    }
  })
}

/** The tick that `toRows` took apart. */
export function fromRows(rows: readonly ObservationRow[]): Tick {
  const [first] = rows
  if (!first) throw new RangeError('Expected at least one row, were none')
  const shared = {
    venue: first.venue,
    asset: first.asset,
    eventAt: first.event_at,
    receivedAt: first.received_at,
  }
  if (first.metric === DISCONNECT) {
    return { ...shared, type: 'disconnect', feed: first.feed, reason: first.note } as Tick
  }
  const byMetric = new Map(rows.map((row) => [row.metric, row.value ?? row.note]))
  const properties = Object.entries(METRICS[first.feed as FeedKind])
    .map(([property, metric]) => [property, byMetric.get(metric)] as const)
    .filter(([, value]) => value !== null && value !== undefined)
  return { ...shared, type: first.feed, ...Object.fromEntries(properties) } as unknown as Tick
}

/** Rows of the same tick have the same key; a disconnect is its own tick. */
export const tickKeyOf = (row: ObservationRow): string =>
  `${row.feed}/${row.venue}/${row.asset}/${row.event_at}/${row.received_at}/${row.metric === DISCONNECT}`
