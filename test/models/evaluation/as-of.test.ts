import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { loadEngine } from '../../../models/engine.ts'
import { type AsOfTask, fitAsOf, formatForecasts } from '../../../models/evaluation/as-of.ts'
import { FEATURE_COUNT, FEATURES } from '../../../models/features.ts'
import type { AssetHours, Sample } from '../../../models/samples.ts'
import { sigmoid } from '../../../src/domain/calibration.ts'
import { DAY, HOUR } from '../../../src/domain/units.ts'
import { MADE_FROM, makeHours } from '../made-hours.ts'

const DAYS = 260
const BEFORE = MADE_FROM + 230 * DAY

/** A cascade is likelier the wilder it was. */
const wild = (): AssetHours =>
  makeHours({
    hours: DAYS * 24,
    label: (key, { value, random }) =>
      key === 'cascade-down-24h' ? Number(random() < sigmoid(-2 + value('log-volatility'))) : Number.NaN,
  })

const taskOf = async (assets: readonly AssetHours[]): Promise<AsOfTask> => ({
  assets,
  before: BEFORE,
  rung: 'five-feature',
  seed: 1,
  everyHours: 4,
  calibrationDays: 60,
  engine: await loadEngine({ prefer: 'cpu' }),
})
const after = (hours: AssetHours): readonly Sample[] =>
  [0, 6, 12].map((n) => ({ hours, i: (BEFORE - MADE_FROM) / HOUR + n }))

async function forecastOf(hours: AssetHours) {
  const model = await fitAsOf(await taskOf([hours]))
  const rows = model.forecast(after(hours))
  model.dispose()
  return rows
}

suite('forecasts as they would have been made', () => {
  test('stand beside those of volatility alone, with the age of the newest price', async () => {
    const hours = wild()
    const age = FEATURES.findIndex(({ name }) => name === 'age-bar')
    for (let i = 0; i < hours.instants.length; i++) hours.values[i * FEATURE_COUNT + age] = Math.log(2)
    const rows = await forecastOf(hours)
    assert.deepEqual(
      rows.map(({ at, target, horizonHours, dataAgeMinutes }) => [
        (at - BEFORE) / HOUR,
        target,
        horizonHours,
        Math.round(dataAgeMinutes),
      ]),
      [0, 6, 12].map((n) => [n, 'cascade-down', 24, 60]),
    )
    for (const { probability, baselineProbability } of rows) {
      assert.ok(probability > 0 && probability < 1 && baselineProbability > 0 && baselineProbability < 1)
    }
    const csv = formatForecasts(rows, 'five-feature').split('\n')
    assert.equal(csv[0], 'time,target,horizon_h,model,probability,baseline_probability,data_age_min')
    assert.match(csv[1]!, /^2022-08-19T00:00:00\.000Z,cascade-down,24,five-feature,0\.\d{6},0\.\d{6},60$/)
    assert.deepEqual([csv.length, csv.at(-1)], [5, ''])
  })

  test('know nothing of what came after: other labels and rows there change none of them', async () => {
    const [known, other] = [wild(), wild()]
    for (let i = (BEFORE - MADE_FROM) / HOUR; i < other.instants.length; i++) {
      other.labels['cascade-down-24h'][i] = 1
      // After the last hour that is asked about.
      if (i > (BEFORE - MADE_FROM) / HOUR + 12) other.values.fill(9, i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT)
    }
    // Labels of the last day before look into it.
    for (let i = (BEFORE - MADE_FROM) / HOUR - 24; i < (BEFORE - MADE_FROM) / HOUR; i++)
      other.labels['cascade-down-24h'][i] = 1
    assert.deepEqual(await forecastOf(other), await forecastOf(known))
  })

  test('do know what came before: other labels there change them', async () => {
    const other = wild()
    other.labels['cascade-down-24h'].fill(1, 2000, 4000)
    assert.notDeepEqual(await forecastOf(other), await forecastOf(wild()))
  })

  test('are not made of hours that were fitted on', async () => {
    const hours = wild()
    const model = await fitAsOf(await taskOf([hours]))
    assert.throws(
      () => model.forecast([{ hours, i: 4000 }]),
      /Expected instants from 2022-08-19.* on, which the model has not seen/,
    )
    model.dispose()
  })

  test('need 120 days to train on', async () => {
    const task = { ...(await taskOf([wild()])), before: MADE_FROM + 100 * DAY }
    await assert.rejects(() => fitAsOf(task), /Expected at least 120 days to train on/)
  })
})
