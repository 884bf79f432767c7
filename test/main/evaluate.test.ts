import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { enterLook, RESERVED, readLedger } from '../../models/evaluation/ledger.ts'
import { duration, HOUR, timestamp } from '../../src/domain/units.ts'
import { runEvaluate } from '../../src/main/evaluate.ts'
import type { EvaluateOptions } from '../../src/main/evaluate-plan.ts'
import { PANELS, withoutPanels, writePanels } from '../backtest/panel-folder.ts'
import type { Cleanup } from '../support/database.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const run = (line: string): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...line.split(' ')], { maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })

async function folderOf(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-evaluate-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** What is asked, and what is said of it: value and remedy. */
const REFUSED: readonly (readonly [line: string, sentence: RegExp])[] = [
  ['evaluate --data /nowhere', /Expected a folder with panels.*at \/nowhere, was absent\. Check --data\./],
  [
    `evaluate --data ${PANELS} --test-from 2024-03-01 --test-to 2024-02-01`,
    /Expected --test-from before --test-to, was 2024-03-01 and 2024-02-01\. Swap them/,
  ],
  [
    `forecast --data ${PANELS} --from 2024-02-01 --to 2024-02-01 --model arima`,
    /Expected --model among base-rate, .*, was arima/,
  ],
]

suite('on the command line', { concurrency: 2, skip: withoutPanels }, () => {
  for (const [line, sentence] of REFUSED) {
    test(`${line.replace(PANELS, '<panels>')} is refused in a sentence, without a stack`, async () => {
      const { code, stdout, stderr } = await run(line)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, sentence)
      assert.doesNotMatch(stderr, /^\s+at |node:internal/m)
    })
  }
})

const day = (date: string) => timestamp(Date.parse(`${date}T00:00:00Z`))
const ASKED: EvaluateOptions = {
  data: PANELS,
  symbol: ['ETH', 'BTC'],
  models: 'all',
  every: duration(4 * HOUR),
  seed: 1,
  calibration: 60,
  out: '/nowhere',
  work: '/nowhere',
  ledger: '/nowhere',
  pictures: false,
}
const window = (from: string, to: string) => ({ testFrom: day(from), testTo: day(to) })
const WRONG: readonly (readonly [what: string, options: Partial<EvaluateOptions>, sentence: RegExp])[] = [
  ['an unknown rung', { models: 'tcn,mlp' }, /Expected --models all or some of base-rate, .*, was mlp\. Choose among/],
  ['no rung', { models: ',' }, /Expected --models all or some of .*, was none\./],
  ['an unknown asset', { symbol: ['DOGE'] }, /Expected --symbol among the hourly panels of .* \(BTC, ETH\), was DOGE/],
  ['half a window', { testFrom: day('2024-03-01') }, /--test-from and --test-to together, was --test-from alone/],
  [
    'a window after the record',
    window('2031-01-01', '2031-02-01'),
    /Expected --test-to within the record of ETH \(2020-01-01T00:00Z to .*\), was 2031-02-01T00:00Z\. Choose a date/,
  ],
  [
    'a window before the record',
    window('2019-01-01', '2024-02-01'),
    /Expected --test-from within the record of ETH .*, was 2019-01-01T00:00Z/,
  ],
  ['too little before a window', window('2020-03-01', '2020-04-01'), /Expected at least 120 days to train on/],
  ['steps that are no hours', { every: duration(HOUR / 2) }, /Expected --every in whole hours, such as 4h, was 30 min/],
  ['two ways to pool', { pool: 10, pooling: [10] }, /Expected --pool or --pooling, was both/],
  [
    'pooling of what learns nothing',
    { models: 'base-rate', pooling: [10] },
    /Expected a rung that learns .* with --pooling/,
  ],
  [
    'pooling on the reserved stretch',
    { ...window('2024-08-01', '2024-09-01'), pooling: [10] },
    /outside the stretch kept back for one evaluation \(2024-07-15 to 2025-08-31\) with --pooling/,
  ],
  ['a model without a window', { model: 'x' }, /Expected --test-from and --test-to with --model, was neither/],
  [
    'a look at the reserved stretch that is of no use',
    { ...window('2024-08-01', '2024-09-01'), quick: true },
    /outside the stretch kept back for one evaluation \(2024-07-15 to 2025-08-31\) with --quick/,
  ],
]

suite('what cannot be evaluated is said with value and remedy', { skip: withoutPanels }, () => {
  for (const [what, options, sentence] of WRONG) {
    test(what, () => assert.rejects(() => runEvaluate({ ...ASKED, ...options }), sentence))
  }

  test('a second look at the reserved stretch', async (t) => {
    const ledger = await folderOf(t)
    const looked = { testFrom: timestamp(RESERVED.from), testTo: timestamp(RESERVED.to) }
    const at = [looked.testFrom, looked.testTo].map((instant) => new Date(instant).toISOString()) as [string, string]
    await enterLook(await readLedger(ledger), {
      evaluatedAt: '2026-01-05T10:00:00.000Z',
      command: 'evaluate',
      codeVersion: '0.1.0',
      dataHash: '0',
      rungs: ['tcn'],
      assets: ['BTC'],
      seed: 1,
      window: at,
      figures: [],
    })
    await assert.rejects(
      () => runEvaluate({ ...ASKED, ...looked, ledger, models: 'gru,tcn' }),
      /Expected the first evaluation of tcn on BTC in the stretch kept back.*entered in .* on 2026-01-05 already/,
    )
  })
})

suite('on a record of ten months', { skip: withoutPanels }, () => {
  test('a window is judged and written, and its finished folds are kept', async (t) => {
    const [data, out] = [await writePanels(t, { since: '2023-05', until: '2024-03' }), await folderOf(t)]
    const line = `evaluate --data ${data} --symbol ETH --models base-rate,volatility-only --test-from 2024-01-20 --test-to 2024-02-20 --every 8h --calibration 60 --quick --json --no-pictures --out ${out} --work ${out}/work --ledger ${out}`
    const first = await run(line)
    assert.equal(first.code, 0, first.stderr)
    const report = JSON.parse(first.stdout)
    assert.deepEqual([report.rungs, report.assets], [['base-rate', 'volatility-only'], ['ETH']])
    assert.equal(report.samples, 29 * 3)
    assert.match(
      report.command,
      /evaluate --data \.\.\/shared\/data --symbol ETH .* --test-from 2024-01-20 --test-to 2024-02-20 --quick$/,
    )
    const files = await readdir(out)
    assert.deepEqual(files.filter((name) => !name.endsWith('.png')).sort(), [
      'ladder-2024-01-20-2024-02-20.json',
      'ladder-2024-01-20-2024-02-20.md',
      'work',
    ])
    const text = await readFile(join(out, 'ladder-2024-01-20-2024-02-20.md'), 'utf8')
    assert.match(text, /Nothing here is a claim of skill/)
    const finished = (await readdir(join(out, 'work'))).map((name) => name.replace(/-[0-9a-f]{16}/, ''))
    assert.deepEqual(finished.sort(), ['base-rate.json', 'volatility-only.json'])
  })

  test('a forecast is a line an event and step, none of them fitted on what came after', async (t) => {
    const data = await writePanels(t, { since: '2023-05', until: '2024-03' })
    const { code, stdout, stderr } = await run(
      `forecast --data ${data} --symbol ETH --from 2024-01-20 --to 2024-01-20 --every 6h --calibration 60 --model volatility-only --csv`,
    )
    assert.equal(code, 0, stderr)
    const [header, ...lines] = stdout.trimEnd().split('\n')
    assert.equal(header, 'time,target,horizon_h,model,probability,baseline_probability,data_age_min')
    const cascades = lines.filter((one) => one.includes(',cascade-down,24,'))
    assert.deepEqual(
      cascades.map((one) => one.slice(0, 16)),
      ['00', '06', '12', '18'].map((hour) => `2024-01-20T${hour}:00`),
    )
    for (const one of cascades) {
      const [, , , model, probability, baseline, age] = one.split(',')
      assert.equal(model, 'volatility-only')
      assert.equal(probability, baseline)
      assert.ok(Number(probability) > 0 && Number(probability) < 1)
      assert.ok(Number(age) >= 0 && Number(age) <= 120, age)
    }
  })
})
