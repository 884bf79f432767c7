import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import type { Cluster } from '../src/domain/forecast.ts'
import { formatAge, formatChance, formatPrice, formatTime, formatUsd } from '../src/domain/format.ts'
import { HOUR } from '../src/domain/units.ts'
import { symbol } from './arguments.ts'
import { mapPicture, profilePicture } from './liq-pictures.ts'
import {
  dataLine,
  distanceOf,
  ESTIMATE,
  estimateOf,
  nearestFirst,
  nothingKnown,
  shortId,
  WHY_UNDETERMINED,
  whyNoMap,
} from './liq-text.ts'

const PER_SIDE = 3

/** `/liq map [symbol] [hours]`: the heat map from the record, with the nearest clusters on each side of the price. */
export default command({
  name: 'liq map',
  description: 'Heat map of estimated liquidations over time, with the nearest clusters each side',
  role: 'viewer',
  options: z.object({
    symbol: symbol.describe('Asset, ETH by default'),
    hours: z.coerce.number().int().min(4).max(240).default(48).describe('How far back, 4 to 240, 48 by default'),
  }),

  async run({ options, at }, app) {
    const asset = options.symbol
    const reading = await app.readMap({ asset, hours: options.hours })
    if (!reading) return nothingKnown(asset)
    const { forecast, clusters, current, history } = reading
    if (!current)
      return {
        tone: 'info',
        title: `${asset}: no map on record`,
        text: whyNoMap(reading),
        footer: formatTime(forecast.at),
      }

    const nearest = nearestFirst(clusters)
    const below = nearest.filter(({ side }) => side === 'sell').slice(0, PER_SIDE)
    const above = nearest.filter(({ side }) => side === 'buy').slice(0, PER_SIDE)
    const shown = [...below, ...above]
    const [age, mapAge] = [at - forecast.at, at - current.at]
    return {
      tone: mapAge > 2 * HOUR ? 'warning' : 'info',
      title: `${asset} liquidation map at ${formatPrice(forecast.market.price)}`,
      ...(mapAge > 2 * HOUR ? { text: `The newest map is ${formatAge(mapAge)} old: is a worker running?` } : {}),
      fields: [
        { name: 'Longs below', value: linesOf(below) },
        { name: 'Shorts above', value: linesOf(above) },
        { name: 'Data', value: dataLine(nearest) ?? whyNoMap(reading) },
        {
          name: 'On record',
          value:
            history.length < 2
              ? `${history.length} hourly ${history.length === 1 ? 'map' : 'maps'} in the last ${options.hours} h; from two on there is a heat map`
              : `${history.length} hourly maps since ${formatTime(history[0]!.at)}`,
        },
      ],
      picture: history.length < 2 ? profilePicture(current, reading, shown) : mapPicture(reading, shown),
      footer: `Forecast ${formatAge(age)} old; /liq explain <id> says more; ${ESTIMATE}`,
    }
  },
})

const linesOf = (clusters: readonly Cluster[]): string =>
  clusters.length === 0 ? 'nothing stands out' : clusters.map(lineOf).join('\n')

function lineOf(cluster: Cluster): string {
  const within = estimateOf(cluster, '24h')
  const said = cluster.confidence['24h']
  const likely = within
    ? `24 h ${formatChance(within.confidence)} (distance and volatility alone ${formatChance(within.baseline)})`
    : `24 h undetermined${said.kind === 'undetermined' ? `: ${WHY_UNDETERMINED[said.reason]}` : ''}`
  return `${formatPrice(cluster.peakPrice)}, ${distanceOf(cluster)}, ${formatUsd(cluster.notional)}, ${likely}, id ${shortId(cluster.clusterId)}`
}
