import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../src/log.ts'
import { createStore } from '../../src/store/store.ts'
import { at } from '../conformance/store-samples.ts'
import { testDatabase } from '../support/database.ts'

const HEARD = { identity: { platform: 'telegram', platformUserId: '42' }, interactionId: 'i1' } as const

test('what a live process is at is left to it, and taken over when that process has ended', async (t) => {
  const { store, connectionString } = await testDatabase(t)
  const first = await createStore({ connectionString, log: createLog('silent') })
  t.after(() => first.close())
  const hear = async (holder: string, ms: number) => (await store.commands.hear(HEARD, holder, at(ms))).claim

  assert.equal((await first.commands.hear(HEARD, first.instanceId, at(1))).claim, 'mine')
  assert.equal(await hear(store.instanceId, 2), 'busy')
  assert.equal(await hear(first.instanceId, 3), 'busy')
  await first.close()
  assert.equal(await hear(store.instanceId, 4), 'mine')
  await store.commands.answered('telegram', 'i1', at(5))
  assert.equal(await hear(store.instanceId, 6), 'answered')
})
