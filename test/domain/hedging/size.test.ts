import assert from 'node:assert/strict'
import { test } from 'node:test'
import { insideBand, noTradeBand } from '../../../src/domain/hedging/band.ts'
import { fundingShift, volatilityTimedRatio } from '../../../src/domain/hedging/policies.ts'
import { railClip } from '../../../src/domain/hedging/rail-clip.ts'
import { type SizingInputs, sizeHedge } from '../../../src/domain/hedging/size.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { NO_RAIL_EFFECTS } from '../../../src/domain/risk/rail.ts'
import { baseQty, bps, DAY, fraction, fundingPer8h, HOUR, price, usd } from '../../../src/domain/units.ts'

const inputs = (over: Partial<SizingInputs> = {}): SizingInputs => ({
  exposure: baseQty(1000),
  hedge: baseQty(0),
  price: price(3000),
  hourlyVolatility: fraction(0.0075),
  volatilityTimedRatio: fraction(0.5),
  fundingCorrelation: fraction(0.45),
  prediction: { kind: 'undetermined', reason: 'STALE_PRICE', detail: 'for the test' },
  instrument: {
    instrumentId: instrumentIdOf('ETH', 'paper'),
    asset: 'ETH',
    venue: 'paper',
    lotSize: '0.001',
    tickSize: '0.01',
    minNotional: usd(20),
  },
  rules: {
    policy: 'volatility-timed',
    meanRatio: fraction(0.5),
    maxRatio: fraction(1),
    beta: fraction(0.8),
    riskAversion: 5,
    minBand: fraction(0.02),
    takerFee: bps(5),
    halfSpread: bps(1),
  },
  ...over,
})
const estimated = (overlayConfidence: number): SizingInputs['prediction'] => ({
  kind: 'estimated',
  overlayHorizon: DAY,
  overlayConfidence: fraction(overlayConfidence),
  overlayGatePassed: true,
  cascades: {
    '24h': {
      pCascadeDown: fraction(0.03),
      pCascadeUp: fraction(0.02),
      baseline: { pCascadeDown: fraction(0.03), pCascadeUp: fraction(0.02) },
      gatePassed: { down: true, up: true },
    },
  },
  maskedFeeds: [],
  modelId: 'test',
  calibratedOn: 'simulated',
})

test('the worked example of the band gives about a tenth', () => {
  const band = noTradeBand({
    cost: fraction(5e-4),
    targetVolatility: fraction(0.02),
    hourlyVolatility: fraction(0.0075),
    riskAversion: 5,
    minBand: fraction(0),
  })
  assert.ok(band > 0.095 && band < 0.105, `was ${band}`)
})

test('inside the band nothing trades, outside it trades to the nearer edge', () => {
  assert.equal(insideBand(fraction(0.45), fraction(0.5), fraction(0.1)), 0.45)
  assert.equal(insideBand(fraction(0.2), fraction(0.5), fraction(0.1)), 0.4)
  assert.equal(insideBand(fraction(0.9), fraction(0.5), fraction(0.1)), 0.6)
})

test('the steps come in the order of the specification, the band last before rounding', () => {
  const sized = sizeHedge(inputs({ prediction: estimated(0.7), fundingRate: fundingPer8h(1e-4, (8 * HOUR) as never) }))
  assert.equal(sized.kind, 'trade')
  assert.deepEqual(
    sized.steps.map((step) => step.name),
    ['exposure', 'held now', 'base', 'overlay', 'funding', 'limits', 'no-trade band', 'lot rounding'],
  )
})

test('from nothing the first hedge sells to the edge of the band in whole lots', () => {
  const sized = sizeHedge(inputs())
  assert.ok(sized.kind === 'trade')
  assert.equal(sized.side, 'sell')
  assert.ok(sized.ratioAfter > 0.35 && sized.ratioAfter < 0.5, `was ${sized.ratioAfter}`)
  assert.equal(Math.round(sized.quantity * 1000) / 1000, sized.quantity)
  assert.ok(sized.expectedCost > 6, 'fee and half-spread at least')
})

test('a hedge that is where it should be is left alone', () => {
  const sized = sizeHedge(inputs({ hedge: baseQty(500) }))
  assert.ok(sized.kind === 'hold')
  assert.equal(sized.reason, 'INSIDE_BAND')
})

test('a member asking for a ratio gets it without the band, but not past the maximum', () => {
  const asked = sizeHedge(inputs({ hedge: baseQty(500), requestedRatio: fraction(0.52) }))
  assert.ok(asked.kind === 'trade')
  assert.equal(asked.quantity, 20)
  const tooMuch = sizeHedge(inputs({ requestedRatio: fraction(3) }))
  assert.ok(tooMuch.kind === 'trade')
  assert.equal(tooMuch.ratioAfter, 1)
})

test('an undetermined forecast adds no overlay and says so', () => {
  const overlay = sizeHedge(inputs()).steps.find((step) => step.name === 'overlay')
  assert.match(overlay!.note, /none: forecast undetermined \(STALE_PRICE\)/)
})

test('an over-hedged book buys back', () => {
  const sized = sizeHedge(inputs({ hedge: baseQty(950) }))
  assert.ok(sized.kind === 'trade')
  assert.equal(sized.side, 'buy')
})

test('volatility timing keeps the mean of the history and hedges more when variance is high', () => {
  const variances = Array.from({ length: 720 }, (_, i) => 2e-5 * (1 + Math.sin(i / 20) ** 2 * 3))
  const rules = { meanRatio: fraction(0.5), maxRatio: fraction(1) }
  const ratios = variances.map((_, i) =>
    i < 100 ? undefined : volatilityTimedRatio([...variances.slice(0, i), variances[i]!], rules),
  )
  const high = volatilityTimedRatio([...variances, 1e-4], rules)!
  const low = volatilityTimedRatio([...variances, 1.5e-5], rules)!
  assert.ok(high > 0.6 && low < 0.3, `was ${high} and ${low}`)
  const mean =
    ratios.filter((ratio) => ratio !== undefined).reduce((sum, ratio) => sum + ratio, 0) /
    ratios.filter((ratio) => ratio !== undefined).length
  assert.ok(Math.abs(mean - 0.5) < 0.1, `was ${mean}`)
})

test('too short a history gives no volatility-timed ratio', () => {
  assert.equal(volatilityTimedRatio([1e-5, 2e-5], { meanRatio: fraction(0.5), maxRatio: fraction(1) }), undefined)
})

test('funding shifts the hedge by at most a tenth', () => {
  const rules = { hourlyVolatility: fraction(0.0075), riskAversion: 5 }
  assert.ok(fundingShift(1e-4, rules) > 0.03)
  assert.equal(fundingShift(5e-3, rules), 0.1)
  assert.equal(fundingShift(-5e-3, rules), -0.1)
})

test('the pace bounds the trade after the band, and where nothing is left of it the hedge is held', () => {
  const rails = railClip(NO_RAIL_EFFECTS, {
    asset: 'ETH',
    held: fraction(0),
    maxRatio: fraction(1),
    room: { lastHour: fraction(0), lastDay: fraction(0), maxPerHour: fraction(0.15), maxPerDay: fraction(0.5) },
  })
  const paced = sizeHedge(inputs({ rails }))
  assert.equal(paced.kind, 'trade')
  assert.equal(paced.kind === 'trade' && paced.ratioAfter, 0.15)
  assert.equal(paced.steps.find(({ name }) => name === 'pace')?.hedge, 150)
  const held = sizeHedge(inputs({ rails: { ...rails, mostChange: fraction(0) } }))
  assert.deepEqual([held.kind, held.kind === 'hold' && held.reason], ['hold', 'PACE_USED_UP'])
})

test('a hedge that rails send to the maximum goes there, and one that they keep is not lowered', () => {
  const max = railClip(
    { ...NO_RAIL_EFFECTS, hedgeToMax: ['ETH'] },
    {
      asset: 'ETH',
      held: fraction(0),
      maxRatio: fraction(1),
    },
  )
  const sized = sizeHedge(inputs({ rails: max }))
  const line = sized.steps.find(({ name }) => name === 'rails')
  assert.equal(line?.hedge, 1000)
  assert.match(line!.note, /one-sided open interest/)
  const kept = railClip(
    { ...NO_RAIL_EFFECTS, keepHedge: 'everything' },
    {
      asset: 'ETH',
      held: fraction(0.9),
      maxRatio: fraction(1),
    },
  )
  assert.equal(sizeHedge(inputs({ hedge: baseQty(900), rails: kept })).kind, 'hold', 'the policy would sell protection')
})
