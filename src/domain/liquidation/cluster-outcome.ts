import type { Cluster } from '../forecast.ts'
import type { Panel } from '../market/panel.ts'
import type { Asset, Bar, Liquidations, VenueId } from '../market/tick.ts'
import { DAY, type DurationMs, duration, HOUR, later, type Price, type TimestampMs } from '../units.ts'

/** Open interest must fall by this share of itself, or by this share of the cluster, whichever is more. */
const MIN_FALL = 0.01
const FALL_OF_CLUSTER = 0.3
const PRINTED_OF_CLUSTER = 0.2
export const FALL_WINDOW: DurationMs = duration(2 * HOUR)

/** What happened after an instant, in order of event; outcomes may use what was received later, features may not. */
export interface Aftermath {
  readonly bars: readonly Pick<Bar, 'eventAt' | 'interval' | 'highPrice' | 'lowPrice'>[]
  /** Over the venues of the asset, coins, from before the instant on. */
  readonly openInterest: readonly { readonly at: TimestampMs; readonly coins: number }[]
  /** Only where every venue of the cluster prints all its liquidations. */
  readonly liquidations?: readonly Pick<Liquidations, 'eventAt' | 'longNotional' | 'shortNotional'>[]
}

/** `unknown`: it was touched, but no open interest was heard around that time. */
export type ClusterOutcome =
  | { readonly kind: 'not-touched' }
  | { readonly kind: 'touched'; readonly touchedAt: TimestampMs; readonly event: boolean }
  | { readonly kind: 'unknown'; readonly touchedAt: TimestampMs }

/**
 * What became of a cluster: whether price reached its peak within the horizon, and whether within `fallWindow` of the first
 * touch open interest fell by max(1 %, 0.3 · cluster) or liquidations of 0.2 · cluster were printed.
 *
 * The fall is measured from the last reading before the bar of the touch.
 *
 * @see specification §1.6
 */
export function clusterOutcome(
  cluster: Pick<Cluster, 'side' | 'peakPrice' | 'notional'>,
  aftermath: Aftermath,
  {
    at,
    horizon,
    price,
    fallWindow = FALL_WINDOW,
  }: { at: TimestampMs; horizon: DurationMs; price: Price; fallWindow?: DurationMs },
): ClusterOutcome {
  const reached = (bar: Aftermath['bars'][number]): boolean =>
    cluster.side === 'sell' ? bar.lowPrice <= cluster.peakPrice : bar.highPrice >= cluster.peakPrice
  const touch = aftermath.bars.find((bar) => bar.eventAt > at && bar.eventAt <= at + horizon && reached(bar))
  if (!touch) return { kind: 'not-touched' }
  const touchedAt = touch.eventAt
  const opensAt = touchedAt - touch.interval
  const inWindow = (instant: TimestampMs): boolean => instant > opensAt && instant <= touchedAt + fallWindow

  const before = aftermath.openInterest.filter((reading) => reading.at <= opensAt).at(-1)
  const after = aftermath.openInterest.filter((reading) => inWindow(reading.at)).map(({ coins }) => coins)
  const printed = aftermath.liquidations
    ?.filter(({ eventAt }) => inWindow(eventAt))
    .reduce((sum, print) => sum + (cluster.side === 'sell' ? print.longNotional : print.shortNotional), 0)
  if (printed !== undefined && printed >= PRINTED_OF_CLUSTER * cluster.notional)
    return { kind: 'touched', touchedAt, event: true }
  if (!before || after.length === 0) return { kind: 'unknown', touchedAt }
  const needed = Math.max(MIN_FALL * before.coins, (FALL_OF_CLUSTER * cluster.notional) / price)
  return { kind: 'touched', touchedAt, event: before.coins - Math.min(...after) >= needed }
}

/** Reads from the panel what happened from `at` for `span`; `venues` are those whose open interest is summed. */
export function aftermathOf(
  panel: Panel,
  asset: Asset,
  { at, span, until, venues }: { at: TimestampMs; span: DurationMs; until: TimestampMs; venues: readonly VenueId[] },
): Aftermath {
  const inSpan = ({ eventAt }: { eventAt: TimestampMs }): boolean => eventAt > at && eventAt <= at + span
  const priceVenue = panel.priceVenue(asset)
  const bars = priceVenue === undefined ? [] : panel.between('bar', priceVenue, asset, at, until).filter(inSpan)
  const readings = venues
    .flatMap((venue) => panel.between('open-interest', venue, asset, later(at, -2 * DAY), until))
    .filter(({ eventAt }) => eventAt <= at + span)
    .sort((a, b) => a.eventAt - b.eventAt)
  const latest = new Map<VenueId, number>()
  const openInterest: { at: TimestampMs; coins: number }[] = []
  for (const { venue, eventAt, openInterest: coins } of readings) {
    latest.set(venue, coins)
    // Until every venue has been heard, a sum would show venues joining.
    if (latest.size < venues.length) continue
    const sum = [...latest.values()].reduce((total, each) => total + each, 0)
    if (openInterest.at(-1)?.at === eventAt) openInterest.pop()
    openInterest.push({ at: eventAt, coins: sum })
  }
  return {
    bars: bars.sort((a, b) => a.eventAt - b.eventAt),
    openInterest,
    ...printsOf(panel, asset, { at, until, venues }),
  }
}

function printsOf(
  panel: Panel,
  asset: Asset,
  { at, until, venues }: { at: TimestampMs; until: TimestampMs; venues: readonly VenueId[] },
): Pick<Aftermath, 'liquidations'> {
  const prints = venues.map((venue) => panel.between('liquidations', venue, asset, at, until))
  const complete = prints.every((list) => list.length > 0 && list.every(({ coverage }) => coverage === 'full'))
  return complete && prints.length > 0 ? { liquidations: prints.flat() } : {}
}
