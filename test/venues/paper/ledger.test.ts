import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { price, timestamp } from '../../../src/domain/units.ts'
import type { OrderRequest } from '../../../src/ports.ts'
import { createVenueLedger } from '../../../src/venues/paper/ledger.ts'
import { createPaperVenue, type VenueHooks } from '../../../src/venues/paper/paper-venue.ts'
import { emptyDatabase } from '../../support/database.ts'

const AT = timestamp(0)
const DIE_AT = fileURLToPath(new URL('die-at.ts', import.meta.url))
const ORDER: OrderRequest = {
  clientOrderId: 'ONE' as ClientOrderId,
  instrumentId: instrumentIdOf('ETH', 'paper'),
  side: 'sell',
  quantity: '2',
  limitPrice: '2990',
  timeInForce: 'ioc',
  reduceOnly: false,
}

async function openPaper(t: TestContext, hooks: VenueHooks = {}) {
  const { connectionString } = await emptyDatabase(t)
  const ledger = await createVenueLedger({ connectionString })
  t.after(() => ledger.close())
  const quoteAt = () => ({ at: AT, bestBid: price(3000), bestAsk: price(3000) })
  const clock = { kind: 'virtual', now: () => AT } as const
  const venue = createPaperVenue({ venueId: 'paper', ledger, quoteAt, clock, hooks })
  const query = async (sql: string) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
  return { connectionString, ledger, venue, query }
}

for (const [hook, accepted] of [
  ['beforeAccept', 0],
  ['whileOpen', 0],
  ['afterAccept', 1],
  ['beforeAnswer', 1],
] as const) {
  test(`a desk killed at ${hook} finds the order ${accepted === 1 ? 'accepted and filled' : 'never arrived'}`, async (t) => {
    const { connectionString, ledger, venue } = await openPaper(t)
    const child = spawn(process.execPath, [DIE_AT, connectionString, hook, ORDER.clientOrderId], { stdio: 'inherit' })
    const [, signal] = await once(child, 'exit')
    assert.equal(signal, 'SIGKILL')

    assert.equal((await ledger.acceptances('paper')).get(ORDER.clientOrderId) ?? 0, accepted)
    assert.equal((await venue.find(ORDER.clientOrderId))?.state, accepted === 1 ? 'filled' : undefined)
    assert.equal(await venue.position(ORDER.instrumentId), accepted === 1 ? -2 : 0)
    if (accepted === 0) assert.equal((await venue.submit(ORDER)).kind, 'accepted')
  })
}

test('the books survive the venue and are shared by every process that opens them', async (t) => {
  const { connectionString, venue } = await openPaper(t)
  await venue.submit(ORDER)
  const others = await Promise.all(Array.from({ length: 4 }, () => createVenueLedger({ connectionString })))
  for (const other of others) {
    assert.equal(await other.position('paper', ORDER.instrumentId), -2)
    assert.equal(await other.position('simulated', ORDER.instrumentId), 0)
    await other.close()
  }
})

test('an order id is refused while another process has its order open', async (t) => {
  const { connectionString, venue } = await openPaper(t, {
    async whileOpen() {
      const other = await createVenueLedger({ connectionString })
      const outcome = await other.accept(ORDER, {
        venueId: 'paper',
        at: AT,
        judge: () => ({ kind: 'matched', matches: [] }),
      })
      assert.deepEqual(outcome, { kind: 'rejected', reason: 'DUPLICATE_CLIENT_ORDER_ID clientOrderId=ONE' })
      await other.close()
    },
  })
  assert.equal((await venue.submit(ORDER)).kind, 'accepted')
})

test('rows are only ever added', async (t) => {
  const { venue, query } = await openPaper(t)
  await venue.submit(ORDER)
  for (const table of ['acceptances', 'fills']) {
    for (const sql of [`delete from venue_ledger.${table}`, `update venue_ledger.${table} set quantity = 1`]) {
      await assert.rejects(query(sql), /Expected only insertions/)
    }
    await assert.rejects(query(`truncate venue_ledger.${table} cascade`), /Expected only insertions/)
  }
  assert.equal(await venue.position(ORDER.instrumentId), -2)
})

test('no NaN or Infinity can be written', async (t) => {
  const { ledger, query } = await openPaper(t)
  for (const bad of ['NaN', 'Infinity', '-1', '0']) {
    const judge = () => ({ kind: 'matched', matches: [{ quantity: bad, fillPrice: '3000', feeUsd: '1' }] }) as const
    await assert.rejects(ledger.accept(ORDER, { venueId: 'paper', at: AT, judge }), /violates check constraint/)
    const order = { ...ORDER, limitPrice: bad }
    await assert.rejects(
      ledger.accept(order, { venueId: 'paper', at: AT, judge: () => ({ kind: 'matched', matches: [] }) }),
      /violates check constraint/,
    )
  }
  assert.deepEqual(await query('select * from venue_ledger.acceptances'), [])
  assert.deepEqual(await query('select * from venue_ledger.fills'), [])
})

test('books that go away in mid-order leave the outcome unknown, and the process alive', async (t) => {
  const { venue, query } = await openPaper(t, {
    whileOpen: async () => {
      await query(`select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()`)
    },
  })
  const outcome = await venue.submit(ORDER)
  assert.equal(outcome.kind, 'unknown')
  assert.match(outcome.kind === 'unknown' ? outcome.reason : '', /^LEDGER_UNREACHABLE/)
  assert.equal(await venue.find(ORDER.clientOrderId), undefined)
})

test('a database that cannot be reached is named as the fault', async () => {
  await assert.rejects(
    createVenueLedger({ connectionString: 'postgres://nobody:secret@127.0.0.1:1/none' }),
    (error: Error) => /venue ledger/.test(error.message) && !/secret/.test(error.message),
  )
})
