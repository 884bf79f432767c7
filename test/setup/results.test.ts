import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findRedis } from '../../setup/redis.ts'
import { closingLine, readResults } from '../../setup/test-results.ts'

const REPORTER = new URL('../../setup/reporter.ts', import.meta.url).href

function runTests(t: TestContext, source: string) {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-reporter-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, '.breakwater'))
  writeFileSync(join(folder, 'some.test.mjs'), source)
  const args = ['--test', `--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout', 'some.test.mjs']
  // The runner marks its children; a run inside a run must not think that it is one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })
  return { stdout, status, results: readResults(join(folder, '.breakwater/test-results.json')) }
}

test('skipped tests and suites are named with their reason above the summary, which closes the output', (t) => {
  const { stdout, status, results } = runTests(
    t,
    `import { describe, test } from 'node:test'
     test('sums', () => {})
     test('queue', { skip: 'no Redis' }, () => {})
     describe('store on Redis', { skip: 'no Redis' }, () => { test('hidden', () => {}) })`,
  )
  assert.equal(status, 0)
  assert.match(stdout, /Not run: 1 test and 1 suite\. no Redis \(queue, store on Redis\)\n.*tests 2\n/)
  assert.match(stdout, /skipped 1\n.*todo 0\n.*duration_ms \S+\n$/)
  assert.deepEqual(
    results.notRun.map(({ name }) => name),
    ['queue', 'store on Redis'],
  )
})

test('a failure is counted and fails the run, and nothing is said of skips where there were none', (t) => {
  const { stdout, status, results } = runTests(
    t,
    `import { test } from 'node:test'
     test('sums', () => { throw new Error('off by one') })`,
  )
  assert.equal(status, 1)
  assert.equal(results.failed, 1)
  assert.doesNotMatch(stdout, /Not run/)
})

test('reasons are grouped, and amounts agree with their nouns', () => {
  const skipped = (name: string, reason: string) => ({ name, reason, isSuite: false })
  assert.equal(
    closingLine([skipped('a', 'no Redis'), skipped('b', ''), skipped('c', 'no Redis')]),
    'Not run: 3 tests. no Redis (a, c); no reason given (b)',
  )
})

test('only a server that speaks Redis counts as one', async (t) => {
  const listen = async (answer: string): Promise<string> => {
    const server = createServer((socket) => socket.on('error', () => {}).end(answer))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    return `redis://127.0.0.1:${(server.address() as { port: number }).port}`
  }
  const redis = await listen('+PONG\r\n')
  assert.equal((await findRedis(redis)).url, redis)
  assert.equal((await findRedis(await listen('HTTP/1.1 400 Bad Request\r\n'))).url, undefined)
  assert.match((await findRedis('redis://127.0.0.1:1')).reason, /no Redis at 127\.0\.0\.1:1 /)
  assert.match((await findRedis('here')).reason, /not an address/)
})
