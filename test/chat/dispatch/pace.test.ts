import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPaces, PACE_LIMITS, type Pace } from '../../../src/chat/dispatch/pace.ts'
import { timestamp } from '../../../src/domain/units.ts'

const LIMITS = { heard: 3, refused: 1, completed: 2 }
const seconds = (value: number) => timestamp(1_800_000_000_000 + value * 1000)
/** The kinds of what one person hears who sends at these seconds. */
const kindsAt = (pace: ReturnType<typeof createPaces>, times: readonly number[]): readonly Pace['kind'][] =>
  times.map((time) => pace('heard', 'discord:1', seconds(time)).kind)

test('the limit is said once, then there is silence, and who waited a minute is heard again', () => {
  const pace = createPaces(LIMITS)
  assert.deepEqual(kindsAt(pace, [0, 0, 0, 1, 2, 3]), ['go', 'go', 'go', 'last', 'silent', 'silent'])
  assert.deepEqual(pace('heard', 'discord:1', seconds(10)), { kind: 'silent', seconds: 50 })
  assert.deepEqual(kindsAt(pace, [60]), ['go'])
})

test('who goes on without a pause is heard as often as anyone, and told once a minute', () => {
  const kinds = kindsAt(
    createPaces(LIMITS),
    Array.from({ length: 180 }, (_, i) => i),
  )
  assert.equal(kinds.filter((kind) => kind === 'go').length, 9)
  assert.equal(kinds.filter((kind) => kind === 'last').length, 3)
})

test('the seconds that are named are those until one is heard', () => {
  const pace = createPaces(LIMITS)
  kindsAt(pace, [0, 10, 20])
  const told = pace('heard', 'discord:1', seconds(30))
  assert.deepEqual(told, { kind: 'last', seconds: 30 })
  assert.deepEqual(kindsAt(pace, [59, 60, 61]), ['silent', 'go', 'silent'])
})

test('each person and each kind has a count of its own', () => {
  const pace = createPaces(LIMITS)
  kindsAt(pace, [0, 0, 0, 0, 0])
  for (const [what, who] of [
    ['heard', 'discord:2'],
    ['heard', 'telegram:1'],
    ['refused', 'discord:1'],
    ['completed', 'discord:1'],
  ] as const) {
    assert.deepEqual(pace(what, who, seconds(1)), { kind: 'go' }, `${what} ${who}`)
  }
})

test('in no minute does anyone get through more often than the limit, or is told more than once', () => {
  const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 90_000 })), {
    maxLength: 120,
  })
  fc.assert(
    fc.property(gaps, (between) => {
      const pace = createPaces(LIMITS)
      let now = 0
      const all = between.map((gap) => {
        now += gap
        return { at: now, kind: pace('heard', 'discord:1', seconds(now / 1000)).kind }
      })
      for (const { at } of all) {
        const minute = all.filter((one) => one.at > at - 60_000 && one.at <= at).map(({ kind }) => kind)
        assert.ok(minute.filter((kind) => kind === 'go').length <= LIMITS.heard)
        assert.ok(minute.filter((kind) => kind === 'last').length <= 1)
      }
    }),
  )
})

test('ten thousand newcomers push out those heard longest ago, never whoever is at it now', () => {
  const pace = createPaces({ ...PACE_LIMITS, heard: 1 })
  pace('heard', 'old', seconds(0))
  for (let i = 0; i < 10_000; i++) {
    pace('heard', `new:${i}`, seconds(1))
    if (i % 1_000 === 0) assert.notEqual(pace('heard', 'flooder', seconds(1)).kind, i === 0 ? 'silent' : 'go')
  }
  assert.equal(pace('heard', 'old', seconds(2)).kind, 'go', 'forgotten')
  assert.equal(pace('heard', 'flooder', seconds(2)).kind, 'silent')
})
