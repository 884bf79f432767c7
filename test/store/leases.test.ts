import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { duration } from '../../src/domain/units.ts'
import { anOrder, aProposal, aStop, proposalId } from '../conformance/store-samples.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const HOUR = duration(3_600_000)

test('the lease of a live process is refused to everyone, itself included', async (t) => {
  const { store } = await testDatabase(t)
  await store.proposals.open(aProposal())
  assert.equal(await store.proposals.takeLease(proposalId(1), store.instanceId, HOUR), 1)
  assert.equal(await store.proposals.takeLease(proposalId(1), 'another', HOUR), undefined)
  assert.equal(await store.proposals.takeLease(proposalId(1), store.instanceId, HOUR), undefined)
})

test('of many takers at once exactly one gets the lease', async (t) => {
  const { store } = await testDatabase(t)
  await store.proposals.open(aProposal())
  const leases = await Promise.all(
    Array.from({ length: 12 }, () => store.proposals.takeLease(proposalId(1), store.instanceId, HOUR)),
  )
  assert.deepEqual(
    leases.filter((lease) => lease !== undefined),
    [1],
  )
})

test("a lease that ran out on the database's clock is free though its holder lives", async (t) => {
  const { store } = await testDatabase(t)
  await store.proposals.open(aProposal())
  await store.proposals.takeLease(proposalId(1), store.instanceId, duration(0))
  assert.equal(await store.proposals.takeLease(proposalId(1), 'another', HOUR), 2)
})

test('a proposal that does not exist has no lease to take', async (t) => {
  const { store } = await testDatabase(t)
  assert.equal(await store.proposals.takeLease(proposalId(1), store.instanceId, HOUR), undefined)
})

test('a lease by name goes by the same rules: a live holder keeps it until it runs out', async (t) => {
  const { store } = await testDatabase(t)
  const takers = Array.from({ length: 12 }, () => store.leases.take('stops/a', store.instanceId, HOUR))
  assert.deepEqual(
    (await Promise.all(takers)).filter((lease) => lease !== undefined),
    [1],
  )
  assert.equal(await store.leases.take('stops/a', 'another', HOUR), undefined)
  await store.leases.release('stops/a', 1)
  assert.equal(await store.leases.take('stops/a', store.instanceId, duration(0)), 2)
  assert.equal(await store.leases.take('stops/a', store.instanceId, HOUR), 3)
  assert.equal(await store.leases.take('stops/b', 'gone', HOUR), 1)
  assert.equal(await store.leases.take('stops/b', store.instanceId, HOUR), 2)
})

test('the lease of stops is not taken between the check of a write and the write', async (t) => {
  const { store } = await testDatabase(t)
  const name = `stops/${aStop({ n: 1 }).instrumentId}`
  const lease = await store.leases.take(name, 'gone', HOUR)
  const order: string[] = []
  const writing = store.transaction(async (tx) => {
    await tx.orders.save(aStop({ n: 1 }), lease!)
    const taking = store.leases.take(name, 'another', HOUR).then((taken) => order.push(`taken ${taken}`))
    await new Promise((resolve) => setTimeout(resolve, 100))
    order.push('written')
    return { taking }
  })
  await (await writing).taking
  assert.deepEqual(order, ['written', 'taken 2'])
})

test('a lease is not taken between the check of a write and the write', async (t) => {
  const { store } = await testDatabase(t)
  await store.proposals.open(aProposal())
  const lease = await store.proposals.takeLease(proposalId(1), 'gone', HOUR)
  const order: string[] = []
  const writing = store.transaction(async (tx) => {
    await tx.orders.save(anOrder({ n: 1 }), lease!)
    const taking = store.proposals.takeLease(proposalId(1), 'another', HOUR).then((taken) => {
      order.push(`taken ${taken}`)
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    order.push('written')
    return { taking }
  })
  await (await writing).taking
  assert.deepEqual(order, ['written', 'taken 2'])
})

test('a process killed with -9 leaves its lease and its name free at once', async (t) => {
  const { store, connectionString } = await testDatabase(t)
  await store.proposals.open(aProposal())
  const script = fileURLToPath(new URL('./hold-lease.ts', import.meta.url))
  const holder = spawn(process.execPath, [script, connectionString, proposalId(1), 'bot'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(async () => void holder.kill('SIGKILL'))
  const [said] = (await once(createInterface(holder.stdout), 'line')) as [string]
  assert.deepEqual(JSON.parse(said), { lease: 1, held: true })
  assert.equal(await store.proposals.takeLease(proposalId(1), store.instanceId, HOUR), undefined)
  assert.equal(await store.holdSingleton('bot'), undefined)

  holder.kill('SIGKILL')
  await once(holder, 'exit')
  assert.equal(await eventually(() => store.proposals.takeLease(proposalId(1), store.instanceId, HOUR)), 2)
  assert.ok(await eventually(() => store.holdSingleton('bot')))
})

test('a name is held once, and again after it was released', async (t) => {
  const { store } = await testDatabase(t)
  const held = await store.holdSingleton('bot')
  assert.ok(held)
  assert.equal(await store.holdSingleton('bot'), undefined)
  assert.ok(await store.holdSingleton('worker'))
  await held.release()
  assert.ok(await store.holdSingleton('bot'))
})
