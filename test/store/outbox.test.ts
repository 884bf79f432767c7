import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../src/log.ts'
import { createStore } from '../../src/store/store.ts'
import { at } from '../conformance/store-samples.ts'
import { type Cleanup, testDatabase } from '../support/database.ts'
import { query } from '../support/embedded.ts'
import { eventually } from '../support/eventually.ts'

/** How many rows and index entries the database reads to say what is due, with `waiting` messages on their way. */
async function readsForDue(t: Cleanup, waiting: number, cardKey: string): Promise<number> {
  const { connectionString } = await testDatabase(t)
  await query(
    connectionString,
    `insert into outbox
       (message_key, card_key, platform, channel, card, revision, urgency, created_at, due_at, waiting_since)
     select 'm' || n, ${cardKey}, 'discord', 'channel-' || n % 5, '{"tone": "info", "title": "A card"}', 'r' || n, n % 3, n, 1, n
     from generate_series(1, ${waiting}) as n`,
  )
  await query(connectionString, 'analyze outbox')
  const reads = async () => {
    const [row] = await query(
      connectionString,
      `select coalesce(sum(idx_tup_read), 0)::int + (select seq_tup_read::int from pg_stat_user_tables where relname = 'outbox') as reads
       from pg_stat_user_indexes where relname = 'outbox'`,
    )
    return row!.reads as number
  }
  const before = await reads()
  const store = await createStore({ connectionString, log: createLog('silent') })
  assert.equal((await store.outbox.due(at(5), { limit: 20 })).length, 5)
  // Its sessions put their counts on record as they end.
  await store.close()
  const after = await eventually(async () => {
    const now = await reads()
    return now > before ? now : undefined
  })
  return after! - before
}

for (const [waiting, cardKey] of [
  ['many cards wait', `'card-' || n`],
  ['one card waits in many versions', `'card'`],
] as const) {
  test(`where ${waiting} what is due costs no more than in proportion`, async (t) => {
    const few = await readsForDue(t, 500, cardKey)
    const many = await readsForDue(t, 5_000, cardKey)
    assert.ok(many < 20 * few, `${few} reads for 500 messages, ${many} for 5,000`)
  })
}
