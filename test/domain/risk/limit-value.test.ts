import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareLimit, formatLimit, parseLimitValue, whyIncoherent } from '../../../src/domain/risk/limit-value.ts'
import { DEFAULT_LIMITS, LIMITS, type LimitKey } from '../../../src/domain/risk/limits.ts'

const KEYS = Object.keys(LIMITS) as LimitKey[]

test('a value is understood in every unit that fits the limit', () => {
  const said: readonly (readonly [LimitKey, string, number])[] = [
    ['maxLeverage', '2.5', 2.5],
    ['maxLeverage', '2.5x', 2.5],
    ['maxMarginUse', '25%', 0.25],
    ['maxMarginUse', '0.25', 0.25],
    ['fundingSpike', '10 bps', 0.001],
    ['maxOrderNotional', '1.5m', 1_500_000],
    ['maxOrderNotional', '$250,000', 250_000],
    ['priceCollar', '30bps', 30],
    ['priceCollar', '0.3%', 30],
    ['maxPriceAge', '10s', 10_000],
    ['maxPriceAge', '2 min', 120_000],
    ['maxDailyProposals', '20', 20],
  ]
  for (const [key, typed, value] of said)
    assert.deepEqual(parseLimitValue(key, typed), { kind: 'value', value }, `${key} ${typed}`)
})

test('what does not fit is refused with an example of what would', () => {
  for (const [key, typed] of [
    ['maxLeverage', '25%'],
    ['maxPriceAge', '10'],
    ['maxDailyProposals', '2.5'],
    ['maxOrderNotional', '30bps'],
    ['maxLeverage', ''],
    ['maxLeverage', '-1'],
    ['maxLeverage', '1e9'],
    ['maxLeverage', 'Infinity'],
    ['maxLeverage', 'NaN'],
  ] as const) {
    const parsed = parseLimitValue(key, typed)
    assert.equal(parsed.kind, 'refused', `${key} ${typed}`)
    assert.match(parsed.kind === 'refused' ? parsed.why : '', /^Expected .+ for [a-z-]+, was /)
  }
})

test('nothing typed, whatever it is, gets a limit beyond its hard bounds', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KEYS), fc.oneof(fc.string(), fc.double().map(String)), (key, typed) => {
      const parsed = parseLimitValue(key, typed)
      if (parsed.kind === 'refused') return
      assert.ok(Number.isFinite(parsed.value))
      assert.ok(parsed.value >= LIMITS[key].least && parsed.value <= LIMITS[key].most)
    }),
  )
})

test('every limit as it is shown can be typed back', () => {
  for (const key of KEYS) {
    const shown = formatLimit(key, DEFAULT_LIMITS[key])
    assert.deepEqual(parseLimitValue(key, shown), { kind: 'value', value: DEFAULT_LIMITS[key] }, shown)
  }
})

test('a warning may not come after what it warns of, from either side', () => {
  assert.match(whyIncoherent(DEFAULT_LIMITS, 'softDailyLoss', 0.06)!, /soft-daily-loss of at most hard-daily-loss/)
  assert.match(whyIncoherent(DEFAULT_LIMITS, 'hardDailyLoss', 0.025)!, /hard-daily-loss/)
  assert.equal(whyIncoherent(DEFAULT_LIMITS, 'hardDailyLoss', 0.04), undefined)
  assert.equal(whyIncoherent({ ...DEFAULT_LIMITS, maxLeverage: 9 }, 'maxSlippage', 20), undefined, 'not of its making')
})

test('which way a change goes depends on the limit', () => {
  assert.deepEqual(
    [
      compareLimit('maxLeverage', 3, 2),
      compareLimit('minMarginRatio', 2, 3),
      compareLimit('minMarginRatio', 2, 1),
      compareLimit('maxLeverage', 3, 3),
    ],
    ['stricter', 'stricter', 'looser', 'the same'],
  )
})
