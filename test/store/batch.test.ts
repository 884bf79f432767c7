import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inBatches } from '../../src/store/batch.ts'

/** Doubles numbers, a batch at a time, when let; it keeps what went together. */
function doubling({ wrong = () => undefined }: { wrong?: (batch: readonly number[]) => Error | undefined } = {}) {
  const batches: (readonly number[])[] = []
  const double = inBatches(
    async (batch: readonly number[]) => {
      batches.push(batch)
      await new Promise((resolve) => setImmediate(resolve))
      const error = wrong(batch)
      if (error) throw error
      return batch.map((one) => one * 2)
    },
    { keyOf: (one) => String(Math.abs(one)), most: 10 },
  )
  return { double, batches }
}

test('one alone goes at once, those who come meanwhile go together, each with its own answer', async () => {
  const { double, batches } = doubling()
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map(double)), [2, 4, 6, 8])
  assert.deepEqual(batches, [[1], [2, 3, 4]])
  assert.equal(await double(5), 10)
  assert.deepEqual(batches[2], [5])
})

test('no more than the most go together, and the rest keep their order', async () => {
  const { double, batches } = doubling()
  const numbers = Array.from({ length: 25 }, (_, i) => i + 1)
  assert.deepEqual(
    await Promise.all(numbers.map(double)),
    numbers.map((one) => one * 2),
  )
  assert.deepEqual(
    batches.map(({ length }) => length),
    [1, 10, 10, 4],
  )
  assert.deepEqual(batches.flat(), numbers)
})

test('two with the same key never go together', async () => {
  const { double, batches } = doubling()
  assert.deepEqual(await Promise.all([1, 2, -2, 3, 2].map(double)), [2, 4, -4, 6, 4])
  assert.deepEqual(batches, [[1], [2, 3], [-2], [2]])
})

test('what is wrong with one is not the fault of the others', async () => {
  const { double } = doubling({ wrong: (batch) => (batch.includes(3) ? new Error('three!') : undefined) })
  const settled = await Promise.allSettled([1, 2, 3, 4].map(double))
  assert.deepEqual(
    settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)),
    [2, 4, 'three!', 8],
  )
})

test('when the connection is lost everyone is told, nothing is said twice, and the next is tried', async () => {
  const lost = Object.assign(new Error('gone'), { code: 'ECONNRESET' })
  const { double, batches } = doubling({ wrong: (batch) => (batch.includes(3) ? lost : undefined) })
  const settled = await Promise.allSettled([1, 2, 3].map(double))
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  assert.deepEqual(batches, [[1], [2, 3]])
  assert.equal(await double(4), 8)
})
