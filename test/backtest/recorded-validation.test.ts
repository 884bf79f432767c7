import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { calibrationsBefore } from '../../src/backtest/point-in-time.ts'
import { type Recorded, readRecorded, type ValidationReport, validate } from '../../src/backtest/recorded-validation.ts'
import { formatValidation } from '../../src/backtest/validation-report.ts'
import { HORIZONS } from '../../src/domain/forecast.ts'
import { DAY, HOUR, timestamp } from '../../src/domain/units.ts'
import { fitBefore } from '../../src/main/liq-clusters.ts'
import { assetsToFit, openRecorded } from '../../src/main/recorded.ts'
import { runProduct } from '../e2e/product.ts'
import { withoutPanels, writePanels } from './panel-folder.ts'

const WINDOW = { from: timestamp(Date.UTC(2025, 2, 8)), to: timestamp(Date.UTC(2025, 8, 1)) }
const ETH = { symbol: 'ETH', ...WINDOW }
/** Open interest every four hours begins in November; what lies before costs time and says nothing. */
const SINCE = '2024-10-01'
const isShare = (value: number): boolean => value >= 0 && value <= 1

suite('ETH of half a recorded year, fitted on ETH and BTC before it', { skip: withoutPanels }, () => {
  const [real, placebo]: [Recorded[], Recorded[]] = [[], []]
  let report: ValidationReport
  let monthly: ValidationReport

  let folder: string

  // The hook's own cleanup would come before the tests.
  const undo: (() => Promise<void>)[] = []
  after(() => Promise.all(undo.map((each) => each())))
  before(async () => {
    folder = await writePanels({ after: (each) => undo.push(each) }, { since: SINCE })
    for (const window of await assetsToFit(folder, { asset: 'ETH', ...WINDOW })) {
      const { market } = await openRecorded(folder, window)
      real.push(await readRecorded(market))
      placebo.push(await readRecorded(market, 'placebo'))
    }
    report = validate(real, placebo, ETH)
    monthly = validate(real, placebo, { ...ETH, refitDays: 28 })
  })

  test('the report has every figure, as JSON too', () => {
    const json = JSON.parse(JSON.stringify(report))
    for (const name of [
      ...['symbol', 'from', 'to', 'bars', 'episodes', 'ece', 'brier', 'brierClimatology', 'brierDistanceOnly'],
      ...['brierSkillInterval', 'spearmanSwept', 'deltaR2', 'placebo', 'reliability'],
    ])
      assert.ok(name in json, `Expected ${name}, was ${Object.keys(json)}`)
    assert.ok(Array.isArray(json.reliability))
    assert.deepEqual(Object.keys(json.horizons), [...HORIZONS])
    assert.deepEqual(
      [json.symbol, json.from, json.to, json.fittedOn],
      ['ETH', '2025-03-08T00:00:00.000Z', '2025-09-01T00:00:00.000Z', ['ETH', 'BTC']],
    )
  })

  test('every bar of four hours in the window counts, but the last: what it swept is known after the end only', () => {
    assert.equal(report.bars, (WINDOW.to - WINDOW.from) / (4 * HOUR) - 1)
  })

  test('what cannot be said is null, and a horizon says how many episodes it had and needs', () => {
    for (const horizon of ['4h', '24h'] as const) {
      const row = report.horizons[horizon]
      assert.match('undetermined' in row ? row.undetermined : '', /^\d+ episodes before 2025-03-08, 20 are needed$/)
    }
    assert.deepEqual([report.ece, report.brier, report.brierSkill, report.brierSkillInterval], [null, null, null, null])
    assert.deepEqual(report.reliability, [])
    const text = formatValidation(report, 'the command')
    assert.match(text, /\| 24h \| undetermined: \d+ episodes before 2025-03-08, 20 are needed \|/)
    assert.doesNotMatch(text, /NaN|Infinity|null/)
  })

  test('fitted anew every four weeks, the day is judged: calibrated within the bound, probabilities where they must be', () => {
    const { ece, brier, brierClimatology, brierDistanceOnly, brierSkillInterval, reliability, episodes } = monthly
    assert.ok(ece !== null && ece < 0.05, `ECE was ${ece}`)
    for (const score of [brier, brierClimatology, brierDistanceOnly])
      assert.ok(score !== null && score > 0 && score < 0.25, `was ${score}`)
    assert.ok(Math.abs(monthly.brierSkill! - (1 - brier! / brierDistanceOnly!)) < 1e-12)
    assert.ok(brierSkillInterval![0] <= monthly.brierSkill! && monthly.brierSkill! <= brierSkillInterval![1])
    assert.equal(reliability.length, 10)
    for (const { meanProbability, rate, low, high, count } of reliability) {
      assert.ok([meanProbability, rate, low, high].every(isShare) && low <= rate && rate <= high && count > 0)
    }
    const row = monthly.horizons['24h']
    assert.ok(!('undetermined' in row) && row.samples > 100 && row.touched >= row.events && row.events >= row.episodes)
    // The window has episodes in the weeks before there was enough to fit on.
    assert.ok(row.episodes <= episodes && episodes > 0 && episodes < (2 * (WINDOW.to - WINDOW.from)) / DAY)
  })

  test('what was swept goes with what was printed, and more so than on a map of another month', () => {
    assert.ok(report.sweeps.ranked > 100)
    assert.ok(report.spearmanSwept! > 0.3 && report.spearmanSwept! < 1)
    assert.ok(report.spearmanSwept! > report.placebo.spearmanSwept!)
    assert.ok(Math.abs(report.deltaR2!) < 1 && Math.abs(report.placebo.deltaR2!) < 1)
    assert.equal(report.deltaR2, report.sweeps.r2Full! - report.sweeps.r2Return!)
  })

  test('what lies in the window does not change what is fitted before it', async () => {
    const before = calibrationsBefore(
      real.flatMap(({ samples }) => samples),
      WINDOW.from,
    )
    assert.equal(before['72h']?.kind, 'fitted')
    const without = await fitBefore(folder, { asset: 'ETH', from: WINDOW.from })
    assert.equal(JSON.stringify(before), JSON.stringify(without))
  })

  test('nothing fitted on reaches into the window: the last four days before it are left out', () => {
    const samples = real.flatMap((each) => each.samples)
    const cut = samples.filter(({ at }) => at < WINDOW.from - 4 * DAY)
    assert.ok(cut.length < samples.filter(({ at }) => at < WINDOW.from).length)
    assert.deepEqual(calibrationsBefore(cut, WINDOW.from), calibrationsBefore(samples, WINDOW.from))
  })

  test('an asset that was not recorded is refused', () => {
    assert.throws(() => validate(real, placebo, { ...ETH, symbol: 'XRP' }), /Expected a record of XRP, was none/)
  })
})

const validated = async (t: TestContext, folder: string, words: string): Promise<string> => {
  const asked = ['breakwater', 'liq-validate', '--data', folder, '--json', ...words.split(' ')]
  const { code, stdout, stderr } = await runProduct(t, asked, {})
  assert.equal(code, 0, stderr)
  return stdout
}

suite('a folder that ends otherwise', { skip: withoutPanels, concurrency: 2 }, () => {
  const window = '--symbol ETH --from 2025-03-08 --to 2025-05-31'

  test('what came after --to changes nothing: a record cut there, and one that went on, give the same report', async (t) => {
    const cut = await writePanels(t, { since: SINCE, until: '2025-06-01' })
    const longer = await writePanels(t, { since: SINCE, afterwards: { days: 30, times: 0.6 } })
    const [short, long] = await Promise.all([validated(t, cut, window), validated(t, longer, window)])
    assert.ok(JSON.parse(short).bars > 500)
    assert.equal(long, short)
  })

  test('a record that goes on later than ours is judged to its own end', async (t) => {
    const longer = await writePanels(t, { since: '2025-07-01', afterwards: { days: 30, times: 0.6 } })
    const report: ValidationReport = JSON.parse(
      await validated(t, longer, '--symbol BTC --from 2025-08-15 --to 2025-09-30'),
    )
    assert.equal(report.to, '2025-10-01T00:00:00.000Z')
    assert.equal(report.bars, 47 * 6 - 1)
    assert.deepEqual(report.fittedOn, ['BTC', 'ETH'])
  })

  test('an asset whose record ends earlier is still fitted on', async (t) => {
    const folder = await writePanels(t, { since: '2025-07-01' })
    for (const grain of ['1h', '4h', '1d']) {
      const file = join(folder, `panel_${grain}_BTC.csv`)
      const rows = (await readFile(file, 'utf8')).split('\n').filter((row) => row < '2025-08-01' || row >= 'a')
      await writeFile(file, `${rows.join('\n')}\n`)
    }
    const report: ValidationReport = JSON.parse(
      await validated(t, folder, '--symbol ETH --from 2025-08-10 --to 2025-08-31'),
    )
    assert.deepEqual(report.fittedOn, ['ETH', 'BTC'])
    assert.equal(report.bars, 22 * 6 - 1)
  })
})
