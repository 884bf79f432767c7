import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createStore } from '../../src/store/store.ts'
import { aBar, anEntry, aProposal, at, collect, proposalId } from '../conformance/store-samples.ts'
import type { Cleanup } from '../support/database.ts'
import { openFolder, query, start } from '../support/embedded.ts'
import { eventually } from '../support/eventually.ts'

const log = createLog('silent')
const HOUR = duration(3_600_000)

async function openOwn(t: Cleanup, patienceMs: number) {
  const folder = await openFolder(t)
  const server = await start(folder)
  await migrate(server.connectionString())
  const store = await createStore({ connectionString: server.connectionString(), log, patienceMs })
  t.after(() => store.close())
  return { folder, server, store }
}

test('with the database gone every verb fails clearly, and works again when it is back', async (t) => {
  const { folder, server, store } = await openOwn(t, 300)
  await store.observations.append([aBar({ receivedAt: 1 })])
  await server.stop()

  const gone = {
    name: 'DatabaseUnavailableError',
    message: /^The database at 127\.0\.0\.1:\d+\/postgres does not answer \(\w+\)\. Check .*DATABASE_URL/,
  }
  await assert.rejects(store.settings.get('colour'), gone)
  await assert.rejects(store.audit.append(anEntry('lost')), gone)
  await assert.rejects(collect(store.observations.since(at(0))), gone)
  await assert.rejects(
    store.transaction((tx) => tx.settings.set('colour', 'blue')),
    gone,
  )
  await assert.rejects(createStore({ connectionString: server.connectionString(), log, patienceMs: 300 }), gone)

  await start(folder)
  assert.equal(await store.settings.get('colour'), undefined)
  assert.equal(await store.audit.count('lost'), 0)
  assert.equal((await collect(store.observations.since(at(0)))).length, 1)
})

test('a database that is away for a moment is waited for', async (t) => {
  const { folder, server, store } = await openOwn(t, 20_000)
  await store.settings.set('colour', 'blue')
  await server.stop()
  const answers = Promise.all([
    store.settings.get('colour'),
    store.observations.append([aBar({ receivedAt: 1 })]),
    store.audit.append(anEntry('waited')),
  ])
  await start(folder)
  assert.equal((await answers)[0], 'blue')
  assert.equal(await store.audit.count('waited'), 1)
})

test('a statement that is cut off in the middle fails clearly when it may have happened', async (t) => {
  const { server, store } = await openOwn(t, 300)
  const cutOff = store.transaction(async (tx) => {
    await tx.settings.set('colour', 'blue')
    await server.stop()
    await tx.settings.set('colour', 'green')
  })
  await assert.rejects(cutOff, { name: 'DatabaseUnavailableError' })
})

test('the process takes its instance lock and its names again when the database is back', async (t) => {
  const { folder, server, store } = await openOwn(t, 20_000)
  await store.proposals.open(aProposal())
  await store.proposals.takeLease(proposalId(1), store.instanceId, HOUR)
  await store.holdSingleton('bot')
  await server.stop()
  const again = await start(folder)
  const held = () =>
    query(again.connectionString(), "select from pg_locks where locktype = 'advisory' and granted and objsubid = 2")
  assert.ok(await eventually(async () => ((await held()).length === 2 ? true : undefined)))

  const other = await createStore({ connectionString: again.connectionString(), log })
  t.after(() => other.close())
  assert.equal(await other.proposals.takeLease(proposalId(1), other.instanceId, HOUR), undefined)
  assert.equal(await other.holdSingleton('bot'), undefined)
})
