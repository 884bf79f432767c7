import type { AssetStatus, BookStatus } from '../src/app/report-status.ts'
import type { Cluster } from '../src/domain/forecast.ts'
import { formatAge, formatPercent, formatPrice, formatTime } from '../src/domain/format.ts'
import type { StatusPicture, StatusRow } from '../src/domain/picture.ts'
import type { Preferences } from '../src/domain/preferences.ts'
import { formatHeld, formatPnl } from './book-text.ts'
import { inWords, labelled } from './liq-text.ts'

/** The book on one card: of what `/hedge status` says, what is better seen than read. */
export function statusPicture(status: BookStatus, units: Preferences['units']): StatusPicture {
  const rows = status.assets.map((asset) => rowOf(asset, units))
  const [last] = status.day.slice(-1)
  const ages = status.assets.flatMap(({ forecast }) => (forecast ? [status.at - forecast.market.priceAt] : []))
  const old = ages.length === 0 ? 'no prices yet' : `prices up to ${formatAge(Math.max(...ages))} old`
  return {
    kind: 'status',
    title: `Book ${status.book}: trading ${status.tradingState.state}`,
    subtitle: `${formatTime(status.at)}, ${old}, paper money; clusters are an estimate from open interest`,
    alt: [
      ...status.assets.map((asset, i) => altOf(asset, rows[i]!)),
      ...(last && status.day.length > 1
        ? [`P&L of the last 24 h: ${formatPnl(last.hedged)} with the hedge, ${formatPnl(last.unhedged)} without it.`]
        : []),
    ].join(' '),
    rows,
    pnl: status.day.map(({ at, unhedged, hedged }) => ({ at, unhedged, hedged })),
  }
}

function rowOf({ holding, forecast, clusters, liquidation }: AssetStatus, units: Preferences['units']): StatusRow {
  const { asset, exposure, hedgeRatio } = holding
  const price = forecast?.market.price
  return {
    asset,
    held: formatHeld(exposure, { asset, price, units }),
    hedgeRatio,
    ...(price === undefined ? {} : { price }),
    ...(liquidation?.found.kind === 'at'
      ? {
          liquidation: {
            price: liquidation.found.price,
            assumption: `${liquidation.assumedLeverage}x isolated assumed`,
          },
        }
      : {}),
    clusters: labelled(nearestEachSide(clusters)),
  }
}

const nearestEachSide = (clusters: readonly Cluster[]): readonly Cluster[] =>
  (['sell', 'buy'] as const).flatMap((side) =>
    clusters
      .filter((cluster) => cluster.side === side)
      .toSorted((a, b) => a.distance - b.distance)
      .slice(0, 1),
  )

function altOf({ holding, forecast, clusters, liquidation }: AssetStatus, { held }: StatusRow): string {
  const price = forecast ? ` at ${formatPrice(forecast.market.price)}` : ''
  const sentences = [
    `${holding.asset}${price}: ${held}, ${formatPercent(holding.hedgeRatio)} hedged`,
    inWords(nearestEachSide(clusters)),
    liquidation?.found.kind === 'at' ? `Hedge liquidated at ${formatPrice(liquidation.found.price)}` : '',
  ]
  return sentences.flatMap((sentence) => (sentence === '' ? [] : [`${sentence}.`])).join(' ')
}
