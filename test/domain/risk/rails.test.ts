import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanceRails, distances } from '../../../src/domain/risk/advance-rails.ts'
import type { RailFacts } from '../../../src/domain/risk/facts.ts'
import { DEFAULT_LIMITS } from '../../../src/domain/risk/limits.ts'
import { NO_RAIL_EFFECTS, RAILS, type RailEffects, type RailName } from '../../../src/domain/risk/rail.ts'
import { RAIL_CHECKS } from '../../../src/domain/risk/rails.ts'
import { baseQty, duration, type FundingPer8h, fraction, HOUR, later, usd } from '../../../src/domain/units.ts'
import { calm, calmAccount } from './calm.ts'

const first = (facts: RailFacts) => advanceRails([], facts, DEFAULT_LIMITS)
/** Every rail that is not normal, as `rail/scope level variant`. */
const raised = (over: Partial<RailFacts>): readonly string[] =>
  first(calm(over))
    .states.filter(({ level }) => level !== 'normal')
    .map(({ rail, scope, level, variant }) => `${rail}/${scope} ${level}${variant ? ` ${variant}` : ''}`)
const effectsOf = (over: Partial<RailFacts>): RailEffects => first(calm(over)).effects
/** Effects that are not what a calm day has. */
const changes = (over: Partial<RailFacts>): Partial<RailEffects> =>
  Object.fromEntries(
    Object.entries(effectsOf(over)).filter(
      ([key, value]) =>
        key !== 'because' && JSON.stringify(value) !== JSON.stringify(NO_RAIL_EFFECTS[key as keyof RailEffects]),
    ),
  )

const base = calm()
const account = (over: Parameters<typeof calmAccount>[0]) => ({
  accounts: [calmAccount(over), calmAccount({ venue: 'bybit' })],
})
const leg = (distance: number | undefined) => ({
  legs: [
    {
      ...base.legs[0]!,
      liquidationDistance: distance === undefined ? undefined : fraction(distance),
    },
    base.legs[1]!,
  ],
})
const instrument = (over: Partial<RailFacts['instruments'][number]>) => ({
  instruments: [{ ...base.instruments[0]!, ...over }],
})
const data = (over: Partial<RailFacts['data'][number]>) => ({ data: [{ ...base.data[0]!, ...over }] })
const book = (value: number) => ({ book: { ...base.book, value: usd(value) } })
const funding = (...rates: readonly (readonly [rate: number, z: number | undefined])[]) => ({
  funding: rates.map(([rate, robustZ], i) => ({
    asset: 'ETH',
    venue: ['binance', 'bybit', 'okx'][i]!,
    funding: rate as FundingPer8h,
    robustZ,
  })),
})
const crowding = (over: Partial<RailFacts['crowding'][number]>) => ({
  crowding: [{ ...base.crowding[0]!, ...over }],
})

test('there are thirteen rails in order of precedence, and on a calm day none is raised', () => {
  assert.equal(RAIL_CHECKS.length, RAILS.length)
  const order = RAIL_CHECKS.map((check) => check(base, DEFAULT_LIMITS, () => undefined)[0]?.rail)
  assert.deepEqual(order, RAILS)
  assert.deepEqual(raised({}), [])
  assert.deepEqual(effectsOf({}), NO_RAIL_EFFECTS)
})

test('rail 0: a kill, a silent process and a refused key each halt everything', () => {
  assert.deepEqual(raised({ process: { ...base.process, killed: { by: 'ann', reason: 'test' } } }), [
    'kill/desk halted killed',
  ])
  assert.deepEqual(raised({ process: { ...base.process, heartbeatAge: duration(30_001) } }), [
    'kill/desk halted heartbeat-lost',
  ])
  assert.deepEqual(raised({ process: { ...base.process, heartbeatAge: duration(30_000) } }), [])
  assert.deepEqual(raised({ process: { ...base.process, authErrorsInARow: 3 } }), ['kill/desk halted key-refused'])
  assert.deepEqual(raised({ process: { ...base.process, authErrorsInARow: 2 } }), [])
  assert.deepEqual(changes({ process: { ...base.process, authErrorsInARow: 3 } }), { tradingState: 'halted' })
})

test('rail 1: an unexplained position of 0.5 % or $10k for two polls lets only protective orders through', () => {
  const found = { unexplainedQuantity: baseQty(1), cleanPolls: 0 }
  const small = { ...found, unexplainedNotional: usd(3000) }
  assert.deepEqual(raised(instrument({ ...found, unexplainedNotional: usd(10_001), dirtyPolls: 2 })), [
    'reconciliation/binance reducing',
  ])
  assert.deepEqual(raised(instrument({ ...found, unexplainedNotional: usd(10_001), dirtyPolls: 1 })), [
    'reconciliation/binance caution',
  ])
  assert.deepEqual(raised(instrument({ ...small, unexplainedShare: fraction(0.0051), dirtyPolls: 2 })), [
    'reconciliation/binance reducing',
  ])
  assert.deepEqual(raised(instrument({ ...small, unexplainedShare: fraction(0.005), dirtyPolls: 9 })), [])
  assert.deepEqual(raised(instrument({ ...small, unexplainedShare: undefined, dirtyPolls: 9 })), [])
})

test('rail 2: the distance of our own liquidation warns, acts and is an emergency', () => {
  assert.deepEqual(raised(leg(0.25)), [])
  assert.deepEqual(raised(leg(0.2499)), ['liquidation-distance/binance caution'])
  assert.deepEqual(raised(leg(0.1499)), ['liquidation-distance/binance degraded'])
  assert.deepEqual(raised(leg(0.0799)), ['liquidation-distance/binance reducing'])
  assert.deepEqual(changes(leg(0.2)), {})
  assert.deepEqual(changes(leg(0.12)), {
    noNewLeverage: ['binance'],
    venuesToReduce: ['binance'],
    reversalAllowed: true,
  })
  assert.equal(effectsOf(leg(0.05)).tradingState, 'reducing')
})

test('rail 3: margin warns under 3, acts under 2, and takes no more once half of the equity is in use', () => {
  assert.deepEqual(raised(account({ maintenanceMargin: usd(1e6 / 3 - 1) })), [])
  assert.deepEqual(raised(account({ maintenanceMargin: usd(1e6 / 3 + 1) })), ['margin/binance caution margin-ratio'])
  assert.deepEqual(raised(account({ maintenanceMargin: usd(500_001) })), ['margin/binance reducing margin-ratio'])
  assert.deepEqual(raised(account({ initialMargin: usd(500_001) })), ['margin/binance degraded margin-use'])
  assert.deepEqual(changes(account({ initialMargin: usd(500_001) })), {
    noNewLeverage: ['binance'],
    reversalAllowed: true,
  })
  assert.deepEqual(effectsOf(account({ maintenanceMargin: usd(500_001) })).venuesToReduce, ['binance'])
})

test('rail 4: leverage over 3 blocks increases there, over 5 it is reduced; no equity is beyond any limit', () => {
  assert.deepEqual(raised(account({ grossNotional: usd(3e6) })), [])
  assert.deepEqual(raised(account({ grossNotional: usd(3e6 + 1) })), ['leverage/binance degraded'])
  assert.deepEqual(raised(account({ grossNotional: usd(5e6 + 1) })), ['leverage/binance reducing'])
  assert.deepEqual(changes(account({ grossNotional: usd(4e6) })), { noNewLeverage: ['binance'], reversalAllowed: true })
  assert.deepEqual(changes(account({ grossNotional: usd(6e6) })), {
    tradingState: 'reducing',
    noNewLeverage: ['binance'],
    venuesToReduce: ['binance'],
    reversalAllowed: true,
  })
  assert.ok(raised(account({ equity: usd(0) })).includes('leverage/binance reducing'))
})

test('rail 5: a loss of the day warns, then lets no net delta grow and keeps every hedge, then waits for a person', () => {
  assert.deepEqual(raised(book(9.81e6)), [])
  assert.deepEqual(raised(book(9.8e6)), ['daily-loss/desk caution loss-of-2026-01-05'])
  assert.deepEqual(changes(book(9.8e6)), {})
  assert.deepEqual(raised(book(9.7e6)), ['daily-loss/desk degraded loss-of-2026-01-05'])
  assert.deepEqual(changes(book(9.7e6)), {
    netDeltaMayGrow: false,
    keepHedge: 'everything',
    reversalAllowed: true,
  })
  assert.deepEqual(raised(book(9.5e6)), ['daily-loss/desk reducing loss-of-2026-01-05'])
  const hard = first(calm(book(9.5e6)))
  assert.equal(hard.effects.tradingState, 'reducing')
  assert.equal(hard.states.find(({ rail }) => rail === 'daily-loss')?.heldForPerson, true)
  assert.match(hard.effects.because.join(), /^daily-loss \(desk\): loss since 00:00 UTC 5\.00 %.*waits for a person/)
})

test('rail 6: a stale price stops orders, few venues drop the model, prices apart leave the static hedge', () => {
  assert.deepEqual(raised(data({ priceAge: duration(10_000) })), [])
  assert.deepEqual(raised(data({ priceAge: duration(10_001) })), ['data/ETH degraded price-stale'])
  assert.deepEqual(effectsOf(data({ priceAge: duration(10_001) })).assetsWithoutPrice, ['ETH'])
  assert.deepEqual(raised(data({ freshVenues: ['okx'] })), ['data/ETH degraded few-venues'])
  assert.deepEqual(changes(data({ freshVenues: ['okx'] })), {
    overlayShare: { ETH: 0 },
    policyFor: { ETH: 'volatility-timed' },
  })
  assert.deepEqual(raised(data({ dispersion: fraction(0.0101) })), ['data/ETH degraded dispersion'])
  assert.deepEqual(effectsOf(data({ dispersion: fraction(0.0101) })).policyFor, { ETH: 'static' })
  assert.deepEqual(raised(data({ freshVenues: ['okx', 'bybit'] })), ['data/ETH caution venue-dropped'])
})

test('rail 6: off a live market the declared cadence holds, and a single source is not counted', () => {
  const recorded = { isLive: false, priceCadence: duration(4 * HOUR), dispersion: undefined }
  const single = { ...recorded, declaredVenues: ['binance'], freshVenues: ['binance'] }
  assert.deepEqual(raised(data({ ...single, priceAge: duration(8 * HOUR) })), [])
  assert.deepEqual(raised(data({ ...single, priceAge: duration(8 * HOUR + 1) })), ['data/ETH degraded price-stale'])
  const shown = first(calm(data({ ...single, priceAge: duration(HOUR) }))).states.find(({ rail }) => rail === 'data')
  assert.match(shown!.text, /one venue declares prices: the number of venues is not judged/)
  assert.deepEqual(raised(data({ ...recorded, priceAge: duration(HOUR), freshVenues: ['okx'] })), [
    'data/ETH degraded few-venues',
  ])
})

test('rail 7: a venue that stops, pauses liquidations or leaves the index is frozen; deleveraging is only said', () => {
  assert.deepEqual(raised(account({ status: 'halted', statusReason: 'maintenance' })), [
    'venue-status/binance degraded halted',
  ])
  assert.deepEqual(raised(account({ liquidationsPaused: true })), ['venue-status/binance degraded liquidations-paused'])
  assert.deepEqual(raised(account({ markIndexGap: fraction(0.0101) })), [
    'venue-status/binance degraded mark-index-gap',
  ])
  assert.deepEqual(changes(account({ status: 'halted' })), { frozenVenues: ['binance'] })
  assert.deepEqual(raised(account({ deleveraging: true })), ['venue-status/binance caution deleveraging'])
  assert.deepEqual(changes(account({ deleveraging: true })), {})
})

test('rail 8: funding has to stand out by size and by score, on two venues, the same way', () => {
  assert.deepEqual(raised(funding([0.0011, 5], [0.0012, 6])), ['funding-spike/ETH degraded positive'])
  assert.deepEqual(raised(funding([-0.0011, -5], [-0.0012, -6])), ['funding-spike/ETH caution negative'])
  for (const calmOnes of [
    funding([0.0011, 5], [0.0009, 6]),
    funding([0.0011, 5], [0.0012, 4]),
    funding([0.0011, 5], [0.0012, undefined]),
    funding([0.0011, 5], [-0.0012, -6]),
    funding([0.003, 9]),
  ])
    assert.deepEqual(raised(calmOnes), [])
  assert.deepEqual(changes(funding([0.0011, 5], [0.0012, 6])), {
    noNewLeverage: 'everywhere',
    overlayShare: { ETH: 0.5 },
  })
})

test('rail 9: crowded longs hedge to the maximum where the map is steep, crowded shorts take no more short', () => {
  const high = { openInterestZ: 2.1 }
  assert.deepEqual(raised(crowding({ ...high, longShare: fraction(0.6), gain: 0.41 })), [
    'one-sided-open-interest/ETH degraded longs-crowded',
  ])
  assert.deepEqual(raised(crowding({ ...high, longShare: fraction(0.6), gain: 0.51, gainP95: undefined })), [
    'one-sided-open-interest/ETH degraded longs-crowded',
  ])
  for (const calmOnes of [
    { ...high, longShare: fraction(0.6), gain: 0.39 },
    { ...high, longShare: fraction(0.59), gain: 0.9 },
    { openInterestZ: 2, longShare: fraction(0.7), gain: 0.9 },
    { ...high, longShare: undefined, gain: 0.9 },
    { ...high, longShare: fraction(0.7), gain: undefined },
  ])
    assert.deepEqual(raised(crowding(calmOnes)), [])
  assert.deepEqual(changes(crowding({ ...high, longShare: fraction(0.6), gain: 0.6 })), {
    keepHedge: ['ETH'],
    hedgeToMax: ['ETH'],
  })
  assert.deepEqual(raised(crowding({ ...high, longShare: fraction(0.4) })), [
    'one-sided-open-interest/ETH degraded shorts-crowded',
  ])
  assert.deepEqual(changes(crowding({ ...high, longShare: fraction(0.4) })), { noMoreShort: ['ETH'] })
})

test('rail 10: each sign of a sick model sends it to shadow', () => {
  const sick = (over: Partial<RailFacts['model']>) => ({ model: { ...base.model, ...over } })
  assert.deepEqual(raised(sick({ calibrationGatePassed: false })), ['model-health/desk degraded calibration'])
  assert.deepEqual(raised(sick({ psi: 0.26 })), ['model-health/desk degraded drift'])
  assert.deepEqual(raised(sick({ psi: 0.11 })), ['model-health/desk caution drift'])
  assert.deepEqual(raised(sick({ pageHinkleyAlarm: true })), ['model-health/desk degraded page-hinkley'])
  assert.deepEqual(raised(sick({ averagePrecisionLift: 0.99 })), ['model-health/desk degraded precision'])
  assert.deepEqual(raised(sick({ inferenceFailed: true })), ['model-health/desk degraded inference'])
  assert.deepEqual(changes(sick({ inferenceFailed: true })), { policy: 'volatility-timed', overlayShare: { ETH: 0 } })
})

test('rails 11 and 12: what is used up of the pace is shown, and how long ago a hedge moved', () => {
  const pace = (over: Partial<RailFacts['pacing']['assets'][number]>, parentsToday = 3) => ({
    pacing: { parentsToday, assets: [{ ...base.pacing.assets[0]!, ...over }] },
  })
  assert.deepEqual(raised(pace({ ratioChangeLastHour: fraction(0.15) })), ['pacing/ETH caution hour'])
  assert.deepEqual(raised(pace({ ratioChangeLastDay: fraction(0.5) })), ['pacing/ETH caution day'])
  assert.deepEqual(raised(pace({}, 20)), ['pacing/desk caution'])
  const sold = (ago: number) => pace({ lastTrade: { side: 'sell', at: later(base.at, -ago) } })
  assert.deepEqual(raised(sold(2 * HOUR - 1)), ['min-hold/ETH caution after-sell'])
  assert.deepEqual(raised(sold(2 * HOUR)), [])
  assert.deepEqual(changes(sold(1000)), {})
})

test('what is not known is said, and neither fires nor frees a rail', () => {
  const unknown = calm({
    process: {},
    accounts: [{ venue: 'binance' }],
    legs: [],
    book: { prices: [] },
    data: [{ asset: 'ETH', isLive: true, declaredVenues: [], freshVenues: [] }],
    funding: [{ asset: 'ETH', venue: 'binance' }],
    crowding: [{ asset: 'ETH' }],
    model: {},
    pacing: { assets: [{ asset: 'ETH' }] },
  })
  const { states, effects, decisions } = first(unknown)
  assert.ok(states.every(({ level }) => level === 'normal'))
  assert.deepEqual(decisions, [])
  assert.deepEqual(effects, NO_RAIL_EFFECTS)
  const silent: readonly RailName[] = [
    'liquidation-distance',
    'margin',
    'leverage',
    'daily-loss',
    'data',
    'venue-status',
    'funding-spike',
    'one-sided-open-interest',
    'model-health',
    'pacing',
  ]
  for (const rail of silent)
    for (const state of states.filter((one) => one.rail === rail)) assert.match(state.text, /not known/)
  assert.ok(
    distances(states, unknown, DEFAULT_LIMITS).every(
      ({ nearness, rail }) => rail === 'kill' || nearness === undefined || rail === 'reconciliation',
    ),
  )
})

test('an account that is too old says nothing of now', () => {
  const old = first(calm(account({ age: duration(301_000), grossNotional: usd(9e6) })))
  const state = old.states.find(({ rail, scope }) => rail === 'leverage' && scope === 'binance')
  assert.equal(state?.level, 'normal')
  assert.match(state!.text, /account is 5 min old/)
})

test('distances tell of every rail how near it is', () => {
  const facts = calm({ ...account({ grossNotional: usd(2.4e6) }), ...leg(0.5) })
  const found = distances([], facts, DEFAULT_LIMITS)
  const of = (rail: RailName, scope: string) => found.find((one) => one.rail === rail && one.scope === scope)
  assert.deepEqual(new Set(found.map(({ rail }) => rail)), new Set(RAILS))
  const leverage = of('leverage', 'binance')!
  assert.equal(leverage.value, 2.4)
  assert.equal(leverage.trigger, 3)
  assert.ok(Math.abs(leverage.nearness! - 0.8) < 1e-12)
  assert.ok(Math.abs(of('liquidation-distance', 'binance')!.nearness! - 0.5) < 1e-12)
  assert.equal(leverage.waitsFor, 'nothing')
})
