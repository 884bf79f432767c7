import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import type { Alert } from '../src/domain/alert.ts'
import { formatPrice, formatTime } from '../src/domain/format.ts'

/**
 * `/ack <alert>`: someone has seen an alert and takes it on, so it goes no further.
 *
 * The Acknowledge button on an alert's card sends this same command.
 */
export default command({
  name: 'ack',
  description: 'Say that you have seen an alert and take it on; it is not escalated further',
  role: 'trader',
  options: z.object({
    alert: z
      .string()
      .regex(/^[a-z0-9]{4,16}$/i, 'Expected the id of an alert, or its first four characters or more')
      .describe('The id on the card of the alert, or its first four characters or more'),
  }),

  complete: {
    alert: async (_, app) =>
      (await app.openAlerts()).map((alert) => ({
        value: alert.alertId,
        label: `${nameOf(alert)}, ${alert.severity}${alert.acknowledgedBy === undefined ? '' : ', acknowledged'}`,
      })),
  },

  async run({ options, actor }, app) {
    const outcome = await app.acknowledgeAlert({ alertId: options.alert, by: actor })
    switch (outcome.kind) {
      case 'acknowledged':
        return {
          tone: 'ok',
          title: `Acknowledged: ${nameOf(outcome.alert)}`,
          text: 'It is yours now: its cards say so everywhere, and it goes no further.',
          ephemeral: true,
        }
      case 'already':
        return {
          tone: 'info',
          title: `${outcome.by} has acknowledged it already`,
          text: `At ${formatTime(outcome.alert.acknowledgedAt!)}. Nothing changed.`,
          ephemeral: true,
        }
      case 'over':
        return {
          tone: 'info',
          title: `It is over: ${nameOf(outcome.alert)}`,
          text: `It ended ${formatTime(outcome.alert.endedAt!)}, so there is nothing left to take on.`,
          ephemeral: true,
        }
      case 'ambiguous':
        return {
          tone: 'refused',
          title: `${options.alert} is the beginning of ${outcome.alerts.length} ids`,
          text: 'Type one more character of the one you mean.',
          fields: outcome.alerts.map((alert) => ({ name: alert.alertId, value: nameOf(alert) })),
          ephemeral: true,
        }
      case 'not-found':
        return {
          tone: 'refused',
          title: `There is no alert ${options.alert}`,
          text: outcome.open.length > 0 ? 'These are open:' : 'None is open. /alerts lists the latest.',
          fields: outcome.open.map((alert) => ({ name: alert.alertId, value: nameOf(alert) })),
          ephemeral: true,
        }
    }
  },
})

const nameOf = ({ asset, cluster }: Alert): string =>
  `${asset} ${cluster.side === 'sell' ? 'longs' : 'shorts'} at ${formatPrice(cluster.peakPrice)}`
