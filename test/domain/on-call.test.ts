import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type OnCall, onCallAt, ROTATIONS, takenBy, withRotation } from '../../src/domain/on-call.ts'
import { DAY, HOUR, later, type TimestampMs, timestamp } from '../../src/domain/units.ts'

/** A Monday. */
const MONDAY = timestamp(Date.UTC(2026, 0, 5, 12))
const order = ['ana', 'ben', 'cleo']
const daily: OnCall = { order, every: 'day', since: MONDAY }
const anyone = (): boolean => true
const hours = (from: TimestampMs, count: number): TimestampMs => later(from, count * HOUR)

test('it passes on at 08:00 UTC every day, in order and round again', () => {
  const who = (after: number) => onCallAt(daily, anyone, hours(MONDAY, after)).now
  assert.deepEqual([0, 19.99, 20, 43.99, 44, 68].map(who), ['ana', 'ana', 'ben', 'ben', 'cleo', 'ana'])
  assert.equal(onCallAt(daily, anyone, MONDAY).until, Date.UTC(2026, 0, 6, 8))
})

test('by the week it passes on at 08:00 UTC of a Monday', () => {
  const weekly: OnCall = { ...daily, every: 'week' }
  assert.equal(onCallAt(weekly, anyone, MONDAY).until, Date.UTC(2026, 0, 12, 8))
  const who = (at: number) => onCallAt(weekly, anyone, timestamp(at)).now
  assert.deepEqual([Date.UTC(2026, 0, 12, 7, 59), Date.UTC(2026, 0, 12, 8), Date.UTC(2026, 0, 19, 8)].map(who), [
    'ana',
    'ben',
    'cleo',
  ])
})

test('switched off it stays with the first', () => {
  const off = onCallAt({ ...daily, every: 'off' }, anyone, hours(MONDAY, 1_000))
  assert.deepEqual(off, { now: 'ana', next: 'ben', until: undefined, taken: false })
})

test('the turn of someone who cannot be on call goes to the next, and nobody else is swapped', () => {
  const notBen = (memberId: string): boolean => memberId !== 'ben'
  const who = (after: number) => onCallAt(daily, notBen, hours(MONDAY, after)).now
  assert.deepEqual([0, 20, 44, 68].map(who), ['ana', 'cleo', 'cleo', 'ana'])
  assert.deepEqual(onCallAt(daily, () => false, MONDAY).now, undefined)
  assert.equal(onCallAt(daily, notBen, MONDAY).next, 'cleo')
})

test('who takes it has it for so long, and then it is as it was', () => {
  const taken = takenBy(daily, 'zoe', { at: MONDAY, hours: 30 })
  assert.deepEqual(onCallAt(taken, anyone, hours(MONDAY, 1)), {
    now: 'zoe',
    next: 'ana',
    until: hours(MONDAY, 30),
    taken: true,
  })
  assert.equal(onCallAt(taken, anyone, hours(MONDAY, 30)).now, 'ben')
  assert.equal(onCallAt(taken, (memberId) => memberId !== 'zoe', MONDAY).now, 'ana', 'who lost the role is skipped')
})

test('a new rotation begins with whoever has it now', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ROTATIONS),
      fc.constantFrom(...ROTATIONS),
      fc.nat(60 * 24),
      fc.subarray(order, { minLength: 1 }),
      (every, next, after, able) => {
        const at = hours(MONDAY, after)
        const canBe = (memberId: string): boolean => able.includes(memberId)
        const before = { ...daily, every }
        const changed = withRotation(before, next, { canBe, at })
        assert.equal(onCallAt(changed, canBe, at).now, onCallAt(before, canBe, at).now)
        assert.deepEqual([...changed.order].sort(), order)
      },
    ),
  )
})

test('over any order of people who all can, each has the same share of the days', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(2_000), (people, start) => {
      const names = Array.from({ length: people }, (_, i) => `p${i}`)
      const since = hours(MONDAY, start)
      const counts = new Map<string, number>()
      for (let day = 0; day < people * 4; day++) {
        const { now } = onCallAt({ order: names, every: 'day', since }, anyone, later(since, day * DAY))
        counts.set(now!, (counts.get(now!) ?? 0) + 1)
      }
      assert.deepEqual(
        names.map((name) => counts.get(name)),
        names.map(() => 4),
      )
    }),
  )
})
