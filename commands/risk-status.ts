import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatBps, formatPercent, formatTime, formatUsd } from '../src/domain/format.ts'

/** `/risk status`: the trading state and the limits every order has to pass. */
export default command({
  name: 'risk status',
  description: 'Trading state, limits, and how much of them is used',
  role: 'viewer',
  options: z.object({}),

  async run(_, app) {
    const { tradingState, limits, assets, at } = await app.reportStatus()
    const gross = assets.reduce(
      (sum, asset) => sum + Math.abs(asset.holding.hedge) * (asset.forecast?.market.price ?? 0),
      0,
    )
    return {
      tone: tradingState.state === 'active' ? 'info' : 'warning',
      title: `Trading state: ${tradingState.state}`,
      fields: [
        {
          name: 'Since',
          value:
            tradingState.at === 0
              ? tradingState.reason
              : `${formatTime(tradingState.at)} by ${tradingState.by}${tradingState.reason ? `: ${tradingState.reason}` : ''}`,
        },
        { name: 'Gross hedge', value: `${formatUsd(gross)} of ${formatUsd(limits.maxGrossNotional)}` },
        { name: 'Per proposal', value: `at most ${formatUsd(limits.maxProposalNotional)}` },
        {
          name: 'Per order',
          value: `at most ${formatUsd(limits.maxOrderNotional)}, within ${formatBps(limits.priceCollar)} of mid`,
        },
        {
          name: 'Pace',
          value: `${limits.maxOrdersPerMinute} orders a minute, ${limits.maxDailyProposals} proposals a day`,
        },
        {
          name: 'Hedge ratio',
          value: `at most ${formatPercent(limits.maxRatio, 0)}; now ${assets.map((asset) => `${asset.holding.asset} ${formatPercent(asset.holding.hedgeRatio)}`).join(', ')}`,
        },
      ],
      footer: formatTime(at),
    }
  },
})
