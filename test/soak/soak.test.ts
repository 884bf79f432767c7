import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from '../support/database.ts'
import { whyFailed } from './judge.ts'
import { runSoak } from './soak.ts'

/** As long as it takes until each asset has had a parent or two: `npm run soak` goes on for a quarter of an hour. */
const [PARENTS, EVENTS, MINUTES] = [5, 300, 0.04]

test('hedging on several assets at once on a venue that goes wrong leaves our books as the venue’s ledger is', async (t) => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  const { connectionString } = await testDatabase(t)
  const report = await runSoak({
    ...{ seed, connectionString, minutes: MINUTES, longestMinutes: 2, speed: 30, parents: PARENTS, events: EVENTS },
    collect: () => undefined,
  })
  const { counts, ...figures } = report
  assert.deepEqual(whyFailed(report), [], JSON.stringify(counts))
  assert.ok(report.parents >= PARENTS && report.events >= EVENTS, JSON.stringify(figures))
  assert.ok(report.fills > 20 && report.orders > 10, JSON.stringify(figures))
  for (const fault of ['duplicatedEvent', 'delayedEvent', 'lostQuestion'])
    assert.ok(
      (counts.faults?.[fault] ?? 0) > 0,
      `Expected ${fault} to have happened, was ${JSON.stringify(counts.faults)}`,
    )
  assert.ok((counts.verdicts?.clean ?? 0) > 0 && (counts.rails?.active ?? 0) > 0, JSON.stringify(counts))
})

test('books that differ from the ledger are told, each by what is wrong', () => {
  const right = {
    ...{ positionError: 0, duplicates: 0, lostFills: 0, inventedFills: 0, differingFills: 0, doubledFills: 0 },
    ...{ overfilledOrders: 0, unresolved: 0, dirtyAtEnd: 0, unhandledRejections: 0, errors: [], fills: 9, orders: 3 },
  }
  assert.deepEqual(whyFailed(right), [])
  assert.deepEqual(whyFailed({ ...right, positionError: 0.25, errors: ['Error: no'] }), [
    'our position is not the venue’s, base coins: 0.25',
    'thrown: Error: no',
  ])
})
