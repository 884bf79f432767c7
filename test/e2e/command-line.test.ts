import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
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
  ['breakwater', ['demo', 'start', 'train', 'hedge', 'audit', 'db', 'export', 'picture', 'bench']],
  ['demo', ['--market', '--symbol', '--from', '--to', '--days', '--speed', '--seed', '--script', '--fresh']],
  ['start', ['roles']],
  ['train', ['--quick', '--out', '--seed', '--json']],
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

suite('a bad configuration', { concurrency: 2 }, () => {
  test('is told whole, and without its secrets', async (t) => {
    const settings: Settings = {
      ALERT_THRESHOLD: '60',
      BOOK: 'ETH:many',
      DATABASE_URL: 'mysql://desk:hunter2@db/desk',
      DISCORD_TOKEN: 'hunter2',
      TELEGRAM_TOKEN: 'hunter2 hunter2',
      TRADING_MODE: 'live',
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
