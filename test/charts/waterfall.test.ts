import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartOptions } from '../../src/charts/options.ts'
import { themeOf } from '../../src/charts/theme.ts'
import type { WaterfallPicture } from '../../src/domain/picture.ts'
import { look, waterfallPicture, written } from './pictures.ts'

interface Shape {
  readonly type: string
  readonly shape: { readonly x: number; readonly width: number }
  readonly style: { readonly fill: string }
}
/** Bars from top to bottom: where they begin and end on an axis of 0 to 100 for the whole way, and their colour. */
function barsOf(picture: WaterfallPicture): readonly { from: number; to: number; colour: string }[] {
  const { series, xAxis } = chartOptions(picture) as {
    series: { data: unknown[]; renderItem: (params: object, api: object) => { children: Shape[] } }[]
    xAxis: { min: number; max: number }
  }
  const api = { coord: ([x, y]: [number, number]) => [(x - xAxis.min) / (xAxis.max - xAxis.min), y * 50] }
  const value = (x: number) => xAxis.min + x * (xAxis.max - xAxis.min)
  return series[0]!.data.flatMap((_, dataIndex) =>
    series[0]!
      .renderItem({ dataIndex }, api)
      .children.filter(({ type }) => type === 'rect')
      .map(({ shape, style }) => ({ from: value(shape.x), to: value(shape.x + shape.width), colour: style.fill })),
  )
}

test('at most ten bars, the smallest together, and numbers that add up to the score', () => {
  const texts = written(waterfallPicture())
  assert.equal(texts.filter((text) => /^[+−]\d\.\d\d$/.test(text)).length, 11)
  assert.ok(texts.includes('3 others') && texts.includes('−0.01'))
  const eleven = written(waterfallPicture({ bars: waterfallPicture().bars.slice(0, 11) }))
  assert.ok(!eleven.some((text) => text.endsWith('others')), 'one that is left over has a bar of its own')
})

test('what already stands for several features is counted among the others, however large', () => {
  const bars = [{ name: '90 others together', contribution: 0.9, features: 90 }, ...waterfallPicture().bars]
  const texts = written(waterfallPicture({ bars, score: waterfallPicture().score + 0.9 }))
  assert.ok(texts.includes('93 others') && texts.includes('+0.89'), texts.join(' | '))
})

test('both ends say the score and, of an event, what it is told as', () => {
  const texts = written(waterfallPicture())
  assert.ok(
    texts.some((text) => /^3\.6 %\s+\(−3\.30\)$/.test(text)),
    texts.join(' | '),
  )
  assert.ok(texts.some((text) => /^9\.4 %\s+\(−2\.23\)$/.test(text)))
  const value = written(waterfallPicture({ probabilities: undefined, unit: 'σ' }))
  assert.ok(value.includes('−3.30') && value.includes('−2.23') && value.includes('σ'))
})

test('each bar begins where the one before it ended; what raises has another colour than what lowers', () => {
  const theme = themeOf(false)
  const contributions = [0.5, -0.2, 0.3]
  const picture = waterfallPicture({
    base: -3,
    score: -2.4,
    bars: contributions.map((contribution, k) => ({ name: `${k}`, contribution })),
  })
  // The pixel-wide least width is far more than the whole axis here, where the axis is one unit wide.
  const shapes = barsOf(picture).map(({ from, colour }) => ({ from: Number(from.toFixed(6)), colour }))
  assert.deepEqual(shapes, [
    { from: -3, colour: theme.fill },
    { from: -2.7, colour: theme.price },
    { from: -2.7, colour: theme.fill },
  ])
})

test('a long name is broken over two lines and stays beside its bar', () => {
  const name =
    'volatility of the last hours is far above the volatility of the last days and of the last weeks together'
  const { texts } = look(waterfallPicture({ bars: [{ name, contribution: 0.4 }] }))
  const lines = texts.filter(({ text }) => name.startsWith(text.slice(0, 12)) || text.endsWith('…'))
  assert.equal(lines.length, 2)
  assert.ok(lines.every(({ right }) => right < 470))
})

test('without contributions it says that nothing stands out', () => {
  assert.ok(written(waterfallPicture({ bars: [], score: -3.3 })).includes('nothing stands out'))
})
