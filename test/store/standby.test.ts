import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLog } from '../../src/log.ts'
import type { Heartbeat } from '../../src/store/instance.ts'
import { createStore } from '../../src/store/store.ts'
import { anEntry } from '../conformance/store-samples.ts'
import { type Cleanup, testDatabase } from '../support/database.ts'
import { query } from '../support/embedded.ts'

const log = createLog('silent')
const QUICK: Heartbeat = { everyMs: 50, staleMs: 1_000 }
/** Nobody counts as frozen unless the test says so in the record. */
const PATIENT: Heartbeat = { everyMs: 50, staleMs: 3_600_000 }
const SILENT: Heartbeat = { everyMs: 3_600_000, staleMs: 3_600_000 }

async function open(t: Cleanup, connectionString: string, heartbeat: Heartbeat) {
  const store = await createStore({ connectionString, log, heartbeat })
  t.after(() => store.close())
  return store
}

/** A process of its own that has the name; its lines are what it says from then on. */
async function startHolder(t: Cleanup, connectionString: string, heartbeat: Heartbeat) {
  const script = fileURLToPath(new URL('./hold-name.ts', import.meta.url))
  const holder = spawn(process.execPath, [script, connectionString, 'bot', JSON.stringify(heartbeat)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(async () => void holder.kill('SIGKILL'))
  const lines = createInterface(holder.stdout)[Symbol.asyncIterator]()
  assert.equal((await lines.next()).value, 'held')
  return { holder, nextLine: async () => (await lines.next()).value as string | undefined }
}

test('a name that is free is had at once, and nobody is told of a wait', async (t) => {
  const { store } = await testDatabase(t)
  const held = await store.awaitSingleton('bot', { onWaiting: () => assert.fail('waited') })
  assert.ok(held)
})

test('a name that is released goes to the one that waits', async (t) => {
  const { store, connectionString } = await testDatabase(t)
  const next = await open(t, connectionString, PATIENT)
  const held = await store.holdSingleton('bot')
  const waits: string[] = []
  const waiting = Promise.withResolvers<void>()
  const onWaiting = () => {
    waits.push('waiting')
    waiting.resolve()
  }
  const taking = next.awaitSingleton('bot', { onWaiting })
  await waiting.promise
  await held!.release()
  assert.ok(await taking)
  assert.deepEqual(waits, ['waiting'])
  assert.equal(await store.holdSingleton('bot'), undefined)
})

test('a wait ends without the name when it is called off or the instance is closed', async (t) => {
  const { store, connectionString } = await testDatabase(t)
  const next = await open(t, connectionString, PATIENT)
  await store.holdSingleton('bot')
  const calledOff = new AbortController()
  assert.equal(
    await next.awaitSingleton('bot', { signal: calledOff.signal, onWaiting: () => calledOff.abort() }),
    undefined,
  )
  assert.equal(await next.awaitSingleton('bot', { signal: calledOff.signal }), undefined)
  const closing = await createStore({ connectionString, log, heartbeat: PATIENT })
  assert.equal(await closing.awaitSingleton('bot', { onWaiting: () => void closing.close() }), undefined)
})

test('of many that wait exactly one gets the name', async (t) => {
  const { store, connectionString } = await testDatabase(t)
  const held = await store.holdSingleton('bot')
  const calledOff = new AbortController()
  const stores = await Promise.all([1, 2, 3].map(() => open(t, connectionString, PATIENT)))
  const all = stores.map((next) => next.awaitSingleton('bot', { signal: calledOff.signal }))
  await held!.release()
  assert.ok(await Promise.race(all))
  calledOff.abort()
  assert.equal((await Promise.all(all)).filter(Boolean).length, 1)
})

test('a holder that beats keeps the name', async (t) => {
  const { connectionString } = await testDatabase(t)
  const holder = await open(t, connectionString, { everyMs: 20, staleMs: 60_000 })
  assert.ok(await holder.holdSingleton('bot'))
  const beats = async () =>
    (await query(connectionString, `select beat_at from instances where instance_id = '${holder.instanceId}'`))[0]
  const before = await beats()
  const next = await open(t, connectionString, { everyMs: 20, staleMs: 60_000 })
  const calledOff = new AbortController()
  const taking = next.awaitSingleton('bot', { signal: calledOff.signal })
  while (JSON.stringify(await beats()) === JSON.stringify(before)) await new Promise(setImmediate)
  calledOff.abort()
  assert.equal(await taking, undefined)
  assert.equal(await next.holdSingleton('bot'), undefined)
})

test('a silent holder loses its name and its half-done work, and learns it', async (t) => {
  const { store, connectionString } = await testDatabase(t)
  const frozen = await open(t, connectionString, SILENT)
  assert.ok(await frozen.holdSingleton('bot'))
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const halfDone = frozen.transaction(async (tx) => {
    await tx.settings.set('colour', 'blue')
    begun.resolve()
    await goOn.promise
    await tx.settings.set('colour', 'red')
  })
  await begun.promise
  await query(connectionString, `update instances set beat_at = 0 where instance_id = '${frozen.instanceId}'`)

  const next = await open(t, connectionString, PATIENT)
  assert.ok(await next.awaitSingleton('bot'))
  await next.settings.set('colour', 'green')
  goOn.resolve()
  await assert.rejects(halfDone, { name: 'DatabaseUnavailableError' })
  assert.equal(await frozen.lost, 'bot')
  assert.equal(await frozen.standing(), 'lost')
  assert.equal(await next.standing(), 'held')
  assert.equal(await frozen.holdSingleton('bot'), undefined)
  // What it does under no name it may go on with.
  await frozen.audit.append(anEntry('still.here'))
  assert.equal(await store.settings.get('colour'), 'green')
})

test('a holder whose connection breaks while nobody waits has its name again', async (t) => {
  const { store, connectionString } = await testDatabase(t)
  assert.ok(await store.holdSingleton('bot'))
  const sessions = `from pg_stat_activity where right(application_name, 20) = '${store.instanceId}'`
  await query(connectionString, `select pg_terminate_backend(pid, 5000) ${sessions}`)
  const isBack = `select from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and right(application_name, 20) = '${store.instanceId}'`
  while ((await query(connectionString, isBack)).length < 2) await new Promise(setImmediate)
  const next = await open(t, connectionString, PATIENT)
  assert.equal(await next.holdSingleton('bot'), undefined)
})

test('a holder that is killed is followed by the one that waits', async (t) => {
  const { connectionString } = await testDatabase(t)
  const { holder } = await startHolder(t, connectionString, PATIENT)
  const next = await open(t, connectionString, PATIENT)
  const waiting = Promise.withResolvers<void>()
  const taking = next.awaitSingleton('bot', { onWaiting: waiting.resolve })
  await waiting.promise
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  assert.ok(await taking)
})

test('a holder that is stopped is followed too, and learns it when it goes on', async (t) => {
  const { connectionString } = await testDatabase(t)
  const { holder, nextLine } = await startHolder(t, connectionString, QUICK)
  holder.kill('SIGSTOP')
  const next = await open(t, connectionString, QUICK)
  assert.ok(await next.awaitSingleton('bot'))
  holder.kill('SIGCONT')
  assert.equal(await nextLine(), 'lost bot')
})
