import { z } from 'zod'
import { describePrediction } from '../src/app/cards.ts'
import type { AssetStatus } from '../src/app/report-status.ts'
import { command } from '../src/chat/command.ts'
import {
  formatAge,
  formatBps,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatTime,
  formatUsd,
} from '../src/domain/format.ts'
import type { TimestampMs } from '../src/domain/units.ts'

/** `/hedge status`: what is held, what hedges it, what the models say with their ages, what waits for a decision. */
export default command({
  name: 'hedge status',
  description: 'Exposure, hedge, forecast, open proposals and alerts of the book',
  role: 'viewer',
  options: z.object({}),

  async run(_, app) {
    const status = await app.reportStatus()
    return {
      tone: status.tradingState.state === 'active' ? 'info' : 'warning',
      title: `Book ${status.book}: trading ${status.tradingState.state}`,
      fields: status.assets.flatMap((asset) => assetFields(asset, status.at)),
      footer: `${formatTime(status.at)}, paper money${status.undeliveredMessages > 0 ? `, ${status.undeliveredMessages} messages not yet delivered` : ''}`,
    }
  },
})

function assetFields(
  { holding, forecast, unrealizedPnl, netDelta, liquidation, openProposal, openAlerts }: AssetStatus,
  at: TimestampMs,
) {
  const { asset } = holding
  const pnl =
    unrealizedPnl === undefined
      ? ''
      : `, hedge P&L ${formatUsd(unrealizedPnl + holding.realizedPnl - holding.fees)} after ${formatUsd(holding.fees)} fees`
  const held = `${formatQuantity(holding.exposure, asset)} spot, ${formatQuantity(holding.hedge, asset)} short = ${formatPercent(holding.hedgeRatio)} hedged`
  return [
    {
      name: `${asset} position`,
      value: `${held}${netDelta === undefined ? '' : `, net ${formatUsd(netDelta)}`}${pnl}`,
    },
    ...(liquidation ? [{ name: `${asset} liquidation`, value: describeLiquidation(liquidation) }] : []),
    ...(forecast
      ? [
          {
            name: `${asset} market`,
            value: `${formatPrice(forecast.market.price)} (${formatAge(at - forecast.market.priceAt)} old), volatility ${formatPercent(forecast.market.hourlyVolatility * Math.sqrt(8760), 0)} a year, funding ${forecast.market.fundingRate === undefined ? 'missing' : `${formatBps(forecast.market.fundingRate * 1e4)} per 8 h`}`,
          },
          { name: `${asset} forecast`, value: describePrediction(forecast.prediction) },
          { name: `${asset} feeds`, value: describeFeeds(forecast.market.freshness) },
        ]
      : [{ name: `${asset} market`, value: 'no forecast yet' }]),
    ...(openProposal
      ? [
          {
            name: `${asset} proposal`,
            value: `${openProposal.proposalId} ${openProposal.state}: ${openProposal.side} ${formatQuantity(openProposal.quantity, asset)}`,
          },
        ]
      : []),
    ...openAlerts.map((alert) => ({
      name: `${asset} alert`,
      value: `cluster at ${formatPrice(alert.cluster.peakPrice)} since ${formatTime(alert.raisedAt)}`,
    })),
  ]
}

/** Always with its assumption: the paper account posts no margin and cannot be liquidated. */
function describeLiquidation({ found, distance, ...by }: NonNullable<AssetStatus['liquidation']>): string {
  const assumed = `if the paper short stood alone on ${by.assumedLeverage}x isolated margin, by ${by.venue} tiers of ${formatTime(by.tiersFrom).slice(0, 10)}`
  switch (found.kind) {
    case 'at': {
      const side = (distance ?? 0) < 0 ? 'below' : 'above'
      const away = distance === undefined ? '' : `, ${formatPercent(Math.abs(distance))} ${side} the price`
      return `at mark ${formatPrice(found.price)}${away}, ${assumed}`
    }
    case 'never':
      return `at no price, ${assumed}`
    case 'beyond-tiers':
      return `${formatUsd(found.notional)} is more than the ${formatUsd(found.maxNotional)} that can be held, ${assumed}`
  }
}

type Freshness = NonNullable<AssetStatus['forecast']>['market']['freshness']

const describeFeeds = (feeds: Freshness): string =>
  feeds
    .map(
      ({ feed, freshness }) =>
        `${feed} ${freshness.state === 'missing' ? 'missing' : `${freshness.state === 'stale' ? 'STALE ' : ''}${formatAge(freshness.age)}`}`,
    )
    .join(', ')
