import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VARIABLES } from '../../src/config/variables.ts'
import { openDataFolder } from '../e2e/product.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PASSPHRASE = 'correct horse battery staple'
const OKX = { apiKey: 'okx-key-4711', secret: 'okx-secret-0815', passphrase: 'okx-word-42' }
const SECRETS = [...Object.values(OKX), PASSPHRASE, 'a new passphrase']

/** `breakwater keys <words>` with the stores' own strong scrypt. */
async function keys(folder: string, words: readonly string[], { input = '', passphrase = PASSPHRASE } = {}) {
  const absent = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, '']))
  const child = spawn(process.execPath, ['src/main.ts', 'keys', ...words], {
    cwd: ROOT,
    env: { ...process.env, ...absent, DATA_DIR: folder, VENUE_KEYS_PASSPHRASE: passphrase },
  })
  child.stdin.end(input)
  const code = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  for (const secret of SECRETS) assert.ok(!(out + err).includes(secret), out + err)
  return { out, err, code: await code }
}

test('keys are added, listed, sealed anew and removed, and no answer holds one', async (t) => {
  const folder = await openDataFolder(t)
  const added = await keys(folder, ['add', 'okx', '--stdin'], { input: JSON.stringify(OKX) })
  assert.match(added.out, /^Added the keys of okx, fingerprint ([0-9a-f]{3}-){3}[0-9a-f]{3}, in \S+keys\.json\.$/m)
  const stored = await readFile(join(folder, 'keys.json'), 'utf8')
  assert.match(stored, /"N": 131072/)

  const listed = await keys(folder, ['list'], { passphrase: '' })
  assert.match(listed.out, /^okx +added 20\d\d-\d\d-\d\d \d\d:\d\d UTC +([0-9a-f]{3}-){3}[0-9a-f]{3}$/m)

  const newFile = join(folder, 'new')
  await writeFile(newFile, 'a new passphrase\n', { mode: 0o600 })
  const sealed = await keys(folder, ['passphrase', '--new-file', newFile])
  assert.match(sealed.out, /^Sealed .* anew\./)

  const refused = await keys(folder, ['remove', 'okx'])
  assert.equal(refused.code, 1)
  assert.match(refused.err, /Expected the passphrase of .*, was another one\./)
  const removed = await keys(folder, ['remove', 'okx'], { passphrase: 'a new passphrase' })
  assert.match(removed.out, /^Removed the keys of okx from /)
  assert.deepEqual(JSON.parse((await keys(folder, ['list', '--json'])).out).keys, [])
})

test('without a terminal, with a short passphrase or a wrong venue nothing is written, and it is said what to do', async (t) => {
  const folder = await openDataFolder(t)
  const input = JSON.stringify(OKX)
  const [noTerminal, short, unknown, broken] = await Promise.all([
    keys(folder, ['add', 'okx']),
    keys(folder, ['add', 'okx', '--stdin'], { input, passphrase: 'short' }),
    keys(folder, ['add', 'mtgox', '--stdin'], { input }),
    keys(folder, ['add', 'okx', '--stdin'], { input: input.slice(0, -4) }),
  ])
  for (const { code } of [noTerminal, short, unknown, broken]) assert.equal(code, 1)
  assert.match(noTerminal.err, /Expected a terminal .* Use --stdin or --from-file <json>\./)
  assert.match(short.err, /Expected a passphrase of 12 characters or more/)
  assert.match(unknown.err, /Expected one of binance, .*, was mtgox/)
  assert.match(broken.err, /standard input: Expected JSON/)
  assert.match((await keys(folder, ['list'])).out, /^There are no keys in /)
})
