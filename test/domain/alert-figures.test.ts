import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { raisedPerDay, shareOfTimeUnderAlert } from '../../src/domain/alert-figures.ts'
import { DAY, HOUR, timestamp } from '../../src/domain/units.ts'

const span = (raisedAt: number, endedAt?: number) => ({
  raisedAt: timestamp(raisedAt),
  ...(endedAt === undefined ? {} : { endedAt: timestamp(endedAt) }),
})

test('time under two alerts at once counts once, and only within the window', () => {
  const alerts = [span(30, 60), span(10, 40), span(-50, 5), span(90), span(200, 300)]
  assert.equal(shareOfTimeUnderAlert(alerts, timestamp(0), timestamp(100)), 0.65)
  assert.equal(shareOfTimeUnderAlert([], timestamp(0), timestamp(100)), 0)
  assert.equal(shareOfTimeUnderAlert([span(-10)], timestamp(0), timestamp(100)), 1)
})

test('counted instant by instant, the share is the same', () => {
  const spans = fc.array(
    fc
      .tuple(fc.integer({ min: -20, max: 120 }), fc.option(fc.nat(60), { nil: undefined }))
      .map(([from, length]) => span(from, length === undefined ? undefined : from + length)),
  )
  fc.assert(
    fc.property(spans, (alerts) => {
      const under = Array.from({ length: 100 }, (_, ms) =>
        alerts.some(({ raisedAt, endedAt = 100 }) => raisedAt <= ms && endedAt > ms),
      ).filter(Boolean).length
      assert.ok(Math.abs(shareOfTimeUnderAlert(alerts, timestamp(0), timestamp(100)) - under / 100) < 1e-12)
    }),
  )
})

test('raised alerts are counted by day, oldest first, the start of the window left out', () => {
  const alerts = [0, 1, DAY, DAY + 1, 2.5 * DAY, 2.5 * DAY + 1].map((at) => span(at))
  assert.deepEqual(raisedPerDay(alerts, timestamp(0), timestamp(2.5 * DAY)), [2, 1, 1])
})

test('a window that does not end after it begins is refused', () => {
  assert.throws(() => shareOfTimeUnderAlert([], timestamp(HOUR), timestamp(HOUR)), /Expected a window that ends after/)
  assert.throws(() => raisedPerDay([], timestamp(HOUR), timestamp(0)), RangeError)
})
