import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isInstalled, isStamped, stampOf, writeStamp } from '../../setup/stamp.mjs'

const lock = (packages: Record<string, object>): string => JSON.stringify({ packages: { '': {}, ...packages } })
const PG = { version: '8.1.0', integrity: 'sha512-a' }

function repository(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'breakwater-stamp-'))
  t.after(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'package-lock.json'), lock({ 'node_modules/pg': PG }))
  return root
}

test('a folder without node_modules is not stamped, one after a stamp is', (t) => {
  const root = repository(t)
  assert.equal(isStamped(root), false)
  writeStamp(root)
  assert.equal(isStamped(root), true)
})

test('a changed lock file and a removed node_modules both ask for an installation', (t) => {
  const root = repository(t)
  writeStamp(root)
  writeFileSync(join(root, 'package-lock.json'), lock({ 'node_modules/pg': { ...PG, version: '8.2.0' } }))
  assert.equal(isStamped(root), false)
  writeStamp(root)
  rmSync(join(root, 'node_modules'), { recursive: true })
  mkdirSync(join(root, 'node_modules'))
  assert.equal(isStamped(root), false)
})

test('the same lock file on another kind of machine has another stamp', () => {
  assert.notEqual(stampOf('lock', 'linux-x64'), stampOf('lock', 'darwin-arm64'))
})

test('packages that npm put there by hand count as installed', () => {
  assert.equal(isInstalled(lock({ 'node_modules/pg': PG }), lock({ 'node_modules/pg': PG })), true)
})

test('a missing, another or a surplus package does not count as installed', () => {
  const wanted = lock({ 'node_modules/pg': PG })
  assert.equal(isInstalled(wanted, undefined), false)
  assert.equal(isInstalled(wanted, lock({})), false)
  assert.equal(isInstalled(wanted, lock({ 'node_modules/pg': { ...PG, integrity: 'sha512-b' } })), false)
  assert.equal(isInstalled(wanted, lock({ 'node_modules/pg': PG, 'node_modules/left-pad': PG })), false)
})

test('an optional package of another platform may be absent', () => {
  const wanted = lock({ 'node_modules/pg': PG, 'node_modules/pg-for-windows': { ...PG, optional: true } })
  assert.equal(isInstalled(wanted, lock({ 'node_modules/pg': PG })), true)
})
