import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Environment, readConfig } from '../../../src/config.ts'
import { changeKeyFile } from '../../../src/keys/key-file.ts'
import { parseVenueKeys } from '../../../src/keys/venue-keys.ts'
import { checkKeys } from '../../../src/main/doctor/keys.ts'

const PASSPHRASE = 'hunter2-hunter2'
const LIVE: Environment = { TRADING_MODE: 'live', TRADING_VENUES: 'okx,bybit', VENUE_KEYS_PASSPHRASE: PASSPHRASE }

async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-doctor-keys-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A data folder whose keys are for OKX alone. */
async function openKeys(t: TestContext): Promise<string> {
  const folder = await openFolder(t)
  const given = { apiKey: 'hunter2-key', secret: 'hunter2-secret', passphrase: 'hunter2' }
  await changeKeyFile(
    join(folder, 'keys.json'),
    { passphrase: PASSPHRASE, cost: { N: 2 ** 10, r: 8, p: 1 } },
    (stored) =>
      stored.set('okx', { keys: parseVenueKeys('okx', given, 'a test'), addedAt: '2026-01-05T00:00:00.000Z' }),
  )
  return folder
}

async function said(environment: Environment): Promise<readonly string[]> {
  const lines = (await checkKeys(readConfig({ envFile: '/nowhere/.env', environment }))).map(
    ({ area, name, state, found, next }) => `${state} ${area} ${name}: ${found}${next ? ` → ${next}` : ''}`,
  )
  assert.doesNotMatch(lines.join('\n'), /hunter2/)
  return lines
}

test('on paper without keys nothing is missing, and the words say that no money moves', async (t) => {
  assert.deepEqual(await said({ DATA_DIR: await openFolder(t) }), [
    'ok Trading mode: on paper: fills are worked out from prices, and no money moves',
    'ok Trading keys: none, and none are needed on paper',
  ])
})

test('live says real money, where keys are and which venue lacks one', async (t) => {
  const DATA_DIR = await openKeys(t)
  const [mode, keys, passphrase, lacking, ...more] = await said({ ...LIVE, DATA_DIR })
  assert.equal(mode, 'ok Trading mode: live: REAL MONEY, orders go to okx, bybit')
  assert.match(keys!, /^ok Trading keys: encrypted in \S+keys\.json, mode 600: okx$/)
  assert.equal(passphrase, 'ok Trading passphrase: it opens the file of keys')
  assert.match(lacking!, /^missing Trading keys of bybit: none in \S+ → npm run breakwater keys add bybit$/)
  assert.deepEqual(more, [])
  const sandbox = await said({ ...LIVE, DATA_DIR, VENUE_SANDBOX: 'on' })
  assert.match(sandbox[0]!, /live on the test networks of okx, bybit: .* the money is not$/)
})

test('what stands in the way of real money is a warning on paper', async (t) => {
  const DATA_DIR = await openKeys(t)
  const wrongWord = { ...LIVE, DATA_DIR, VENUE_KEYS_PASSPHRASE: 'another one' }
  assert.match((await said(wrongWord))[2]!, /^wrong Trading passphrase: .* was another one\. → Correct VENUE_KEYS/)
  assert.match((await said({ DATA_DIR }))[2]!, /^warning Trading passphrase: .* was none\. → Set VENUE_KEYS_PASSPHRASE/)
  assert.match((await said({ DATA_DIR, TRADING_VENUES: 'bybit' })).at(-1)!, /^warning Trading keys of bybit: none/)
  await chmod(join(DATA_DIR, 'keys.json'), 0o644)
  assert.match((await said({ ...LIVE, DATA_DIR }))[1]!, /^wrong Trading keys: .* was mode 644\. → Close it: chmod 600 /)
})

test('a folder of mounted keys is named as one, and a value in it is not shown', async (t) => {
  const folder = join(await openFolder(t), 'mounted')
  await mkdir(folder)
  await writeFile(join(folder, 'bybit.json'), '{"apiKey":"hunter2-key","secret":"hunter2-secret"}', { mode: 0o440 })
  const lines = await said({ ...LIVE, DATA_DIR: folder, VENUE_KEYS_FILE: folder, TRADING_VENUES: 'bybit' })
  assert.match(lines[1]!, /^ok Trading keys: mounted in \S+mounted, a plain file each: bybit$/)
  assert.equal(lines.length, 2)
  await chmod(join(folder, 'bybit.json'), 0o600)
  await writeFile(join(folder, 'bybit.json'), '{"apiKey":"hunter2-key","secret":"hun')
  assert.match((await said({ ...LIVE, DATA_DIR: folder, VENUE_KEYS_FILE: folder }))[1]!, /^wrong Trading keys: .* JSON/)
})

test('settings that contradict each other are put right first', async (t) => {
  const DATA_DIR = await openFolder(t)
  const lines = await said({ DATA_DIR, TRADING_VENUES: 'mtgox' })
  assert.match(lines[1]!, /^skipped Trading keys: /)
})
