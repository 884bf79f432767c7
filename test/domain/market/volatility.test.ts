import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPanel } from '../../../src/domain/market/panel.ts'
import { ewmaVolatility, hourlyPrices, hourlyReturns } from '../../../src/domain/market/volatility.ts'
import { type DurationMs, duration, HOUR, MINUTE, price, timestamp } from '../../../src/domain/units.ts'

const START = Date.UTC(2025, 0, 1)

/** A panel of bars closing at the given minutes after the start, each received `delay` later. */
function panelOf(closes: readonly (readonly [minute: number, close: number])[], interval: DurationMs, delay = 0) {
  const panel = createPanel()
  for (const [minute, close] of closes) {
    const eventAt = timestamp(START + minute * MINUTE)
    const level = price(close)
    panel.apply({
      type: 'bar',
      series: 'mark',
      venue: 'a',
      asset: 'ETH',
      interval,
      eventAt,
      receivedAt: timestamp(eventAt + delay),
      openPrice: level,
      highPrice: level,
      lowPrice: level,
      closePrice: level,
    })
  }
  return panel
}
const at = (minute: number) => timestamp(START + minute * MINUTE)

test('five-minute bars give hourly returns at any instant, not only on the hour', () => {
  const closes = Array.from({ length: 61 }, (_, i) => [i * 5, 100 + i] as const)
  const panel = panelOf(closes, duration(5 * MINUTE))
  assert.deepEqual(hourlyPrices(panel, 'ETH', at(190), 3).prices, [102, 114, 126, 138])
  assert.deepEqual(hourlyReturns(panel, 'ETH', at(192), 2), [Math.log(126 / 114), Math.log(138 / 126)])
})

test('a bar that had not been received yet is not used', () => {
  const panel = panelOf(
    [
      [60, 100],
      [120, 110],
      [180, 120],
    ],
    HOUR,
    5_000,
  )
  assert.deepEqual(hourlyPrices(panel, 'ETH', at(180), 2).prices, [100, 110, 110])
  assert.deepEqual(hourlyPrices(panel, 'ETH', timestamp(at(180) + 5_000), 2).prices, [100, 110, 120])
})

test('a gap carries the last close forward and is counted', () => {
  const panel = panelOf(
    [
      [60, 100],
      [120, 110],
      [360, 120],
    ],
    HOUR,
  )
  const { prices, carried } = hourlyPrices(panel, 'ETH', at(360), 5)
  assert.deepEqual(prices, [100, 110, 110, 110, 110, 120])
  assert.equal(carried, 3)
})

test('a shorter history gives fewer returns, an unknown asset none', () => {
  const panel = panelOf(
    [
      [60, 100],
      [120, 110],
    ],
    HOUR,
  )
  assert.equal(hourlyReturns(panel, 'ETH', at(120), 24).length, 1)
  assert.deepEqual(hourlyReturns(panel, 'BTC', at(120), 24), [])
})

test('volatility of equal moves is their size, and the recent past weighs more', () => {
  assert.ok(Math.abs(ewmaVolatility([0.01, -0.01, 0.01], 48) - 0.01) < 1e-12)
  const calmThenWild = [...Array(48).fill(0.001), ...Array(6).fill(0.02)]
  assert.ok(ewmaVolatility(calmThenWild, 6) > ewmaVolatility(calmThenWild, 48))
  // Weights 1 and ½: √((0.02² · 1 + 0.01² · ½)/1.5)
  assert.ok(Math.abs(ewmaVolatility([0.01, 0.02], 1) - Math.sqrt((0.0004 + 0.00005) / 1.5)) < 1e-12)
})

test('no returns are no volatility, and a half-life of nothing is refused', () => {
  assert.equal(ewmaVolatility([], 48), 0)
  assert.throws(() => ewmaVolatility([0.01], 0), /positive half-life, was 0 h/)
})
