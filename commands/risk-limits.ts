import { z } from 'zod'
import type { LimitInForce } from '../src/app/change-limits.ts'
import { titleOf } from '../src/app/request-card.ts'
import { command } from '../src/chat/command.ts'
import { formatTime } from '../src/domain/format.ts'
import { compareLimit, formatLimit } from '../src/domain/risk/limit-value.ts'
import { LIMITS, type LimitKey } from '../src/domain/risk/limits.ts'

/** By what they hold in check, so that the list reads on a phone. */
const GROUPS: readonly (readonly [string, readonly LimitKey[]])[] = [
  [
    'Size',
    [
      'maxRatio',
      'maxOrderNotional',
      'maxProposalNotional',
      'maxDayNotional',
      'maxGrossNotional',
      'maxNetNotional',
      'maxVenueShare',
    ],
  ],
  [
    'Pace and price',
    [
      'maxDailyProposals',
      'maxOrdersPerMinute',
      'maxRatioChangePerHour',
      'maxRatioChangePerDay',
      'priceCollar',
      'maxSlippage',
    ],
  ],
  ['Margin and leverage', ['maxLeverage', 'hardLeverage', 'warnMarginRatio', 'minMarginRatio', 'maxMarginUse']],
  ['Own liquidation', ['warnLiquidationDistance', 'minLiquidationDistance', 'emergencyLiquidationDistance']],
  ['Loss of the day', ['warnDailyLoss', 'softDailyLoss', 'hardDailyLoss']],
  ['Data and market', ['maxPriceAge', 'minPriceVenues', 'maxDispersion', 'maxMarkIndexGap', 'fundingSpike']],
]

/** `/risk limits`: every limit by the name that `/risk set` takes, with the value in force and where it comes from. */
export default command({
  name: 'risk limits',
  description: 'Every limit: what it is now, and who set it',
  role: 'viewer',
  options: z.object({}),

  async run(_, app) {
    const [limits, pending] = await Promise.all([app.listLimits(), app.listRequests()])
    const named = new Set(GROUPS.flatMap(([, keys]) => keys))
    const rest = limits.filter(({ key }) => !named.has(key))
    const waiting = pending.filter(({ subject }) => subject.kind === 'limit')
    return {
      tone: 'info',
      title: 'Limits in force',
      fields: [
        ...GROUPS.map(([name, keys]) => ({
          name,
          value: keys.map((key) => describe(limits.find((limit) => limit.key === key)!)).join('\n'),
        })),
        ...(rest.length > 0 ? [{ name: 'Others', value: rest.map(describe).join('\n') }] : []),
        ...(waiting.length > 0
          ? [
              {
                name: 'Asked for',
                value: waiting
                  .map(
                    (request) => `${titleOf(request)}, by ${request.requestedBy}: /risk approve ${request.requestId}`,
                  )
                  .join('\n'),
              },
            ]
          : []),
      ],
      footer: 'As configured where nothing else is said. /risk set <limit> <value> asks for another.',
    }
  },
})

function describe({ key, value, configured, decided }: LimitInForce): string {
  const line = `${LIMITS[key].name}: ${formatLimit(key, value)}`
  if (!decided) return line
  const change = compareLimit(key, configured, value)
  return `${line}, set by ${decided.requestedBy} and ${decided.approvedBy} ${formatTime(decided.at)}; configured ${formatLimit(key, configured)}${change === 'the same' ? '' : `, so it is ${change}`}`
}
