import type { App } from '../src/app/app.ts'
import type { AssetStatus, BookStatus } from '../src/app/report-status.ts'
import type { Completion } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import {
  formatAge,
  formatCount,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatTime,
  formatUsd,
} from '../src/domain/format.ts'
import type { Preferences } from '../src/domain/preferences.ts'

/** How answers about the book say things, short enough for a line of a phone. */

type Units = Preferences['units']

/** `10 ETH ($30.0 k)` or `$30.0 k (10 ETH)`, as the reader wants it; coins alone before the first price. */
export function formatHeld(
  quantity: number,
  { asset, price, units }: { asset: string; price: number | undefined; units: Units },
): string {
  const coins = `${quantity < 0 ? '−' : ''}${formatQuantity(quantity, asset)}`
  if (price === undefined) return coins
  const value = formatUsd(quantity * price)
  return units === 'coins' ? `${coins} (${value})` : `${value} (${coins})`
}

export const shortOrLong = (hedge: number): string => (hedge < 0 ? 'long' : 'short')

/** Price and share of what is hedged, each on a line of its own: nothing a phone has to break. */
export function liquidationLines({ found, distance, ...by }: NonNullable<AssetStatus['liquidation']>): string {
  const assumed = `assumes ${by.assumedLeverage}x isolated, ${by.venue} tiers of ${formatTime(by.tiersFrom).slice(0, 10)}`
  switch (found.kind) {
    case 'at': {
      const away =
        distance === undefined
          ? ''
          : `, ${formatPercent(Math.abs(distance))} ${distance < 0 ? 'below' : 'above'} the price`
      return `at mark ${formatPrice(found.price)}${away}\n${assumed}`
    }
    case 'never':
      return `at no price\n${assumed}`
    case 'beyond-tiers':
      return `${formatUsd(found.notional)} is more than the ${formatUsd(found.maxNotional)} that can be held\n${assumed}`
  }
}

/** With its sign; a sum that rounds to nothing has none. */
export const formatPnl = (value: number): string =>
  Math.abs(value) < 0.005 ? '$0.00' : `${value > 0 ? '+' : ''}${formatUsd(value)}`

/** `paper money, prices 12 s old`; when the book was read stands before it. */
export function footerOf({ at, assets, undeliveredMessages }: BookStatus): string {
  const ages = assets.flatMap(({ forecast }) => (forecast ? [at - forecast.market.priceAt] : []))
  return [
    formatTime(at),
    ...(ages.length > 0 ? [`prices up to ${formatAge(Math.max(...ages))} old`] : []),
    'paper money',
    ...(undeliveredMessages > 0 ? [`${formatCount(undeliveredMessages, 'message')} not yet delivered`] : []),
  ].join(', ')
}

/** What can be typed for an asset of the book. */
export const bookAssets = async (app: Pick<App, 'reportStatus'>): Promise<readonly Completion[]> =>
  (await app.reportStatus()).assets.map(({ holding }) => ({ value: holding.asset }))

export const notHeld = (asset: string, held: readonly string[]): Card => ({
  tone: 'refused',
  title: `The book holds no ${asset}`,
  text: held.length === 0 ? 'It holds nothing: BOOK names what it holds.' : `It holds ${held.join(', ')}.`,
})
