import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distances, rearm } from '../../../src/domain/risk/advance-rails.ts'
import type { RailFacts } from '../../../src/domain/risk/facts.ts'
import { DEFAULT_LIMITS } from '../../../src/domain/risk/limits.ts'
import { RAIL_LEVELS, type RailLevel } from '../../../src/domain/risk/rail.ts'
import {
  duration,
  type FundingPer8h,
  fraction,
  later,
  type TimestampMs,
  timestamp,
  usd,
} from '../../../src/domain/units.ts'
import { calm, calmAccount, MINUTES, NOON, watch } from './calm.ts'

const leverage = (value: number) => (at: TimestampMs) =>
  calm({ at, accounts: [calmAccount({ grossNotional: usd(value * 1e6) }), calmAccount({ venue: 'bybit' })] })
const distance = (value: number) => (at: TimestampMs) =>
  calm({ at, legs: [{ ...calm().legs[0]!, liquidationDistance: fraction(value) }] })
const calmAt = (at: TimestampMs) => calm({ at })
const rank = (level: RailLevel | undefined) => RAIL_LEVELS.indexOf(level ?? 'normal')

test('a rail goes to the strictest level at once and comes back one level in 15 minutes', () => {
  const desk = watch()
  desk.see(distance(0.05)(NOON))
  assert.equal(desk.level('liquidation-distance', 'binance'), 'reducing')
  let now = desk.stay(14, distance(0.9), NOON)
  assert.equal(desk.level('liquidation-distance', 'binance'), 'reducing')
  const seen: (RailLevel | undefined)[] = []
  for (let step = 0; step < 4; step++) {
    now = desk.stay(15, distance(0.9), now)
    seen.push(desk.level('liquidation-distance', 'binance'))
  }
  // The first minute of the release is minute 1: it has held for 15 minutes in minute 16.
  assert.deepEqual(seen, ['degraded', 'caution', 'normal', 'normal'])
})

test('each level of the liquidation distance ends three points beyond its own trigger', () => {
  const desk = watch()
  desk.see(distance(0.07)(NOON))
  let now = desk.stay(60, distance(0.1099), NOON)
  assert.equal(desk.level('liquidation-distance', 'binance'), 'reducing')
  now = desk.stay(60, distance(0.1101), now)
  assert.equal(desk.level('liquidation-distance', 'binance'), 'degraded')
  now = desk.stay(60, distance(0.1799), now)
  assert.equal(desk.level('liquidation-distance', 'binance'), 'degraded')
  now = desk.stay(60, distance(0.1801), now)
  assert.equal(desk.level('liquidation-distance', 'binance'), 'caution')
  now = desk.stay(60, distance(0.2799), now)
  assert.equal(desk.level('liquidation-distance', 'binance'), 'caution')
  desk.stay(60, distance(0.2801), now)
  assert.equal(desk.level('liquidation-distance', 'binance'), 'normal')
})

/** From a raised rail, an hour of figures that end the trigger but not the level, then an hour of figures that end it. */
const releases: readonly {
  name: string
  rail: Parameters<ReturnType<typeof watch>['level']>
  fire: (at: TimestampMs) => RailFacts
  between: (at: TimestampMs) => RailFacts
  over: (at: TimestampMs) => RailFacts
}[] = [
  {
    name: 'leverage ends under 2.8',
    rail: ['leverage', 'binance'],
    fire: leverage(3.1),
    between: leverage(2.8),
    over: leverage(2.79),
  },
  {
    name: 'margin ends above 3.5',
    rail: ['margin', 'binance'],
    fire: (at) => calm({ at, accounts: [calmAccount({ maintenanceMargin: usd(400_000) })] }),
    between: (at) => calm({ at, accounts: [calmAccount({ maintenanceMargin: usd(1e6 / 3.49) })] }),
    over: (at) => calm({ at, accounts: [calmAccount({ maintenanceMargin: usd(1e6 / 3.51) })] }),
  },
  {
    name: 'a funding spike ends under .05 % on every venue',
    rail: ['funding-spike', 'ETH'],
    fire: (at) => calm({ at, funding: spike(0.0012, 0.0013) }),
    between: (at) => calm({ at, funding: spike(0.0001, 0.0006) }),
    over: (at) => calm({ at, funding: spike(0.0001, 0.00049) }),
  },
  {
    name: 'one-sided open interest ends with its z-score under 2, whoever is crowded',
    rail: ['one-sided-open-interest', 'ETH'],
    fire: (at) => calm({ at, crowding: crowded(2.5, 0.7) }),
    between: (at) => calm({ at, crowding: crowded(2.1, 0.5) }),
    over: (at) => calm({ at, crowding: crowded(1.9, 0.7) }),
  },
  {
    name: 'reconciliation ends with the third clean poll',
    rail: ['reconciliation', 'binance'],
    fire: (at) => calm({ at, instruments: polls(2, 0, 20_000) }),
    between: (at) => calm({ at, instruments: polls(0, 2, 0) }),
    over: (at) => calm({ at, instruments: polls(0, 3, 0) }),
  },
  {
    name: 'model health ends with a passed gate, not with one that nobody has judged',
    rail: ['model-health', 'desk'],
    fire: (at) => calm({ at, model: { inferenceFailed: true } }),
    between: (at) => calm({ at, model: { inferenceFailed: false } }),
    over: (at) => calm({ at, model: { inferenceFailed: false, calibrationGatePassed: true } }),
  },
]

function spike(one: number, other: number): RailFacts['funding'] {
  return [one, other].map((rate, i) => ({
    asset: 'ETH',
    venue: i === 0 ? 'binance' : 'bybit',
    funding: rate as FundingPer8h,
    robustZ: 6,
  }))
}
function crowded(openInterestZ: number, longShare: number): RailFacts['crowding'] {
  return [{ asset: 'ETH', openInterestZ, longShare: fraction(longShare), gain: 0.9, gainP95: 0.4 }]
}
function polls(dirtyPolls: number, cleanPolls: number, notional: number): RailFacts['instruments'] {
  return [{ ...calm().instruments[0]!, unexplainedNotional: usd(notional), dirtyPolls, cleanPolls }]
}

for (const { name, rail, fire, between, over } of releases) {
  test(name, () => {
    const desk = watch()
    desk.see(fire(NOON))
    const raised = desk.level(...rail)
    assert.ok(rank(raised) > 0)
    const now = desk.stay(60, between, NOON)
    assert.equal(desk.level(...rail), raised)
    desk.stay(60, over, now)
    assert.equal(desk.level(...rail), 'normal')
  })
}

test('a venue comes back after 60 minutes in which all was normal, not after 59', () => {
  const desk = watch()
  const halted = (at: TimestampMs) =>
    calm({ at, accounts: [calmAccount({ status: 'halted' }), calmAccount({ venue: 'bybit' })] })
  desk.see(halted(NOON))
  let now = desk.stay(60, calmAt, NOON)
  assert.equal(desk.level('venue-status', 'binance'), 'degraded')
  now = desk.stay(1, calmAt, now)
  assert.equal(desk.level('venue-status', 'binance'), 'caution')
  desk.stay(15, calmAt, now)
  assert.equal(desk.level('venue-status', 'binance'), 'normal')
})

test('a release that breaks off for one moment begins anew', () => {
  const desk = watch()
  desk.see(leverage(4)(NOON))
  let now = desk.stay(15, leverage(2), NOON)
  now = desk.stay(1, leverage(2.9), now)
  now = desk.stay(15, leverage(2), now)
  assert.equal(desk.level('leverage', 'binance'), 'degraded')
  desk.stay(1, leverage(2), now)
  assert.equal(desk.level('leverage', 'binance'), 'caution')
})

test('what is no longer known frees nothing, however long', () => {
  const desk = watch()
  desk.see(leverage(4)(NOON))
  let now = desk.stay(120, (at) => calm({ at, accounts: [{ venue: 'binance' }] }), NOON)
  assert.equal(desk.level('leverage', 'binance'), 'degraded')
  now = desk.stay(120, (at) => calm({ at, accounts: [] }), now)
  assert.equal(desk.level('leverage', 'binance'), 'degraded')
  const facts = calm({ at: now, accounts: [] })
  const gone = distances(desk.states(), facts, DEFAULT_LIMITS).find(({ rail }) => rail === 'leverage')
  assert.deepEqual([gone?.level, gone?.text], ['degraded', 'not in sight'])
  desk.stay(31, leverage(1), now)
  assert.equal(desk.level('leverage', 'binance'), 'normal')
})

test('a value that swings about its trigger does not swing the level', () => {
  for (const period of [1, 3, 7, 13, 20]) {
    const desk = watch()
    let looser = 0
    let lastLooser = Number.NEGATIVE_INFINITY
    let before: RailLevel | undefined
    for (let minute = 0; minute < 24 * 60; minute++) {
      const at = later(NOON, minute * MINUTES)
      desk.see(leverage(minute % (2 * period) < period ? 3.05 : 2.75)(at))
      const level = desk.level('leverage', 'binance')
      if (rank(level) < rank(before)) {
        looser++
        assert.ok(minute - lastLooser >= 15, `two steps back within ${minute - lastLooser} minutes`)
        lastLooser = minute
      }
      before = level
    }
    if (period <= 15) assert.equal(looser, 0, `a swing of ${period} minutes let go ${looser} times`)
    else assert.ok(looser <= (24 * 60) / (2 * period) + 1)
  }
})

test('the decision of every change names its rail, both levels, its numbers and the hash of all facts', () => {
  const desk = watch()
  const { decisions } = desk.see(leverage(4)(NOON))
  assert.equal(decisions.length, 1)
  const [decision] = decisions
  assert.deepEqual(
    [decision!.rail, decision!.scope, decision!.before, decision!.after, decision!.at],
    ['leverage', 'binance', 'normal', 'degraded', NOON],
  )
  assert.equal(decision!.inputs.value, 4)
  assert.equal(decision!.inputs.trigger, 5)
  assert.match(decision!.inputsHash, /^[0-9a-f]{64}$/)
  assert.deepEqual(desk.see(leverage(4)(later(NOON, MINUTES))).decisions, [])
  const other = watch().see(leverage(4.1)(NOON)).decisions[0]
  assert.notEqual(other!.inputsHash, decision!.inputsHash)
})

const loss = (share: number) => (at: TimestampMs) =>
  calm({ at, book: { ...calm().book, value: usd(10e6 * (1 - share)) } })
const MIDNIGHT = timestamp(Date.UTC(2026, 0, 6))

test('a soft loss of the day holds until the next UTC day, though it was made good', () => {
  const desk = watch()
  desk.see(loss(0.035)(NOON))
  desk.stay(719, loss(-0.01), NOON)
  assert.equal(desk.level('daily-loss', 'desk'), 'degraded')
  const now = desk.stay(16, loss(0), timestamp(MIDNIGHT - MINUTES))
  assert.equal(desk.level('daily-loss', 'desk'), 'caution')
  desk.stay(15, loss(0), now)
  assert.equal(desk.level('daily-loss', 'desk'), 'normal')
})

test('a hard loss of the day waits for the next UTC day and a person, in either order', () => {
  const desk = watch()
  desk.see(loss(0.06)(NOON))
  let now = desk.stay(12 * 60 + 120, loss(0), NOON)
  assert.equal(desk.level('daily-loss', 'desk'), 'reducing')
  const waiting = distances(desk.states(), loss(0)(now), DEFAULT_LIMITS).find(({ rail }) => rail === 'daily-loss')
  assert.equal(waiting?.waitsFor, 'person')
  const freed = rearm(desk.states(), { rail: 'daily-loss', scope: 'desk' })
  assert.equal(freed.kind, 'rearmed')
  if (freed.kind === 'rearmed') desk.set(freed.states)
  now = desk.stay(1, loss(0), now)
  assert.equal(desk.level('daily-loss', 'desk'), 'degraded')
  desk.stay(45, loss(0), now)
  assert.equal(desk.level('daily-loss', 'desk'), 'normal')

  const early = watch()
  early.see(loss(0.06)(NOON))
  const sameDay = rearm(early.states(), { rail: 'daily-loss', scope: 'desk' })
  if (sameDay.kind === 'rearmed') early.set(sameDay.states)
  early.stay(11 * 60, loss(0.01), NOON)
  assert.equal(early.level('daily-loss', 'desk'), 'reducing')
  early.stay(31, loss(0), MIDNIGHT)
  assert.equal(early.level('daily-loss', 'desk'), 'caution')
})

test('re-arming what still is as it was holds it again, and there is nothing to re-arm on a calm desk', () => {
  const desk = watch()
  desk.see(loss(0.06)(NOON))
  const freed = rearm(desk.states(), { rail: 'daily-loss', scope: 'desk' })
  if (freed.kind === 'rearmed') desk.set(freed.states)
  desk.stay(1, loss(0.06), NOON)
  assert.equal(desk.state('daily-loss', 'desk')?.heldForPerson, true)
  assert.deepEqual(rearm(watch().see(calmAt(NOON)).states, { rail: 'kill', scope: 'desk' }), { kind: 'not-held' })
})

const process = (over: Partial<RailFacts['process']>) => (at: TimestampMs) =>
  calm({ at, process: { ...calm().process, ...over } })

test('a lost heartbeat halts until a person re-arms, and then comes back by steps', () => {
  const desk = watch()
  desk.see(process({ heartbeatAge: duration(60_000) })(NOON))
  let now = desk.stay(300, calmAt, NOON)
  assert.equal(desk.level('kill', 'desk'), 'halted')
  const freed = rearm(desk.states(), { rail: 'kill', scope: 'desk' })
  if (freed.kind === 'rearmed') desk.set(freed.states)
  const seen: (RailLevel | undefined)[] = []
  for (const minutes of [1, 15, 15, 15]) {
    now = desk.stay(minutes, calmAt, now)
    seen.push(desk.level('kill', 'desk'))
  }
  assert.deepEqual(seen, ['reducing', 'degraded', 'caution', 'normal'])
})

test('what a person stopped, a person starts at once, if all is reconciled', () => {
  const killed = process({ killed: { by: 'ann', reason: 'drill' } })
  const desk = watch()
  desk.see(killed(NOON))
  let now = desk.stay(600, killed, NOON)
  assert.equal(desk.level('kill', 'desk'), 'halted')
  const unreconciled = (at: TimestampMs) => calm({ at, instruments: polls(0, 0, 0) })
  now = desk.stay(30, unreconciled, now)
  assert.equal(desk.level('kill', 'desk'), 'halted')
  assert.match(desk.state('kill', 'desk')!.text, /is not reconciled/)
  desk.stay(1, calmAt, now)
  assert.equal(desk.level('kill', 'desk'), 'normal')
})

test('a kill beside a lost heartbeat is no longer a person’s alone', () => {
  const desk = watch()
  desk.see(process({ killed: { by: 'ann', reason: 'drill' } })(NOON))
  const now = desk.stay(1, process({ killed: { by: 'ann', reason: 'drill' }, heartbeatAge: duration(60_000) }), NOON)
  assert.equal(desk.state('kill', 'desk')?.variant, 'heartbeat-lost+killed')
  desk.stay(60, calmAt, now)
  assert.equal(desk.level('kill', 'desk'), 'halted')
  assert.equal(desk.state('kill', 'desk')?.heldForPerson, true)
})

test('a condition that joins another acts at once; one that has passed leaves after the same wait', () => {
  const desk = watch()
  const data = (over: Partial<RailFacts['data'][number]>) => (at: TimestampMs) =>
    calm({ at, data: [{ ...calm().data[0]!, ...over }] })
  const few = data({ freshVenues: ['okx'] })
  desk.see(few(NOON))
  let now = desk.stay(1, data({ freshVenues: ['okx'], priceAge: duration(60_000) }), NOON)
  assert.equal(desk.state('data', 'ETH')?.variant, 'few-venues+price-stale')
  now = desk.stay(15, few, now)
  assert.deepEqual(desk.see(few(now)).effects.assetsWithoutPrice, ['ETH'])
  now = desk.stay(1, few, now)
  assert.equal(desk.state('data', 'ETH')?.variant, 'few-venues')
  assert.deepEqual(desk.see(few(now)).effects.assetsWithoutPrice, [])
  assert.equal(desk.level('data', 'ETH'), 'degraded')
})
