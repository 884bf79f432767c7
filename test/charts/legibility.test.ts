/** What holds for every picture, whatever it is given to show. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawPicture } from '../../src/charts/draw.ts'
import { PICTURE_SIZE } from '../../src/charts/options.ts'
import type { Picture } from '../../src/domain/picture.ts'
import { price } from '../../src/domain/units.ts'
import {
  bin,
  cluster,
  contrast,
  type Drawn,
  type DrawnText,
  effectivenessPicture,
  hourly,
  leadTimePicture,
  look,
  mapPicture,
  modelHealthPicture,
  pnlPath,
  precisionRecallPicture,
  profilePicture,
  reliabilityPicture,
  START,
  snapshot,
  statusPicture,
  statusRow,
  waterfallPicture,
} from './pictures.ts'

const MIN_SIZE = 14
const MIN_CONTRAST = 4.5
/** Control signs, markup, bidirectional override, half of a surrogate pair, script outside the font, one endless word. */
const HOSTILE = `\u0000<svg onload="x">&amp;\u202Eevil\uD800 中文 🚀 {a|b} ${'W'.repeat(300)} ${'long '.repeat(200)}`
const nothing = () => 0

const crowd = Array.from({ length: 20 }, (_, i) =>
  cluster({
    clusterId: `k${i}`,
    side: i < 10 ? 'sell' : 'buy',
    lowPrice: i < 10 ? 2900 + i * 4 : 3010 + i * 4,
    peakPrice: i < 10 ? 2902 + i * 4 : 3012 + i * 4,
    highPrice: i < 10 ? 2904 + i * 4 : 3014 + i * 4,
    notional: 1e6 * (i + 1),
  }),
)
const atPrice = (now: number, notional = 8e6) => {
  const shape = { longs: () => notional, shorts: () => notional }
  const clusters = [
    cluster({ lowPrice: now * 0.93, peakPrice: now * 0.94, highPrice: now * 0.95, notional: notional * 20 }),
    cluster({
      side: 'buy',
      lowPrice: now * 1.05,
      peakPrice: now * 1.06,
      highPrice: now * 1.07,
      notional: notional * 9,
    }),
  ]
  return {
    map: mapPicture({ snapshots: hourly(24, { price: now, ...shape }), clusters }),
    profile: profilePicture({ snapshot: snapshot({ at: START, price: now, ...shape }), clusters }),
    status: { clusters, liquidation: { price: price(now * 1.3), assumption: '3x isolated assumed' } },
  }
}

const CASES: readonly (readonly [name: string, picture: Picture])[] = [
  ['a map', mapPicture()],
  ['a map without clusters', mapPicture({ clusters: [] })],
  ['a map of one snapshot', mapPicture({ snapshots: hourly(1) })],
  ['a map of 240 snapshots', mapPicture({ snapshots: hourly(240) })],
  ['a map of nothing', mapPicture({ snapshots: hourly(24, { longs: nothing, shorts: nothing }), clusters: [] })],
  ['a map of twenty clusters', mapPicture({ clusters: crowd })],
  ['a map of a coin worth very little', atPrice(0.0000123).map],
  ['a map of very large numbers', atPrice(98_765_432_109_876, 7.7e17).map],
  ['a map with hostile names', mapPicture({ title: HOSTILE, subtitle: HOSTILE, asset: HOSTILE })],
  ['a profile', profilePicture()],
  ['a profile without clusters', profilePicture({ clusters: [] })],
  [
    'a profile of nothing',
    profilePicture({ snapshot: snapshot({ at: START, price: 3000, longs: nothing, shorts: nothing }), clusters: [] }),
  ],
  ['a profile of twenty clusters', profilePicture({ clusters: crowd })],
  ['a profile of a coin worth very little', atPrice(0.0000123).profile],
  ['a profile of very large numbers', atPrice(98_765_432_109_876, 7.7e17).profile],
  ['a profile with hostile names', profilePicture({ title: HOSTILE, subtitle: HOSTILE })],
  ['a reliability diagram', reliabilityPicture()],
  ['a reliability diagram of nothing', reliabilityPicture({ curves: [{ name: 'confidence', bins: [] }] })],
  [
    'a reliability diagram of all probabilities',
    reliabilityPicture({ curves: [{ name: 'all', bins: [bin(0, 0, 5), bin(1, 1, 5)] }] }),
  ],
  [
    'a reliability diagram of very large numbers',
    reliabilityPicture({ curves: [{ name: 'all', bins: [bin(0.001, 0.0008, 9.9e15), bin(0.002, 0.003, 7)] }] }),
  ],
  [
    'a reliability diagram of four curves with hostile names',
    reliabilityPicture({
      title: HOSTILE,
      subtitle: HOSTILE,
      curves: Array.from({ length: 4 }, () => ({ name: HOSTILE, bins: [bin(0.1, 0.1, 9)] })),
    }),
  ],
  ['precision and recall', precisionRecallPicture()],
  [
    'precision and recall of four curves with hostile names',
    precisionRecallPicture({
      title: HOSTILE,
      subtitle: HOSTILE,
      base: 0.0001,
      curves: Array.from({ length: 4 }, () => ({
        name: HOSTILE,
        points: [[0.1, 0.001] as const, [1, 0.0001] as const],
      })),
    }),
  ],
  ['precision and recall of nothing', precisionRecallPicture({ curves: [], base: 0 })],
  ['lead times', leadTimePicture()],
  [
    'lead times with hostile names',
    leadTimePicture({
      title: HOSTILE,
      subtitle: HOSTILE,
      curves: [{ name: HOSTILE, points: [[72, 0] as const, [0, 1] as const] }],
    }),
  ],
  ['lead times of nothing', leadTimePicture({ curves: [], byChance: [] })],
  ['a status card', statusPicture()],
  [
    'a status card of two assets',
    statusPicture({
      rows: [statusRow(), statusRow({ asset: 'BTC', price: price(101_234), clusters: [], hedgeRatio: 0 })],
    }),
  ],
  [
    'a status card of five assets',
    statusPicture({ rows: Array.from({ length: 5 }, (_, i) => statusRow({ asset: `COIN${i}`, hedgeRatio: i / 4 })) }),
  ],
  [
    'a status card before the first price',
    statusPicture({ rows: [statusRow({ price: undefined, liquidation: undefined, clusters: [] })], pnl: [] }),
  ],
  [
    'a status card of a coin worth very little, over-hedged',
    statusPicture({
      rows: [{ ...statusRow({ price: price(0.0000123), hedgeRatio: 1.7 }), ...atPrice(0.0000123).status }],
    }),
  ],
  [
    'a status card of very large numbers',
    statusPicture({
      rows: [
        {
          ...statusRow({ price: price(98_765_432_109_876), hedgeRatio: -3 }),
          ...atPrice(98_765_432_109_876, 7.7e17).status,
        },
      ],
      pnl: pnlPath(25, 9.9e30),
    }),
  ],
  [
    'a status card with hostile names',
    statusPicture({
      title: HOSTILE,
      subtitle: HOSTILE,
      rows: [statusRow({ asset: HOSTILE, held: HOSTILE, liquidation: { price: price(1), assumption: HOSTILE } })],
    }),
  ],
  ['a status card of a book that made nothing', statusPicture({ pnl: pnlPath(25, 0) })],
  ['an effectiveness picture', effectivenessPicture()],
  ['an effectiveness picture of two hours', effectivenessPicture({ pnl: pnlPath(2), rolling: [] })],
  ['an effectiveness picture of nothing', effectivenessPicture({ pnl: [], rolling: [] })],
  [
    'an effectiveness picture of a hedge on the wrong side',
    effectivenessPicture({
      meanHedgeRatio: -0.4,
      rolling: effectivenessPicture().rolling.map((one) => ({ ...one, value: -3, low: -9, high: 5 })),
    }),
  ],
  [
    'an effectiveness picture of very large numbers',
    effectivenessPicture({ pnl: pnlPath(800, 9.9e30), meanHedgeRatio: 1e9 }),
  ],
  [
    'an effectiveness picture with hostile names',
    effectivenessPicture({ title: HOSTILE, subtitle: HOSTILE, window: HOSTILE }),
  ],
  ['a picture of a model in use', modelHealthPicture()],
  ['a picture of a model that nothing is known of', modelHealthPicture({ days: [], moved: [], reliability: [] })],
  [
    'a picture of a model judged for one day',
    modelHealthPicture({ days: [{ at: START, logLoss: 0.2 }], moved: modelHealthPicture().moved.slice(0, 1) }),
  ],
  [
    'a picture of a model that is as wrong as can be',
    modelHealthPicture({
      days: modelHealthPicture().days.map((day) => ({ ...day, logLoss: 1e9 })),
      moved: modelHealthPicture().moved.map((one) => ({ ...one, psi: 1e4, limit: 1e-3 })),
      reliability: [{ name: 'this model', bins: [bin(1, 0, 300), bin(0.9, 1, 3)] }],
    }),
  ],
  [
    'a picture of a model with hostile names',
    modelHealthPicture({
      title: HOSTILE,
      subtitle: HOSTILE,
      moved: modelHealthPicture().moved.map((one) => ({ ...one, name: HOSTILE })),
    }),
  ],
  ['a waterfall', waterfallPicture()],
  ['a waterfall of nothing', waterfallPicture({ bars: [], score: -3.3 })],
  ['a waterfall of one bar', waterfallPicture({ bars: [{ name: 'funding', contribution: 1.07 }] })],
  [
    'a waterfall that falls all the way',
    waterfallPicture({
      base: 2,
      score: -0.6,
      bars: Array.from({ length: 40 }, (_, k) => ({ name: `feature ${k}`, contribution: -0.065 })),
    }),
  ],
  [
    'a waterfall there and back',
    waterfallPicture({
      bars: [
        { name: 'one', contribution: 3 },
        { name: 'other', contribution: -3 },
      ],
      score: -3.3,
      probabilities: { base: 0.00001, score: 0.99999 },
    }),
  ],
  [
    'a waterfall of very large numbers',
    waterfallPicture({ base: -9.9e30, score: 9.9e30, bars: [{ name: 'huge', contribution: 1.98e31 }] }),
  ],
  [
    'a waterfall of very small numbers, of a value',
    waterfallPicture({
      base: 1e-4,
      score: 1.3e-4,
      unit: 'funding per eight hours',
      probabilities: undefined,
      bars: [
        { name: 'funding 0.031 % per 8 h', contribution: 4e-5 },
        { name: 'basis', contribution: -1e-5 },
      ],
    }),
  ],
  [
    'a waterfall with hostile names',
    waterfallPicture({
      title: HOSTILE,
      subtitle: HOSTILE,
      unit: HOSTILE,
      bars: Array.from({ length: 12 }, (_, k) => ({ name: HOSTILE, contribution: k % 2 === 0 ? 0.4 : -0.3 })),
    }),
  ],
]

for (const [name, picture] of CASES) {
  test(`${name}: every text is large enough, stands out, lies within the picture and apart from the others`, () => {
    for (const dark of [false, true]) {
      const drawn = look(picture, { dark })
      assert.ok(drawn.texts.length > 4, `${drawn.texts.length} texts`)
      assert.deepEqual(
        drawn.texts.flatMap((text) => faultsOf(text, drawn)),
        [],
      )
    }
  })

  test(`${name} is drawn as a PNG of the size it says`, () => {
    const { png, width, height } = drawPicture(picture, { dark: true })
    assert.deepEqual({ width, height }, PICTURE_SIZE)
    assert.deepEqual({ width: png.readUInt32BE(16), height: png.readUInt32BE(20) }, PICTURE_SIZE)
  })
}

function faultsOf(text: DrawnText, { background, texts }: Drawn): string[] {
  const faults: string[] = []
  const { width, height } = PICTURE_SIZE
  if (text.size < MIN_SIZE) faults.push(`${text.text} is ${text.size} px`)
  if (contrast(text.fill, background) < MIN_CONTRAST)
    faults.push(`${text.text} has contrast ${contrast(text.fill, background)}`)
  if (text.left < 0 || text.top < 0 || text.right > width || text.bottom > height)
    faults.push(`${text.text} is cut off at ${[text.left, text.top, text.right, text.bottom].map(Math.round)}`)
  for (const other of texts.slice(texts.indexOf(text) + 1)) {
    const apart =
      text.right <= other.left || other.right <= text.left || text.bottom <= other.top || other.bottom <= text.top
    if (!apart) faults.push(`${text.text} overlaps ${other.text}`)
  }
  return faults
}

test('light is the default, and dark differs', () => {
  for (const picture of [
    mapPicture(),
    profilePicture(),
    reliabilityPicture(),
    statusPicture(),
    effectivenessPicture(),
    modelHealthPicture(),
    waterfallPicture(),
  ]) {
    assert.deepEqual(drawPicture(picture).png, drawPicture(picture, { dark: false }).png)
    assert.notDeepEqual(drawPicture(picture).png, drawPicture(picture, { dark: true }).png)
  }
})

test('a name that is markup stays text', () => {
  const { svg } = look(mapPicture({ title: HOSTILE }))
  assert.ok(!svg.includes('<svg onload'))
  assert.ok(!svg.includes('\u202E') && !svg.includes('\u0000'))
})
