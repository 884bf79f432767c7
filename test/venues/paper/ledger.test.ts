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
import type { AcceptanceRow, FillRow } from '../../../src/venues/paper/book.ts'
import { createVenueLedger } from '../../../src/venues/paper/ledger.ts'
import { LEDGER_STEPS } from '../../../src/venues/paper/ledger-schema.ts'
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
  postOnly: false,
  reduceOnly: false,
  validUntil: AT,
}
const EMPTY_ROWS = { acceptances: [], fills: [], changes: [] }

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
    assert.equal((await venue.find(ORDER))?.state, accepted === 1 ? 'filled' : undefined)
    assert.equal(await ledger.position('paper', ORDER.instrumentId), accepted === 1 ? -2 : 0)
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

test('two processes that trade at once on one book lose nothing of each other', async (t) => {
  const { connectionString, ledger, venue } = await openPaper(t)
  const other = await createVenueLedger({ connectionString })
  const quoteAt = () => ({ at: AT, bestBid: price(3000), bestAsk: price(3000) })
  const second = createPaperVenue({
    venueId: 'paper',
    ledger: other,
    quoteAt,
    clock: { kind: 'virtual', now: () => AT },
  })
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? venue : second).submit({ ...ORDER, clientOrderId: `MANY${i}` as ClientOrderId }),
    ),
  )
  assert.ok(outcomes.every(({ kind }) => kind === 'accepted'))
  const ids = outcomes.map((outcome) => outcome.kind === 'accepted' && outcome.venueOrderId)
  assert.equal(new Set(ids).size, 20)
  assert.equal((await ledger.read('paper', ORDER.instrumentId)).book.position, '-40')
  assert.equal(await ledger.position('paper', ORDER.instrumentId), -40)
  await other.close()
})

test('an order id is refused while another process has its order open', async (t) => {
  const { connectionString, venue } = await openPaper(t, {
    async whileOpen() {
      const other = await createVenueLedger({ connectionString })
      const quoteAt = () => ({ at: AT, bestBid: price(3000), bestAsk: price(3000) })
      const clock = { kind: 'virtual', now: () => AT } as const
      const outcome = await createPaperVenue({ venueId: 'paper', ledger: other, quoteAt, clock }).submit(ORDER)
      assert.deepEqual(outcome, { kind: 'rejected', reason: 'DUPLICATE_CLIENT_ORDER_ID clientOrderId=ONE' })
      await other.close()
    },
  })
  assert.equal((await venue.submit(ORDER)).kind, 'accepted')
})

test('rows are only ever added', async (t) => {
  const { ledger, venue, query } = await openPaper(t)
  await venue.submit(ORDER)
  for (const table of ['acceptances', 'fills', 'changes']) {
    for (const sql of [`delete from venue_ledger.${table}`, `update venue_ledger.${table} set venue_id = 'x'`]) {
      await assert.rejects(query(sql), /Expected only insertions/)
    }
    await assert.rejects(query(`truncate venue_ledger.${table} cascade`), /Expected only insertions/)
  }
  assert.equal(await ledger.position('paper', ORDER.instrumentId), -2)
})

test('no NaN or Infinity can be written, and what is refused leaves nothing', async (t) => {
  const { ledger, query } = await openPaper(t)
  const { instrumentId, side } = ORDER
  const accepted = (sequence: number, limit: string): AcceptanceRow => ({
    sequence,
    venue_id: 'paper',
    client_order_id: ORDER.clientOrderId,
    instrument_id: instrumentId,
    kind: 'limit',
    side,
    quantity: '2',
    limit_price: limit,
    trigger_price: null,
    time_in_force: 'ioc',
    post_only: false,
    reduce_only: false,
    accepted_at_ms: AT,
  })
  const filled = (acceptance: number, quantity: string): FillRow => ({
    trade_id: 'paper-1-1',
    acceptance,
    venue_id: 'paper',
    client_order_id: ORDER.clientOrderId,
    instrument_id: instrumentId,
    side,
    quantity,
    fill_price: '3000',
    fee_usd: '1',
    liquidity: 'taker',
    cause: 'order',
    filled_at_ms: AT,
  })
  for (const bad of ['NaN', 'Infinity', '-1', '0']) {
    for (const rowsOf of [
      (number: number) => ({ ...EMPTY_ROWS, acceptances: [accepted(number, bad)] }),
      (number: number) => ({
        ...EMPTY_ROWS,
        acceptances: [accepted(number, '3000')],
        fills: [filled(number, bad)],
      }),
    ]) {
      const written = ledger.change({ venueId: 'paper', instrumentId }, async ({ book }, number) => ({
        turned: { book, rows: rowsOf(number), events: [] },
        answer: undefined,
      }))
      await assert.rejects(written, /violates check constraint/)
    }
  }
  assert.deepEqual(await query('select * from venue_ledger.acceptances'), [])
  assert.deepEqual(await query('select * from venue_ledger.fills'), [])
})

test('a ledger of the first shape is brought up to date with every row, and trading goes on from its position', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(LEDGER_STEPS[0]!.sql)
  const accept = `insert into venue_ledger.acceptances
    (venue_id, client_order_id, instrument_id, side, quantity, limit_price, reduce_only, accepted_at_ms)
    values ('paper', $1, $2, $3, $4, '3000', false, 1)`
  const fill = `insert into venue_ledger.fills values ($1, $2, 'paper', $3, $4, $5, $6, $7, $8, 1)`
  for (const [sequence, id, side, quantity, parts] of [
    [
      1,
      'WHOLE',
      'sell',
      '3',
      [
        ['1', '3000'],
        ['2', '2999'],
      ],
    ],
    [2, 'PART', 'buy', '2', [['1', '2990']]],
    [3, 'NONE', 'buy', '5', []],
  ] as const) {
    await client.query(accept, [id, ORDER.instrumentId, side, quantity])
    for (const [i, [filled, at]] of parts.entries()) {
      const tradeId = `paper-${sequence}-${i + 1}`
      await client.query(fill, [tradeId, sequence, id, ORDER.instrumentId, side, filled, at, '1.5'])
    }
  }
  await client.end()

  // Several desks at once find the old shape.
  const ledgers = await Promise.all(Array.from({ length: 3 }, () => createVenueLedger({ connectionString })))
  const [ledger] = ledgers as [(typeof ledgers)[number]]
  t.after(async () => void (await Promise.all(ledgers.map((opened) => opened.close()))))
  const find = async (id: string) => (await ledger.find('paper', id as ClientOrderId))!
  assert.deepEqual(
    await Promise.all(
      ['WHOLE', 'PART', 'NONE'].map(async (id) => [(await find(id)).state, (await find(id)).filledQuantity]),
    ),
    [
      ['filled', 3],
      ['canceled', 1],
      ['canceled', 0],
    ],
  )
  assert.equal((await ledger.acceptances('paper')).size, 3)
  assert.equal(await ledger.position('paper', ORDER.instrumentId), -2)
  const { book } = await ledger.read('paper', ORDER.instrumentId)
  assert.deepEqual([book.position, Number(book.entry).toFixed(4), book.fees], ['-2', '2999.3333', '4.5'])
  assert.equal(Number(book.realized).toFixed(4), '9.3333')

  const quoteAt = () => ({ at: AT, bestBid: price(3000), bestAsk: price(3000) })
  const venue = createPaperVenue({ venueId: 'paper', ledger, quoteAt, clock: { kind: 'virtual', now: () => AT } })
  assert.deepEqual(await venue.submit(ORDER), { kind: 'accepted', venueOrderId: 'paper-4' })
  assert.equal(await ledger.position('paper', ORDER.instrumentId), -4)
  assert.equal((await ledger.read('paper', ORDER.instrumentId)).book.position, '-4')
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
  assert.equal(await venue.find(ORDER), undefined)
})

test('a database that cannot be reached is named as the fault', async () => {
  await assert.rejects(
    createVenueLedger({ connectionString: 'postgres://nobody:secret@127.0.0.1:1/none' }),
    (error: Error) => /venue ledger/.test(error.message) && !/secret/.test(error.message),
  )
})
