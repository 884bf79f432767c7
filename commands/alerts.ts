import { z } from 'zod'
import { describeConfidence } from '../src/app/cards.ts'
import { command } from '../src/chat/command.ts'
import { formatAge, formatPercent, formatPrice, formatTime } from '../src/domain/format.ts'

/** `/alerts [limit]`: cluster episodes under alert, newest first. */
export default command({
  name: 'alerts',
  description: 'Cluster alerts, open and past, newest first',
  role: 'viewer',
  options: z.object({ limit: z.coerce.number().int().min(1).max(20).default(8).describe('How many, 8 by default') }),

  async run({ options, at }, app) {
    const alerts = await app.listAlerts(options.limit)
    if (alerts.length === 0)
      return { tone: 'info', title: 'No alerts', text: 'No cluster has crossed the threshold so far.' }
    return {
      tone: alerts.some((alert) => !alert.endedAt) ? 'warning' : 'info',
      title: `Last ${alerts.length} alerts`,
      fields: alerts.map((alert) => ({
        name: `${alert.asset} ${alert.cluster.side === 'sell' ? 'longs' : 'shorts'} at ${formatPrice(alert.cluster.peakPrice)}`,
        value: `${alert.endedAt ? `${formatTime(alert.raisedAt)}, lasted ${formatAge(alert.endedAt - alert.raisedAt)}, ${alert.endReason}` : `open for ${formatAge(at - alert.raisedAt)}`}; raised at ${describeConfidence(alert.cluster)}, peak ${formatPercent(alert.peakConfidence)}`,
      })),
    }
  },
})
