import { sql } from 'kysely'
import { URGENCIES } from '../domain/delivery.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { OutboxMessage, Place } from '../ports.ts'
import { present } from './json.ts'
import type { Db } from './pool.ts'

export type Nulls<T> = { [K in keyof T]: T[K] | null }
export type OutboxRow = Nulls<Omit<OutboxMessage, 'urgency'>> & { urgency: number }

/** The columns of a message, of a table under this name. */
export const columnsOf = (table: string) => {
  const of = (column: string) => sql.ref(`${table}.${column}`)
  return sql`${of('message_key')} as "messageKey", ${of('card_key')} as "cardKey", ${of('platform')} as platform,
    ${of('channel')} as channel, ${of('member_id')} as "memberId", ${of('card')} as card, ${of('revision')} as revision,
    ${of('urgency')} as urgency, ${of('foldable')} as foldable, ${of('created_at')} as "createdAt",
    ${of('waiting_since')} as "waitingSince", ${of('attempts')} as attempts`
}

export const toMessage = (row: OutboxRow): OutboxMessage =>
  present<OutboxMessage>({ ...row, urgency: URGENCIES[row.urgency]! })

/** What a card tells of others: each in its newest version, unless that has a message of its own. */
export async function readFolded(db: Db, into: string): Promise<readonly OutboxMessage[]> {
  const { rows } = await sql<OutboxRow>`
    select ${columnsOf('folded')} from outbox as folded
    where folded.folded_into = ${into}
      and not exists (
        select from outbox as later
        where later.card_key = folded.card_key and later.platform = folded.platform and later.channel = folded.channel
          and later.seq > folded.seq and later.delivered_at is not null
      )
    order by folded.waiting_since, folded.seq`.execute(db)
  return rows.map(toMessage)
}

export async function lastFold(db: Db, { platform, channel }: Place, since: TimestampMs): Promise<string | undefined> {
  const row = await db
    .selectFrom('outbox')
    .select('folded_into')
    .where('folded_into', 'is not', null)
    .where('platform', '=', platform)
    .where('channel', '=', channel)
    .where('delivered_at', '>', since)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.folded_into ?? undefined
}
