import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timestamp } from '../../src/domain/units.ts'
import { createVirtualClock, createWallClock } from '../../src/venues/virtual-clock.ts'

test('a virtual clock stands still until it is moved, and never goes back', () => {
  const clock = createVirtualClock(timestamp(1000))
  assert.equal(clock.now(), 1000)
  clock.advanceTo(timestamp(1500))
  clock.advanceTo(timestamp(1500))
  assert.equal(clock.now(), 1500)
  assert.throws(() => clock.advanceTo(timestamp(1499)), /Expected an instant at or after 1500, was 1499/)
  assert.throws(() => clock.advanceTo(Number.NaN as ReturnType<typeof timestamp>), RangeError)
  assert.equal(clock.now(), 1500)
})

test('a wall clock tells the time of the machine', () => {
  const before = Date.now()
  const now = createWallClock().now()
  assert.ok(now >= before && now <= Date.now())
})
