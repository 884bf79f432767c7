import type { Cluster } from '../forecast.ts'
import type { Panel } from '../market/panel.ts'
import type { Asset, Bar, Liquidations, OpenInterest, VenueId } from '../market/tick.ts'
import { DAY, type DurationMs, duration, HOUR, later, type Price, type TimestampMs } from '../units.ts'
import type { OpenInterestGuard } from './open-interest-guard.ts'

const PRINTED_OF_CLUSTER = 0.2
const CONTINUATION_WINDOW = duration(2 * HOUR)

/** When a touch counts as a cascade. */
export interface EventRule {
  /** Open interest must fall by this share of itself, or by that share of the cluster, whichever is more. */
  readonly minFall: number
  readonly fallOfCluster: number
  /** Within this long of the touch. */
  readonly fallWindow: DurationMs
}

/** The event of §1.6. */
export const CASCADE_RULE: EventRule = { minFall: 0.01, fallOfCluster: 0.3, fallWindow: duration(2 * HOUR) }
/** The event of §1.7, for recorded open interest that comes every four hours. */
export const RECORDED_RULE: EventRule = { minFall: 0.01, fallOfCluster: 0, fallWindow: duration(4 * HOUR) }

/** The rules by name, as a calibration remembers which one its outcomes were judged by. */
export const EVENT_RULES = { cascade: CASCADE_RULE, recorded: RECORDED_RULE } as const satisfies Record<
  string,
  EventRule
>
export type EventRuleName = keyof typeof EVENT_RULES

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
  | {
      readonly kind: 'touched'
      readonly touchedAt: TimestampMs
      readonly event: boolean
      /** Whether within two hours price went on by a standard deviation of two hours. */
      readonly continued: boolean
    }
  | { readonly kind: 'unknown'; readonly touchedAt: TimestampMs }

/**
 * What became of a cluster: whether price reached its peak within the horizon, and whether soon after the first touch open
 * interest fell by what `rule` asks for, or liquidations of 0.2 · cluster were printed.
 *
 * The fall is measured from the last reading before the bar of the touch. `continued` needs `hourlyVolatility`, the standard
 * deviation of hourly log returns known at `at`; without it, it is false.
 *
 * @see specification §1.6, §1.7
 */
export function clusterOutcome(
  cluster: Pick<Cluster, 'side' | 'peakPrice' | 'notional'>,
  aftermath: Aftermath,
  {
    at,
    horizon,
    price,
    rule = CASCADE_RULE,
    hourlyVolatility = Number.POSITIVE_INFINITY,
  }: { at: TimestampMs; horizon: DurationMs; price: Price; rule?: EventRule; hourlyVolatility?: number },
): ClusterOutcome {
  const down = cluster.side === 'sell'
  const reaches = (bar: Aftermath['bars'][number], level: number): boolean =>
    down ? bar.lowPrice <= level : bar.highPrice >= level
  const touch = aftermath.bars.find(
    (bar) => bar.eventAt > at && bar.eventAt <= at + horizon && reaches(bar, cluster.peakPrice),
  )
  if (!touch) return { kind: 'not-touched' }
  const touchedAt = touch.eventAt
  const opensAt = touchedAt - touch.interval
  const inWindow = (instant: TimestampMs): boolean => instant > opensAt && instant <= touchedAt + rule.fallWindow

  const beyond =
    cluster.peakPrice * Math.exp((down ? -1 : 1) * hourlyVolatility * Math.sqrt(CONTINUATION_WINDOW / HOUR))
  const continued = aftermath.bars.some(
    (bar) => bar.eventAt >= touchedAt && bar.eventAt <= touchedAt + CONTINUATION_WINDOW && reaches(bar, beyond),
  )
  const before = aftermath.openInterest.filter((reading) => reading.at <= opensAt).at(-1)
  const after = aftermath.openInterest.filter((reading) => inWindow(reading.at)).map(({ coins }) => coins)
  const printed = aftermath.liquidations
    ?.filter(({ eventAt }) => inWindow(eventAt))
    .reduce((sum, print) => sum + (down ? print.longNotional : print.shortNotional), 0)
  if (printed !== undefined && printed >= PRINTED_OF_CLUSTER * cluster.notional)
    return { kind: 'touched', touchedAt, event: true, continued }
  if (!before || after.length === 0) return { kind: 'unknown', touchedAt }
  const needed = Math.max(rule.minFall * before.coins, (rule.fallOfCluster * cluster.notional) / price)
  return { kind: 'touched', touchedAt, event: before.coins - Math.min(...after) >= needed, continued }
}

/**
 * Reads from the panel what happened from `at` for `span`; `venues` are those whose open interest is summed, `priceVenue`
 * whose bars judge the touch (that of the panel unless told otherwise).
 */
export function aftermathOf(
  panel: Panel,
  asset: Asset,
  {
    at,
    span,
    until,
    venues,
    priceVenue = panel.priceVenue(asset),
    guard,
  }: {
    at: TimestampMs
    span: DurationMs
    until: TimestampMs
    venues: readonly VenueId[]
    priceVenue?: VenueId
    /** Of the map: where a venue changed its unit, figures are read as the map read them, and the change is no fall. */
    guard?: Pick<OpenInterestGuard, 'coinsOf' | 'changedAt'>
  },
): Aftermath {
  const inSpan = ({ eventAt }: { eventAt: TimestampMs }): boolean => eventAt > at && eventAt <= at + span
  const bars = priceVenue === undefined ? [] : panel.between('bar', priceVenue, asset, at, until).filter(inSpan)
  const readings = venues
    .flatMap((venue) => panel.between('open-interest', venue, asset, later(at, -2 * DAY), until))
    .filter(({ eventAt }) => eventAt <= at + span)
    .sort((a, b) => a.eventAt - b.eventAt)
  const latest = new Map<VenueId, number>()
  const openInterest: { at: TimestampMs; coins: number }[] = []
  const believed = ({ venue, eventAt, openInterest: coins }: OpenInterest): number | undefined =>
    guard?.changedAt(venue) === undefined
      ? coins
      : guard.coinsOf({ venue, coins, at: eventAt, price: panel.lastBar(asset, eventAt)?.closePrice ?? Number.NaN })
  for (const reading of readings) {
    const [coins, { venue, eventAt }] = [believed(reading), reading]
    if (coins === undefined) continue
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
