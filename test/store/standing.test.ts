import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStanding } from '../../src/store/standing.ts'

const FRESH_MS = 6_000

function open() {
  const clock = { now: 0 }
  return { clock, standing: createStanding({ freshMs: FRESH_MS, now: () => clock.now }) }
}

const isSettled = async (promise: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(resolve, false))])) as boolean

test('names are held while the last heartbeat is fresh', async () => {
  const { clock, standing } = open()
  standing.held(0)
  clock.now = FRESH_MS - 1
  assert.equal(await standing.ask(), 'held')
})

test('after a standstill nobody knows before the next heartbeat', async () => {
  const { clock, standing } = open()
  standing.held(0)
  clock.now = 20_000
  const asked = standing.ask()
  standing.held(10) // sent before the standstill, its answer read after it
  assert.equal(await isSettled(asked), false)
  standing.held(20_000)
  assert.equal(await asked, 'held')
})

test('a broken connection tells nothing until the names are taken again, or are lost', async () => {
  const { standing } = open()
  standing.held(0)
  standing.broke()
  const asked = standing.ask()
  assert.equal(await isSettled(asked), false)
  standing.lost()
  assert.equal(await asked, 'lost')
  standing.held(0)
  standing.away()
  assert.equal(await standing.ask(), 'lost')
})

test('while the database is away nobody waits for it, and once it is back the names are held', async () => {
  const { standing } = open()
  standing.held(0)
  standing.broke()
  const asked = standing.ask()
  standing.away()
  assert.equal(await asked, 'unknown')
  assert.equal(await standing.ask(), 'unknown')
  standing.held(0)
  assert.equal(await standing.ask(), 'held')
})
