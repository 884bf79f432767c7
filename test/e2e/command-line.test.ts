import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { withoutPanels, writePanels } from '../backtest/panel-folder.ts'
import type { Cleanup } from '../support/database.ts'
import {
  databaseOn,
  type Ended,
  openDataFolder,
  processesOn,
  runProduct,
  type Settings,
  startProduct,
} from './product.ts'

const run = (t: Cleanup, line: string, settings: Settings = {}): Promise<Ended> =>
  runProduct(t, line.split(' ').filter(Boolean), settings)

/** Refused in words for a person: on standard error, without a stack, and nothing on standard output. */
function assertRefused({ code, signal, stdout, stderr }: Ended, sentence: RegExp): void {
  assert.deepEqual({ code, signal, stdout }, { code: 1, signal: null, stdout: '' }, stderr)
  assert.match(stderr, sentence)
  assert.doesNotMatch(stderr, /^\s+at |node:internal|Error: Expected/m)
}

const COMMANDS: readonly (readonly [line: string, options: readonly string[]])[] = [
  [
    'breakwater',
    [
      'demo',
      'start',
      'train',
      'prove',
      'liq-validate',
      'liq-map',
      'liq-clusters',
      'hedge',
      'audit',
      'db',
      'export',
      'picture',
      'bench',
    ],
  ],
  ['demo', ['--market', '--symbol', '--from', '--to', '--days', '--speed', '--seed', '--script', '--fresh']],
  ['start', ['roles']],
  ['train', ['--quick', '--out', '--seed', '--json']],
  ['prove', ['--seeds', '--out', '--json']],
  ['breakwater liq-map', ['--data', '--symbol', '--at', '--png', '--dark', '--json']],
  ['breakwater liq-clusters', ['--data', '--symbol', '--from', '--to', '--every', '--csv']],
  ['breakwater liq-validate', ['--data', '--symbol', '--from', '--to', '--refit', '--report', '--out', '--json']],
  ['bench', ['names', '--json']],
  [
    'breakwater hedge size',
    ['--exposure', '--beta', '--rho', '--confidence', '--max-ratio', '--price', '--lot', '--json'],
  ],
  ['breakwater audit verify', ['--database', '--json']],
  ['breakwater db migrate', ['--database', '--json']],
  ['breakwater export', ['--out', '--database', '--json']],
  ['breakwater picture', ['--out', '--symbol', '--dark', '--database']],
]

suite('help', { concurrency: 2 }, () => {
  for (const [line, options] of COMMANDS) {
    test(`${line} --help lists its options`, async (t) => {
      const { code, stdout, stderr } = await run(t, `${line} --help`)
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      for (const option of options) assert.match(stdout, new RegExp(`^ +\\[?${option}\\b|\\[${option}`, 'm'))
    })
  }
})

test('hedge size gives the hedge of the worked example and prints nothing else', async (t) => {
  const asked = 'breakwater hedge size --exposure 1000 --beta 0.8 --rho 0.45 --confidence 0.78'
  const { code, stdout, stderr } = await run(t, `${asked} --json`)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.match(stdout, /^\{.*\}\n$/)
  assert.equal(JSON.parse(stdout).size.toFixed(2), '727.93')

  const shown = await run(t, `${asked} --price 2500`)
  assert.match(shown.stdout, /^hedge +727\.934\d* coins$/m)
  assert.match(shown.stdout, /^notional +1819835 USD$/m)
})

const MISTAKES: readonly (readonly [line: string, sentence: RegExp])[] = [
  ['breakwater nonsense', /unknown command 'nonsense'/],
  ['demo --nope', /unknown option '--nope'/],
  ['demo --days x', /--days.*Expected a number above zero, was x\./],
  ['demo --speed 0', /--speed.*Expected a number above zero, was 0\./],
  ['demo --from yesterday', /Expected a UTC date such as 2025-02-03.*, was yesterday\./],
  ['demo --from 2026-01-06 --to 2026-01-05', /^Expected --to after --from, was 2026-01-06 00:00 UTC … /m],
  ['demo --symbol XRP', /^Expected --symbol to be an asset of the book \(ETH, BTC\), was XRP: add it to BOOK/m],
  ['demo --market moon', /MARKET: Expected simulated, live or replay:.*, was "moon"\./],
  ['demo --script --market live', /^Expected simulated or replay:<folder> with --script, was live/m],
  ['start dancer', /^Expected roles among bot, worker, trainer, was dancer$/m],
  ['train --quick', /^Expected --out <folder> with --quick, was none/m],
  ['breakwater hedge size --exposure 1000 --confidence 0.5', /required option '--rho <number>' not specified/],
  [
    'breakwater hedge size --exposure 1000 --rho 3 --confidence 0.5',
    /^Expected a correlation rho from -1 to 1, was 3$/m,
  ],
  ['breakwater hedge size --exposure 1000 --rho 0 --confidence 78', /^Expected a confidence from 0 to 1, was 78$/m],
  [
    'breakwater hedge size --exposure -5 --rho 0 --confidence 0.5',
    /^Expected an exposure of zero or more coins, was -5$/m,
  ],
  ['breakwater export', /required option '--out <folder>' not specified/],
  ['prove --seeds 0', /--seeds.*Expected a number above zero, was 0\./],
  ['breakwater liq-map --at 2025-08-01', /required option '--data <folder>' not specified/],
  ['breakwater liq-map --data src', /required option '--at <time>' not specified/],
  ['breakwater liq-map --data src --at noon', /--at.*Expected a UTC date such as 2025-02-03.*, was noon\./],
  [
    'breakwater liq-map --data /nowhere/panels --at 2025-08-01',
    /^Expected a folder with panels such as panel_1h_ETH\.csv\.gz, .* at \/nowhere\/panels, was absent\. Check --data\.$/m,
  ],
  [
    'breakwater liq-map --data package.json --at 2025-08-01',
    /^Expected a folder with panels .* at package\.json, was a file\. Check --data\.$/m,
  ],
  [
    'breakwater liq-validate --data src --from 2025-08-01 --to 2025-08-02',
    /^Expected a folder with panels .* at src, was a folder without any\. Check --data\.$/m,
  ],
  [
    'breakwater liq-clusters --data src --from 2025-08-01 --to 2025-08-02 --every often',
    /--every.*Expected a time such as 30m, 4h or 1d, was often\./,
  ],
  [
    'breakwater liq-clusters --data src --from 2025-08-03 --to 2025-08-01',
    /^Expected --from before --to, was 2025-08-03T00:00:00\.000Z and 2025-08-02T00:00:00\.000Z .* Swap them or choose a later --to\.$/m,
  ],
  [
    'breakwater liq-validate --data src --from 2025-08-03 --to 2025-08-01T12:00Z',
    /^Expected --from before --to, was 2025-08-03T00:00:00\.000Z and 2025-08-01T12:00:00\.000Z /m,
  ],
  ['bench nonsense', /^Expected benchmarks among .*, was nonsense$/m],
]

suite('a bad argument', { concurrency: 2 }, () => {
  for (const [line, sentence] of MISTAKES) {
    test(`${line} is refused in one sentence`, async (t) => {
      const ended = await run(t, line)
      assertRefused(ended, sentence)
    })
  }
})

suite('a question to a record that cannot answer it', { concurrency: 2 }, () => {
  /** Three hours of one asset's prices. */
  const smallRecord = async (t: Cleanup): Promise<string> => {
    const folder = await openDataFolder(t)
    const rows = ['00', '01', '02'].map((hour) => `2025-08-01T${hour}:00:00Z,3700,3710,3690,3705,1000`)
    const header = ['time', ...['open', 'high', 'low', 'close', 'volume'].map((each) => `spot_binance_${each}`)].join(
      ',',
    )
    await writeFile(join(folder, 'panel_1h_ETH.csv'), `${[header, ...rows].join('\n')}\n`)
    return folder
  }
  const QUESTIONS: readonly (readonly [what: string, words: string, sentence: RegExp])[] = [
    [
      'an asset that is not in it',
      'liq-map --symbol xrp --at 2025-08-01T02:00Z',
      /^Expected panel_1h_XRP\.csv\.gz in .*, was absent; it has ETH\. Choose one of those or add the file\.$/m,
    ],
    [
      'an instant after its end',
      'liq-map --at 2026-08-01',
      /^Expected --at within the record of ETH in .* \(2025-08-01T00:00:00\.000Z … 2025-08-01T03:00:00\.000Z\), was 2026-08-01T00:00:00\.000Z\. Choose an instant inside it\.$/m,
    ],
    [
      'an instant before its beginning',
      'liq-map --at 2020-08-01',
      /^Expected --at within .*, was 2020-08-01T00:00:00\.000Z\./m,
    ],
    [
      'a map where no open interest is known',
      'liq-map --at 2025-08-01T03:00Z',
      /^Expected open interest of ETH before 2025-08-01T03:00:00\.000Z in .*, was none\. Choose a later --at or another --symbol\.$/m,
    ],
    [
      'a picture in a folder that is not there',
      'liq-map --at 2025-08-01T03:00Z --png /nowhere/map.png',
      /^Expected a folder for --png at \/nowhere, was absent\. Make it or choose another\.$/m,
    ],
    [
      'a window that reaches beyond it',
      'liq-validate --from 2025-08-01 --to 2025-08-02',
      /^Expected a window within what .* holds \(2025-08-01T00:00:00Z … 2025-08-01T03:00:00Z\), was .*\. Move --from and --to inside it\.$/m,
    ],
  ]
  for (const [what, words, sentence] of QUESTIONS) {
    test(`${what} is refused in one sentence`, async (t) => {
      const folder = await smallRecord(t)
      assertRefused(await run(t, `breakwater ${words} --data ${folder}`), sentence)
    })
  }
})

test('liq-map prints one JSON object of finite numbers, and draws a PNG', { skip: withoutPanels }, async (t) => {
  const folder = await writePanels(t, { since: '2025-03-01', until: '2025-06-22' })
  const png = join(folder, 'map.png')
  const asked = `breakwater liq-map --data ${folder} --symbol eth --at 2025-06-21T12:00Z`
  const { code, stdout, stderr } = await run(t, `${asked} --json --png ${png}`)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^\{.*\}\n$/)
  const told = JSON.parse(stdout)
  assertFinite(told)
  assert.deepEqual([told.symbol, told.at, told.horizons], ['ETH', '2025-06-21T12:00:00.000Z', ['4h', '24h', '72h']])
  assert.ok(told.price > 0 && told.openInterestUsd > 1e9 && told.coverage > 0 && told.clusters.length > 0)
  const { longsUsd, shortsUsd, firstBin, binWidth } = told.map
  assert.equal(longsUsd.length, shortsUsd.length)
  const priceBin = Math.floor(Math.log(told.price) / binWidth) - firstBin
  const sum = (bins: number[]): number => bins.reduce((total, each) => total + each, 0)
  assert.ok(
    sum(longsUsd.slice(0, priceBin)) > 1e6 && sum(longsUsd.slice(priceBin + 2)) === 0,
    'longs close below the price',
  )
  assert.ok(
    sum(shortsUsd.slice(priceBin)) > 1e6 && sum(shortsUsd.slice(0, priceBin - 1)) === 0,
    'shorts close above it',
  )
  for (const { confidence } of told.clusters) {
    for (const horizon of told.horizons) {
      const { kind, calibratedOn } = confidence[horizon]
      assert.ok(kind === 'undetermined' || /^(simulated|recorded)$/.test(calibratedOn))
    }
  }

  const picture = await readFile(png)
  assert.deepEqual([...picture.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  assert.equal(picture.readUInt32BE(16), 1000, 'pixels wide')

  const shown = await run(t, asked)
  assert.match(shown.stdout, /^ETH at [\d,]+\.\d+, 2025-06-21 12:00 UTC: \d+ clusters, data \w+, coverage \d+ %$/m)
  assert.match(shown.stdout, /^(longs |shorts) .* within 24 h /m)
})

/** No null either: that is what JSON makes of a number that is not finite. */
function assertFinite(value: unknown, path = 'the object'): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), path)
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) assertFinite(each, `${path}.${key}`)
  else assert.match(typeof value, /^(string|boolean)$/, `${path} was ${value}`)
}

suite('a bad configuration', { concurrency: 2 }, () => {
  test('is told whole, and without its secrets', async (t) => {
    const settings: Settings = {
      ALERT_THRESHOLD: '60',
      BOOK: 'ETH:many',
      DATABASE_URL: 'mysql://desk:hunter2@db/desk',
      DISCORD_TOKEN: 'hunter2',
      TELEGRAM_TOKEN: 'hunter2 hunter2',
      TRADING_MODE: 'real',
    }
    const ended = await run(t, 'start', settings)
    assertRefused(ended, /^\d+ mistakes in the configuration:$/m)
    for (const name of Object.keys(settings).filter((one) => one !== 'DISCORD_TOKEN'))
      assert.match(ended.stderr, new RegExp(`^  ${name}: Expected `, 'm'))
    for (const name of ['DISCORD_APPLICATION_ID', 'DISCORD_CHANNEL_IDS', 'ADMINS'])
      assert.match(ended.stderr, new RegExp(`^  ${name}: Expected .*DISCORD_TOKEN is set`, 'm'))
    assert.doesNotMatch(ended.stderr, /hunter2/)
  })

  test('a database that does not answer is named without its password', async (t) => {
    const ended = await run(t, 'start', {
      DATABASE_URL: 'postgres://desk:hunter2@127.0.0.1:1/desk',
      MARKET: 'simulated',
    })
    assertRefused(
      ended,
      /^Expected a PostgreSQL database at 127\.0\.0\.1:1\/desk \(DATABASE_URL\), was: .*ECONNREFUSED/m,
    )
    assert.doesNotMatch(ended.stderr, /hunter2/)
  })

  test('a data folder that cannot be one is named', async (t) => {
    const folder = await openDataFolder(t)
    await writeFile(join(folder, 'file'), '')
    const inFile = await run(t, 'start', { DATA_DIR: join(folder, 'file', 'data'), MARKET: 'simulated' })
    assertRefused(inFile, /^Could not use the folder .*\/file\/data\/postgres: .*DATABASE_URL/m)
    if (process.getuid?.() === 0) return // root may write anywhere
    await mkdir(join(folder, 'closed'), { mode: 0o555 })
    const inClosed = await run(t, 'start', { DATA_DIR: join(folder, 'closed', 'data'), MARKET: 'simulated' })
    assertRefused(inClosed, /^Could not use the folder .*permission was refused/m)
    await chmod(join(folder, 'closed'), 0o755)
  })
})

test('on one data folder: unknown markets and runs are named, a taken port is left, a broken record is found', async (t) => {
  const folder = await openDataFolder(t)
  const settings: Settings = { DATA_DIR: folder, MARKET: 'simulated' }

  await t.test('a folder without panels is named, and no server stays behind', async (t) => {
    const ended = await run(t, 'demo --market replay:/nowhere/panels', settings)
    assertRefused(ended, /^Expected a folder of recorded panels at \/nowhere\/panels, was absent/m)
    assert.deepEqual(await processesOn(folder), [])
  })

  await t.test('a record that was never made is not called intact', async (t) => {
    assertRefused(
      await run(t, 'breakwater audit verify --json --database nope', settings),
      /^Expected --database to name a run stored here \(.*demo_replay_eth_btc.*\), was nope$/m,
    )
  })

  await t.test('a schema is made and found up to date', async (t) => {
    const first = await run(t, 'breakwater db migrate --json', settings)
    assert.deepEqual([first.code, JSON.parse(first.stdout)], [0, { applied: [] }], first.stderr)
    const verified = await run(t, 'breakwater audit verify', settings)
    assert.match(verified.stdout, /^0 rows, chain intact, last hash 0+\n$/)
  })

  await t.test('when another program has the database port, a new one is chosen', async (t) => {
    const access = async (): Promise<{ port: number }> =>
      JSON.parse(await readFile(join(folder, 'postgres', 'cluster', 'access.json'), 'utf8'))
    const { port: taken } = await access()
    assert.ok(taken > 0)
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve))
    t.after(() => other.close())
    const ended = await run(t, 'breakwater db migrate', settings)
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(ended.stderr, /another program has the database port; using a new one from now on/)
    assert.notEqual((await access()).port, taken)
  })

  await t.test('an interrupted run says that it has no figures', async (t) => {
    const script = startProduct(t, ['demo', '--script', '--days', '30', '--symbol', 'ETH'], { settings })
    await script.printed(/Tom> \/hedge status/)
    script.kill('SIGTERM')
    const ended = await script.ended
    assert.equal(ended.code, 1, ended.stderr)
    assert.match(ended.stderr, /^The run was stopped before its window ended, so there are no figures\.$/m)
    assert.equal(await databaseOn(folder), undefined)
  })
})
