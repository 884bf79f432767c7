import { type CascadeProbabilities, type Cluster, HORIZONS, type Horizon, type Prediction } from '../domain/forecast.ts'
import { formatAge, formatChance, formatPercent, formatPrice, formatUsd } from '../domain/format.ts'

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
  const { cascades, overlayConfidence, overlayBaseline, overlayGatePassed, calibratedOn, maskedFeeds } = prediction
  const beside = overlayBaseline === undefined ? '' : ` (${formatPercent(overlayBaseline, 0)})`
  const row = (way: 'down' | 'up', p: keyof CascadeProbabilities): string =>
    HORIZONS.flatMap((horizon) => {
      const cascade = cascades[horizon]
      if (!cascade) return []
      return `${horizon} ${formatChance(cascade[p])}${describeGate(cascade.gatePassed[way])} (${formatChance(cascade.baseline[p])})`
    }).join(', ')
  return [
    `cascade down ${row('down', 'pCascadeDown')}`,
    `cascade up ${row('up', 'pCascadeUp')}`,
    `hedge overlay pays ${formatPercent(overlayConfidence, 0)}${describeGate(overlayGatePassed)}${beside}`,
    `(volatility alone); ${describeCalibration(calibratedOn)}${maskedFeeds.length > 0 ? `; without ${maskedFeeds.join(', ')}` : ''}`,
  ].join('\n')
}

const describeGate = (passed: boolean | undefined): string => (passed === false ? ' gate failed' : '')
