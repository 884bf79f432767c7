import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { duration } from '../../src/domain/units.ts'
import { anOrder, aProposal, proposalId } from '../conformance/store-samples.ts'
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
