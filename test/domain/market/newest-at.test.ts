import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPanel } from '../../../src/domain/market/panel.ts'
import type { Tick } from '../../../src/domain/market/tick.ts'
import { fraction, HOUR, later, MINUTE, type TimestampMs, timestamp } from '../../../src/domain/units.ts'

const START = timestamp(Date.UTC(2025, 0, 1))
const minute = (n: number): TimestampMs => later(START, n * MINUTE)
const told = (eventAt: TimestampMs, receivedAt: TimestampMs): Tick => ({
  type: 'account-ratio',
  venue: 'a',
  asset: 'ETH',
  eventAt,
  receivedAt,
  longShare: fraction(0.5),
})

test('the newest event at each mark is the one found by reading everything', () => {
  const reading = fc.record({ event: fc.integer({ min: 0, max: 600 }), lag: fc.integer({ min: 0, max: 300 }) })
  const readings = fc.array(reading, { maxLength: 80 })
  fc.assert(
    fc.property(readings, fc.nat(400), fc.nat(700), fc.integer({ min: 1, max: 90 }), (told_, first, last, spacing) => {
      const panel = createPanel()
      for (const { event, lag } of told_) panel.apply(told(minute(event), minute(event + lag)))
      const marks = Array.from({ length: 12 }, (_, i) => minute(first + i * spacing))
      const [from, known] = [minute(first - 100), minute(last)]
      const all = panel.between('account-ratio', 'a', 'ETH', from, known)
      const expected = marks.map((mark) => {
        const until = all.findIndex(({ eventAt }) => eventAt > mark)
        const heard = until < 0 ? all : all.slice(0, until)
        const newest = Math.max(...heard.map(({ eventAt }) => eventAt))
        return heard.findLast(({ eventAt }) => eventAt === newest)
      })
      assert.deepEqual(panel.newestAt('account-ratio', 'a', 'ETH', { marks, from, known }), expected)
    }),
    { numRuns: 500 },
  )
})

test('sampling ten days by the hour reads no more of minutes than of hours, however long the record', () => {
  const reads = (every: number, days: number): number => {
    let count = 0
    const panel = createPanel()
    const end = days * 24 * 60
    for (let at = 0; at <= end; at += every) {
      const tick = told(minute(at), minute(at))
      panel.apply(
        Object.defineProperty({ ...tick }, 'receivedAt', {
          get() {
            count++
            return tick.receivedAt
          },
        }),
      )
    }
    const marks = Array.from({ length: 241 }, (_, i) => later(minute(end), (i - 240) * HOUR))
    count = 0
    const sampled = panel.newestAt('account-ratio', 'a', 'ETH', { marks, from: minute(0), known: minute(end) })
    assert.deepEqual(
      sampled.map((tick) => tick?.eventAt),
      marks,
    )
    return count
  }
  const [hours, minutes, longer] = [reads(60, 11), reads(1, 11), reads(1, 60)]
  assert.ok(minutes < 2 * hours && longer < 1.2 * minutes, `${hours}, ${minutes}, ${longer} reads`)
})
