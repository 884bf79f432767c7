import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { driftReference, measureDrift } from '../../models/drift.ts'
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import type { AssetHours, Sample } from '../../models/samples.ts'
import { byTarget, TARGET_COUNT, targetIndex } from '../../models/targets.ts'
import { sigmoid } from '../../src/domain/calibration.ts'
import type { RecentRows } from '../../src/domain/model/drift.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'

const HOUR = 3_600_000
const DAY_HOURS = 24
const FROM = Date.UTC(2023, 0, 1)
const TRAINED = 400 * DAY_HOURS
const MONTH = 30 * DAY_HOURS
const NAMES = FEATURES.map(({ name }) => name)
/** Every third feature moves slowly, as volatility and open interest do: a month of it is a handful of values. */
const MEMORY = NAMES.map((_, f) => [0.2, 0.9, 0.995][f % 3]!)
/** Known in half of the hours, and never. */
const [HALF, NEVER] = [4, 7]

/** One long stationary record of an asset: what a model is fitted on, then months that it has not seen. */
function recordOf(asset: string, seed: number, months: number): AssetHours {
  const random = createRandom(seed)
  const gauss = createGaussian(random)
  const hours = TRAINED + months * MONTH
  const values = new Float32Array(hours * FEATURE_COUNT)
  const mask = new Uint8Array(hours * FEATURE_COUNT).fill(1)
  const state = NAMES.map(() => gauss())
  for (let i = 0; i < hours; i++)
    for (let f = 0; f < FEATURE_COUNT; f++) {
      const memory = MEMORY[f]!
      state[f] = memory * state[f]! + Math.sqrt(1 - memory ** 2) * gauss()
      values[i * FEATURE_COUNT + f] = state[f]!
      if (f === NEVER || (f === HALF && random() < 0.5)) mask[i * FEATURE_COUNT + f] = 0
    }
  return {
    asset,
    phase: 0,
    instants: Float64Array.from({ length: hours }, (_, i) => FROM + i * HOUR),
    values,
    mask,
    venues: [],
    labels: byTarget(() => new Float32Array(0)),
    firstUsable: 0,
  } as AssetHours
}

const MONTHS = 12
const records = [recordOf('BTC', 1, MONTHS), recordOf('ETH', 2, MONTHS)]
const samples: readonly Sample[] = records.flatMap((hours) =>
  Array.from({ length: TRAINED / 4 }, (_, k) => ({ hours, i: k * 4 })),
)
const key = 'cascade-down-24h'
const scoreOf = ({ hours, i }: Sample): number => sigmoid(-3 + hours.values[i * FEATURE_COUNT]!)
const answers = new Float32Array(samples.length * TARGET_COUNT).fill(Number.NaN)
samples.forEach((sample, k) => {
  answers[k * TARGET_COUNT + targetIndex(key)] = scoreOf(sample)
})
const reference = driftReference(samples, { samples, answers })

/** The rows of one month after training, changed or as they are. */
const monthOf = (
  hours: AssetHours,
  month: number,
  change = (value: number, _f: number): number => value,
): RecentRows => {
  const at = Array.from({ length: MONTH }, (_, k) => TRAINED + month * MONTH + k)
  return {
    asset: hours.asset,
    names: NAMES,
    rows: at.map((i) =>
      NAMES.map((_, f) =>
        hours.mask[i * FEATURE_COUNT + f] === 1 ? change(hours.values[i * FEATURE_COUNT + f]!, f) : Number.NaN,
      ),
    ),
    scores: { [key]: at.map((i) => scoreOf({ hours, i })) },
  }
}

suite('the reference of what a model was fitted on', () => {
  test('is plain, small, and says how much was known and how far training months stood from the whole', () => {
    const text = JSON.stringify(reference)
    assert.deepEqual(JSON.parse(text), reference)
    assert.ok(text.length < 800 * FEATURE_COUNT, `${text.length} characters for ${FEATURE_COUNT} features`)
    assert.ok(reference.months >= 48 && reference.months <= 54)
    assert.equal(reference.features[NEVER]!.known, 0)
    assert.equal(reference.features[NEVER]!.bins, undefined)
    assert.ok(Math.abs(reference.features[HALF]!.known - 0.5) < 0.03)
    assert.ok(reference.features.every(({ limits: { warn, act } }) => warn >= 0.1 && act >= 0.25 && warn < act))
    assert.deepEqual(Object.keys(reference.scores), [key])
  })

  test('gives slow features more room than fast ones', () => {
    const limitsOf = (memory: number) =>
      reference.features.filter((_, f) => MEMORY[f] === memory && f !== NEVER).map(({ limits }) => limits.act)
    assert.ok(Math.min(...limitsOf(0.995)) > 2 * Math.max(...limitsOf(0.2)))
  })
})

suite('a month after training', () => {
  test('like those before raises no alarm by any feature in 23 of 24, though slow ones stand far beyond 0.25', () => {
    let [alarms, beyond] = [0, 0]
    for (const hours of records)
      for (let month = 0; month < MONTHS; month++) {
        const { moved, outside } = measureDrift(reference, [monthOf(hours, month)])
        if (moved.some(({ level }) => level === 'act')) alarms++
        if (moved.some(({ psi }) => psi > 0.25)) beyond++
        assert.notEqual(outside?.level, 'act')
      }
    assert.equal(beyond, 2 * MONTHS, 'a fixed limit would alarm every month')
    assert.ok(alarms <= 1, `${alarms} alarms`)
  })

  test('in which one fast feature moved by a spread and a half is found, by name and asset', () => {
    const f = MEMORY.findIndex((memory, k) => memory === 0.2 && k > 5)
    const drift = measureDrift(reference, [
      monthOf(records[0]!, 0),
      monthOf(records[1]!, 0, (value, k) => (k === f ? value + 1.5 : value)),
    ])
    assert.deepEqual(
      { asset: drift.moved[0]!.asset, name: drift.moved[0]!.name, level: drift.moved[0]!.level },
      { asset: 'ETH', name: NAMES[f], level: 'act' },
    )
    assert.ok(drift.psi! > 0.25)
  })

  test('in another unit lies outside, and drifts', () => {
    const drift = measureDrift(reference, [monthOf(records[0]!, 1, (value) => value * 10)])
    assert.ok(drift.outside!.share > 0.9)
    assert.equal(drift.outside!.level, 'act')
    assert.ok(drift.moved.filter(({ level }) => level === 'act').length > FEATURE_COUNT / 3)
  })

  test('of scores that moved is found among the scores', () => {
    const month = monthOf(records[0]!, 0)
    const drift = measureDrift(reference, [{ ...month, scores: { [key]: month.scores[key]!.map((p) => p / 6) } }])
    assert.equal(drift.moved.find(({ of }) => of === 'score')?.level, 'act')
  })

  test('of which less is known says so, and rows of other features are refused', () => {
    const drift = measureDrift(reference, [monthOf(records[0]!, 0, (value, f) => (f % 2 === 0 ? value : Number.NaN))])
    assert.ok(drift.coverage!.share < 0.6)
    assert.ok(drift.coverage!.missing.length > FEATURE_COUNT / 3)
    assert.throws(
      () => measureDrift(reference, [{ ...monthOf(records[0]!, 0), names: NAMES.toReversed() }]),
      /Expected rows of the features that the model was fitted on/,
    )
  })
})
