import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import type { Cluster } from '../src/domain/forecast.ts'
import { formatAge, formatPercent, formatPrice, formatTime, formatUsd } from '../src/domain/format.ts'
import { symbol } from './arguments.ts'
import { profilePicture } from './liq-pictures.ts'
import {
  bandOf,
  confidenceLine,
  dataLine,
  distanceOf,
  ESTIMATE,
  nearestFirst,
  nothingKnown,
  sharesOf,
  shortId,
  sideOf,
  whyNoMap,
} from './liq-text.ts'

const MOST_SHOWN = 8

/** `/liq clusters [symbol]`: where leveraged positions are estimated to die, nearest first, with calibrated confidence. */
export default command({
  name: 'liq clusters',
  description: 'Estimated liquidation clusters, nearest first, with calibrated confidence',
  role: 'viewer',
  options: z.object({
    symbol: symbol.describe('Asset, ETH by default'),
  }),

  async run({ options, at }, app) {
    const reading = await app.readMap({ asset: options.symbol })
    if (!reading) return nothingKnown(options.symbol)
    const { forecast, clusters, current } = reading
    if (clusters.length === 0)
      return {
        tone: 'info',
        title: `${options.symbol}: no clusters`,
        text: whyNoMap(reading),
        footer: formatTime(forecast.at),
      }
    const nearest = nearestFirst(clusters).slice(0, MOST_SHOWN)
    const farther = clusters.length - nearest.length
    return {
      tone: 'info',
      title: `${options.symbol} liquidation clusters at ${formatPrice(forecast.market.price)}`,
      fields: [
        ...nearest.map((cluster) => ({
          name: `${sideOf(cluster)} ${formatPrice(cluster.peakPrice)}, id ${shortId(cluster.clusterId)}`,
          value: describe(cluster),
        })),
        { name: 'Data', value: dataLine(nearest) ?? 'no clusters' },
        ...(farther > 0 ? [{ name: 'Farther away', value: `${farther} more, see /liq map` }] : []),
      ],
      ...(current ? { picture: profilePicture(current, reading, nearest) } : {}),
      footer: `${formatTime(forecast.at)}, ${formatAge(at - forecast.at)} old; /liq explain <id> says more; ${ESTIMATE}`,
    }
  },
})

const describe = (cluster: Cluster): string =>
  [
    `${bandOf(cluster)}, ${distanceOf(cluster)}, ${cluster.distanceSigma.toFixed(1)} standard deviations of a day`,
    `${formatUsd(cluster.notional)}, ${formatPercent(cluster.shareOfOpenInterest)} of open interest${cluster.gain === undefined ? '' : `, cascade gain ${cluster.gain.toFixed(2)}`}, age ${formatAge(cluster.age)}, ${sharesOf(cluster.venueShares)}`,
    confidenceLine(cluster),
  ].join('\n')
