import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import type { AuditVerdict } from '../../src/ports.ts'
import { anEntry } from '../conformance/store-samples.ts'
import { testDatabase } from '../support/database.ts'

type Tamper = (sql: (text: string) => Promise<unknown>) => Promise<unknown>

/** Ten rows, then what somebody with the superuser's password does to them. */
async function verdictAfter(t: Parameters<typeof testDatabase>[0], tamper: Tamper): Promise<AuditVerdict> {
  const { store, connectionString } = await testDatabase(t)
  await store.transaction(async (tx) => {
    for (let n = 1; n <= 10; n++) await tx.audit.append(anEntry('row', { n }))
  })
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  await client.query('alter table audit_log disable trigger all')
  await tamper((text) => client.query(text))
  await client.end()
  return store.audit.verify()
}

for (const [what, sql, brokenAt, why] of [
  ['a changed detail', `update audit_log set details = '{"n": 99}' where seq = 4`, 4, /row 4 was changed/],
  ['a changed actor', `update audit_log set actor = 'bob' where seq = 4`, 4, /row 4 was changed/],
  ['a changed instant', 'update audit_log set happened_at = happened_at + 1 where seq = 10', 10, /row 10 was changed/],
  ['a removed row', 'delete from audit_log where seq = 4', 4, /row 4 is missing/],
  ['a removed first row', 'delete from audit_log where seq = 1', 1, /row 1 is missing/],
  ['a cut-off end', 'delete from audit_log where seq > 7', 8, /rows 8 to 10 are missing/],
  ['an emptied log', 'delete from audit_log', 1, /rows 1 to 10 are missing/],
  [
    'two rows swapped',
    'update audit_log set seq = 100 where seq = 4; update audit_log set seq = 4 where seq = 5; update audit_log set seq = 5 where seq = 100',
    4,
    /row 4 does not follow/,
  ],
  [
    'a row rewritten with a hash of its own',
    `update audit_log set details = '{}', hash = encode(sha256('x'), 'hex') where seq = 4`,
    4,
    /row 4 was changed/,
  ],
] as const) {
  test(`${what} is found and named`, async (t) => {
    const verdict = await verdictAfter(t, (run) => run(sql))
    assert.equal(verdict.kind, 'broken')
    assert.equal(verdict.kind === 'broken' && verdict.brokenAt, brokenAt)
    assert.match(verdict.kind === 'broken' ? verdict.why : '', why)
  })
}

test('the untouched log beside them is intact', async (t) => {
  const verdict = await verdictAfter(t, async () => {})
  assert.equal(verdict.kind, 'intact')
})

test('more rows than one chunk are followed to the end', async (t) => {
  const { store } = await testDatabase(t)
  await store.transaction(async (tx) => {
    for (let n = 0; n < 2_500; n++) await tx.audit.append(anEntry('row', { n }))
  })
  const verdict = await store.audit.verify()
  assert.deepEqual([verdict.kind, verdict.rows], ['intact', 2_500])
})

for (const sql of ["update audit_log set actor = 'bob'", 'delete from audit_log', 'truncate audit_log']) {
  test(`the database itself refuses to ${sql}`, async (t) => {
    const { connectionString } = await testDatabase(t)
    const client = new pg.Client({ connectionString })
    await client.connect()
    await assert.rejects(client.query(sql), /append-only: (update|delete|truncate) is refused/)
    await client.end()
  })
}
