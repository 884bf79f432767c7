import { z } from 'zod'
import { describePrediction } from '../src/app/cards.ts'
import type { AssetStatus } from '../src/app/report-status.ts'
import { command } from '../src/chat/command.ts'
import type { Button } from '../src/domain/card.ts'
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
import { footerOf, formatPnl, liquidationLines, shortOrLong } from './book-text.ts'
import { statusPicture } from './status-picture.ts'

const MAP_BUTTONS = 3

/** `/hedge status`: what is held, what hedges it, what the models say with their ages, what waits for a decision. */
export default command({
  name: 'hedge status',
  description: 'Exposure, hedge, forecast, open proposals and alerts of the book',
  role: 'viewer',
  options: z.object({
    picture: z.enum(['yes', 'no']).optional().describe('With a picture; yes in a chat, no on a terminal by default'),
  }),

  async run({ options, identity, preferences }, app) {
    const status = await app.reportStatus()
    const wanted = options.picture ?? (identity.platform === 'console' ? 'no' : 'yes')
    return {
      tone: status.tradingState.state === 'active' ? 'info' : 'warning',
      title: `Book ${status.book}: trading ${status.tradingState.state}`,
      ...(status.tradingState.because.length === 0 ? {} : { text: status.tradingState.because.slice(0, 3).join('\n') }),
      fields: status.assets.flatMap((asset) => assetFields(asset, status.at)),
      ...(wanted === 'yes' ? { picture: statusPicture(status, preferences.units) } : {}),
      buttons: [
        ...status.assets
          .slice(0, MAP_BUTTONS)
          .map(({ holding: { asset } }) =>
            button(status.assets.length > 1 ? `Map ${asset}` : 'Map', `/liq map ${asset}`),
          ),
        button('Positions', '/positions'),
        button('P&L', '/pnl'),
      ],
      footer: footerOf(status),
    }
  },
})

const button = (label: string, typed: string): Button => ({ label, command: typed, style: 'neutral' })

function assetFields(
  { holding, forecast, unrealizedPnl, netDelta, liquidation, openProposal, openAlerts }: AssetStatus,
  at: TimestampMs,
) {
  const { asset, exposure, hedge, hedgeRatio } = holding
  const held = `${formatQuantity(exposure, asset)} spot, ${formatQuantity(hedge, asset)} ${shortOrLong(hedge)} = ${formatPercent(hedgeRatio)} hedged`
  const pnl =
    unrealizedPnl === undefined
      ? []
      : [
          {
            name: `${asset} hedge P&L`,
            value: `${formatPnl(unrealizedPnl + holding.realizedPnl - holding.fees)} after ${formatUsd(holding.fees)} fees`,
          },
        ]
  return [
    {
      name: `${asset} position`,
      value: netDelta === undefined ? held : `${held}\nnet ${formatUsd(netDelta)}`,
    },
    ...pnl,
    ...(liquidation ? [{ name: `${asset} liquidation`, value: liquidationLines(liquidation) }] : []),
    ...(forecast
      ? [
          { name: `${asset} market`, value: marketLines(forecast, at) },
          { name: `${asset} forecast`, value: describePrediction(forecast.prediction) },
          { name: `${asset} feeds`, value: feedLines(forecast.market.freshness) },
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

type Seen = NonNullable<AssetStatus['forecast']>

function marketLines({ market }: Seen, at: TimestampMs): string {
  const { price, priceAt, hourlyVolatility, fundingRate } = market
  const funding = fundingRate === undefined ? 'missing' : `${formatBps(fundingRate * 1e4)} per 8 h`
  return `${formatPrice(price)} (${formatAge(at - priceAt)} old)\nvolatility ${formatPercent(hourlyVolatility * Math.sqrt(8760), 0)} a year, funding ${funding}`
}

/** What is fresh with its age, then what is not, each on a line: what is missing must not drown in a row. */
function feedLines(feeds: Seen['market']['freshness']): string {
  const aged = (state: 'fresh' | 'stale'): string =>
    feeds
      .flatMap(({ feed, freshness }) => (freshness.state === state ? [`${feed} ${formatAge(freshness.age)}`] : []))
      .join(', ')
  const missing = feeds.filter(({ freshness }) => freshness.state === 'missing').map(({ feed }) => feed)
  const lines = [
    aged('fresh'),
    aged('stale') && `STALE ${aged('stale')}`,
    missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
  ].filter((line) => line !== '')
  return lines.join('\n') || 'none declared'
}
