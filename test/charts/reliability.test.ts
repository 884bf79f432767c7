import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartOptions } from '../../src/charts/options.ts'
import type { ReliabilityPicture } from '../../src/domain/picture.ts'
import { bin, look, reliabilityPicture, written } from './pictures.ts'

interface LineSeries {
  readonly name: string
  readonly symbol: string
  readonly lineStyle: { readonly type: string }
  readonly data: { readonly value: [number, number]; readonly symbolSize: number }[]
}
const seriesOf = (picture: ReliabilityPicture, name: string): LineSeries =>
  (chartOptions(picture).series as LineSeries[]).find((series) => series.name === name)!
const axesOf = (picture: ReliabilityPicture) => {
  const { xAxis, yAxis } = chartOptions(picture) as Record<'xAxis' | 'yAxis', { min: number; max: number }[]>
  return [xAxis![0]!, yAxis![0]!].map(({ min, max }) => [min, max])
}

test('a point stands at what was said and what came, larger the more it rests on', () => {
  const { data } = seriesOf(reliabilityPicture(), 'confidence')
  assert.deepEqual(
    data.map(({ value }) => value),
    [
      [0.01, 0.008],
      [0.05, 0.06],
      [0.12, 0.1],
      [0.22, 0.25],
    ],
  )
  const sizes = data.map(({ symbolSize }) => symbolSize)
  assert.deepEqual(
    sizes,
    [...sizes].sort((a, b) => b - a),
  )
  assert.ok(sizes[0]! > sizes[3]!)
})

test('model and baseline differ in sign and stroke, not in colour alone', () => {
  const [model, baseline] = ['confidence', 'distance and volatility alone'].map((name) =>
    seriesOf(reliabilityPicture(), name),
  )
  assert.notEqual(model!.symbol, baseline!.symbol)
  assert.notEqual(model!.lineStyle.type, baseline!.lineStyle.type)
  const texts = written(reliabilityPicture())
  assert.ok(texts.includes('confidence') && texts.includes('distance and volatility alone'))
})

test('both axes end together where forecasts end, and say so', () => {
  const picture = reliabilityPicture()
  const [x, y] = axesOf(picture)
  assert.deepEqual(x, y)
  assert.deepEqual(x, [0, 0.4])
  assert.ok(written(picture).includes('said: forecast probability (both axes: 0 % to 40 % only)'))
  const whole = reliabilityPicture({ curves: [{ name: 'all', bins: [bin(0.02, 0, 50), bin(0.97, 1, 50)] }] })
  assert.deepEqual(axesOf(whole)[0], [0, 1])
  assert.ok(written(whole).includes('said: forecast probability'))
})

test('one wide interval does not squeeze the others into a corner', () => {
  const lonely = { ...bin(0.04, 0.04, 3), low: 0, high: 0.7 }
  const [[, end]] = axesOf(
    reliabilityPicture({ curves: [{ name: 'confidence', bins: [bin(0.01, 0.01, 900), lonely] }] }),
  ) as [[number, number]]
  assert.ok(end <= 0.1, `${end}`)
})

test('bins in which nothing was forecast are left out, and no forecasts at all are said to be none', () => {
  const empty = { meanProbability: 0, rate: 0, low: 0, high: 1, count: 0 }
  const picture = reliabilityPicture({ curves: [{ name: 'confidence', bins: [empty, bin(0.1, 0.1, 40)] }] })
  assert.equal(seriesOf(picture, 'confidence').data.length, 1)
  const none = look(reliabilityPicture({ curves: [{ name: 'confidence', bins: [empty] }] }))
  assert.ok(none.texts.some(({ text }) => text === 'no forecasts have come due yet'))
})
