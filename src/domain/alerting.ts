import type { Alert, AlertEndReason, AlertRules, AlertSeverity, AlertStage } from './alert.ts'
import { type BookRisk, lossShareOf, louder, severityOf } from './alert-severity.ts'
import { type Heard, isNear, isReached, judgeTouch, type PathBar, touchOf } from './alert-touch.ts'
import type { Cluster, Horizon } from './forecast.ts'
import { elapsed, type Fraction, fraction, type Price, type TimestampMs } from './units.ts'

export interface AlertInputs {
  /**
   * The clusters of one asset as of `at`: what price has been through since they were found is not among them. Between two
   * lists only distance and touch change, and both are taken from `price` and `bars`.
   */
  readonly clusters: readonly Cluster[]
  /** Its open alerts. */
  readonly open: readonly Alert[]
  /** The last that ended on each side, if any. */
  readonly lastEnded: readonly Alert[]
  /** How many of the asset were raised in the 24 h up to `at`. */
  readonly raisedInDay: number
  /** The last price. */
  readonly price: Price
  /** Bars received since the last decision, oldest first; more do no harm. They show what the last price does not: wicks. */
  readonly bars?: readonly PathBar[]
  readonly at: TimestampMs
  readonly rules: AlertRules
  readonly book?: BookRisk
  /** Asked only once a cluster has been touched: open interest and prints from before the touch up to `at`. */
  readonly heardAround?: (touch: NonNullable<Alert['touch']>, cluster: Cluster) => Heard | undefined
}

export interface AlertChange {
  readonly before: Alert
  readonly after: Alert
  /** Stage or severity moved, so people are told; otherwise only the record changes. */
  readonly told: boolean
}

export interface AlertDecision {
  /** To be raised, once they have an id. */
  readonly raise: readonly Omit<Alert, 'alertId'>[]
  readonly change: readonly AlertChange[]
  /** Above the threshold and yet not raised. */
  readonly held: readonly { readonly cluster: Cluster; readonly reason: 'budget' | 'cooldown' }[]
}

/** The usual answer, made once: a path of millions of steps allocates nothing where nothing happens. */
const NOTHING: AlertDecision = Object.freeze({
  raise: Object.freeze([]),
  change: Object.freeze([]),
  held: Object.freeze([]),
})

/**
 * Who is worth an alert now, and how those that stand move on. A function of its inputs alone, so that a path can be replayed:
 * apply `change`, give `raise` ids, and ask again.
 *
 * One alert per cluster episode and at most one open a side; hysteresis, cooldown, a longest duration and a daily budget. Stages
 * move `raised → approaching → touched → cascading → over`, never back. An undetermined confidence raises nothing and ends
 * nothing by itself: silence of a feed is not an all-clear. Once touched, an episode ends by what followed the touch alone, for
 * the touch consumes the cluster.
 */
export function decideAlerts(inputs: AlertInputs): AlertDecision {
  const change = changesOf(inputs)
  const candidates = candidatesOf(inputs.clusters, inputs.rules)
  if (!candidates) return change ? { ...NOTHING, change } : NOTHING
  const { raise, held } = judge(candidates, inputs)
  if (!change && raise.length === 0 && held.length === 0) return NOTHING
  return { raise, held, change: change ?? NOTHING.change }
}

/** Whether there is nothing to decide on: no open alert, and no cluster that reaches the threshold. */
export const isQuiet = ({ clusters, open, rules }: Pick<AlertInputs, 'clusters' | 'open' | 'rules'>): boolean =>
  open.length === 0 && candidatesOf(clusters, rules) === undefined

function changesOf(inputs: AlertInputs): AlertChange[] | undefined {
  let changes: AlertChange[] | undefined
  for (const before of inputs.open) {
    const after = follow(before, inputs)
    if (after === before) continue
    changes ??= []
    changes.push({ before, after, told: after.stage !== before.stage || after.severity !== before.severity })
  }
  return changes
}

/** One open alert, moved on; the same object where nothing changed. */
function follow(alert: Alert, inputs: AlertInputs): Alert {
  const { clusters, price, at, rules } = inputs
  const touch = alert.touch ?? touchOf(alert, inputs)
  const now = clusters.find(({ clusterId }) => clusterId === alert.clusterId)
  if (touch) return afterTouch(alert, touch, now ?? alert.cluster, inputs)
  if (elapsed(alert.raisedAt, at) >= rules.maxDuration) return end(alert, 'timed-out', at)
  if (!now) return end(alert, 'vanished', at)
  const answer = now.confidence[alert.horizon]
  const confidence = answer.kind === 'estimated' ? answer.confidence : alert.peakConfidence
  if (confidence < alert.threshold - rules.hysteresis) return end(alert, 'faded', at)
  const stage =
    alert.stage === 'raised' && isNear(alert.cluster.peakPrice, { now, price, raisedPrice: alert.raisedPrice })
      ? 'approaching'
      : alert.stage
  return moved(alert, { stage, confidence, cluster: now, inputs })
}

function afterTouch(alert: Alert, touch: NonNullable<Alert['touch']>, now: Cluster, inputs: AlertInputs): Alert {
  const { at, heardAround } = inputs
  const verdict = judgeTouch(alert.cluster, touch, heardAround?.(touch, alert.cluster))
  const cascading = verdict.cascade || alert.stage === 'cascading'
  const { openInterestChange = alert.openInterestChange } = verdict
  const touched = move(alert.touch ? alert : { ...alert, touch }, 'touched', at)
  const known = openInterestChange === touched.openInterestChange ? touched : { ...touched, openInterestChange }
  const stage = cascading ? 'cascading' : 'touched'
  const next = moved(known, { stage, confidence: alert.peakConfidence, cluster: now, inputs })
  if (at < verdict.finalAt) return next
  return end(next, cascading ? 'cascaded' : verdict.outcome === 'touched' ? 'held' : 'unknown', at)
}

/** The alert with its stage and the highest confidence and severity so far; the same object where all stand. */
function moved(
  alert: Alert,
  next: {
    readonly stage: AlertStage
    readonly confidence: Fraction
    readonly cluster: Cluster
    readonly inputs: AlertInputs
  },
): Alert {
  const { stage, confidence, cluster, inputs } = next
  const peakConfidence = fraction(Math.max(confidence, alert.peakConfidence))
  const severity = louder(
    alert.severity,
    severityNow(cluster, { confidence: peakConfidence, threshold: alert.threshold, stage }, inputs),
  )
  const staged = move(alert, stage, inputs.at)
  return peakConfidence === staged.peakConfidence && severity === staged.severity
    ? staged
    : { ...staged, peakConfidence, severity }
}

const move = (alert: Alert, stage: AlertStage, at: TimestampMs): Alert =>
  alert.stage === stage || alert.stageTimes[stage] !== undefined
    ? alert
    : { ...alert, stage, stageTimes: { ...alert.stageTimes, [stage]: at } }

const end = (alert: Alert, endReason: AlertEndReason, at: TimestampMs): Alert => ({
  ...move(alert, 'over', at),
  endedAt: at,
  endReason,
})

function judge(candidates: readonly Cluster[], inputs: AlertInputs) {
  const { open, lastEnded, price, at, rules } = inputs
  const raise: Omit<Alert, 'alertId'>[] = []
  const held: { cluster: Cluster; reason: 'budget' | 'cooldown' }[] = []
  for (const cluster of candidates) {
    const { side, clusterId } = cluster
    const isTaken = (alert: Pick<Alert, 'cluster'>): boolean => alert.cluster.side === side
    if (isReached(cluster, price) || open.some(isTaken) || raise.some(isTaken)) continue
    const last = lastEnded.find(isTaken)
    // The episode that ran out is still the same episode while its cluster stands; it was told once.
    if (last?.endReason === 'timed-out' && last.clusterId === clusterId) continue
    if (last?.endedAt !== undefined && elapsed(last.endedAt, at) < rules.cooldown) {
      held.push({ cluster, reason: 'cooldown' })
      continue
    }
    const confidence = confidenceOf(cluster, rules.horizon) as Fraction
    const stage = isNear(cluster.peakPrice, { now: cluster, price }) ? 'approaching' : 'raised'
    const severity = severityNow(cluster, { confidence, threshold: rules.threshold, stage }, inputs)
    if (inputs.raisedInDay + raise.length >= rules.budgetPerDay && severity !== 'critical') {
      held.push({ cluster, reason: 'budget' })
      continue
    }
    raise.push({
      clusterId,
      asset: cluster.asset,
      raisedAt: at,
      raisedPrice: price,
      horizon: rules.horizon,
      threshold: rules.threshold,
      peakConfidence: confidence,
      stage,
      severity,
      stageTimes: stage === 'raised' ? { raised: at } : { raised: at, approaching: at },
      cluster,
    })
  }
  return { raise, held }
}

const severityNow = (
  cluster: Cluster,
  facts: { readonly confidence: Fraction; readonly threshold: Fraction; readonly stage: AlertStage },
  { book, price }: AlertInputs,
): AlertSeverity => severityOf({ ...facts, gain: cluster.gain, lossShare: lossShareOf(cluster, book, price) })

/** Clusters at or above the threshold, most confident first; undefined where there are none. */
function candidatesOf(
  clusters: readonly Cluster[],
  { threshold, horizon }: AlertRules,
): readonly Cluster[] | undefined {
  let candidates: Cluster[] | undefined
  for (const cluster of clusters) {
    if (confidenceOf(cluster, horizon) < threshold) continue
    candidates ??= []
    candidates.push(cluster)
  }
  return candidates?.sort((a, b) => confidenceOf(b, horizon) - confidenceOf(a, horizon))
}

/** −1 where it is undetermined: below every threshold. */
function confidenceOf(cluster: Cluster, horizon: Horizon): number {
  const answer = cluster.confidence[horizon]
  return answer.kind === 'estimated' ? answer.confidence : -1
}
