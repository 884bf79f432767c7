import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatTime } from '../src/domain/format.ts'
import { drawdownLines, pnlFields } from './pnl-text.ts'

/** `/pnl [days]`: the book with its hedge against the book without it. */
export default command({
  name: 'pnl',
  description: 'P&L with the hedge and without it: spot, hedge, fees, greatest drawdown',
  role: 'viewer',
  options: z.object({
    days: z.coerce.number().int().min(1).max(90).default(7).describe('How far back, 1 to 90, 7 by default'),
  }),

  async run({ options }, app) {
    const report = await app.reportPnl(options)
    const days = options.days === 1 ? 'the last day' : `the last ${options.days} days`
    if (report.points.length < 2)
      return {
        tone: 'info',
        title: `No P&L for ${days}`,
        text: 'Fewer than two hourly prices are on record in this time.',
        footer: formatTime(report.at),
      }
    return {
      tone: 'info',
      title: `P&L of book ${report.book}, ${days}`,
      fields: [...pnlFields(report), { name: 'Greatest drawdown', value: drawdownLines(report) }],
      buttons: [
        { label: 'Positions', command: '/positions', style: 'neutral' },
        { label: 'Weekly report', command: '/report weekly', style: 'neutral' },
      ],
      footer: `${formatTime(report.points[0]!.at)} to ${formatTime(report.points.at(-1)!.at)}, hourly; paper money`,
    }
  },
})
