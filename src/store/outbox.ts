import { type RawBuilder, sql } from 'kysely'
import { URGENCIES } from '../domain/delivery.ts'
import { type TimestampMs, timestamp } from '../domain/units.ts'
import type { OutboxMessage, Place, Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { jsonb, present, storable } from './json.ts'
import { columnsOf, lastFold, type Nulls, type OutboxRow, readFolded, toMessage } from './outbox-fold.ts'
import { forgetMessages, readLog } from './outbox-log.ts'
import type { Db } from './pool.ts'

/** First half of the lock's key; the second is the hash of a card in a place, whose claims are made one after the other. */
const CLAIM_LOCKS = 7_270_105

const WAITING = sql`waiting.delivered_at is null and not waiting.given_up`

const SAME_CARD = sql`other.card_key = waiting.card_key and other.platform = waiting.platform and other.channel = waiting.channel`

/** A later message about the same card waits, or stands in the place already. */
const OVERTAKEN = sql`coalesce((
  select other.seq from outbox as other where ${SAME_CARD} and not other.given_up order by other.seq desc limit 1
), 0) > waiting.seq`

/** Until when an earlier message about the same card is on its way in other hands: two at once would be two posts. */
const CARD_BUSY_UNTIL_AT = sql`coalesce((
  select max(other.claimed_until_at) from outbox as other
  where ${SAME_CARD} and other.seq < waiting.seq and other.delivered_at is null and not other.given_up
), 0)`

/** In an order that is kept: what may still wait of an overtaken card is not asked for by every version of it. */
const isReady = (at: TimestampMs): RawBuilder<boolean> => sql`(
  ${WAITING}
  and waiting.due_at <= ${at}
  and coalesce(waiting.claimed_until_at, 0) <= ${at}
  and case when ${OVERTAKEN} then false else ${CARD_BUSY_UNTIL_AT} <= ${at} end
)`

export function createOutbox(context: StoreContext): Store['outbox'] {
  const { db } = context
  return {
    add: (message) => add(db, message),
    due: (at, { limit, except = [] }) => readDue(db, at, { limit, except }),

    claim: (messageKey, at, claimFor) =>
      atomically(context, async (tx) => {
        // In a statement of its own: the next one then sees what the holder before has written.
        const locked = await sql`
          select pg_advisory_xact_lock(${CLAIM_LOCKS}, hashtext(concat_ws(' ', card_key, platform, channel)))
          from outbox where message_key = ${messageKey}`.execute(tx)
        if (locked.rows.length === 0) return false
        const { rows } = await sql`
          update outbox as waiting set claimed_until_at = ${at + claimFor}::bigint
          where waiting.message_key = ${messageKey} and ${isReady(at)}
          returning message_key`.execute(tx)
        return rows.length > 0
      }),

    async unclaim(messageKey) {
      await db
        .updateTable('outbox')
        .set({ claimed_until_at: null })
        .where('message_key', '=', messageKey)
        .where('delivered_at', 'is', null)
        .execute()
    },

    delivered: (messageKey, messageId, at) =>
      atomically(context, async (tx) => {
        const sent = await tx
          .updateTable('outbox')
          .set({ delivered_at: at, message_id: messageId, claimed_until_at: null, last_error: null, given_up: false })
          .where('message_key', '=', messageKey)
          .returning(['card_key', 'platform', 'channel', 'seq'])
          .executeTakeFirst()
        if (!sent) throw new RangeError(`Expected a stored message, was ${messageKey}, which does not exist`)
        await endOvertaken(tx, messageKey, sent)
      }),

    failed: (messageKey, error, retryAt) =>
      atomically(context, async (tx) => {
        const tried = await tx
          .updateTable('outbox')
          .set((eb) => ({
            attempts: eb('attempts', '+', 1),
            last_error: storable(error),
            claimed_until_at: null,
            ...(retryAt === undefined ? { given_up: true } : { due_at: retryAt }),
          }))
          .where('message_key', '=', messageKey)
          .where('delivered_at', 'is', null)
          .where('given_up', '=', false)
          .returning(['card_key', 'platform', 'channel', 'seq'])
          .executeTakeFirst()
        if (tried && retryAt === undefined) await endOvertaken(tx, messageKey, tried)
      }),

    async postedAt(cardKey, platform, channel) {
      const row = await db
        .selectFrom('outbox')
        .select('message_id')
        .where('card_key', '=', cardKey)
        .where('platform', '=', platform)
        .where('channel', '=', channel)
        .where('message_id', 'is not', null)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row?.message_id ?? undefined
    },

    async places(cardKey) {
      const { rows } = await sql<Nulls<Place>>`
        select platform, channel, (array_agg(member_id order by seq desc))[1] as "memberId" from outbox
        where card_key = ${cardKey} and (delivered_at is not null or not given_up)
        group by platform, channel
        order by platform, channel`.execute(db)
      return rows.map((row) => present<Place>(row))
    },

    async undelivered() {
      const { rows } = await sql<{ cards: number }>`
        select count(*) as cards from outbox as waiting where ${WAITING} and not ${OVERTAKEN}`.execute(db)
      return rows[0]!.cards
    },

    async nextDueAt() {
      const { rows } = await sql<{ at: number | null }>`
        select min(greatest(waiting.due_at, coalesce(waiting.claimed_until_at, 0), ${CARD_BUSY_UNTIL_AT})) as at
        from outbox as waiting where ${WAITING} and not ${OVERTAKEN}`.execute(db)
      const at = rows[0]?.at
      return at === null || at === undefined ? undefined : timestamp(at)
    },

    foldable: (place, at, limit) => readFoldable(db, place, { at, limit }),
    fold: (messageKeys, into, at) =>
      atomically(context, async (tx) => {
        for (const messageKey of messageKeys) {
          const folded = await tx
            .updateTable('outbox')
            .set({ delivered_at: at, folded_into: into, claimed_until_at: null, last_error: null })
            .where('message_key', '=', messageKey)
            .where('delivered_at', 'is', null)
            .returning(['card_key', 'platform', 'channel', 'seq'])
            .executeTakeFirst()
          if (folded) await endOvertaken(tx, messageKey, folded)
        }
      }),
    foldedInto: (cardKey) => readFolded(db, cardKey),
    lastFold: (place, since) => lastFold(db, place, since),
    log: (filter) => readLog(db, filter),
    forgetBefore: (at) => forgetMessages(db, at),
  }
}

/**
 * One statement: nothing where the place has the card's newest message already (by its key, or word for word unless it was
 * given up), else the message, in the place of what it overtakes. What is locked is left to the one that holds it: it is
 * being claimed or delivered, and `delivered` ends it.
 */
async function add(db: Db, message: Parameters<Store['outbox']['add']>[0]): Promise<void> {
  const { messageKey, cardKey, platform, channel, revision, createdAt } = message
  const sameCard = sql`card_key = ${cardKey} and platform = ${platform} and channel = ${channel}`
  await sql`
    with newest as (select revision, given_up from outbox where ${sameCard} order by seq desc limit 1),
    news as (
      select where not exists (select from newest where revision = ${revision} and not given_up)
        and not exists (select from outbox where message_key = ${messageKey})
    ),
    earlier as (
      select urgency, waiting_since from outbox where ${sameCard} and delivered_at is null and not given_up
    ),
    ended as (
      update outbox set given_up = true, last_error = ${supersededBy(messageKey)}
      where message_key in (
        select message_key from outbox
        where ${sameCard} and delivered_at is null and not given_up and claimed_until_at is null
          and exists (select from news)
        for update skip locked
      )
    )
    insert into outbox (
      message_key, card_key, platform, channel, member_id, card, revision, foldable, urgency, created_at, due_at, waiting_since
    )
    select ${messageKey}, ${cardKey}, ${platform}, ${channel}, ${message.memberId ?? null}, ${jsonb(message.card)},
      ${revision}, ${message.foldable ?? false},
      least(${URGENCIES.indexOf(message.urgency)}::smallint, (select min(urgency) from earlier)),
      ${createdAt}::bigint, ${createdAt}::bigint,
      least(${createdAt}::bigint, (select min(waiting_since) from earlier))
    from news
    on conflict (message_key) do nothing`.execute(db)
}

/**
 * The head of each place: the places are stepped through and, in each, messages in their order up to the first that is ready,
 * so that thousands that wait behind it cost nothing.
 */
async function readDue(
  db: Db,
  at: TimestampMs,
  { limit, except }: { limit: number; except: readonly Place[] },
): Promise<readonly OutboxMessage[]> {
  const { rows } = await sql<OutboxRow>`
    with recursive places as (
      (select platform, channel from outbox as waiting where ${WAITING} order by platform, channel limit 1)
      union all
      select next.platform, next.channel from places cross join lateral (
        select platform, channel from outbox as waiting
        where ${WAITING} and (platform, channel) > (places.platform, places.channel)
        order by platform, channel limit 1
      ) as next
    )
    select ${columnsOf('head')} from places cross join lateral (
      select * from outbox as waiting
      where waiting.platform = places.platform and waiting.channel = places.channel and ${isReady(at)}
      order by waiting.urgency, waiting.waiting_since, waiting.seq
      limit 1
    ) as head
    where (places.platform, places.channel) not in (
      select * from unnest(${except.map((place) => place.platform)}::text[], ${except.map((place) => place.channel)}::text[])
    )
    order by head.urgency, head.waiting_since, head.seq
    limit ${limit}`.execute(db)
  return rows.map(toMessage)
}

/** By `isReady`, so that nothing is folded that is on its way. */
async function readFoldable(
  db: Db,
  { platform, channel }: Place,
  { at, limit }: { at: TimestampMs; limit: number },
): Promise<readonly OutboxMessage[]> {
  const { rows } = await sql<OutboxRow>`
    select ${columnsOf('waiting')} from outbox as waiting
    where waiting.platform = ${platform} and waiting.channel = ${channel} and waiting.foldable and waiting.urgency > 0
      and ${isReady(at)}
      and not exists (select from outbox as other where ${SAME_CARD} and other.message_id is not null)
    order by waiting.waiting_since, waiting.seq
    limit ${limit}`.execute(db)
  return rows.map(toMessage)
}

/** What waited for a retry is out of date now: sent later, it would put an old card over this one. */
async function endOvertaken(
  tx: Db,
  messageKey: string,
  by: { card_key: string; platform: string; channel: string; seq: number },
): Promise<void> {
  await tx
    .updateTable('outbox')
    .set({ given_up: true, last_error: supersededBy(messageKey), claimed_until_at: null })
    .where('card_key', '=', by.card_key)
    .where('platform', '=', by.platform)
    .where('channel', '=', by.channel)
    .where('seq', '<', by.seq)
    .where('delivered_at', 'is', null)
    .where('given_up', '=', false)
    .execute()
}

const supersededBy = (messageKey: string): string => `superseded by ${messageKey}`
