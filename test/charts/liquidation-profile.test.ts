import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartOptions } from '../../src/charts/options.ts'
import { rampOf, themeOf } from '../../src/charts/theme.ts'
import { cluster, colourAt, heap, profilePicture, START, snapshot, written } from './pictures.ts'

const BIN = 0.0025
const binAt = (distance: number): number => Math.exp((Math.round(Math.log(3000) / BIN) + distance) * BIN)

test('a bar reaches as far as its bin holds, in a colour of its side', () => {
  const picture = profilePicture({
    snapshot: snapshot({ at: START, price: 3000, longs: heap(24, 8e6), shorts: heap(20, 4e6) }),
    clusters: [],
  })
  for (const dark of [false, true]) {
    const theme = themeOf(dark)
    const shown = (x: number, distance: number) => colourAt(picture, { x, price: binAt(distance), dark })
    assert.ok(rampOf(theme, 'sell').includes(shown(7.6e6, -24)))
    assert.equal(shown(8.2e6, -24), theme.background)
    assert.ok(rampOf(theme, 'buy').includes(shown(3.6e6, 20)))
    assert.equal(shown(4.2e6, 20), theme.background)
    assert.equal(shown(2e6, -8), theme.background)
  }
})

test('the price is marked across the plot and named', () => {
  const picture = profilePicture()
  assert.equal(colourAt(picture, { x: 7e6, price: 3000 }), themeOf(false).ink)
  assert.ok(written(picture).includes('now 3,000.00'))
})

test('the lines end at all that waits on their side', () => {
  const picture = profilePicture({
    snapshot: snapshot({ at: START, price: 3000, longs: heap(12, 8e6), shorts: heap(12, 4e6) }),
    clusters: [],
  })
  const series = chartOptions(picture).series as { xAxisIndex?: number; data: [number, number][] }[]
  const ends = series.filter(({ xAxisIndex }) => xAxisIndex === 1).map(({ data }) => data.at(-1)!)
  const total = (notionals: readonly number[]) => notionals.reduce((sum, notional) => sum + notional, 0)
  const { longs, shorts } = picture.snapshot
  for (const [sum, level] of ends) {
    const all = total(level < 3000 ? longs : shorts)
    assert.ok(Math.abs(sum / all - 1) < 0.01, `${sum} of ${all} at ${level}`)
  }
  assert.deepEqual(new Set(ends.map(([, level]) => level < 3000)), new Set([true, false]))
})

test('a cluster is named with price, notional and confidence, both axes with their unit', () => {
  const texts = written(profilePicture({ clusters: [cluster()] }))
  for (const words of [
    'longs 2,823.50',
    '$61.4 M · 42 %',
    'bars: USD in each 0.25 % of price',
    'lines: USD from the price to there',
    '$7.5 M',
    '$60 M',
  ])
    assert.ok(texts.includes(words), `${words} is written among ${texts.join(' | ')}`)
})

test('an empty map says that it is empty', () => {
  const nothing = () => 0
  const picture = profilePicture({
    snapshot: snapshot({ at: START, price: 3000, longs: nothing, shorts: nothing }),
    clusters: [],
  })
  assert.ok(written(picture).includes('no positions estimated at these prices'))
})
