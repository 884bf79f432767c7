import { z } from 'zod'
import type { UrgencyFigures } from '../src/app/report-deliveries.ts'
import { command } from '../src/chat/command.ts'
import { type DeliveryRecord, directUserOf } from '../src/domain/delivery.ts'
import { formatAge, formatTime } from '../src/domain/format.ts'
import { type DurationMs, MINUTE } from '../src/domain/units.ts'

const LONGEST_REASON = 160

/** `/deliveries [limit]`: how soon messages arrive, by urgency; the latest, and those that did not arrive. */
export default command({
  name: 'deliveries',
  description: 'How soon messages arrive by urgency, the latest of them, and those that failed',
  role: 'approver',
  options: z.object({ limit: z.coerce.number().int().min(1).max(20).default(8).describe('How many, 8 by default') }),

  async run({ options, at }, app) {
    const { looked, figures, latest, failures } = await app.reportDeliveries(options.limit)
    if (looked === 0) return { tone: 'info', title: 'No messages yet', text: 'Nothing was put on its way so far.' }
    return {
      tone: failures.length > 0 ? 'warning' : 'ok',
      title: `Deliveries: the last ${looked} ${looked === 1 ? 'message' : 'messages'}`,
      fields: [
        ...figures.map((one) => ({
          name: `${one.urgency[0]!.toUpperCase()}${one.urgency.slice(1)}`,
          value: describe(one),
        })),
        { name: 'Latest', value: latest.map(lineOf).join('\n') },
        { name: 'Failures', value: failures.length === 0 ? 'none' : failures.map(failureOf).join('\n') },
      ],
      footer: `${formatTime(at)}. Latency: from the record of the word to the platform's yes.`,
      ephemeral: true,
    }
  },
})

function describe({ delivered, waiting, givenUp, latency }: UrgencyFigures): string {
  const counts = [
    `${delivered} delivered`,
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(givenUp > 0 ? [`${givenUp} given up`] : []),
  ].join(', ')
  if (!latency) return counts
  const { median, p95, max } = latency
  return `${counts}; p50 ${formatLatency(median)}, p95 ${formatLatency(p95)}, longest ${formatLatency(max)}`
}

const formatLatency = (ms: DurationMs): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : ms < MINUTE ? `${(ms / 1_000).toFixed(1)} s` : formatAge(ms)

/** Whose private chat, rather than its number. */
const placeOf = ({ platform, channel, memberId }: DeliveryRecord): string =>
  memberId !== undefined && directUserOf(channel) !== undefined
    ? `${memberId} on ${platform}`
    : `${platform} ${channel}`

const lineOf = (record: DeliveryRecord): string => {
  const { title, waitingSince, deliveredAt, state, urgency } = record
  const how =
    deliveredAt === undefined ? state.replace('-', ' ') : formatLatency((deliveredAt - waitingSince) as DurationMs)
  return `${formatTime(waitingSince)} ${urgency}, ${placeOf(record)}: ${title}: ${how}`
}

const failureOf = (record: DeliveryRecord): string => {
  const { title, waitingSince, attempts, lastError = 'no reason known', state } = record
  const reason = lastError.length > LONGEST_REASON ? `${lastError.slice(0, LONGEST_REASON)}…` : lastError
  return `${formatTime(waitingSince)} ${placeOf(record)}: ${title}: ${state.replace('-', ' ')} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}, ${reason}`
}
