import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeLadder } from '../../models/evaluation/judge-ladder.ts'
import { poolHeldOut } from '../../models/evaluation/pool.ts'
import { targetOf } from '../../models/targets.ts'
import { drawPicture } from '../../src/charts/draw.ts'
import { ladderPictures } from '../../src/main/ladder-pictures.ts'
import { madeUpLadder } from '../models/evaluation/made-up.ts'

const report = judgeLadder(poolHeldOut(madeUpLadder({ folds: 2, days: 90 })), {
  seed: 1,
  draws: 50,
  targets: [targetOf('cascade-down-24h')],
})

test('a ladder has its best rung drawn beside volatility alone: reliability, precision and recall, lead times', () => {
  const pictures = ladderPictures(report)
  assert.deepEqual(
    pictures.map(({ name }) => name),
    ['reliability', 'precision-recall', 'lead-time'].map((kind) => `cascade-down-24h-${kind}`),
  )
  for (const { picture } of pictures) {
    assert.match(picture.title, /^ETH and BTC: a fall beyond 2\.5 σ within 24 h/)
    assert.match(picture.subtitle, /2160 decisions, \d+ episodes of the market/)
    assert.ok('curves' in picture)
    assert.deepEqual(
      picture.curves.map(({ name }) => name),
      ['five features', 'volatility only'],
    )
    assert.ok(drawPicture(picture).png.length > 10_000)
  }
})

test('what is drawn is said in words too', () => {
  const [reliability, precision, lead] = ladderPictures(report).map(({ picture }) => picture.alt)
  assert.match(reliability!, /Expected calibration error: five features \d\.\d %; volatility only/)
  assert.match(precision!, /Average precision, \d\.\d % being chance: five features \d+\.\d %/)
  assert.match(lead!, /five features \d+, by chance \d+/)
})
