import { sql } from 'kysely'
import { timestamp } from '../domain/units.ts'
import type { OutboxMessage, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { jsonb, storable } from './json.ts'

/** Neither delivered nor given up, and nothing older about the same card still waits: a card's story is told in order. */
const NEXT_OF_ITS_CARD = sql`
  waiting.delivered_at is null and not waiting.given_up
  and not exists (
    select from outbox as older
    where older.card_key = waiting.card_key and older.platform = waiting.platform and older.channel = waiting.channel
      and older.seq < waiting.seq and older.delivered_at is null and not older.given_up
  )`

export function createOutbox({ db }: StoreContext): Store['outbox'] {
  return {
    async add(message) {
      await db
        .insertInto('outbox')
        .values({
          message_key: message.messageKey,
          card_key: message.cardKey,
          platform: message.platform,
          channel: message.channel,
          card: jsonb(message.card),
          created_at: message.createdAt,
          due_at: message.createdAt,
        })
        .onConflict((oc) => oc.column('message_key').doNothing())
        .execute()
    },

    async claim(limit, at, claimFor) {
      const { rows } = await sql<OutboxMessage & { seq: number }>`
        update outbox set claimed_until_at = ${at + claimFor}::bigint
        where message_key in (
          select message_key from outbox as waiting
          where ${NEXT_OF_ITS_CARD}
            and waiting.due_at <= ${at}
            and (waiting.claimed_until_at is null or waiting.claimed_until_at <= ${at})
          order by waiting.due_at, waiting.seq
          limit ${limit}
          for update skip locked
        )
        returning message_key as "messageKey", card_key as "cardKey", platform, channel, card,
          created_at as "createdAt", attempts, seq`.execute(db)
      return rows.sort((a, b) => a.createdAt - b.createdAt || a.seq - b.seq).map(({ seq: _, ...message }) => message)
    },

    async delivered(messageKey, messageId, at) {
      await db
        .updateTable('outbox')
        .set({ delivered_at: at, message_id: messageId, claimed_until_at: null, last_error: null })
        .where('message_key', '=', messageKey)
        .execute()
    },

    async failed(messageKey, error, retryAt) {
      await db
        .updateTable('outbox')
        .set((eb) => ({
          attempts: eb('attempts', '+', 1),
          last_error: storable(error),
          claimed_until_at: null,
          ...(retryAt === undefined ? { given_up: true } : { due_at: retryAt }),
        }))
        .where('message_key', '=', messageKey)
        .where('delivered_at', 'is', null)
        .execute()
    },

    async postedAt(cardKey, platform, channel) {
      const row = await db
        .selectFrom('outbox')
        .select('message_id')
        .where('card_key', '=', cardKey)
        .where('platform', '=', platform)
        .where('channel', '=', channel)
        .where('delivered_at', 'is not', null)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row?.message_id ?? undefined
    },

    async undelivered() {
      const row = await db
        .selectFrom('outbox')
        .select((eb) => eb.fn.countAll<number>().as('messages'))
        .where('delivered_at', 'is', null)
        .where('given_up', '=', false)
        .executeTakeFirstOrThrow()
      return row.messages
    },

    async nextDueAt() {
      const { rows } = await sql<{ at: number | null }>`
        select min(greatest(waiting.due_at, coalesce(waiting.claimed_until_at, 0))) as at
        from outbox as waiting where ${NEXT_OF_ITS_CARD}`.execute(db)
      const at = rows[0]?.at
      return at === null || at === undefined ? undefined : timestamp(at)
    },
  }
}
