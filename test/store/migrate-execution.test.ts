import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { clientOrderIdFor } from '../../src/domain/hash.ts'
import { toProposalId } from '../../src/domain/proposal.ts'
import { createLog } from '../../src/log.ts'
import { migrate } from '../../src/store/migrate.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import { createStore } from '../../src/store/store.ts'
import { aFill, aProposal, at } from '../conformance/store-samples.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'

const log = createLog('silent')
const STEP = '011-execution'
const PROPOSAL = toProposalId('7K3M9QX2AB')
const INSTRUMENT = 'ETH-USDT-PERP.BINANCE'

const idOf = (n: number) => clientOrderIdFor(PROPOSAL, { leg: 0, slice: n, attempt: 0 })

/** Orders by state, with the fills that were booked of each. */
const ORDERS = [
  ['filled', 1.5, [0.5, 1]],
  ['canceled', 0.4, [0.3]],
  ['canceled', 0, []],
  ['submitted', 0, []],
] as const

test('orders, fills and proposals from before there were stops and several venues keep what they said', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query('create table schema_migrations (name text primary key, applied_at bigint not null)')
  for (const step of SCHEMA.slice(
    0,
    SCHEMA.findIndex(({ name }) => name === STEP),
  )) {
    await client.query(step.sql)
    await client.query('insert into schema_migrations values ($1, 0)', [step.name])
  }
  const { proposalId: _, termsHash, state: __, approvals: ___, lease: ____, control: _____, ...terms } = aProposal()
  await client.query(
    `insert into proposals (proposal_id, book, asset, state, terms, terms_hash, notional_usd, proposed_at, expires_at, lease)
      values ($1, 'treasury', 'ETH', 'executing', $2, $3, 1, 1, 600000, 4)`,
    [PROPOSAL, terms, termsHash],
  )
  for (const [n, [state, filled, booked]] of ORDERS.entries()) {
    await client.query(
      `insert into orders (client_order_id, proposal_id, instrument_id, slice, attempt, side, quantity_base, limit_price_usd,
        state, filled_quantity_base, created_at, updated_at) values ($1, $2, $3, $4, 0, 'sell', 1.5, 2999, $5, $6, 0, 0)`,
      [idOf(n), PROPOSAL, INSTRUMENT, n, state, filled],
    )
    for (const [i, quantity] of booked.entries())
      await client.query("insert into fills values ($1, $2, default, $3, 'sell', $4, 2999, 0.7, 9)", [
        INSTRUMENT,
        `${n}-${i}`,
        idOf(n),
        quantity,
      ])
  }
  await client.end()
  await migrate(connectionString)

  const store = await createStore({ connectionString, log })
  t.after(() => store.close())
  const [first, ...others] = await store.orders.forProposal(PROPOSAL)
  assert.equal(others.length, 3)
  assert.deepEqual(first, {
    clientOrderId: idOf(0),
    kind: 'child',
    proposalId: PROPOSAL,
    instrumentId: INSTRUMENT,
    leg: 0,
    slice: 0,
    attempt: 0,
    side: 'sell',
    quantity: 1.5,
    limitPrice: 2999,
    timeInForce: 'ioc',
    postOnly: false,
    reduceOnly: false,
    state: 'filled',
    filledQuantity: 1.5,
    createdAt: 0,
    updatedAt: 0,
  })
  assert.deepEqual(
    (await store.orders.fills(PROPOSAL)).map(({ quantity, liquidity }) => [quantity, liquidity]),
    [0.5, 1, 0.3].map((quantity) => [quantity, undefined]),
  )
  // The one whose fill of 0.1 was never booked, and the one that had not ended.
  assert.deepEqual(
    (await store.orders.unresolved()).map(({ clientOrderId }) => clientOrderId),
    [idOf(1), idOf(3)],
  )
  const { control: stands, lease: number } = (await store.proposals.find(PROPOSAL))!
  assert.deepEqual([stands, number], ['running', 4])

  const fill = aFill({ n: 1, tradeId: '1-1', quantity: 0.1 })
  const { order, booked } = await store.orders.hear(
    idOf(1),
    { kind: 'submitted' },
    { at: at(20), fills: [{ ...fill, clientOrderId: idOf(1), instrumentId: first!.instrumentId }] },
  )
  assert.deepEqual([order.state, order.filledQuantity, booked.length], ['canceled', 0.4, 1])
  assert.equal((await store.orders.unresolved()).length, 1)
})

test('what the rails have decided can be added to and not changed, not even past the store', async (t) => {
  const { connectionString } = await testDatabase(t)
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query("insert into risk_decisions values (default, 1, 'data', 'desk', 'normal', 'halted', '{}', 'h')")
  for (const change of [
    "update risk_decisions set level_after = 'normal'",
    'delete from risk_decisions',
    'truncate risk_decisions',
  ])
    await assert.rejects(client.query(change), /append-only: (update|delete|truncate) is refused/)
  assert.equal((await client.query('select from risk_decisions')).rowCount, 1)
  await client.end()
})
