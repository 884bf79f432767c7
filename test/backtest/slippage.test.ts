import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTENDERS, type StudyInputs, studySlippage } from '../../src/backtest/slippage.ts'
import {
  createOwnBook,
  pathOf,
  STEP,
  syntheticMinutes,
  volumeProfileBefore,
} from '../../src/backtest/slippage-market.ts'
import { formatSlippage } from '../../src/backtest/slippage-report.ts'
import { expectedCost, expectedCrossShare, peakImpact } from '../../src/domain/execution/cost.ts'
import { bps, DAY, fraction, HOUR, timestamp, usd } from '../../src/domain/units.ts'

const source = syntheticMinutes(12, 5)
const [twap, , , , , urgent, panic] = CONTENDERS
const study = (over: Partial<StudyInputs> = {}) =>
  studySlippage({ sources: [source], parents: 12, seed: 3, sizes: [1e-4], contenders: [twap!], ...over })

test('a path keeps to the minutes it is drawn through', () => {
  const bars = source.bars.slice(0, 300)
  const { prices, volumes } = pathOf(bars, 9)
  const perMinute = 60_000 / STEP
  for (const [minute, bar] of bars.entries()) {
    const within = prices.subarray(minute * perMinute, (minute + 1) * perMinute + 1)
    assert.ok(Math.max(...within) <= bar.high * (1 + 1e-12) && Math.min(...within) >= bar.low * (1 - 1e-12))
    assert.ok(Math.abs(within.at(-1)! - bar.close) < 1e-9)
  }
  const traded = volumes.reduce((sum, volume) => sum + volume, 0)
  assert.ok(Math.abs(traded / bars.reduce((sum, { volume }) => sum + volume, 0) - 1) < 1e-9)
})

const book = (depth: number) =>
  createOwnBook(new Float64Array(2_000).fill(3_000), {
    side: 'buy',
    dailyVolume: 5e6,
    dailyVolatility: 0.03,
    depth,
    spread: 2e-4,
  })
const cost = (average: number) => (average / 3_000 - 1) * 1e4

test('in a deep book a sweep pays half the spread and two thirds of the square-root law', () => {
  const peak = peakImpact({ notional: usd(1.5e6), dailyVolatility: fraction(0.03), dailyVolumeNotional: usd(1.5e10) })
  const { quantity, average } = book(1e12).take(500, 0)
  assert.equal(quantity, 500)
  assert.ok(Math.abs(cost(average) - (1 + (2 / 3) * peak)) < 0.02, `${cost(average)}`)
})

test('in a thin book it pays the slope of the book, and a limit cuts it short', () => {
  // 1.5 M USD into 30 M within 1 %: 5 bps at the end, 2.5 on average
  assert.ok(Math.abs(cost(book(30e6).take(500, 0).average) - 3.5) < 0.3)
  const limited = book(30e6).take(500, 0, 3_000 * 1.0003)
  assert.ok(limited.quantity > 50 && limited.quantity < 250, `${limited.quantity}`)
  assert.ok(limited.average <= 3_000 * 1.0003)
  assert.equal(book(30e6).take(500, 0, 3_000).quantity, 0)
})

test('of the impact a third stays, and half of the rest is gone after an hour', () => {
  const own = book(1e12)
  own.take(500, 0)
  const peak = cost(own.midAt(0))
  for (let i = 0; i < HOUR / STEP; i++) own.pass()
  assert.ok(Math.abs(cost(own.midAt(0)) / peak - 2 / 3) < 1e-3)
  for (let i = 0; i < (20 * HOUR) / STEP; i++) own.pass()
  assert.ok(Math.abs(cost(own.midAt(0)) / peak - 1 / 3) < 1e-3)
})

test('a resting order is not filled by a market that only stands at its price', () => {
  const flat = {
    ...source,
    bars: source.bars.map((bar) => ({ ...bar, open: 3_000, high: 3_000, low: 3_000, close: 3_000 })),
  }
  const { cells } = studySlippage({ sources: [flat], parents: 2, seed: 1, sizes: [1e-5], contenders: [twap!] })
  assert.equal(cells[0]!.contenders[0]!.makerShare, 0)
  assert.ok(cells[0]!.contenders[0]!.filledShare > 0.999)
})

test('the same seed gives the same study, another seed another, and costs are the sum of their parts', () => {
  const once = study()
  assert.deepEqual(study(), once)
  assert.notDeepEqual(study({ seed: 4 }).cells, once.cells)
  for (const one of [once.cells[0]!.sweep, ...once.cells[0]!.contenders]) {
    assert.ok(Math.abs(one.delay + one.spreadAndImpact + one.fees + one.opportunity - one.cost.value) < 1e-9)
    assert.ok(one.cost.low <= one.cost.value && one.cost.value <= one.cost.high)
  }
  const [judged] = once.cells[0]!.contenders
  assert.ok(Math.abs(judged!.cost.value - once.cells[0]!.sweep.cost.value - judged!.difference.value) < 1e-9)
})

test('the verdict follows the costs: dear takers meet the target, dear makers do not', () => {
  const verdict = (terms: StudyInputs['terms']) => study({ terms }).cells[0]!.contenders[0]!.verdict
  assert.equal(verdict({ makerFee: 0, takerFee: 20 }), 'met')
  assert.equal(verdict({ makerFee: 20, takerFee: 0 }), 'not met')
})

test('the schedules fill nearly all, rest as urgency allows, and cost about what is expected beforehand', () => {
  const { cells, terms } = study({ parents: 40, contenders: [twap!, urgent!, panic!] })
  const [even, hurried, panicked] = cells[0]!.contenders
  for (const one of [even!, hurried!, panicked!]) assert.ok(one.filledShare > 0.97, `${one.name} ${one.filledShare}`)
  assert.ok(even!.makerShare > hurried!.makerShare && hurried!.makerShare > 0.1)
  assert.equal(panicked!.makerShare, 0)
  const found = cells[0]!.sweep.cost.value - terms.takerFee - terms.spread / 2
  for (const [one, { urgency }] of [[even!, twap!] as const, [hurried!, urgent!] as const]) {
    const expected =
      expectedCost({
        notional: usd(0),
        takerFee: bps(terms.takerFee),
        makerFee: bps(terms.makerFee),
        crossShare: expectedCrossShare({ urgency }),
        halfSpread: bps(terms.spread / 2),
        dailyVolatility: fraction(0.03),
      }) + found
    assert.ok(Math.abs(expected - one.cost.value) < 1, `${one.name}: expected ${expected}, was ${one.cost.value}`)
  }
})

test('the volume profile is a median of whole days before the start', () => {
  const at = timestamp(source.bars[0]!.at + 9.5 * DAY)
  const profile = volumeProfileBefore(source.bars, at)
  assert.equal(profile.length, 288)
  const changed = source.bars.map((bar) => (bar.at >= at ? { ...bar, volume: bar.volume * 100 } : bar))
  assert.deepEqual(volumeProfileBefore(changed, at), profile)
})

test('too short a record is refused', () => {
  const short = { ...source, bars: source.bars.slice(0, 8 * 1_440) }
  assert.throws(() => studySlippage({ sources: [short], parents: 5, seed: 1 }), /Expected at least \d+ minutes/)
})

test('the report says that its books are synthetic, and names the command that makes it', () => {
  const text = formatSlippage({ command: 'npm run breakwater -- slippage', study: study(), sensitivities: [] })
  assert.match(text, /Every book here is synthetic/)
  assert.match(text, /Written by `npm run breakwater -- slippage`/)
  assert.match(text, /\| TWAP \| -?\d+\.\d\d /)
})
