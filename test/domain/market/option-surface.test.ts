import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { callDelta, type OptionMark, volatilityAt } from '../../../src/domain/market/option-surface.ts'
import { DAY, later, price, timestamp } from '../../../src/domain/units.ts'
import { parseOption } from '../../../src/venues/live/deribit-options.ts'

const AT = timestamp(Date.UTC(2025, 1, 3))
const STRIKES = Array.from({ length: 41 }, (_, k) => 50 + 2.5 * k)

/** A chain at 100 whose volatility is `level` at the forward and `slope` more per unit of ln(K/F), over expiries in days. */
const chain = (days: readonly number[], level: (days: number) => number, slope = 0): OptionMark[] =>
  days.flatMap((left) =>
    STRIKES.flatMap((strike) =>
      (['call', 'put'] as const).map((side) => ({
        side,
        strikePrice: price(strike),
        expiresAt: later(AT, left * DAY),
        forwardPrice: price(100),
        impliedVolatility: level(left) + slope * Math.log(strike / 100),
      })),
    ),
  )
const at = (marks: readonly OptionMark[], tenor: number) => volatilityAt(marks, { tenor, at: AT })

test('a flat surface has its volatility at every tenor and no skew', () => {
  const found = at(
    chain([2, 9, 30], () => 0.6),
    7,
  )!
  assert.ok(Math.abs(found.atTheMoney - 0.6) < 1e-12)
  assert.ok(Math.abs(found.skew) < 1e-12)
})

test('between two expiries total variance grows in a straight line', () => {
  const found = at(
    chain([20, 40], (days) => (days === 20 ? 0.5 : 0.7)),
    30,
  )!
  assert.ok(Math.abs(found.atTheMoney - Math.sqrt((0.5 ** 2 * 20 + 0.7 ** 2 * 40) / 2 / 30)) < 1e-12)
})

test('dearer puts make the skew negative, dearer calls positive, by what the wings are apart', () => {
  for (const slope of [-0.3, 0.3]) {
    const { skew } = at(
      chain([30], () => 0.6, slope),
      30,
    )!
    // Strikes whose delta is a quarter lie about 0.674 σ√T from the forward.
    const wings = 2 * 0.674 * 0.6 * Math.sqrt(30 / 365)
    assert.ok(Math.abs(skew - slope * wings) < 0.01, `${skew} against ${slope * wings}`)
  }
})

test('nothing is extrapolated: no expiry before, none after, or a wing that no strike reaches', () => {
  const flat = chain([9, 30], () => 0.6)
  assert.equal(at(flat, 7), undefined)
  assert.equal(at(flat, 31), undefined)
  assert.equal(
    at(
      chain([0.5, 9], () => 0.6),
      7,
    ),
    undefined,
    'the last day says nothing',
  )
  assert.equal(
    at(
      flat.filter(({ strikePrice }) => strikePrice > 90),
      30,
    ),
    undefined,
  )
  assert.equal(at([], 7), undefined)
})

test('neither the order of the options nor one without a volatility changes it', () => {
  const marks = chain([5, 12, 40], (days) => 0.5 + days / 400, -0.2)
  const unmarked = chain([12], () => 0)
  fc.assert(
    fc.property(fc.shuffledSubarray(marks, { minLength: marks.length }), (shuffled) => {
      assert.deepEqual(at([...unmarked, ...shuffled], 7), at(marks, 7))
    }),
    { numRuns: 30 },
  )
})

const FOLDER = '../shared/data/options'
for (const asset of ['ETH', 'BTC']) {
  const file = `${FOLDER}/deribit_chain_greeks_${asset}_2021.csv.gz`
  test(`deltas are those the venue gives for a recorded chain of ${asset}`, {
    skip: !existsSync(file) && `${file} is not there`,
  }, (t) => {
    const rows: Record<string, string>[] = parse(gunzipSync(readFileSync(file)), { columns: true })
    const gaps = rows.flatMap((row) => {
      const { side, strikePrice, expiresAt } = parseOption(row.instrument_name!)
      const left = expiresAt - Number(row.timestamp)
      const mark = {
        strikePrice,
        forwardPrice: price(Number(row.underlying_price)),
        impliedVolatility: Number(row.mark_iv) / 100,
      }
      const delta = callDelta(mark, left) - (side === 'put' ? 1 : 0)
      return left > DAY ? Math.abs(delta - Number(row['greeks.delta'])) : []
    })
    t.diagnostic(`${gaps.length} options, ${Math.max(...gaps)} apart at most`)
    assert.ok(gaps.length > 800)
    assert.ok(Math.max(...gaps) < 1e-4)
  })
}
