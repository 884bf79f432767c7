import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NETWORKS } from '../../models/ladder.ts'
import { RUNG_NAMES } from '../../models/rung.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LONGEST_LIMIT = 30

async function bench(...words: readonly string[]) {
  const env = { ...process.env, BENCH_ROUNDS: '1' }
  const child = spawn(process.execPath, ['src/main.ts', 'bench', ...words], { cwd: ROOT, env, stdio: 'pipe' })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: child.exitCode, stdout, stderr }
}

test('an unknown benchmark is named together with those that there are, each once', async () => {
  const { code, stdout, stderr } = await bench('simulated-market', 'no-such', '--json')
  assert.equal(code, 1)
  assert.equal(stdout, '')
  const [, known, was] = /^Expected benchmarks among (.+), was (no-such)$/m.exec(stderr) ?? []
  assert.equal(was, 'no-such', stderr)
  const names = known!.split(', ')
  assert.deepEqual(names, [...new Set(names)])
  for (const promised of [
    ...['setup-cold', 'start-warm', 'memory-idle', 'hedge-status', 'forecast-cycle-2', 'forecast-cycle-50'],
    ...RUNG_NAMES.filter((rung) => rung !== 'base-rate').map((rung) => `inference-${rung}`),
    ...[...NETWORKS, 'boosted-trees'].map((rung) => `train-${rung}`),
    ...['hedge-status-discord', 'hedge-status-telegram', 'first-picture'],
    ...['signal-to-order-redis', 'signal-to-order-postgres', 'tap-to-order'],
  ])
    assert.ok(names.includes(promised), `${promised} is missing from ${known}`)
})

test('one benchmark as JSON is one object on stdout, and its ratio is 1 at best and larger when worse', async () => {
  const { code, stdout, stderr } = await bench('simulated-market', '--json')
  assert.equal(code, 0, stderr)
  const { 'simulated-market': measured, ...others } = JSON.parse(stdout)
  assert.deepEqual(others, {})
  assert.deepEqual(Object.keys(measured), ['unit', 'p50', 'p99', 'n', 'limit', 'ratio'])
  assert.equal(measured.unit, 'bars/s')
  assert.ok(measured.p99 <= measured.p50, `of bars a second the slow end is the smaller, was ${stdout}`)
  assert.equal(measured.ratio, measured.limit / measured.p50)
})

test('everyone who asks at once is answered on each platform, and shown a picture, with the bare loop beside it', async () => {
  const { code, stdout, stderr } = await bench(
    ...['hedge-status-discord', 'hedge-status-telegram', 'first-picture', '--json'],
  )
  assert.equal(code, 0, stdout || stderr)
  const measured = JSON.parse(stdout)
  assert.deepEqual(
    Object.entries<{ n: number; unit: string }>(measured).map(([name, { n, unit }]) => [name, n, unit]),
    [
      ['hedge-status-discord', 50, 'ms'],
      ['hedge-status-telegram', 25, 'ms'],
      ['first-picture', 1, 'ms'],
    ],
  )
  for (const { p50, p99, limit } of Object.values<Record<'p50' | 'p99' | 'limit', number>>(measured))
    assert.ok(p50 > 0 && p99 >= p50 && limit > 0, stdout)
  assert.equal(measured['hedge-status-discord'].apart['refused by limits'], 0)
  assert.equal(measured['hedge-status-telegram'].apart['refused by limits'], 0)
  assert.ok(measured['first-picture'].apart.drawing < measured['first-picture'].p50, stdout)
})

test('a forecast and a press become an order that the exchange has taken, and the stages are what the whole is', async () => {
  const { code, stdout, stderr } = await bench('signal-to-order-postgres', 'tap-to-order', '--json')
  assert.equal(code, 0, stdout || stderr)
  for (const { n, p50, limit, apart } of Object.values<{
    readonly n: number
    readonly p50: number
    readonly limit: number
    readonly apart: Readonly<Record<string, number>>
  }>(JSON.parse(stdout))) {
    const { max, ...stages } = apart
    assert.ok(n === 1 && p50 > 0 && limit > 0 && max === p50, stdout)
    const sum = Object.values(stages).reduce((all, ms) => all + ms, 0)
    // A forecast raises alerts before it wakes anybody, and a stage begins where the one before it ends.
    assert.ok(Math.abs(sum - p50) < 1e-6 * p50 + 1e-3, `Expected ${p50}, was ${sum}: ${stdout}`)
  }
})

test('a forecast, a cycle of them and a fit are timed, and a process that fits twenty times keeps nothing of it', async () => {
  const { code, stdout, stderr } = await bench(
    ...[
      'inference-boosted-trees',
      'inference-tcn',
      'forecast-cycle-2',
      'train-boosted-trees',
      'retrain-memory',
      '--json',
    ],
  )
  assert.equal(code, 0, stdout || stderr)
  const measured: Record<string, Record<'p50' | 'limit' | 'ratio', number> & { apart: Record<string, number> }> =
    JSON.parse(stdout)
  assert.equal(Object.keys(measured).length, 5)
  for (const [name, { p50, limit, ratio }] of Object.entries(measured))
    assert.ok(p50 > 0 && limit > 0 && ratio === p50 / limit, `${name}: ${stdout}`)
  // A model of the last row gives its reasons every time, a network the first time within an hour.
  for (const name of ['inference-boosted-trees', 'inference-tcn'])
    assert.ok(measured[name]!.apart['with reasons']! > 0 && measured[name]!.apart['features alone']! > 0, stdout)
  const fit = measured['train-boosted-trees']!.apart
  assert.ok(fit.samples! > 300 && fit.trees! > 0 && fit['MB at the end']! < 2_000, stdout)
  const { ratio, apart } = measured['retrain-memory']!
  assert.equal(apart.fits, 20)
  // The garbage of one fit comes and goes; twenty batches or networks that were kept would be more than that.
  assert.ok(ratio < 1.5 && apart['at most']! < 2_000, stdout)
})

test('what ours is compared with fits on one screen, and every such file is used', () => {
  const files = globSync('bench/limits/*.ts', { cwd: ROOT })
  assert.ok(files.length > 0)
  const users = globSync('bench/*.ts', { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'))
  for (const file of files) {
    const lines = readFileSync(join(ROOT, file), 'utf8').trimEnd().split('\n').length
    assert.ok(lines < LONGEST_LIMIT, `Expected ${file} under ${LONGEST_LIMIT} lines, was ${lines}`)
    const name = file.slice('bench/'.length)
    assert.ok(
      users.some((source) => source.includes(name)),
      `Expected a benchmark that uses ${file}, was none`,
    )
  }
})
