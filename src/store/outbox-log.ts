import { sql } from 'kysely'
import { type DeliveryRecord, URGENCIES, type Urgency } from '../domain/delivery.ts'
import type { TimestampMs } from '../domain/units.ts'
import { present } from './json.ts'
import type { Db } from './pool.ts'

type Row = { [K in keyof DeliveryRecord]: DeliveryRecord[K] | null }

/** What became of each message, newest first. */
export async function readLog(
  db: Db,
  { cardKey, urgency, limit }: { cardKey?: string; urgency?: Urgency; limit: number },
): Promise<readonly DeliveryRecord[]> {
  const { rows } = await sql<Omit<Row, 'urgency'> & { urgency: number }>`
    select card_key as "cardKey", card ->> 'title' as title, platform, channel, member_id as "memberId", urgency,
      waiting_since as "waitingSince", attempts, delivered_at as "deliveredAt", last_error as "lastError",
      case
        when delivered_at is not null then 'delivered'
        when not given_up then 'waiting'
        when starts_with(last_error, 'superseded by ') then 'superseded'
        else 'given-up'
      end as state
    from outbox
    where ${cardKey === undefined ? sql`true` : sql`card_key = ${cardKey}`}
      and ${urgency === undefined ? sql`true` : sql`urgency = ${URGENCIES.indexOf(urgency)}`}
    order by seq desc
    limit ${limit}`.execute(db)
  return rows.map((row) => present<DeliveryRecord>({ ...row, urgency: URGENCIES[row.urgency]! }))
}

/**
 * Forgets what is over and was put on record before, but for the newest message of a card in a place, and the newest that was
 * delivered there: that post is edited by whatever comes next.
 */
export async function forgetMessages(db: Db, at: TimestampMs): Promise<number> {
  const later = sql`select from outbox as later
    where later.card_key = old.card_key and later.platform = old.platform and later.channel = old.channel
      and later.seq > old.seq`
  const { numAffectedRows = 0n } = await sql`
    delete from outbox as old
    where old.created_at < ${at} and (
      (old.delivered_at is not null and exists (${later} and later.delivered_at is not null))
      or (old.delivered_at is null and old.given_up and exists (${later}))
    )`.execute(db)
  return Number(numAffectedRows)
}
