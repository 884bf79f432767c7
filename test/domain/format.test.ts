import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatAge,
  formatBps,
  formatChance,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatTime,
  formatUsd,
} from '../../src/domain/format.ts'
import { DAY, duration, HOUR, MINUTE, SECOND, timestamp } from '../../src/domain/units.ts'

const table = <T>(format: (value: T) => string, rows: readonly (readonly [T, string])[]) => {
  for (const [value, expected] of rows) assert.equal(format(value), expected, String(value))
}

test('dollars are short enough for a phone', () => {
  table(formatUsd, [
    [0, '$0.00'],
    [12.345, '$12.35'],
    [9_999.99, '$9999.99'],
    [10_000, '$10.0 k'],
    [31_200, '$31.2 k'],
    [1_500_000, '$1.50 M'],
    [1.5e9, '$1.50 B'],
    [-2495, '−$2495.00'],
    [-2_500_000, '−$2.50 M'],
  ])
})

test('a price has as many digits as it needs, and thousands are grouped', () => {
  table(formatPrice, [
    [104_321.4, '104,321'],
    [10_000, '10,000'],
    [3000.5, '3,000.50'],
    [100, '100.00'],
    [2.34567891, '2.34568'],
    [0.5, '0.5'],
  ])
})

test('a quantity is given without its sign and with its asset', () => {
  assert.equal(formatQuantity(1234.56789, 'ETH'), '1,234.5679 ETH')
  assert.equal(formatQuantity(-0.5, 'BTC'), '0.5 BTC')
  assert.equal(formatQuantity(0, 'BTC'), '0 BTC')
  assert.equal(formatQuantity(1_000_000, 'ETH'), '1,000,000 ETH')
})

test('shares and basis points', () => {
  assert.equal(formatPercent(0.1234), '12.3 %')
  assert.equal(formatPercent(0.61, 0), '61 %')
  assert.equal(formatPercent(-0), '0.0 %')
  assert.equal(formatBps(6.04), '6.0 bps')
})

test('an age is told in the two units that matter', () => {
  table(formatAge, [
    [0, '0 s'],
    [duration(59.4 * SECOND), '59 s'],
    [duration(59.6 * SECOND), '1 min'],
    [duration(45 * MINUTE), '45 min'],
    [HOUR, '1 h'],
    [duration(3 * HOUR + 20 * MINUTE), '3 h 20 min'],
    [duration(47 * HOUR), '47 h'],
    [duration(2 * DAY), '2 d'],
    [duration(2 * DAY + 4 * HOUR), '2 d 4 h'],
    [-5, '0 s'],
  ])
})

test('an instant is told to the minute, in UTC', () => {
  assert.equal(formatTime(timestamp(Date.UTC(2025, 1, 3, 1, 0, 59))), '2025-02-03 01:00 UTC')
})

test('no finite number formats as anything but a number', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
      for (const format of [formatUsd, formatPercent, formatBps, formatAge, (v: number) => formatQuantity(v, 'X')])
        assert.match(format(value), /^[−-]?\$?\d[\d,.]*( |$)/)
      assert.match(formatPrice(Math.abs(value)), /^\d[\d,.]*(e[+-]\d+)?$/)
    }),
  )
})

test('a small chance is never shown as none', () => {
  table(formatChance, [
    [0.00001, 'under 0.1 %'],
    [0.0005, '0.1 %'],
    [0.021, '2.1 %'],
  ])
})
