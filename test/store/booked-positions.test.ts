import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { positionOf } from '../../src/domain/execution/position.ts'
import { createRandom } from '../../src/domain/random.ts'
import { duration } from '../../src/domain/units.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import { aFill, anOrder, aProposal, at, proposalId } from '../conformance/store-samples.ts'
import { testDatabase } from '../support/database.ts'

const { instrumentId } = anOrder({ n: 0 })
const STEP = SCHEMA.find(({ name }) => name === '012-booked-positions')!

/** Orders of either side and their fills: the position goes through zero now and then. */
function history(seed: number, count: number) {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, n) => {
    const side = random() < 0.5 ? ('sell' as const) : ('buy' as const)
    const [first, second] = [1 + Math.floor(random() * 900), 1 + Math.floor(random() * 900)]
    const order = anOrder({ n, side, quantity: (first + second) / 1000, venueOrderId: undefined })
    const fills = [first, second].map((lots, i) =>
      aFill({
        ...{
          n,
          side,
          tradeId: `${n}-${i}`,
          quantity: lots / 1000,
          fillPrice: 2_500 + Math.floor(random() * 100_000) / 100,
        },
        ...{ fee: Math.floor(random() * 1e6) / 1e5, filledAt: at(10 * n + i) },
      }),
    )
    return { order, fills }
  })
}

const close = (one: number, other: number): boolean => Math.abs(one - other) <= 1e-6 * Math.max(1, Math.abs(other))

test('what an instrument holds is what its fills add up to, however many are booked at once and how often', async (t) => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  const { store, connectionString } = await testDatabase(t)
  assert.deepEqual(await store.orders.positions([instrumentId]), [])
  await store.proposals.open(aProposal())
  const lease = (await store.proposals.takeLease(proposalId(1), 'here', duration(60_000)))!
  const all = history(seed, 12)
  for (const { order } of all) await store.orders.save({ ...order, state: 'submitted' }, lease)
  const said = all.flatMap(({ order, fills }) => [
    [order, fills.slice(0, 1)] as const,
    [order, fills] as const,
    [order, fills.slice(1)] as const,
  ])
  await Promise.all(
    said.map(([order, fills]) =>
      store.orders.hear(order.clientOrderId, { kind: 'submitted' }, { at: at(1000), fills }),
    ),
  )
  const fills = await store.orders.allFills(instrumentId)
  assert.equal(fills.length, 24)
  const [held] = await store.orders.positions()
  const sums = positionOf(fills)
  assert.equal(held!.quantity, sums.quantity)
  assert.ok(close(held!.fees, sums.fees), `Expected fees ${sums.fees}, were ${held!.fees}`)
  // Booked in another order than they were filled in, realised and open part differ; what they are worth together does not.
  const worth = ({ quantity, averagePrice, realized }: typeof sums): number =>
    realized + quantity * (3_000 - averagePrice)
  assert.ok(close(worth(held!), worth(sums)), `Expected ${worth(sums)}, was ${worth(held!)}`)

  const [order, other] = [all[3]!.order, all[4]!.fills[0]!]
  const { position, fills: some } = await store.orders.booked(instrumentId, {
    clientOrderIds: [order.clientOrderId],
    tradeIds: [other.tradeId, 'never-seen'],
  })
  assert.equal(position, sums.quantity)
  assert.deepEqual(some.map(({ tradeId }) => tradeId).toSorted(), ['3-0', '3-1', '4-0'])

  // As if the record were one from before the position was kept with it.
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query('drop table booked_positions')
  await client.query(STEP.sql)
  const { rows } = await client.query('select * from booked_positions')
  await client.end()
  assert.equal(rows.length, 1)
  assert.equal(Number(rows[0].quantity_base), sums.quantity)
  for (const [column, expected] of [
    ['average_price_usd', sums.averagePrice],
    ['realized_usd', sums.realized],
    ['fees_usd', sums.fees],
  ] as const)
    assert.ok(close(Number(rows[0][column]), expected), `Expected ${column} ${expected}, was ${rows[0][column]}`)
})
