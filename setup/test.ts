/**
 * `npm test`: types, lint, then every test against one database server that this starts and stops.
 *
 * `npm test -- test/config.test.ts` runs some files; what starts with a dash goes to Node's test runner.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createLog } from '../src/log.ts'
import { startEmbedded } from '../src/store/embedded.ts'
import { EmbeddedPostgresError } from '../src/store/embedded-run.ts'
import { runAsChild } from './launch.mjs'
import { findRedis } from './redis.ts'
import { RESULTS_FILE, readResults } from './test-results.ts'

const ALL_TESTS = 'test/**/*.test.ts'
const LONGEST_TEST_MS = 300_000
/** Tests wait for servers more than they compute, so three at a time even on two cores; few enough for the database. */
const CONCURRENCY = Math.min(4, Math.max(3, availableParallelism() - 1))

const CHECKS = [
  { name: 'Types', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'Types of setup', command: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'setup'] },
  { name: 'Lint', command: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'] },
] as const

async function main(words: readonly string[]): Promise<number> {
  mkdirSync('.breakwater', { recursive: true })
  rmSync(RESULTS_FILE, { force: true })
  for (const check of CHECKS) if (!passes(check)) return 1

  const redis = await findRedis(process.env.TEST_REDIS_URL)
  // From here on a signal must not end this process before the server it starts is stopped again.
  let stopped: NodeJS.Signals | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => (stopped ??= signal))

  const server = await startEmbedded({
    folder: '.breakwater/test-postgres',
    log: createLog('warn'),
    onProgress: (what) => console.log(`Database: ${what}`),
    settings: { fsync: 'off' },
  })
  console.log(`Tests: PostgreSQL on port ${server.port}, ${redis.reason}, ${CONCURRENCY} files at a time`)
  try {
    const env = { ...process.env, TEST_DATABASE_URL: server.connectionString(), TEST_REDIS_URL: redis.url ?? '' }
    const code = stopped ? 130 : await runAsChild(process.execPath, testArguments(words), env)
    return stopped ? 130 : code || (hasRun() ? 0 : 1)
  } finally {
    await server.stop()
  }
}

function passes({ name, command }: (typeof CHECKS)[number]): boolean {
  const startedAt = performance.now()
  const { status, signal } = spawnSync(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'] })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  if (status === 0) console.log(`${name}: no mistakes (${seconds} s)`)
  else console.error(`${name}: ${signal ?? 'mistakes, listed above'}. No test was run.`)
  return status === 0
}

const testArguments = (words: readonly string[]): readonly string[] => [
  '--test',
  `--test-concurrency=${CONCURRENCY}`,
  `--test-timeout=${LONGEST_TEST_MS}`,
  '--test-reporter=./setup/reporter.ts',
  '--test-reporter-destination=stdout',
  ...words.filter((word) => word.startsWith('-')),
  ...(words.every((word) => word.startsWith('-')) ? [ALL_TESTS] : words.filter((word) => !word.startsWith('-'))),
]

function hasRun(): boolean {
  if (readResults().tests > 0) return true
  console.error('No test ran: the files named hold none.')
  return false
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
