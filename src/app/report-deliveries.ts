import { type DeliveryRecord, URGENCIES, type Urgency } from '../domain/delivery.ts'
import { type DurationMs, elapsed } from '../domain/units.ts'
import type { Ports } from './ports.ts'

/** How many of the latest messages the figures are of. */
const LOOKED_AT = 1_000

export interface UrgencyFigures {
  readonly urgency: Urgency
  readonly delivered: number
  readonly waiting: number
  readonly givenUp: number
  /** From the moment the word was put on record until the platform had taken it; undefined where nothing was delivered. */
  readonly latency?: { readonly median: DurationMs; readonly p95: DurationMs; readonly max: DurationMs }
}

export interface DeliveryReport {
  readonly looked: number
  readonly figures: readonly UrgencyFigures[]
  /** Newest first; what a newer version has overtaken is left out. */
  readonly latest: readonly DeliveryRecord[]
  /** Given up, or waiting for another try; newest first. */
  readonly failures: readonly DeliveryRecord[]
}

/** What became of the latest messages: how soon they arrived by urgency, and which did not. */
export const createReportDeliveries =
  ({ store }: Pick<Ports, 'store'>) =>
  async (limit: number): Promise<DeliveryReport> => {
    const records = (await store.outbox.log({ limit: LOOKED_AT })).filter(({ state }) => state !== 'superseded')
    return {
      looked: records.length,
      figures: URGENCIES.map((urgency) =>
        figuresOf(
          urgency,
          records.filter((record) => record.urgency === urgency),
        ),
      ),
      latest: records.slice(0, limit),
      failures: records
        .filter(({ state, lastError }) => state === 'given-up' || (state === 'waiting' && lastError !== undefined))
        .slice(0, limit),
    }
  }

function figuresOf(urgency: Urgency, records: readonly DeliveryRecord[]): UrgencyFigures {
  const took = records
    .flatMap(({ deliveredAt, waitingSince }) => (deliveredAt === undefined ? [] : elapsed(waitingSince, deliveredAt)))
    .sort((a, b) => a - b)
  const count = (state: DeliveryRecord['state']): number => records.filter((one) => one.state === state).length
  return {
    urgency,
    delivered: took.length,
    waiting: count('waiting'),
    givenUp: count('given-up'),
    ...(took.length > 0 && { latency: { median: quantile(took, 0.5), p95: quantile(took, 0.95), max: took.at(-1)! } }),
  }
}

/** The smallest that at least this share of them does not exceed: always one that was measured. */
const quantile = (sorted: readonly DurationMs[], share: number): DurationMs =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
