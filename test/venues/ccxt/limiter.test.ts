import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLimiter } from '../../../src/venues/ccxt/limiter.ts'

const LIMITS = { weight: 10, weightWindowMs: 60_000, orders: 3, ordersWindowMs: 10_000, weights: {} }
const NOW = { isOrder: false, patienceMs: 0 }
const AN_ORDER = { isOrder: true, patienceMs: 0 }

test('nothing waits until a window is full, and what was spent is free again a window later', async () => {
  let now = 0
  const limiter = createLimiter(LIMITS, () => now)
  for (let i = 0; i < 10; i++) assert.equal(await limiter.take(1, NOW), true)
  assert.equal(await limiter.take(1, NOW), false)
  now = 60_000
  assert.equal(await limiter.take(10, NOW), true)
  assert.equal(await limiter.take(1, NOW), false)
  now = 200_000
  assert.equal(await limiter.take(10, NOW), true)
})

test('orders have a window of their own', async () => {
  let now = 0
  const limiter = createLimiter(LIMITS, () => now)
  for (let i = 0; i < 3; i++) assert.equal(await limiter.take(1, AN_ORDER), true)
  assert.equal(await limiter.take(1, AN_ORDER), false)
  assert.equal(await limiter.take(1, NOW), true)
  now = 11_000
  assert.equal(await limiter.take(1, AN_ORDER), true)
})

test('a venue that wants to be left alone is', async () => {
  let now = 0
  const limiter = createLimiter(LIMITS, () => now)
  limiter.hold(5_000)
  assert.equal(await limiter.take(1, AN_ORDER), false)
  limiter.hold(1_000)
  now = 4_999
  assert.equal(await limiter.take(1, NOW), false)
  now = 5_000
  assert.equal(await limiter.take(1, NOW), true)
})

test('whoever has the patience is let through when there is room', async () => {
  const limiter = createLimiter({ ...LIMITS, ordersWindowMs: 20, orders: 1 })
  const asked = Array.from({ length: 5 }, () => limiter.take(1, { isOrder: true, patienceMs: 60_000 }))
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([true]))
})
