import type { Alert, Touch } from './alert.ts'
import type { Cluster } from './forecast.ts'
import {
  type Aftermath,
  CASCADE_RULE,
  type ClusterOutcome,
  clusterOutcome,
  type EventRule,
  RECORDED_RULE,
} from './liquidation/cluster-outcome.ts'
import type { Bar } from './market/tick.ts'
import {
  type DurationMs,
  duration,
  type Fraction,
  fraction,
  HOUR,
  later,
  type Price,
  price,
  type TimestampMs,
} from './units.ts'

export type PathBar = Pick<Bar, 'eventAt' | 'interval' | 'lowPrice' | 'highPrice'>

/** What was heard around a touch. */
export interface Heard extends Pick<Aftermath, 'openInterest' | 'liquidations'> {
  /** Of the slowest open-interest feed that counts: so long after its end a window may still be filled. */
  readonly cadence: DurationMs
  /** By which the confidence was calibrated; default that of §1.6. */
  readonly rule?: EventRule
}

/** Price stands at the peak or beyond. */
export const isReached = (cluster: Pick<Cluster, 'side' | 'peakPrice'>, at: Price): boolean =>
  cluster.side === 'sell' ? at <= cluster.peakPrice : at >= cluster.peakPrice

/** Where price first reached the peak since the alert was raised, a wick included; undefined where it did not. */
export function touchOf(
  { cluster, raisedAt }: Alert,
  { bars, price: last, at }: { bars?: readonly PathBar[]; price: Price; at: TimestampMs },
): Touch | undefined {
  if (bars) {
    for (const bar of bars) {
      if (bar.eventAt <= raisedAt || !isReached(cluster, cluster.side === 'sell' ? bar.lowPrice : bar.highPrice))
        continue
      return { from: later(bar.eventAt, -bar.interval), at: bar.eventAt }
    }
  }
  return isReached(cluster, last) ? { from: at, at } : undefined
}

const NEAR_SIGMA = 0.5
const NEAR_HORIZON_HOURS = 4
const NEAR_SHARE = 0.5

/**
 * Whether price is on its way: under half a standard deviation of four hours (√(4/24) of that of a day) from the peak, or,
 * once an alert was raised at `raisedPrice`, at half the log distance of then.
 *
 * @param peakPrice - the peak as it was told
 * @param now - the cluster as it stands, for the volatility of now
 */
export function isNear(
  peakPrice: Price,
  { now, price: last, raisedPrice }: { now: Cluster; price: Price; raisedPrice?: Price },
): boolean {
  const distance = logDistance(peakPrice, last)
  if (raisedPrice !== undefined && distance <= NEAR_SHARE * logDistance(peakPrice, raisedPrice)) return true
  const deviation = deviationOfDay(now)
  return deviation !== undefined && distance < NEAR_SIGMA * deviation * Math.sqrt(NEAR_HORIZON_HOURS / 24)
}

/** Log distance over the standard deviation of a day, at a price of now; undefined where the latter is not known. */
export function sigmaDistance(cluster: Cluster, last: Price): number | undefined {
  const deviation = deviationOfDay(cluster)
  return deviation === undefined ? undefined : logDistance(cluster.peakPrice, last) / deviation
}

/** A cluster says how far it is and how many deviations that is, so it says the deviation too. */
function deviationOfDay(cluster: Cluster): number | undefined {
  const deviation = logDistance(cluster.peakPrice, priceWhenFound(cluster)) / cluster.distanceSigma
  return Number.isFinite(deviation) && deviation > 0 ? deviation : undefined
}

/** The price from which a cluster's distance was measured. */
export const priceWhenFound = ({ side, peakPrice, distance }: Cluster): Price =>
  price(peakPrice / (1 + ((side === 'sell' ? -1 : 1) * distance) / 10_000))

const logDistance = (peak: number, from: number): number => Math.abs(Math.log(peak / from))

/** Open interest that comes more seldom than this is not waited for. */
const LONGEST_WAIT = 6 * HOUR

/** What followed a touch, so far. */
export interface TouchVerdict {
  readonly outcome: ClusterOutcome['kind']
  readonly cascade: boolean
  readonly openInterestChange?: Fraction
  /** From then on nothing more can change the verdict. */
  readonly finalAt: TimestampMs
}

/**
 * What followed a touch, by the very rule that the confidence is calibrated on: within two hours open interest falls by
 * max(1 %, 0.3 · cluster), or liquidations of 0.2 · cluster are printed. Where open interest comes more seldom than that, the
 * rule for recorded open interest judges: 1 % within four hours.
 *
 * @see specification §1.6, §1.7
 */
export function judgeTouch(cluster: Cluster, touch: Touch, heard: Heard | undefined): TouchVerdict {
  const cadence = heard?.cadence ?? 0
  const asked = heard?.rule ?? CASCADE_RULE
  const rule = cadence > asked.fallWindow ? RECORDED_RULE : asked
  // What comes once a day cannot say what followed a touch; an alert does not stand for a day to learn that.
  const finalAt = later(touch.at, rule.fallWindow + (cadence > LONGEST_WAIT ? 0 : cadence))
  if (!heard) return { outcome: 'unknown', cascade: false, finalAt }
  const interval = duration(touch.at - touch.from)
  const { peakPrice } = cluster
  const outcome = clusterOutcome(
    cluster,
    { ...heard, bars: [{ eventAt: touch.at, interval, lowPrice: peakPrice, highPrice: peakPrice }] },
    { at: later(touch.from, -1), horizon: duration(interval + 1), price: priceWhenFound(cluster), rule },
  )
  return {
    outcome: outcome.kind,
    cascade: outcome.kind === 'touched' && outcome.event,
    ...openInterestChange(heard, touch, rule),
    finalAt,
  }
}

function openInterestChange(
  { openInterest }: Heard,
  touch: Touch,
  rule: EventRule,
): Pick<TouchVerdict, 'openInterestChange'> {
  const before = openInterest.filter(({ at }) => at <= touch.from).at(-1)
  const after = openInterest.filter(({ at }) => at > touch.from && at <= touch.at + rule.fallWindow)
  if (!before || !(before.coins > 0) || after.length === 0) return {}
  return { openInterestChange: fraction(Math.min(...after.map(({ coins }) => coins)) / before.coins - 1) }
}
