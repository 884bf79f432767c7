import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { TRADING_VENUES } from '../../src/config/market.ts'
import { VenueKeysError, type VenueKeysFault } from '../../src/keys/errors.ts'
import { changeKeyFile, openKeyFile, readKeyFile, type Stored } from '../../src/keys/key-file.ts'
import { findVenueKeys, loadVenueKeys } from '../../src/keys/load.ts'
import { deriveKeys, isCost, STRONG_COST } from '../../src/keys/seal.ts'
import { FIELDS_OF, KEY_VENUES, parseVenueKeys } from '../../src/keys/venue-keys.ts'

/** A guess costs next to nothing, so that tests are quick. */
const COST = { N: 2 ** 10, r: 8, p: 1 }
const PASSPHRASE = 'correct horse battery staple'
const AT = '2026-01-05T00:00:00.000Z'
const BINANCE = { apiKey: 'binance-key-4711', secret: 'binance-secret-0815' }
const HYPERLIQUID = { walletAddress: `0x${'ab'.repeat(20)}`, privateKey: `0x${'cd'.repeat(32)}` }

async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-keys-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function writeKeys(t: TestContext): Promise<string> {
  const path = join(await openFolder(t), 'deep', 'keys.json')
  await changeKeyFile(path, { passphrase: PASSPHRASE, cost: COST }, (stored) => {
    stored.set('hyperliquid', { keys: parseVenueKeys('hyperliquid', HYPERLIQUID, 'a test'), addedAt: AT })
    stored.set('binance', { keys: parseVenueKeys('binance', BINANCE, 'a test'), addedAt: AT })
  })
  return path
}

const fails = (act: Promise<unknown>, code: VenueKeysFault, says?: RegExp): Promise<void> =>
  assert.rejects(act, (error) => {
    assert.ok(error instanceof VenueKeysError, String(error))
    assert.equal(error.code, code)
    assert.equal(`${error.found} ${error.remedy}`, error.message)
    if (says) assert.match(error.message, says)
    return true
  })

test('keys can be for every venue that can be traded on', () => {
  assert.deepEqual(KEY_VENUES, TRADING_VENUES)
  assert.deepEqual(Object.keys(FIELDS_OF).sort(), [...TRADING_VENUES].sort())
})

test('what was put in comes out, by venue, and the file is its owner’s alone', async (t) => {
  const path = await writeKeys(t)
  const keys = await loadVenueKeys({ path, passphrase: PASSPHRASE })
  assert.deepEqual([...keys.keys()], ['binance', 'hyperliquid'])
  assert.deepEqual(keys.get('binance')?.reveal(), BINANCE)
  assert.deepEqual(keys.get('hyperliquid')?.reveal(), HYPERLIQUID)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(join(path, '..')), ['keys.json'])
})

test('who has what is listed without the passphrase; the file holds no key in plain text', async (t) => {
  const path = await writeKeys(t)
  const { entries } = (await readKeyFile(path))!
  assert.deepEqual(
    entries.map(({ venue, addedAt }) => [venue, addedAt]),
    [
      ['binance', AT],
      ['hyperliquid', AT],
    ],
  )
  assert.match(entries[0]!.fingerprint, /^([0-9a-f]{3}-){3}[0-9a-f]{3}$/)
  assert.notEqual(entries[0]!.fingerprint, entries[1]!.fingerprint)
  const text = await readFile(path, 'utf8')
  for (const secret of [...Object.values(BINANCE), ...Object.values(HYPERLIQUID)]) {
    for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]) {
      assert.ok(!text.includes(form))
    }
  }
})

test('a wrong passphrase says so, and none at all says how to give it', async (t) => {
  const path = await writeKeys(t)
  await fails(
    loadVenueKeys({ path, passphrase: `${PASSPHRASE}!` }),
    'wrong-passphrase',
    /Correct VENUE_KEYS_PASSPHRASE/,
  )
  await fails(loadVenueKeys({ path }), 'no-passphrase', /VENUE_KEYS_PASSPHRASE_FILE/)
  const change = (stored: Stored): void => stored.clear()
  await fails(changeKeyFile(path, { passphrase: 'another one', cost: COST }, change), 'wrong-passphrase')
  assert.equal((await readKeyFile(path))!.entries.length, 2)
})

test('a change of any byte is noticed, with or without the passphrase', async (t) => {
  const path = await writeKeys(t)
  const bytes = await readFile(path)
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= flip
      await writeFile(path, changed)
      await fails(readKeyFile(path), 'damaged', /breakwater keys add/)
    }),
    { numRuns: 300 },
  )
  for (const text of ['', '{}', '[]', 'null', bytes.subarray(0, -1), `${bytes} `]) {
    await writeFile(path, text)
    await fails(readKeyFile(path), 'damaged')
  }
})

test('who knows the form but not the passphrase can neither drop an entry nor move one to another venue', async (t) => {
  const path = await writeKeys(t)
  const { shape } = (await readKeyFile(path))!
  const { binance, hyperliquid } = shape.entries
  for (const entries of [
    { binance },
    { bybit: binance, hyperliquid },
    { binance: hyperliquid, hyperliquid: binance },
  ]) {
    await fails(openKeyFile({ path, entries: [], shape: { ...shape, entries } as typeof shape }, PASSPHRASE), 'damaged')
  }
  const older = {
    ...shape,
    entries: { ...shape.entries, binance: { ...binance!, addedAt: '2020-01-01T00:00:00.000Z' } },
  }
  await fails(openKeyFile({ path, entries: [], shape: older }, PASSPHRASE), 'damaged')
})

test('a new passphrase opens what the old one no longer does', async (t) => {
  const path = await writeKeys(t)
  await changeKeyFile(
    path,
    { passphrase: PASSPHRASE, newPassphrase: 'another passphrase', cost: COST },
    () => undefined,
  )
  await fails(loadVenueKeys({ path, passphrase: PASSPHRASE }), 'wrong-passphrase')
  assert.deepEqual((await loadVenueKeys({ path, passphrase: 'another passphrase' })).get('binance')?.reveal(), BINANCE)
})

test('two changes at once do not lose one another, and one that fails leaves everything as it was', async (t) => {
  const path = await writeKeys(t)
  const before = await readFile(path, 'utf8')
  const take = (venue: 'binance' | 'hyperliquid') =>
    changeKeyFile(path, { passphrase: PASSPHRASE, cost: COST }, (stored) => void stored.delete(venue))
  const results = await Promise.allSettled([take('binance'), take('hyperliquid')])
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await readKeyFile(path))!.entries.length, 1)

  await writeFile(path, before)
  const broken = changeKeyFile(path, { passphrase: PASSPHRASE, cost: COST }, () => {
    throw new Error('no')
  })
  await assert.rejects(broken, /^Error: no$/)
  assert.equal(await readFile(path, 'utf8'), before)
  assert.deepEqual(await readdir(join(path, '..')), ['keys.json'])

  await writeFile(`${path}.new`, '')
  await fails(take('binance'), 'busy', /rm .*keys\.json\.new$/)
})

test('a file that others may read is refused with the command that closes it', async (t) => {
  const path = await writeKeys(t)
  for (const mode of [0o644, 0o640, 0o604, 0o660]) {
    await chmod(path, mode)
    await fails(readKeyFile(path), 'readable-by-others', /was mode 6\d\d\. Close it: chmod 600 \S+keys\.json$/)
  }
  await chmod(path, 0o400)
  assert.equal((await readKeyFile(path))!.entries.length, 2)
})

test('no file is no key, and a folder in its place is read as one', async (t) => {
  const folder = await openFolder(t)
  assert.equal((await loadVenueKeys({ path: join(folder, 'keys.json') })).size, 0)
  assert.deepEqual(await findVenueKeys({ path: join(folder, 'keys.json') }), { kind: 'none' })
  assert.equal((await loadVenueKeys({ path: folder })).size, 0)
})

test('a folder of plain files, as secrets are mounted, is read without a passphrase', async (t) => {
  const folder = await openFolder(t)
  // Kubernetes mounts a hidden folder and links to what lies in it.
  await writeFile(join(folder, '..data.json'), 'not ours')
  await writeFile(join(folder, 'ca.crt'), 'not ours')
  const mounted = join(await openFolder(t), 'okx')
  await writeFile(mounted, JSON.stringify({ apiKey: 'okx-key-1', secret: 'okx-secret-1', passphrase: 'p' }), {
    mode: 0o440,
  })
  await symlink(mounted, join(folder, 'okx.json'))
  await writeFile(join(folder, 'bybit.json'), JSON.stringify({ apiKey: 'bybit-key', secret: 'bybit-secret' }), {
    mode: 0o400,
  })
  const keys = await loadVenueKeys({ path: folder })
  assert.deepEqual([...keys.keys()], ['bybit', 'okx'])
  assert.deepEqual(keys.get('okx')?.reveal(), { apiKey: 'okx-key-1', secret: 'okx-secret-1', password: 'p' })

  await chmod(mounted, 0o444)
  await fails(
    loadVenueKeys({ path: folder }),
    'readable-by-others',
    /chmod g-wx,o-rwx \S+okx\.json .*defaultMode: 0440/,
  )
  await chmod(mounted, 0o400)
  await writeFile(join(folder, 'mtgox.json'), '{}', { mode: 0o400 })
  await fails(loadVenueKeys({ path: folder }), 'malformed', /was mtgox\.json\. The names are binance\.json, /)
})

test('a passphrase is read from a file, without the line break at its end', async (t) => {
  const path = await writeKeys(t)
  const passphraseFile = join(await openFolder(t), 'passphrase')
  const load = () => loadVenueKeys({ path, passphraseFile })
  await fails(load(), 'absent', /no such file/)
  await writeFile(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 })
  assert.equal((await load()).size, 2)
  await chmod(passphraseFile, 0o644)
  await fails(load(), 'readable-by-others')
  await chmod(passphraseFile, 0o600)
  await writeFile(passphraseFile, '\n')
  await fails(load(), 'malformed', /was nothing/)
})

test('the same letters typed in another way are the same passphrase', async () => {
  const salt = Buffer.alloc(32)
  const [composed, apart] = await Promise.all(
    ['caf\u00e9', 'cafe\u0301'].map((it) => deriveKeys(it, { salt, cost: COST })),
  )
  assert.deepEqual(composed, apart)
})

test('scrypt is strong by default, and a file cannot ask for all our memory', () => {
  assert.ok(128 * STRONG_COST.N * STRONG_COST.r >= 128 * 2 ** 20)
  assert.ok(isCost(STRONG_COST))
  for (const cost of [
    { ...STRONG_COST, N: 2 ** 24 },
    { ...STRONG_COST, N: 1000 },
    { ...STRONG_COST, N: -2 },
    { ...STRONG_COST, p: 1000 },
    { ...STRONG_COST, r: 0.5 },
    { ...STRONG_COST, r: Number.NaN },
  ])
    assert.ok(!isCost(cost), JSON.stringify(cost))
})
