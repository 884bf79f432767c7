import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatWithOptions, inspect } from 'node:util'
import fc from 'fast-check'
import { pino } from 'pino'
import { parseConfig, readConfig } from '../../src/config.ts'
import { changeKeyFile } from '../../src/keys/key-file.ts'
import { loadVenueKeys } from '../../src/keys/load.ts'
import { type Credentials, FIELDS_OF, KEY_VENUES, type KeyVenue, parseVenueKeys } from '../../src/keys/venue-keys.ts'
import { checkKeys } from '../../src/main/doctor/keys.ts'
import { keySourceOf } from '../../src/main/keys.ts'

const COST = { N: 2 ** 10, r: 8, p: 1 }
const letters = (alphabet: string, length: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((all) => all.join(''))
const [HEX, WORD] = ['0123456789abcdef', 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_']
const fieldOf: Record<keyof Credentials, (venue: KeyVenue) => fc.Arbitrary<string>> = {
  apiKey: () => letters(WORD, 24),
  secret: () => letters(WORD, 40),
  password: () => letters(WORD, 16),
  walletAddress: (venue) =>
    venue === 'dydx' ? letters(HEX, 38).map((it) => `dydx1${it}`) : letters(HEX, 40).map((it) => `0x${it}`),
  privateKey: () => letters(HEX, 64),
}
const anyKeys = fc.noShrink(
  fc.constantFrom(...KEY_VENUES).chain((venue) =>
    fc.record({
      venue: fc.constant(venue),
      passphrase: letters(WORD, 20),
      given: fc.record(Object.fromEntries(FIELDS_OF[venue].map(({ name }) => [name, fieldOf[name](venue)]))),
    }),
  ),
)

/** As it stands, and as it would stand in an address, in JSON or in bytes; a piece of it is as bad. */
function assertTells(nothingOf: readonly string[], doors: Readonly<Record<string, string>>): void {
  for (const [door, text] of Object.entries(doors)) {
    for (const secret of nothingOf) {
      const pieces = [
        secret,
        secret.slice(0, 10),
        secret.slice(-10),
        Buffer.from(secret).toString('base64').slice(0, 12),
      ]
      for (const piece of pieces) assert.ok(!text.includes(piece), `${door} lets a secret out: ${text.slice(0, 300)}`)
    }
  }
}

function logged(value: unknown): string {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  log.trace({ keys: value, deep: { er: [value] } }, 'keys')
  log.error({ err: Object.assign(new Error('no'), { keys: value }) }, 'with keys')
  log.info(value, 'bare')
  return lines.join('')
}

const messageOf = async (act: () => unknown): Promise<string> => {
  try {
    await act()
  } catch (error) {
    return inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + logged(error)
  }
  throw new assert.AssertionError({ message: 'Expected an error, was none' })
}

test('no door lets a secret out: printing, serialising, logging, errors, doctor', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-keys-'))
  try {
    await fc.assert(
      fc.asyncProperty(anyKeys, async ({ venue, passphrase, given }) => {
        const secrets = [...Object.values(given), passphrase].filter((one) => one !== given.walletAddress)
        const path = join(folder, 'keys.json')
        await rm(path, { force: true })
        const keys = parseVenueKeys(venue, given, 'a test')
        await changeKeyFile(path, { passphrase, cost: COST }, (stored) => stored.set(venue, { keys, addedAt: 'now' }))
        const environment = { VENUE_KEYS_FILE: path, VENUE_KEYS_PASSPHRASE: passphrase, TRADING_VENUES: venue }
        const source = keySourceOf(parseConfig(environment))
        const loaded = await loadVenueKeys(source)
        assert.deepEqual(loaded.get(venue)?.reveal(), { ...given })

        const one = loaded.get(venue)!
        const doors: Record<string, string> = {
          message: `${one} ${String(loaded)} ${[one]}`,
          format: formatWithOptions({ depth: 9 }, '%o %O %s %j', one, one, one, one),
          clone: inspect(structuredClone(one)),
          spread: JSON.stringify({ ...one, ...Object.fromEntries(Object.entries(one)) }),
          names: Reflect.ownKeys(one).map(String).join() + Object.values(one).join(),
        }
        for (const [name, value] of Object.entries({ one, loaded, source, list: [...loaded] })) {
          doors[`${name} printed`] = inspect(value, { depth: 9, showHidden: true, getters: true, showProxy: true })
          doors[`${name} in JSON`] = JSON.stringify(value)
          doors[`${name} in a log`] = logged(value)
        }
        const [field] = FIELDS_OF[venue]
        const text = JSON.stringify(given)
        doors['a field too long'] = await messageOf(() =>
          parseVenueKeys(venue, { ...given, [field!.name]: secrets.join('').repeat(300) }, 'a test'),
        )
        doors['a field too many'] = await messageOf(() =>
          parseVenueKeys(venue, { ...given, [secrets[0]!]: 1 }, 'a test'),
        )
        doors['a field of another kind'] = await messageOf(() =>
          parseVenueKeys(venue, { [field!.name]: secrets }, 'a test'),
        )
        doors['no object'] = await messageOf(() => parseVenueKeys(venue, secrets[0], 'a test'))
        doors['another passphrase'] = await messageOf(() => loadVenueKeys({ path, passphrase: `${passphrase}!` }))
        const plain = join(folder, 'mounted')
        await rm(plain, { recursive: true, force: true })
        await mkdir(plain)
        await writeFile(join(plain, `${venue}.json`), text.slice(0, -3), { mode: 0o600 })
        doors['half a file'] = await messageOf(() => loadVenueKeys({ path: plain }))
        for (const VENUE_KEYS_FILE of [path, plain]) {
          for (const VENUE_KEYS_PASSPHRASE of [passphrase, 'another passphrase']) {
            const reading = readConfig({
              envFile: '/nowhere/.env',
              environment: { ...environment, VENUE_KEYS_FILE, VENUE_KEYS_PASSPHRASE },
            })
            doors[`doctor on ${VENUE_KEYS_FILE} with ${VENUE_KEYS_PASSPHRASE.length}`] = JSON.stringify(
              await checkKeys(reading),
            )
          }
        }
        assertTells(secrets, doors)
      }),
      { numRuns: 25, includeErrorInReport: true },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
