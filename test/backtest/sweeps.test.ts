import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createSweepRecord, type SweptBar, spearman, sweepFigures } from '../../src/backtest/sweeps.ts'
import { advanceMap, createLiquidationMap } from '../../src/domain/liquidation/map.ts'
import { createPanel } from '../../src/domain/market/panel.ts'
import type { Tick } from '../../src/domain/market/tick.ts'
import { createRandom, gaussian } from '../../src/domain/random.ts'
import { baseQty, DAY, duration, HOUR, later, MINUTE, price, timestamp, usd } from '../../src/domain/units.ts'

const near = (actual: number | null, expected: number, within = 1e-9): void =>
  assert.ok(actual !== null && Math.abs(actual - expected) < within, `Expected ${expected}, was ${actual}`)

suite('rank correlation', () => {
  test('is that of a table worked by hand, equal values sharing their mean rank', () => {
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5/√(4.5·5) = 3/√10.
    near(spearman([1, 2, 2, 4], [10, 20, 30, 40]), 3 / Math.sqrt(10))
    // Ranks 1.5, 1.5, 3, 4 against 2, 1, 4, 3: 3.5/√(4.5·5).
    near(spearman([0, 0, 7, 9], [5, 3, 80, 8]), 3.5 / Math.sqrt(22.5))
  })

  test('asks for the order alone', () => {
    near(spearman([1, 2, 3, 4], [1, 10, 100, 100_000]), 1)
    near(spearman([1, 2, 3, 4], [4, 3, 2, 1]), -1)
  })

  test('is none where one side does not vary', () => assert.equal(spearman([1, 1, 1], [1, 2, 3]), 0))
})

const BAR = 4 * HOUR
const [FROM, TO] = [timestamp(400 * BAR), timestamp(700 * BAR)]

/** Bars whose fall comes from the return and, by `ofSwept`, from the share swept. */
function syntheticBars(ofSwept: number, seed = 1): readonly SweptBar[] {
  const random = createRandom(seed)
  return Array.from({ length: 700 }, (_, i) => {
    const move = 0.02 * gaussian(random)
    const sweptShare = 0.02 * random() ** 2
    return {
      endsAt: timestamp((i + 1) * BAR),
      sweptShare,
      sweptNotional: sweptShare * 1e9,
      move,
      moveSigma: move / 0.01,
      printedNotional: (sweptShare + 0.005 * random()) * 1e8,
      fall: 0.2 * Math.abs(move) + ofSwept * sweptShare + 0.003 * gaussian(random),
    }
  })
}

const window = { from: FROM, to: TO }
const isInside = ({ endsAt }: SweptBar): boolean => endsAt > FROM

suite('what the sweep explains', () => {
  test('ΔR² is positive where the swept share drives the fall of open interest', () => {
    const { bars, deltaR2, r2Full, r2Return } = sweepFigures(syntheticBars(0.8), window)
    assert.equal(bars, 300)
    assert.ok(deltaR2! > 0.3, `was ${deltaR2}`)
    near(deltaR2, r2Full! - r2Return!)
  })

  test('ΔR² is next to nothing where it does not', () => {
    for (const seed of [1, 2, 3]) {
      const { deltaR2 } = sweepFigures(syntheticBars(0, seed), window)
      assert.ok(Math.abs(deltaR2!) < 0.02, `seed ${seed}: was ${deltaR2}`)
    }
  })

  test('nothing in the window is fitted on: what came is held against the law of the bars before', () => {
    const law = ({ move, sweptShare }: SweptBar): number => 0.001 + 0.1 * Math.abs(move) + 2 * move ** 2 + sweptShare
    const bars = syntheticBars(0).map((bar) => ({ ...bar, fall: law(bar) }))
    near(sweepFigures(bars, window).r2Full, 1, 1e-4)

    // Inside, the opposite happens. The old law then errs by twice its prediction; one refitted would not err at all.
    const turned = bars.map((bar) => (isInside(bar) ? { ...bar, fall: -law(bar) } : bar))
    const came = turned.filter(isInside).map(({ fall }) => fall)
    const mean = came.reduce((sum, fall) => sum + fall, 0) / came.length
    const [error, variance] = [0, mean].map((centre, i) =>
      came.reduce((sum, fall) => sum + ((i === 0 ? 2 : 1) * (fall - centre)) ** 2, 0),
    )
    const expected = 1 - error! / variance!
    assert.ok(expected < -1)
    near(sweepFigures(turned, window).r2Full! / expected, 1, 1e-3)
  })

  test('bars after the window change nothing', () => {
    const bars = syntheticBars(0.8)
    const earlier = { from: FROM, to: timestamp(550 * BAR) }
    const cut = bars.filter(({ endsAt }) => endsAt <= earlier.to)
    assert.deepEqual(sweepFigures(bars, earlier), sweepFigures(cut, earlier))
  })

  test('swept is ranked against printed on bars that moved by more than a standard deviation', () => {
    const bars = syntheticBars(0.8)
    const moved = bars.filter((bar) => isInside(bar) && Math.abs(bar.moveSigma) > 1)
    const { ranked, spearman: found } = sweepFigures(bars, window)
    assert.equal(ranked, moved.length)
    const [swept, printed] = [moved.map((bar) => bar.sweptNotional), moved.map((bar) => bar.printedNotional!)]
    near(found, spearman(swept, printed))
    assert.ok(found! > 0.8)
  })

  test('too few bars give no figure', () => {
    const bars = syntheticBars(0.8)
    const nothing = { r2Return: null, r2Full: null, deltaR2: null }
    const start = { from: timestamp(29 * BAR), to: TO }
    const { ranked: _, bars: __, spearman: rank, spearmanReturn: ___, ...beforeFew } = sweepFigures(bars, start)
    assert.deepEqual(beforeFew, nothing, 'twenty-nine bars to fit on')
    assert.ok(rank !== null)
    const short = sweepFigures(bars, { from: FROM, to: timestamp(429 * BAR) })
    assert.deepEqual(
      short,
      { bars: 29, ranked: short.ranked, spearman: null, spearmanReturn: null, ...nothing },
      'twenty-nine bars to judge',
    )
    const silent = bars.map(({ printedNotional: _, fall: __, ...bar }) => bar)
    assert.deepEqual(
      sweepFigures(silent, window),
      { bars: 300, ranked: 0, spearman: null, spearmanReturn: null, ...nothing },
      'nothing printed and no open interest',
    )
  })
})

const [ASSET, START] = ['ETH', timestamp(Date.UTC(2025, 0, 1))]
const DAYS = 16

/** Hourly bars that swing, and open interest and liquidations of so many hours each. */
function hourlyMarket(every: number): readonly { at: ReturnType<typeof timestamp>; ticks: readonly Tick[] }[] {
  const level = (hour: number): number => 3000 * (1 + 0.03 * Math.sin(hour / 7))
  return Array.from({ length: DAYS * 24 }, (_, i) => {
    const eventAt = timestamp(START + (i + 1) * HOUR)
    const common = { asset: ASSET, eventAt, receivedAt: later(eventAt, 5_000) }
    const [open, close] = [level(i), level(i + 1)]
    const bar: Tick = {
      ...common,
      type: 'bar',
      venue: 'binance',
      series: 'perp',
      interval: HOUR,
      openPrice: price(open),
      highPrice: price(Math.max(open, close) * 1.001),
      lowPrice: price(Math.min(open, close) * 0.999),
      closePrice: price(close),
      volume: baseQty(10_000),
    }
    const told: readonly Tick[] =
      (i + 1) % every === 0
        ? [
            {
              ...common,
              type: 'open-interest',
              venue: 'binance',
              openInterest: baseQty(1e6 * 0.99 ** ((i + 1) / every)),
            },
            {
              ...common,
              type: 'liquidations',
              venue: 'binance',
              interval: duration(every * HOUR),
              longNotional: usd(2e6),
              shortNotional: usd(1e6),
              coverage: 'sampled',
            },
          ]
        : []
    return { at: later(eventAt, MINUTE), ticks: [bar, ...told] }
  })
}

function sweptIn(every: number): readonly SweptBar[] {
  const [panel, map, record] = [createPanel(), createLiquidationMap({ asset: ASSET }), createSweepRecord(ASSET)]
  for (const { at, ticks } of hourlyMarket(every)) {
    for (const tick of ticks) panel.apply(tick)
    advanceMap(map, panel, ASSET, at)
    record.observe(panel, map, at)
  }
  return record.bars().filter(({ endsAt }) => endsAt > START + 3 * DAY)
}

suite('bars of four hours', () => {
  test('each has what was printed in it and how far open interest fell, and the map sweeps something in them', () => {
    const bars = sweptIn(4)
    assert.ok(bars.length > 70)
    for (const [i, { endsAt, printedNotional, fall }] of bars.entries()) {
      assert.equal(endsAt, bars[0]!.endsAt + i * BAR)
      assert.equal(printedNotional, 3e6)
      near(fall!, 0.01)
    }
    assert.ok(bars.filter(({ sweptNotional }) => sweptNotional > 0).length > 20)
  })

  test('what is told once a day is not taken for what happened in four hours of it', () => {
    const bars = sweptIn(24)
    assert.ok(bars.length > 70)
    for (const { printedNotional, fall } of bars) assert.deepEqual([printedNotional, fall], [undefined, undefined])
  })
})
