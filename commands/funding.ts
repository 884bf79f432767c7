import { z } from 'zod'
import type { FundingReport } from '../src/app/report-funding.ts'
import { command } from '../src/chat/command.ts'
import { formatAge, formatPercent, formatPrice, formatQuantity, formatTime, formatUsd } from '../src/domain/format.ts'
import type { TimestampMs } from '../src/domain/units.ts'
import { symbol } from './arguments.ts'
import { bookAssets, notHeld, shortOrLong } from './book-text.ts'

const PERIODS_A_YEAR = 3 * 365

/** `/funding [symbol]`: what each venue asks, what it came to over a week, and what it means for the hedge. */
export default command({
  name: 'funding',
  description: 'Funding by venue: now, mean of 7 days, and what the hedge receives or pays',
  role: 'viewer',
  options: z.object({ symbol: symbol.describe('Asset, ETH by default') }),
  complete: { symbol: (_, app) => bookAssets(app) },

  async run({ options }, app) {
    const report = await app.reportFunding(options.symbol)
    if (!report) {
      const { assets } = await app.reportStatus()
      return notHeld(
        options.symbol,
        assets.map(({ holding }) => holding.asset),
      )
    }
    const { asset, at, median, venues } = report
    return {
      tone: 'info',
      title: `${asset} funding`,
      fields: [
        { name: 'For the hedge', value: meaningOf(report) },
        {
          name: 'Median of fresh venues',
          value: median
            ? `${rate(median.rate)}\nas of ${formatAge(at - median.at)} ago`
            : 'missing: no fresh rate when it was last looked at',
        },
        ...(venues.length === 0
          ? [{ name: 'Venues', value: 'none declares funding' }]
          : venues.map((venue) => ({ name: venue.venue, value: venueLines(venue, at) }))),
        { name: 'Next funding', value: 'missing: no feed on record carries the time' },
      ],
      footer: `${formatTime(at)}; positive: longs pay shorts; rates per 8 h whatever the venue's interval`,
    }
  },
})

/** `0.0100 % per 8 h = 10.9 % a year`; simple, not compounded. */
const rate = (per8h: number): string =>
  `${formatPercent(per8h, 4)} per 8 h = ${formatPercent(per8h * PERIODS_A_YEAR)} a year`

type VenueFunding = FundingReport['venues'][number]

function venueLines({ newest, mean, hours, cadence }: VenueFunding, at: TimestampMs): string {
  if (!newest) return 'missing: none received in 7 days'
  const age = at - newest.at
  const average =
    mean === undefined ? 'mean of 7 days missing' : `mean of 7 days ${formatPercent(mean, 4)} (${hours} h on record)`
  return `${rate(newest.rate)}\n${average}\n${age > 2 * cadence ? 'STALE, ' : ''}${formatAge(age)} old`
}

function meaningOf({ asset, hedge, price, perDay }: FundingReport): string {
  if (hedge === 0) return 'no hedge is held: it neither receives nor pays'
  const held = `${shortOrLong(hedge)} ${formatQuantity(hedge, asset)}`
  if (perDay === undefined || price === undefined) return `${held}; what it receives or pays is not known`
  const way = perDay < 0 ? 'would pay' : 'would receive'
  return `${held} at ${formatPrice(price.value)} ${way} ${formatUsd(Math.abs(perDay))} a day\nat the median; paper money accrues none`
}
