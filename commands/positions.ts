import { z } from 'zod'
import type { App } from '../src/app/app.ts'
import type { AssetStatus } from '../src/app/report-status.ts'
import { command } from '../src/chat/command.ts'
import { formatPercent, formatPrice, formatUsd } from '../src/domain/format.ts'
import type { Preferences } from '../src/domain/preferences.ts'
import { symbol } from './arguments.ts'
import { bookAssets, footerOf, formatHeld, formatPnl, liquidationLines, notHeld, shortOrLong } from './book-text.ts'

/** `/positions [symbol]`: both legs of each asset, what they are worth and how far the hedge is from its end. */
export default command({
  name: 'positions',
  description: 'Spot and hedge of each asset: size, entry, mark, P&L, net delta, liquidation',
  role: 'viewer',
  options: z.object({ symbol: symbol.unwrap().optional().describe('One asset; all of the book by default') }),
  complete: { symbol: (_, app) => bookAssets(app) },

  async run({ options, preferences }, app) {
    const status = await app.reportStatus()
    const { units } = preferences
    const held = status.assets.map(({ holding }) => holding.asset)
    const shown = status.assets.filter(({ holding }) => (options.symbol ?? holding.asset) === holding.asset)
    if (shown.length === 0) return notHeld(options.symbol ?? '', held)
    return {
      tone: 'info',
      title: `Positions of book ${status.book}`,
      fields: (
        await Promise.all(shown.map(async (asset) => [...legsOf(asset, units), ...(await stopsOf(app, asset))]))
      ).flat(),
      buttons: [
        { label: 'P&L', command: '/pnl', style: 'neutral' },
        { label: 'Orders', command: '/orders', style: 'neutral' },
      ],
      footer: footerOf(status),
    }
  },
})

async function stopsOf(app: App, { holding: { asset, hedge } }: AssetStatus) {
  const stops = hedge === 0 ? [] : await app.describeStops(asset)
  return stops.length === 0 ? [] : [{ name: `${asset} protective stop`, value: stops.join('\n') }]
}

function legsOf({ holding, forecast, unrealizedPnl, netDelta, liquidation }: AssetStatus, units: Preferences['units']) {
  const { asset, exposure, hedge, hedgeRatio, averageEntryPrice, realizedPnl, fees } = holding
  const price = forecast?.market.price
  const amount = (quantity: number): string => formatHeld(quantity, { asset, price, units })
  const mark = price === undefined ? 'no price yet' : `mark ${formatPrice(price)}`
  const legs = [
    { name: `${asset} spot`, value: `${amount(exposure)}\n${mark}, entry not on record` },
    {
      name: `${asset} hedge`,
      value:
        averageEntryPrice === undefined
          ? 'none held'
          : `${shortOrLong(hedge)} ${amount(Math.abs(hedge))} = ${formatPercent(hedgeRatio)}\nentry ${formatPrice(averageEntryPrice)}, ${mark}`,
    },
  ]
  const open = unrealizedPnl === undefined ? 'not known' : formatPnl(unrealizedPnl)
  return [
    ...legs,
    {
      name: `${asset} hedge P&L`,
      value: `open ${open}, realised ${formatPnl(realizedPnl)}, fees ${formatUsd(fees)}`,
    },
    ...(netDelta === undefined ? [] : [{ name: `${asset} net delta`, value: amount(exposure - hedge) }]),
    ...(liquidation ? [{ name: `${asset} hedge liquidation`, value: liquidationLines(liquidation) }] : []),
  ]
}
