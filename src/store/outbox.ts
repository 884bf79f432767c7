import { sql } from 'kysely'
import { timestamp } from '../domain/units.ts'
import type { OutboxMessage, Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { jsonb, storable } from './json.ts'

/** Any number, the same in every process: claims are made one after the other, so that each sees the one before. */
const CLAIM_LOCK = 7_270_105

const WAITING = sql`waiting.delivered_at is null and not waiting.given_up`

/** Until when an older message about the same card is on its way in other hands: two at once would be two posts. */
const CARD_BUSY_UNTIL_AT = sql`coalesce((
  select max(older.claimed_until_at) from outbox as older
  where older.card_key = waiting.card_key and older.platform = waiting.platform and older.channel = waiting.channel
    and older.seq < waiting.seq and older.delivered_at is null and not older.given_up
), 0)`

export function createOutbox(context: StoreContext): Store['outbox'] {
  const { db } = context
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

    claim: (limit, at, claimFor) =>
      atomically(context, async (tx) => {
        await sql`select pg_advisory_xact_lock(${CLAIM_LOCK}::bigint)`.execute(tx)
        const { rows } = await sql<OutboxMessage & { seq: number }>`
          update outbox set claimed_until_at = ${at + claimFor}::bigint
          where message_key in (
            select message_key from outbox as waiting
            where ${WAITING}
              and waiting.due_at <= ${at}
              and coalesce(waiting.claimed_until_at, 0) <= ${at}
              and ${CARD_BUSY_UNTIL_AT} <= ${at}
            order by waiting.seq
            limit ${limit}
            for update skip locked
          )
          returning message_key as "messageKey", card_key as "cardKey", platform, channel, card,
            created_at as "createdAt", attempts, seq`.execute(tx)
        return rows.sort((a, b) => a.seq - b.seq).map(({ seq: _, ...message }) => message)
      }),

    delivered: (messageKey, messageId, at) =>
      atomically(context, async (tx) => {
        const sent = await tx
          .updateTable('outbox')
          .set({ delivered_at: at, message_id: messageId, claimed_until_at: null, last_error: null })
          .where('message_key', '=', messageKey)
          .returning(['card_key', 'platform', 'channel', 'seq'])
          .executeTakeFirst()
        if (!sent) throw new RangeError(`Expected a stored message, was ${messageKey}, which does not exist`)
        // What waited for a retry is out of date now: sent later, it would put an old card over this one.
        await tx
          .updateTable('outbox')
          .set({ given_up: true, last_error: `superseded by ${messageKey}` })
          .where('card_key', '=', sent.card_key)
          .where('platform', '=', sent.platform)
          .where('channel', '=', sent.channel)
          .where('seq', '<', sent.seq)
          .where('delivered_at', 'is', null)
          .where('given_up', '=', false)
          .execute()
      }),

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
        select min(greatest(waiting.due_at, coalesce(waiting.claimed_until_at, 0), ${CARD_BUSY_UNTIL_AT})) as at
        from outbox as waiting where ${WAITING}`.execute(db)
      const at = rows[0]?.at
      return at === null || at === undefined ? undefined : timestamp(at)
    },
  }
}
