import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { fitAndJudge } from '../../models/cluster-confidence.ts'
import {
  type ConfidenceArtifact,
  confidenceFacts,
  readConfidence,
  writeConfidence,
} from '../../models/confidence-file.ts'
import { normalCdf } from '../../src/domain/calibration.ts'
import { HORIZONS } from '../../src/domain/forecast.ts'
import { type ConfidenceSample, type HorizonOutcome, probabilitiesOf } from '../../src/domain/liquidation/confidence.ts'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, timestamp } from '../../src/domain/units.ts'

/** Four clusters a day that price reaches as a random walk would; half of the large ones then cascade, few of the small. */
function daysOf(seed: number, days: number): readonly ConfidenceSample[] {
  const random = createRandom(seed)
  return Array.from({ length: days * 4 }, (_, i): ConfidenceSample => {
    const [distanceSigma, size] = [0.2 + 2 * random(), -6 + 4 * random()]
    const touched = random() < 2 * normalCdf(-distanceSigma)
    const event = touched && random() < (size > -4 ? 0.6 : 0.1)
    const outcome: HorizonOutcome = { touched, event, continued: false }
    return {
      at: timestamp(Math.floor(i / 4) * DAY),
      side: i % 2 === 0 ? 'sell' : 'buy',
      series: 'ETH',
      features: {
        distanceSigma,
        volatilityRatio: 0.2 * random(),
        size,
        sizeOfDepth: Number.NaN,
        gain: random(),
        age: 3,
        crowding: random(),
        openInterestChange: Number.NaN,
        leverageSpread: 1,
        coverage: 1,
      },
      // The day alone happened often enough to say anything.
      outcomes: { '24h': outcome, '4h': { touched: false, event: false, continued: false } },
    }
  })
}

const samples = daysOf(1, 200)
const artifact: ConfidenceArtifact = fitAndJudge({
  fitted: samples,
  held: daysOf(2, 100),
  calibratedOn: 'recorded',
  trainedOn: 'a made-up market',
})

async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-confidence-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** As JSON has it. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value))

const fileIn = (folder: string): string => join(folder, 'confidence.json')

suite('a confidence on disk', () => {
  test('is the one that was written, and answers the same', async (t) => {
    const folder = await openFolder(t)
    await writeConfidence(folder, artifact)
    const read = (await readConfidence(folder))!
    const { horizons, report } = read
    assert.deepEqual({ horizons, report }, plain({ horizons: artifact.horizons, report: artifact.report }))
    const [before, after] = [artifact.horizons['24h']!, horizons['24h']!]
    assert.ok(before.kind === 'fitted' && after.kind === 'fitted')
    for (const { features } of samples.slice(0, 50))
      assert.deepEqual(probabilitiesOf(features, after), probabilitiesOf(features, before))
    assert.equal(horizons['4h']?.kind, 'too-few-outcomes')
  })

  test('is written whole over the one before', async (t) => {
    const folder = await openFolder(t)
    await writeFile(fileIn(folder), `{"format":"breakwater-confidence/1","more":"${'x'.repeat(100_000)}"}`)
    await writeConfidence(folder, artifact)
    const first = await readConfidence(folder)
    await writeConfidence(folder, first!)
    assert.deepEqual(await readConfidence(folder), first)
    assert.deepEqual(await readdir(folder), ['confidence.json'])
  })

  test('is undefined where there is none', async (t) =>
    assert.equal(await readConfidence(await openFolder(t)), undefined))

  const BROKEN: readonly (readonly [what: string, text: (whole: Record<string, unknown>) => string])[] = [
    ['of the format before', (whole) => JSON.stringify({ ...whole, format: 'breakwater-confidence/1' })],
    ['of no format, as the first ones were', ({ format: _, ...whole }) => JSON.stringify(whole)],
    ['with a horizon nobody asks for', (whole) => JSON.stringify({ ...whole, horizons: { '8h': {} } })],
    [
      'with a weight that is no number',
      (whole) => JSON.stringify(whole).replace(/"intercept":-?[\d.e-]+/, '"intercept":null'),
    ],
    ['that was cut off', (whole) => JSON.stringify(whole).slice(0, 200)],
  ]
  for (const [what, broken] of BROKEN) {
    test(`one ${what} is refused with what to do`, async (t) => {
      const folder = await openFolder(t)
      await writeConfidence(folder, artifact)
      await writeFile(fileIn(folder), broken(JSON.parse(await readFile(fileIn(folder), 'utf8'))))
      await assert.rejects(readConfidence(folder), (error: Error) => {
        assert.match(
          error.message,
          /^Expected a cluster confidence of format breakwater-confidence\/2 in .*confidence\.json, was not: /,
        )
        assert.match(error.message, /Fit a new one with npm run train\.$/)
        return true
      })
    })
  }

  test('shows chat the figures of the horizons that were judged, and no others', () => {
    const facts = confidenceFacts(artifact)
    assert.deepEqual(
      Object.keys(facts),
      HORIZONS.filter((horizon) => artifact.report[horizon]),
    )
    assert.deepEqual(Object.keys(facts), ['24h'])
    const [shown, row] = [facts['24h']!, artifact.report['24h']!]
    assert.deepEqual([shown.samples, shown.ece, shown.calibratedOn], [row.samples, row.ece, 'recorded'])
    const { value, low, high } = shown.skillOverBaseline!
    assert.ok(value === row.brierSkillOverDistance && low < value && value < high)
    assert.ok(Math.abs(1 - shown.baselineBrierSkill - row.brierDistanceOnly / row.brierClimatology) < 1e-12)
  })
})
