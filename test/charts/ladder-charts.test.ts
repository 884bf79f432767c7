import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartOptions } from '../../src/charts/options.ts'
import type { Picture } from '../../src/domain/picture.ts'
import { leadTimePicture, look, precisionRecallPicture, written } from './pictures.ts'

interface LineSeries {
  readonly name: string
  readonly lineStyle: { readonly type: unknown; readonly color: string }
  readonly data: readonly (readonly [number, number])[]
}
const seriesOf = (picture: Picture, name: string): LineSeries =>
  (chartOptions(picture).series as LineSeries[]).find((series) => series.name === name)!

test('precision stands over recall, beside the rate of who alerts all the time', () => {
  const picture = precisionRecallPicture()
  assert.deepEqual(seriesOf(picture, 'boosted trees').data.at(-1), [1, 0.06])
  assert.deepEqual(seriesOf(picture, 'base').data, [
    [0, 0.05],
    [1, 0.05],
  ])
  assert.ok(written(picture).includes('alerting all the time: as often as it happens'))
})

test('a lucky first alert does not set the scale', () => {
  const lucky = precisionRecallPicture({
    curves: [
      {
        name: 'model',
        points: [
          [0.005, 1],
          [0.3, 0.2],
          [1, 0.05],
        ],
      },
    ],
  })
  const { max } = chartOptions(lucky).yAxis as { max: number }
  assert.ok(max < 0.3, `${max}`)
})

test('model and baseline differ in stroke, not in colour alone', () => {
  for (const picture of [precisionRecallPicture(), leadTimePicture()]) {
    const [model, baseline] = ['boosted trees', 'volatility only'].map((name) => seriesOf(picture, name))
    assert.notDeepEqual(model!.lineStyle.type, baseline!.lineStyle.type)
  }
})

test('time runs to the right, to the hour at which an episode begins', () => {
  const { inverse, max } = chartOptions(leadTimePicture()).xAxis as { inverse: boolean; max: number }
  assert.deepEqual([inverse, max], [true, 72])
  const texts = look(leadTimePicture()).texts
  const at = (text: string): number => texts.find((one) => one.text === text)!.left
  assert.ok(at('72 h') < at('36 h') && at('36 h') < at('0 h'))
})

test('what is empty says so', () => {
  assert.ok(
    written(precisionRecallPicture({ curves: [{ name: 'model', points: [] }] })).includes(
      'nothing happened that could be found',
    ),
  )
  assert.ok(
    written(leadTimePicture({ curves: [{ name: 'model', points: [] }], byChance: [] })).includes(
      'there was no episode',
    ),
  )
})
