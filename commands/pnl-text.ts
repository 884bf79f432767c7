import type { PnlReport } from '../src/app/report-pnl.ts'
import type { AssetPnl } from '../src/app/value-path.ts'
import { formatPercent, formatPrice, formatUsd } from '../src/domain/format.ts'
import { formatPnl } from './book-text.ts'

/** Of a report with two points or more: what the book made with its hedge and without it, and of what it is made. */
export function pnlFields({ points, assets }: PnlReport) {
  const last = points.at(-1)!
  return [
    {
      name: 'With the hedge',
      value: `${formatPnl(last.hedged)}, fees and slippage in`,
    },
    { name: 'Without it', value: `${formatPnl(last.unhedged)} on the spot alone` },
    ...assets.map((asset) => ({ name: asset.asset, value: assetLines(asset) })),
    { name: 'Funding', value: fundingLine(assets) },
  ]
}

function assetLines({ startPrice, endPrice, spot, realized, unrealized, fees }: AssetPnl): string {
  const moved = formatPercent(endPrice / startPrice - 1)
  return [
    `${formatPrice(startPrice)} → ${formatPrice(endPrice)} (${moved}), spot ${formatPnl(spot)}`,
    `hedge: realised ${formatPnl(realized)}, open ${formatPnl(unrealized)}`,
    `fees ${formatUsd(fees)}`,
  ].join('\n')
}

function fundingLine(assets: readonly AssetPnl[]): string {
  const known = assets.flatMap(({ funding }) => funding ?? [])
  const none = 'not accrued on paper, in no figure here'
  if (known.length === 0) return none
  const total = known.reduce((sum, one) => sum + one, 0)
  return `${none}\nat the rates on record the hedge would have ${total < 0 ? 'paid' : 'received'} ${formatUsd(Math.abs(total))}`
}

export const drawdownLines = ({ drawdown }: PnlReport): string =>
  `${formatUsd(drawdown.hedged)} with the hedge, ${formatUsd(drawdown.unhedged)} without it`
