import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBeatHeart } from '../../src/app/beat-heart.ts'
import { readRiskEffects, tradingStateNow } from '../../src/app/risk-in-force.ts'
import { NO_RAIL_EFFECTS, type RailState } from '../../src/domain/risk/rail.ts'
import { later, type TimestampMs } from '../../src/domain/units.ts'
import { member, openDesk, START, type TestDesk } from '../support/desk.ts'

/** A wall clock that a test can set. */
async function wallDesk(t: Parameters<typeof openDesk>[0]): Promise<TestDesk & { setNow(at: TimestampMs): void }> {
  let now = START
  const desk = await openDesk(t, { clock: { kind: 'wall', now: () => now } })
  return {
    ...desk,
    setNow(at) {
      now = at
    },
  }
}

const judged = (desk: TestDesk, at: TimestampMs) =>
  desk.store.rails.write({ states: [], effects: NO_RAIL_EFFECTS, at }, [])

test('nobody watches: on a wall clock only protective orders go through, and it says why', async (t) => {
  const desk = await wallDesk(t)
  const before = await tradingStateNow(desk.ports)
  assert.deepEqual([before.state, before.because], ['reducing', ['Risk is not watched yet: only protective orders']])
  await judged(desk, START)
  assert.deepEqual(await readRiskEffects(desk.ports), NO_RAIL_EFFECTS)
  desk.setNow(later(START, 30_000))
  assert.equal((await tradingStateNow(desk.ports)).state, 'active', 'three rounds of ten seconds')
  desk.setNow(later(START, 30_001))
  const late = await tradingStateNow(desk.ports)
  assert.equal(late.state, 'reducing')
  assert.match(late.because[0]!, /not watched: the rails were last judged 30 s ago/)
  assert.equal((await readRiskEffects(desk.ports)).netDeltaMayGrow, false)
})

test('a clock that the market drives stands still between its bars and is never late', async (t) => {
  const desk = await openDesk(t)
  assert.equal((await tradingStateNow(desk.ports)).state, 'active')
  await judged(desk, later(START, -1e9))
  assert.equal((await tradingStateNow(desk.ports)).state, 'active')
})

test('the stricter of what people set and what rails ask for holds, with the reasons of both', async (t) => {
  const desk = await openDesk(t)
  const set = (state: 'active' | 'reducing' | 'halted') =>
    desk.store.settings.setTradingState(state, { by: 'ana', at: START, reason: 'drill' })
  const rails = (tradingState: 'active' | 'reducing' | 'halted') =>
    desk.store.rails.write(
      { states: [], effects: { ...NO_RAIL_EFFECTS, tradingState, because: ['daily-loss (desk): 6 %'] }, at: START },
      [],
    )
  const expected = { active: 0, reducing: 1, halted: 2 }
  for (const person of ['active', 'reducing', 'halted'] as const)
    for (const rail of ['active', 'reducing', 'halted'] as const) {
      await set(person)
      await rails(rail)
      const now = await tradingStateNow(desk.ports)
      assert.equal(expected[now.state], Math.max(expected[person], expected[rail]), `${person} and ${rail}`)
      assert.deepEqual(now.because, [
        ...(rail === 'active' ? [] : ['daily-loss (desk): 6 %']),
        ...(person === 'active' ? [] : [`set to ${person} by ana: drill`]),
      ])
    }
})

test('a brake that was let go of is not said to lift in a moment while nobody watches', async (t) => {
  const desk = await wallDesk(t)
  const killed: RailState = {
    rail: 'kill',
    scope: 'desk',
    level: 'halted',
    since: START,
    heldForPerson: false,
    text: 'drill',
    variant: 'killed',
  }
  const resume = async (at: TimestampMs) => {
    await desk.store.rails.write(
      {
        states: [killed],
        effects: { ...NO_RAIL_EFFECTS, tradingState: 'halted', because: ['kill (desk): drill'] },
        at,
      },
      [],
    )
    await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
    const outcome = await desk.app.resumeTrading({ by: member('ana'), reason: 'done' })
    assert.ok(outcome.kind === 'resumed')
    return [outcome.isLifting, outcome.holds.length]
  }
  assert.deepEqual(await resume(START), [true, 1])
  assert.deepEqual(await resume(later(START, -60_000)), [false, 2])
})

test('a heartbeat that is not taken is counted and never thrown', async (t) => {
  const desk = await openDesk(t)
  const beats: unknown[] = []
  let works = false
  const beat = createBeatHeart({
    ...desk.ports,
    heartbeat: {
      async beat(facts) {
        if (!works) throw new Error('503')
        beats.push(facts)
      },
    },
  })
  assert.deepEqual(await beat(), { kind: 'failed', reason: '503', inARow: 1 })
  assert.deepEqual(await beat(), { kind: 'failed', reason: '503', inARow: 2 })
  works = true
  assert.deepEqual(await beat(), { kind: 'taken' })
  assert.deepEqual(beats, [{ state: 'active', at: START }])
  works = false
  assert.deepEqual(await beat(), { kind: 'failed', reason: '503', inARow: 1 })
  assert.deepEqual(await createBeatHeart(desk.ports)(), { kind: 'nobody-listens' })
})
