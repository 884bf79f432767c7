import { ALERT_SEVERITIES, type AlertSeverity, type AlertStage } from './alert.ts'
import type { Cluster } from './forecast.ts'
import type { BaseQty, Fraction, Price } from './units.ts'

/** What the desk holds in the asset. */
export interface BookRisk {
  /** Spot, coins. */
  readonly exposure: BaseQty
  /** What of it no hedge covers; negative where more is sold than held. */
  readonly unhedged: BaseQty
}

const WARNING_ODDS = 2
const CRITICAL_ODDS = 4
const SELF_SUSTAINING_GAIN = 1
const FELT_LOSS = 0.05

/**
 * How loudly an alert speaks: steps are added up, none is a notice, one a warning, two or more critical.
 *
 * | what                                                              | steps |
 * |-------------------------------------------------------------------|-------|
 * | confidence with twice the odds of the threshold (0.30 → 0.46)     | 1     |
 * | confidence with four times the odds of the threshold (0.30 → 0.63)| 2     |
 * | cascade gain of 1 or more: forced selling would sustain itself    | 1     |
 * | book loses 5 % of its exposure's value at the cluster's far edge  | 1     |
 * | price has touched the cluster                                     | 1     |
 * | open interest falls: the cascade is on                            | 2     |
 *
 * The table is judgement, not a measurement: it orders attention and is no probability. Odds rather than multiples, so that a
 * threshold of any height leaves room above it.
 *
 * @param facts - `lossShare` as of `lossShareOf`
 */
export function severityOf(facts: {
  readonly confidence: number
  readonly threshold: number
  readonly gain: number | undefined
  readonly stage: AlertStage
  readonly lossShare: number
}): AlertSeverity {
  const { confidence, threshold, gain, stage, lossShare } = facts
  // odds(confidence) against odds(threshold), multiplied out so that a threshold of 0 or 1 divides by nothing.
  const [odds, asked] = [confidence * (1 - threshold), threshold * (1 - confidence)]
  let steps = odds >= CRITICAL_ODDS * asked ? 2 : odds >= WARNING_ODDS * asked ? 1 : 0
  if (gain !== undefined && gain >= SELF_SUSTAINING_GAIN) steps += 1
  if (lossShare >= FELT_LOSS) steps += 1
  if (stage === 'touched') steps += 1
  if (stage === 'cascading') steps += 2
  return ALERT_SEVERITIES[Math.min(steps, 2)]!
}

/** What the book loses, of its exposure's value now, if price goes to the far edge of the cluster; 0 where it gains. */
export function lossShareOf(
  cluster: Pick<Cluster, 'side' | 'lowPrice' | 'highPrice'>,
  book: BookRisk | undefined,
  price: Price,
): Fraction {
  if (!book || !(book.exposure > 0)) return 0 as Fraction
  const farEdge = cluster.side === 'sell' ? cluster.lowPrice : cluster.highPrice
  return Math.max(0, (book.unhedged * (price - farEdge)) / (book.exposure * price)) as Fraction
}

/** The louder of two. */
export const louder = (a: AlertSeverity, b: AlertSeverity): AlertSeverity =>
  ALERT_SEVERITIES.indexOf(a) >= ALERT_SEVERITIES.indexOf(b) ? a : b
