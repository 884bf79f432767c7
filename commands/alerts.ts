import { z } from 'zod'
import { describeConfidence } from '../src/app/cards.ts'
import { command } from '../src/chat/command.ts'
import type { Alert } from '../src/domain/alert.ts'
import { raisedPerDay, shareOfTimeUnderAlert } from '../src/domain/alert-figures.ts'
import { formatAge, formatPercent, formatPrice, formatTime } from '../src/domain/format.ts'
import { DAY, later, type TimestampMs } from '../src/domain/units.ts'

const DAYS = 7

/** `/alerts [limit]`: cluster episodes under alert, newest first, and how much of the last week was under alert. */
export default command({
  name: 'alerts',
  description: 'Cluster alerts, open and past, newest first',
  role: 'viewer',
  options: z.object({ limit: z.coerce.number().int().min(1).max(20).default(8).describe('How many, 8 by default') }),

  async run({ options, at }, app) {
    const alerts = await app.listAlerts(options.limit)
    if (alerts.length === 0)
      return { tone: 'info', title: 'No alerts', text: 'No cluster has crossed the threshold so far.' }
    const lately = await app.alertsSince(later(at, -DAYS * DAY))
    return {
      tone: alerts.some((alert) => !alert.endedAt) ? 'warning' : 'info',
      title: `Last ${alerts.length} alerts`,
      fields: [
        ...alerts.map((alert) => ({
          name: `${alert.asset} ${alert.cluster.side === 'sell' ? 'longs' : 'shorts'} at ${formatPrice(alert.cluster.peakPrice)}`,
          value: describeEpisode(alert, at),
        })),
        ...[...new Set(lately.map(({ asset }) => asset))].sort().map((asset) => ({
          name: `${asset}, last ${DAYS} days`,
          value: describeDays(
            lately.filter((alert) => alert.asset === asset),
            at,
          ),
        })),
      ],
    }
  },
})

function describeEpisode(alert: Alert, at: TimestampMs): string {
  const { raisedAt, endedAt, endReason, stage, severity, horizon, cluster, peakConfidence } = alert
  const course = endedAt
    ? `${formatTime(raisedAt)}, lasted ${formatAge(endedAt - raisedAt)}, ${endReason}`
    : `open for ${formatAge(at - raisedAt)}, ${stage}`
  return `${course}, ${severity}; raised at ${describeConfidence(cluster, horizon)}, peak ${formatPercent(peakConfidence)}`
}

function describeDays(alerts: readonly Alert[], at: TimestampMs): string {
  const from = later(at, -DAYS * DAY)
  const perDay = raisedPerDay(alerts, from, at)
  const total = perDay.reduce((sum, count) => sum + count, 0)
  return `${total} raised (${perDay.join(', ')} by day, oldest first), under alert ${formatPercent(shareOfTimeUnderAlert(alerts, from, at))} of the time`
}
