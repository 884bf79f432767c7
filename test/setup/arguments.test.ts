import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryFor } from '../../setup/arguments.mjs'

test('a verb of the product is passed on with its arguments untouched', () => {
  const args = ['--market', 'replay:../a folder', '--', '--json']
  assert.deepEqual(entryFor(['demo', ...args]), ['src/main.ts', 'demo', ...args])
})

test('breakwater leaves the command to what follows', () => {
  assert.deepEqual(entryFor(['breakwater', 'audit', 'verify']), ['src/main.ts', 'audit', 'verify'])
})

test('the watchdog is started by a file of its own', () => {
  assert.deepEqual(entryFor(['breakwater', 'watchdog', '--port', '1']), ['src/watchdog/main.ts', '--port', '1'])
})

test('faults and the soak are run from the tests', () => {
  assert.deepEqual(entryFor(['soak', '--json']), ['test/soak/main.ts', '--json'])
  assert.deepEqual(entryFor(['faults', '--', '--runs', '3']), ['test/faults/main.ts', '--runs', '3'])
})

test('test has a runner of its own', () => {
  assert.deepEqual(entryFor(['test', 'test/config.test.ts']), ['setup/test.ts', 'test/config.test.ts'])
})

test('one leading separator too many means nothing', () => {
  assert.deepEqual(entryFor(['bench', '--', '--json']), ['src/main.ts', 'bench', '--json'])
})

test('an unknown verb and none at all are answered with the list of verbs', () => {
  assert.throws(() => entryFor(['fly']), {
    name: 'SetupError',
    message: /^Expected one of demo, .*, was fly\.$/,
    exitCode: 2,
  })
  assert.throws(() => entryFor([]), /was nothing/)
})
