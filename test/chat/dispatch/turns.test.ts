import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { createHeavyTurns } from '../../../src/chat/dispatch/turns.ts'

/** Work that goes on until it is ended from outside; `running` names what runs now, `begun` the order in which it began. */
function openSite(atOnce?: number) {
  const inTurn = createHeavyTurns(atOnce)
  const running = new Set<number>()
  const begun: number[] = []
  const ends = new Map<number, PromiseWithResolvers<void>>()
  return {
    running,
    begun,
    start(number: number): Promise<number> {
      const end = Promise.withResolvers<void>()
      ends.set(number, end)
      return inTurn(async () => {
        running.add(number)
        begun.push(number)
        try {
          await end.promise
          return number
        } finally {
          running.delete(number)
        }
      })
    },
    async end(number: number, reason?: Error): Promise<void> {
      const { resolve, reject } = ends.get(number)!
      if (reason) reject(reason)
      else resolve()
      await turnOfLoop()
    },
  }
}

test('two run at once, the rest wait, and each goes in the order it came', async () => {
  const { start, end, running, begun } = openSite()
  const all = [1, 2, 3, 4].map(start)
  assert.deepEqual([...running], [1, 2])
  await end(2)
  assert.deepEqual([...running], [1, 3])
  await end(1)
  await end(3)
  await end(4)
  assert.deepEqual(await Promise.all(all), [1, 2, 3, 4])
  assert.deepEqual(begun, [1, 2, 3, 4])
})

test('work that fails gives its place on, and only its own asker hears of it', async () => {
  const { start, end, running } = openSite(1)
  const [first, second] = [start(1), start(2)]
  const failed = assert.rejects(first, /out of paint/)
  await end(1, new Error('out of paint'))
  await failed
  assert.deepEqual([...running], [2])
  await end(2)
  assert.equal(await second, 2)
})

test('who comes as a place is handed on waits for the next one', async () => {
  const { start, end, running, begun } = openSite(1)
  const first = start(1)
  const second = start(2)
  const third = first.then(() => start(3))
  await end(1)
  assert.deepEqual([...running], [2])
  await end(2)
  await end(3)
  await Promise.all([second, third])
  assert.deepEqual(begun, [1, 2, 3])
})
