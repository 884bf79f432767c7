import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanationInWords, LOG_ODDS, signedAmount, waterfallOf } from '../../../src/domain/model/explain-words.ts'
import type { Explanation } from '../../../src/domain/model/explanation.ts'
import { featureInWords, hasWords } from '../../../src/domain/model/feature-words.ts'

test('values are said in the units of a trader, with the direction in the verb', () => {
  const said: readonly (readonly [string, number, string])[] = [
    ['open-interest-change-24h', 0.0411, 'open interest rose 4.2 % in a day'],
    ['open-interest-change-4h', -0.0202, 'open interest fell 2 % in 4 h'],
    ['return-72h', -1.34, 'price fell 1.3 σ in 3 days'],
    ['other-return-1h', 2, 'price of the other coin rose 2 σ in an hour'],
    ['funding', 0.31, 'funding 0.031 % per 8 h'],
    ['funding', -0.5, 'funding −0.05 % per 8 h'],
    ['funding-change-24h', -0.2, 'funding 0.02 % per 8 h below the mean of a day'],
    ['funding-streak', -Math.log(25), 'funding below zero for 24 h'],
    ['log-volatility', Math.log(0.0052), 'volatility an hour 0.52 %'],
    ['volatility-ratio-fast', Math.log(1.7), 'volatility of the last hours 1.7 times that of the last days'],
    ['open-interest-z', 2.31, 'open interest 2.3 spreads above its month'],
    ['depth-z', -1.2, 'resting orders within 1 % 1.2 spreads below its month'],
    ['volume-24h-z', 0.01, 'volume of a day as usual this month'],
    ['gain-below', Math.log(1.5 + 1e-3), 'longs force-closed by a fall of 2 % are 1.5 times the bids there'],
    ['fuel-above-5', Math.log(0.03 + 1e-3), 'shorts force-closed by a rise of 5 % are 3 % of open interest'],
    ['fuel-below-2', Math.log(1e-3), 'longs force-closed by a fall of 2 % are 0 % of open interest'],
    ['liquidation-imbalance-24h', 0.4, '70 % of force-closed positions in a day were longs'],
    ['taker-imbalance-4h', -0.1, '55 % of taker volume in 4 h sold'],
    ['fear-greed', 0.44, 'fear and greed index 72'],
    ['until-expiry', 0.25, 'hours to the next expiry 6'],
    ['weekend', 1, 'weekend'],
    ['age-bar', 0, 'prices 0 intervals old'],
    ['basis', -4.21, 'perpetual over spot −4.2 bp'],
  ]
  for (const [feature, value, words] of said) assert.equal(featureInWords(feature, value), words)
})

test('what was not known is said to be so, a venue is named, and a feature without words keeps its name', () => {
  assert.equal(featureInWords('open-interest-change-24h'), 'change of open interest in a day not known')
  assert.equal(featureInWords('binance open-interest-change-4h', 0.01), 'binance: open interest rose 1 % in 4 h')
  assert.equal(featureInWords('moon-phase', 0.5), 'moon phase 0.5')
  assert.ok(!hasWords('moon-phase') && hasWords('funding'))
})

const explained = (contributions: readonly number[]): Explanation => ({
  target: 'cascade-down-24h',
  base: -3,
  score: contributions.reduce((sum, contribution) => sum + contribution, -3),
  contributions: contributions.map((contribution, k) => ({ feature: `return-${k + 1}h`, value: k, contribution })),
  method: 'exact Shapley values',
})

test('the largest are said one by one, the others together, and nothing is left out', () => {
  const words = explanationInWords(explained([0.5, -0.3, 0.2, 0.1, 0.05, 0.04, -0.02, 0]), { unit: LOG_ODDS, count: 3 })
  assert.deepEqual(words, [
    'price rose 0 σ in an hour: +0.50 log odds',
    'price rose 1 σ in 2 h: −0.30 log odds',
    'price rose 2 σ in 3 h: +0.20 log odds',
    '4 others together: +0.17 log odds',
  ])
})

test('one that is left over is said itself, and what contributes nothing is not said', () => {
  const words = explanationInWords(explained([0.5, -0.3, 0.2, 0]), { unit: LOG_ODDS, count: 2 })
  assert.equal(words.length, 3)
  assert.match(words[2]!, /^price .*: \+0\.20 log odds$/)
  assert.deepEqual(explanationInWords(explained([]), { unit: LOG_ODDS }), [])
})

test('what already stands for several features is counted among the others', () => {
  const { contributions, ...rest } = explained([0.5, -0.3, 0.2])
  const explanation = { ...rest, contributions: [...contributions, { feature: '103 others', contribution: 0.11 }] }
  const words = explanationInWords(explanation, { unit: LOG_ODDS, count: 2 })
  assert.deepEqual(words.slice(2), ['104 others together: +0.31 log odds'])
  const { bars } = waterfallOf(explanation, { title: '', subtitle: '', unit: LOG_ODDS })
  assert.deepEqual(bars.at(-1), { name: '103 others together', contribution: 0.11, features: 103 })
})

test('amounts keep two decimals, or two figures where they are small', () => {
  assert.deepEqual([0.314, -2, 0, 0.0123, -0.00004].map(signedAmount), [
    '+0.31',
    '−2.00',
    '+0.00',
    '+0.012',
    '−0.00004',
  ])
})

test('the picture holds every contribution, and its words say both ends', () => {
  const explanation = explained([0.5, -0.3, 0])
  const words = { title: 'ETH: a fall within 24 h', subtitle: 'trees', unit: LOG_ODDS }
  const picture = waterfallOf(explanation, { ...words, probabilities: { base: 0.047, score: 0.057 } })
  assert.deepEqual(
    picture.bars.map(({ contribution }) => contribution),
    [0.5, -0.3],
  )
  assert.match(picture.alt, /^ETH: a fall within 24 h: from 4\.7 % to 5\.7 %\. price .*: \+0\.50 log odds\. /)
  assert.match(waterfallOf(explanation, words).alt, /from −3\.00 to −2\.80 log odds/)
})
