import type { Card } from '../domain/card.ts'
import { realisedCost } from '../domain/execution/cost.ts'
import type { Fill, Order } from '../domain/execution/order.ts'
import { type CascadeProbabilities, type Cluster, HORIZONS, type Horizon, type Prediction } from '../domain/forecast.ts'
import {
  formatAge,
  formatBps,
  formatChance,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatTime,
  formatUsd,
} from '../domain/format.ts'
import type { Proposal, ProposalState } from '../domain/proposal.ts'

const TITLES: Record<ProposalState, string> = {
  pending: 'Hedge proposed',
  approved: 'Hedge approved',
  executing: 'Hedge executing',
  executed: 'Hedge executed',
  declined: 'Hedge declined',
  expired: 'Hedge proposal expired',
  denied: 'Hedge denied by the risk engine',
  superseded: 'Hedge proposal superseded',
  failed: 'Hedge execution failed',
}

export const proposalCardKey = (proposal: Pick<Proposal, 'proposalId'>): string => `proposal:${proposal.proposalId}`

/** The one card of a proposal, from offer to fills; buttons only while it can still be decided. */
export function proposalCard(
  proposal: Proposal,
  execution?: { orders: readonly Order[]; fills: readonly Fill[] },
): Card {
  const { asset } = proposal
  const fields = [
    {
      name: 'Order',
      value: `${proposal.side} ${formatQuantity(proposal.quantity, asset)} perp, ${formatUsd(proposal.notional)} at ${formatPrice(proposal.referencePrice)}`,
    },
    {
      name: 'Hedge ratio',
      value: `${formatPercent(proposal.hedgeRatioBefore)} → ${formatPercent(proposal.hedgeRatioAfter)} of ${formatQuantity(proposal.exposure, asset)}`,
    },
    // How the size came about matters while it can be decided; afterwards the fills do.
    ...(proposal.state === 'pending'
      ? [
          { name: 'Why', value: proposal.steps.map((step) => `${step.name}: ${step.note}`).join('; ') },
          { name: 'Expected cost', value: `${formatBps(proposal.expectedCost)} of notional` },
        ]
      : []),
    ...(proposal.approvals.length > 0 || proposal.quorum > 1
      ? [
          {
            name: 'Approvals',
            value: `${proposal.approvals.length} of ${proposal.quorum}${proposal.approvals.length > 0 ? `: ${proposal.approvals.map((a) => a.memberId).join(', ')}` : ''}`,
          },
        ]
      : []),
    ...(proposal.state === 'pending' ? [{ name: 'Expires', value: formatTime(proposal.expiresAt) }] : []),
    ...(proposal.decidedBy
      ? [
          {
            name: 'Decided',
            value: `${proposal.decidedBy}${proposal.decidedAt ? `, ${formatTime(proposal.decidedAt)}` : ''}`,
          },
        ]
      : []),
    ...(proposal.reason ? [{ name: 'Reason', value: proposal.reason }] : []),
    ...(execution ? executionFields(proposal, execution) : []),
  ]
  return {
    tone:
      proposal.state === 'executed'
        ? 'ok'
        : proposal.state === 'denied' || proposal.state === 'failed'
          ? 'warning'
          : 'info',
    title: `${TITLES[proposal.state]}: ${proposal.asset} ${proposal.proposalId}`,
    fields,
    ...(proposal.state === 'pending'
      ? {
          buttons: [
            { label: 'Approve', command: `/approve ${proposal.proposalId}`, style: 'primary' as const },
            { label: 'Decline', command: `/decline ${proposal.proposalId}`, style: 'danger' as const },
          ],
        }
      : {}),
    footer: `Book ${proposal.book}, paper money, terms ${proposal.termsHash.slice(0, 12)}, proposed by ${proposal.proposedBy} ${formatTime(proposal.proposedAt)}`,
  }
}

function executionFields(
  proposal: Proposal,
  { orders, fills }: { orders: readonly Order[]; fills: readonly Fill[] },
): { name: string; value: string }[] {
  const filled = fills.reduce((sum, fill) => sum + fill.quantity, 0)
  const cost = realisedCost(
    fills,
    orders.find((order) => order.arrivalMid !== undefined)?.arrivalMid ?? proposal.referencePrice,
  )
  const average = filled > 0 ? fills.reduce((sum, fill) => sum + fill.quantity * fill.fillPrice, 0) / filled : undefined
  return [
    {
      name: 'Filled',
      value: `${formatQuantity(filled, proposal.asset)} of ${formatQuantity(proposal.quantity, proposal.asset)} in ${fills.length} fills`,
    },
    ...(average === undefined ? [] : [{ name: 'Average price', value: formatPrice(average) }]),
    ...(cost === undefined
      ? []
      : [{ name: 'Realised cost', value: `${formatBps(cost)} against ${formatBps(proposal.expectedCost)} expected` }]),
  ]
}

export const describeCluster = (cluster: Cluster): string =>
  `${formatPrice(cluster.lowPrice)}–${formatPrice(cluster.highPrice)}, ${(cluster.distance / 100).toFixed(1)} % ${cluster.side === 'sell' ? 'below' : 'above'} (${cluster.distanceSigma.toFixed(2)} standard deviations of a day), ${formatUsd(cluster.notional)} (${formatPercent(cluster.shareOfOpenInterest)} of open interest), age ${formatAge(cluster.age)}, ${Object.entries(
    cluster.venueShares,
  )
    .sort(([, a], [, b]) => b - a)
    .map(([venue, share]) => `${venue} ${formatPercent(share, 0)}`)
    .join(' ')}`

/** Confidence within one horizon, beside what distance and volatility alone would say, and what data it rests on. */
export function describeConfidence(cluster: Pick<Cluster, 'confidence'>, horizon: Horizon = '24h'): string {
  const confidence = cluster.confidence[horizon]
  if (confidence.kind === 'undetermined') return `undetermined (${confidence.reason})`
  return `${formatPercent(confidence.confidence)} [${formatPercent(confidence.low)}, ${formatPercent(confidence.high)}] within ${formatAge(confidence.horizon)} (distance and volatility alone ${formatPercent(confidence.baseline)}), data ${confidence.quality} (${formatPercent(confidence.coverage, 0)} of open interest covered, ${formatAge(confidence.dataAge)} old), ${describeCalibration(confidence.calibratedOn)}`
}

export const describeCalibration = (on: 'simulated' | 'recorded'): string =>
  on === 'simulated' ? 'calibrated on simulated data only' : 'calibrated on recorded data'

/** Each horizon's probability with volatility alone in brackets; a number whose calibration gate failed says so. */
export function describePrediction(prediction: Prediction): string {
  if (prediction.kind === 'undetermined') return `undetermined (${prediction.reason}): ${prediction.detail}`
  const { cascades, overlayConfidence, overlayGatePassed, calibratedOn, maskedFeeds } = prediction
  const row = (way: 'down' | 'up', p: keyof CascadeProbabilities): string =>
    HORIZONS.flatMap((horizon) => {
      const cascade = cascades[horizon]
      if (!cascade) return []
      return `${horizon} ${formatChance(cascade[p])}${describeGate(cascade.gatePassed[way])} (${formatChance(cascade.baseline[p])})`
    }).join(', ')
  return [
    `cascade down ${row('down', 'pCascadeDown')}`,
    `cascade up ${row('up', 'pCascadeUp')}`,
    `(volatility alone); hedge overlay pays ${formatPercent(overlayConfidence, 0)}${describeGate(overlayGatePassed)}; ${describeCalibration(calibratedOn)}${maskedFeeds.length > 0 ? `; without ${maskedFeeds.join(', ')}` : ''}`,
  ].join('\n')
}

const describeGate = (passed: boolean | undefined): string => (passed === false ? ' gate failed' : '')
