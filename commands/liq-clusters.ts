import { z } from 'zod'
import { describeCluster, describeConfidence } from '../src/app/cards.ts'
import { command } from '../src/chat/command.ts'
import { formatAge, formatPrice, formatTime } from '../src/domain/format.ts'
import { symbol } from './arguments.ts'

/** `/liq clusters [symbol]`: where leveraged positions are estimated to die, nearest first, with calibrated confidence. */
export default command({
  name: 'liq clusters',
  description: 'Estimated liquidation clusters, nearest first, with calibrated confidence',
  role: 'viewer',
  options: z.object({
    symbol: symbol.describe('Asset, ETH by default'),
  }),

  async run({ options, at }, app) {
    const latest = await app.listClusters(options.symbol)
    if (!latest)
      return {
        tone: 'refused',
        title: `Nothing known about ${options.symbol}`,
        text: 'No forecast has been made for it. /hedge status lists the assets of the book.',
      }
    const { forecast, clusters } = latest
    if (clusters.length === 0) {
      const openInterest = forecast.market.freshness.find((feed) => feed.feed === 'open-interest')?.freshness
      const why =
        openInterest?.state === 'missing'
          ? 'No open interest has been received, so there is no map.'
          : 'The map holds nothing that stands out.'
      return { tone: 'info', title: `${options.symbol}: no clusters`, text: why, footer: formatTime(forecast.at) }
    }
    const nearest = [...clusters].sort((a, b) => a.distance - b.distance).slice(0, 8)
    return {
      tone: 'info',
      title: `${options.symbol} liquidation clusters at ${formatPrice(forecast.market.price)}`,
      fields: nearest.map((cluster) => ({
        name: `${cluster.side === 'sell' ? 'longs' : 'shorts'} ${formatPrice(cluster.peakPrice)}`,
        value: `${describeCluster(cluster)}; confidence ${describeConfidence(cluster)}`,
      })),
      footer: `${formatTime(forecast.at)}, ${formatAge(at - forecast.at)} old; an estimate from open interest, never a list of real positions`,
    }
  },
})
