import { ALERT_STAGES, type Alert, type AlertEndReason } from '../domain/alert.ts'
import { type BookRisk, lossShareOf } from '../domain/alert-severity.ts'
import { sigmaDistance } from '../domain/alert-touch.ts'
import type { Button, Card } from '../domain/card.ts'
import type { Cluster } from '../domain/forecast.ts'
import { formatAge, formatPercent, formatPrice, formatQuantity, formatTime, formatUsd } from '../domain/format.ts'
import type { Price } from '../domain/units.ts'
import { describeCalibration } from './cards.ts'

export const alertCardKey = (alert: Pick<Alert, 'alertId'>): string => `alert:${alert.alertId}`
/** One for each time it went further unacknowledged: a card of its own, because an edit rings nowhere. */
export const reminderCardKey = (alert: Pick<Alert, 'alertId'>, step: number): string =>
  `${alertCardKey(alert)}:reminder-${step}`

/** What the market and the book look like as the card is written. */
export interface AlertFacts {
  readonly price: Price
  readonly book: BookRisk
  /** The name of who acknowledged it. */
  readonly acknowledgedBy?: string | undefined
}

const TONES = { notice: 'info', warning: 'warning', critical: 'critical' } as const

/**
 * The one card of an episode: where the cluster stands and how likely it is to be reached and to break, beside what distance and
 * volatility alone would say; what the book has at stake; what has happened so far. Later stages edit it.
 */
export function alertCard(alert: Alert, facts: AlertFacts): Card {
  const { cluster } = alert
  const over = alert.stage === 'over'
  return {
    tone: over ? 'info' : TONES[alert.severity],
    title: titleOf(alert),
    ...acknowledgement(alert, facts),
    fields: [
      ...(over ? [{ name: 'What happened', value: whatHappened(alert) }] : []),
      { name: 'Severity', value: over ? `${alert.severity} at most` : alert.severity },
      { name: 'Where', value: `${describeExtent(cluster)}\n${describeDistance(alert, facts.price)}` },
      { name: 'Size', value: describeSize(cluster) },
      ...confidenceFields(alert),
      { name: 'Cascade gain', value: describeGain(cluster.gain) },
      ...(over ? [] : [stakeOf(alert, facts)]),
      { name: 'So far', value: describeStages(alert) },
    ],
    buttons: buttonsOf(alert),
    footer: `Alert ${alert.alertId}, cluster ${cluster.clusterId}. Estimated from open interest, never a list of real positions.`,
  }
}

/** Says again in private that nobody has acknowledged a critical alert; afterwards, who has, or that it is over. */
export function reminderCard(alert: Alert, facts: AlertFacts): Card {
  const settled = alert.acknowledgedBy !== undefined || alert.stage === 'over'
  return {
    tone: settled ? 'info' : 'critical',
    title: settled ? titleOf(alert) : `Not acknowledged: ${titleOf(alert)}`,
    ...(settled
      ? acknowledgement(alert, facts)
      : { text: 'It is critical, and nobody has said that they have seen it. Acknowledge it to take it on.' }),
    fields: [
      ...(alert.stage === 'over' ? [{ name: 'What happened', value: whatHappened(alert) }] : [stakeOf(alert, facts)]),
      { name: 'So far', value: describeStages(alert) },
    ],
    buttons: buttonsOf(alert),
    footer: `Alert ${alert.alertId}, cluster ${alert.cluster.clusterId}.`,
  }
}

const acknowledgement = ({ acknowledgedAt }: Alert, { acknowledgedBy }: AlertFacts): { text?: string } =>
  acknowledgedBy === undefined || acknowledgedAt === undefined
    ? {}
    : { text: `Acknowledged by ${acknowledgedBy}, ${formatTime(acknowledgedAt)}.` }

/** Whether someone should still say that they have seen it. */
export const wantsAcknowledgement = ({ severity, stage, acknowledgedBy }: Alert): boolean =>
  severity !== 'notice' && stage !== 'over' && acknowledgedBy === undefined

function buttonsOf(alert: Alert): readonly Button[] {
  const { alertId, cluster } = alert
  return [
    ...(wantsAcknowledgement(alert)
      ? [{ label: 'Acknowledge', command: `/ack ${alertId}`, style: 'primary', once: true } as const]
      : []),
    { label: 'Explain', command: `/liq explain ${cluster.clusterId}`, style: 'neutral' },
  ]
}

/** `long liquidations at 2,750.50`; a sell closes longs. */
const whatOf = ({ cluster }: Alert): string =>
  `${cluster.side === 'sell' ? 'long' : 'short'} liquidations at ${formatPrice(cluster.peakPrice)}`

function titleOf(alert: Alert): string {
  const { asset, stage, endReason } = alert
  switch (stage) {
    case 'raised':
      return `${asset}: ${whatOf(alert)}`
    case 'approaching':
      return `${asset}: price nears ${whatOf(alert)}`
    case 'touched':
      return `${asset}: price has reached ${whatOf(alert)}`
    case 'cascading':
      return `${asset}: cascade at ${whatOf(alert)}`
    case 'over':
      return `Alert over, ${endReason ?? 'ended'}: ${asset} ${whatOf(alert)}`
  }
}

const describeExtent = ({ lowPrice, peakPrice, highPrice }: Cluster): string =>
  `${formatPrice(peakPrice)}, from ${formatPrice(lowPrice)} to ${formatPrice(highPrice)}`

function describeDistance(alert: Alert, price: Price): string {
  const { cluster, raisedPrice } = alert
  const at = (from: Price): string => {
    const sigma = sigmaDistance(cluster, from)
    const percent = `${Math.abs((cluster.peakPrice / from - 1) * 100).toFixed(1)} %`
    const way = cluster.peakPrice <= from ? 'below' : 'above'
    return `${percent} ${way} ${formatPrice(from)}${sigma === undefined ? '' : `, ${sigma.toFixed(2)} standard deviations of a day`}`
  }
  return price === raisedPrice ? at(price) : `now ${at(price)}; when raised ${at(raisedPrice)}`
}

const describeSize = ({ notional, shareOfOpenInterest, venueShares }: Cluster): string =>
  `${formatUsd(notional)}, ${formatPercent(shareOfOpenInterest)} of open interest (${Object.entries(venueShares)
    .sort(([, a], [, b]) => b - a)
    .map(([venue, share]) => `${venue} ${formatPercent(share, 0)}`)
    .join(', ')})`

function confidenceFields({ cluster, horizon, threshold, peakConfidence }: Alert): { name: string; value: string }[] {
  const answer = cluster.confidence[horizon]
  const limits = `threshold ${formatPercent(threshold, 0)}`
  if (answer.kind === 'undetermined')
    return [
      { name: 'Confidence', value: `highest ${formatPercent(peakConfidence)} within ${horizon}, ${limits}` },
      { name: 'Data', value: `not kept (${answer.reason})` },
    ]
  const { confidence, low, high, baseline, quality, coverage, dataAge, calibratedOn } = answer
  const since = peakConfidence > confidence ? `, highest since ${formatPercent(peakConfidence)}` : ''
  return [
    {
      name: 'Confidence',
      value: `${formatPercent(confidence)} [${formatPercent(low)}, ${formatPercent(high)}] within ${formatAge(answer.horizon)}${since}\ndistance and volatility alone ${formatPercent(baseline)}, ${limits}`,
    },
    {
      name: 'Data',
      value: `${quality}: ${formatPercent(coverage, 0)} of open interest covered, ${formatAge(dataAge)} old, ${describeCalibration(calibratedOn)}`,
    },
  ]
}

const describeGain = (gain: number | undefined): string =>
  gain === undefined
    ? 'not known, for no depth was heard'
    : `${gain.toFixed(2)}: ${gain >= 1 ? 'liquidations would feed themselves' : 'the order book would absorb them'}`

/** Before a touch the loss at the peak; after it, at the far edge. */
function stakeOf({ cluster, touch, asset }: Alert, { price, book }: AlertFacts): { name: string; value: string } {
  const farEdge = cluster.side === 'sell' ? cluster.lowPrice : cluster.highPrice
  const target = touch ? farEdge : cluster.peakPrice
  const loss = book.unhedged * (price - target)
  const share = lossShareOf({ ...cluster, lowPrice: target, highPrice: target }, book, price)
  return {
    name: touch ? `If price goes through to ${formatPrice(farEdge)}` : 'If price goes there',
    value: `the book's ${book.unhedged < 0 ? 'excess short of' : 'unhedged'} ${formatQuantity(book.unhedged, asset)} ${loss > 0 ? 'loses' : 'gains'} ${formatUsd(Math.abs(loss))}${share > 0 ? `, ${formatPercent(share)} of its exposure` : ''}`,
  }
}

const describeStages = ({ stageTimes }: Alert): string =>
  ALERT_STAGES.flatMap((stage) => {
    const at = stageTimes[stage]
    return at === undefined ? [] : [`${stage} ${formatTime(at)}`]
  }).join('\n')

/** How an episode ended, in a sentence. */
export function whatHappened(alert: Alert): string {
  const { endReason, touch, openInterestChange } = alert
  const touched = touch ? `price reached it ${formatTime(touch.at)}` : ''
  const change =
    openInterestChange === undefined
      ? ''
      : `; open interest ${openInterestChange < 0 ? `fell ${formatPercent(-openInterestChange)}` : 'did not fall'}`
  const sentences: Record<AlertEndReason, string> = {
    faded: 'Faded: confidence fell below the threshold, price did not reach it.',
    vanished: 'Vanished: the cluster is no longer on the map, price did not reach its peak.',
    'timed-out': 'Timed out: price did not reach it in the longest time that an alert stands. This is no all-clear.',
    cascaded: `Cascaded: ${touched} and liquidations followed${change}.`,
    held: `Held: ${touched} and no cascade followed${change}.`,
    unknown: `Unknown: ${touched}, and too little was heard of open interest to say what followed.`,
  }
  return endReason ? sentences[endReason] : 'Over.'
}
