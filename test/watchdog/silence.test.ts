import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Finding,
  hear,
  look,
  type SilenceRules,
  standingOf,
  startWatch,
  type Watch,
} from '../../src/watchdog/silence.ts'
import { wordsFor } from '../../src/watchdog/words.ts'

const RULES: SilenceRules = {
  silentAfterMs: 60_000,
  repeatAfterMs: 120_000,
  longestPauseMs: 3_600_000,
  lookEveryMs: 1_000,
}

/** Looks every second up to `until`, and gives what there was to tell, with the time of it. */
function lookOn(watch: Watch, until: number): { watch: Watch; told: (readonly [number, Finding])[] } {
  const told: (readonly [number, Finding])[] = []
  for (let now = watch.lookedAt + RULES.lookEveryMs; now <= until; now += RULES.lookEveryMs) {
    const seen = look(watch, now, RULES)
    watch = seen.watch
    if (seen.finding) told.push([now, seen.finding])
  }
  return { watch, told }
}

test('never heard since the start is told apart from fallen silent', () => {
  const { told, watch } = lookOn(startWatch(0), 60_000)
  assert.deepEqual(told, [[60_000, { kind: 'never-heard', forMs: 60_000, times: 1 }]])
  const heard = hear(watch, { now: 70_000, state: 'active' })
  assert.deepEqual(heard.finding, { kind: 'back', afterMs: 70_000, first: true, state: 'active' })

  const later = lookOn(heard.watch, 130_000)
  assert.deepEqual(later.told, [[130_000, { kind: 'silent', forMs: 60_000, times: 1, state: 'active' }]])
  assert.equal(standingOf(later.watch), 'silent')
  const back = hear(later.watch, { now: 131_000, state: 'halted' })
  assert.deepEqual(back.finding, { kind: 'back', afterMs: 61_000, first: false, state: 'halted' })
  assert.equal(standingOf(back.watch), 'hearing')
})

test('a silence is told again after 2, 4, 8 … minutes and then every hour, until it ends', () => {
  const heard = hear(startWatch(0), { now: 0, state: undefined }).watch
  const { told } = lookOn(heard, 5 * 3_600_000)
  const pauses = told.slice(1).map(([at], index) => (at - told[index]![0]) / 60_000)
  assert.deepEqual(pauses, [2, 4, 8, 16, 32, 60, 60, 60])
  assert.deepEqual(
    told.map(([, finding]) => finding.kind === 'silent' && finding.times),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
})

test('while beats come more often than the limit nothing is told, and the first beat too late is told once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 59_000 }), { maxLength: 40 }), (gaps) => {
      let watch = startWatch(0)
      for (const gap of gaps) {
        const at = (watch.beatAt ?? 0) + gap
        const looked = lookOn(watch, at)
        assert.deepEqual(looked.told, [])
        watch = { ...hear(looked.watch, { now: at, state: undefined }).watch, lookedAt: at }
        assert.equal(watch.alerts, 0)
      }
      assert.equal(lookOn(watch, watch.lookedAt + 61_000).told.length, 1)
    }),
  )
})

test('time in which the watchdog itself stood still is no silence of the desk, and hides none either', () => {
  const heard = hear(startWatch(0), { now: 0, state: undefined }).watch
  const stood = look({ ...heard, lookedAt: 1_000 }, 600_000, RULES)
  assert.equal(stood.finding, undefined)
  const { told } = lookOn(stood.watch, 700_000)
  assert.equal(told.length, 1)
  assert.ok(told[0]![0] - 600_000 <= RULES.silentAfterMs)
})

test('the words say what happened, for how long, and that an alert is a repetition', () => {
  const wall = Date.UTC(2026, 0, 5, 12, 1, 1)
  const silent = wordsFor({ kind: 'silent', forMs: 61_000, times: 3, state: 'active' }, wall)
  assert.equal(silent.title, 'Breakwater has fallen silent')
  assert.match(silent.text, /^No sign of life for 61 s, last heard at 2026-01-05 12:00:00 UTC, trading state active\./)
  assert.match(silent.text, /alert 3 of the same silence\.$/)
  const never = wordsFor({ kind: 'never-heard', forMs: 7_200_000, times: 1 }, wall)
  assert.match(never.text, /has run for 2\.0 h and has never heard from the bot\..*HEARTBEAT_URL does not lead here\.$/)
  const back = wordsFor({ kind: 'back', afterMs: 600_000, first: false, state: undefined }, wall)
  assert.deepEqual([back.over, back.text], [true, 'The bot is heard again after 10 min of silence.'])
})
