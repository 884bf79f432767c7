import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { type Config, loadConfig, type TradingVenue } from '../config.ts'
import { showAs } from '../domain/hiding.ts'
import { ask } from '../keys/ask.ts'
import { VenueKeysError } from '../keys/errors.ts'
import { changeKeyFile, readKeyFile } from '../keys/key-file.ts'
import { findVenueKeys, isFolder, type KeySource, loadVenueKeys, parseJson, readPassphrase } from '../keys/load.ts'
import { readPrivateFile } from '../keys/private-file.ts'
import { FIELDS_OF, type KeyVenue, parseVenueKeys, toKeyVenue, type VenueKeys } from '../keys/venue-keys.ts'

const DEFAULT_FILE = 'keys.json'
const SHORTEST_PASSPHRASE = 12
const KEYS_INSTEAD = 'Use --stdin or --from-file <json>.'
const PASSPHRASE_INSTEAD =
  'Set VENUE_KEYS_PASSPHRASE or VENUE_KEYS_PASSPHRASE_FILE; for a new one use --new-file <file>.'

/** Where the configuration says that venue keys are; the passphrase is in nothing that is printed, nor in what is copied from it. */
export function keySourceOf({ trading, data }: Pick<Config, 'trading' | 'data'>): KeySource {
  const { passphrase, passphraseFile } = trading
  const shown = { path: trading.keysFile ?? join(data.folder, DEFAULT_FILE), passphraseFile }
  return showAs(Object.defineProperty({ ...shown }, 'passphrase', { value: passphrase, enumerable: false }), shown)
}

/**
 * The keys of every venue that orders go to.
 *
 * @throws {VenueKeysError} also when a venue has none
 */
export async function keysForTrading(
  config: Pick<Config, 'trading' | 'data'>,
): Promise<ReadonlyMap<TradingVenue, VenueKeys>> {
  const source = keySourceOf(config)
  const keys = await loadVenueKeys(source)
  const without = config.trading.venues.filter((venue) => !keys.has(venue))
  if (without.length > 0) {
    throw new VenueKeysError('absent', {
      found: `Expected keys for every venue of TRADING_VENUES in ${source.path}, were none for ${without.join(', ')}.`,
      remedy: `Add them: ${without.map((venue) => `breakwater keys add ${venue}`).join(', ')}`,
    })
  }
  return new Map(config.trading.venues.map((venue) => [venue, keys.get(venue)!]))
}

/** `keys add`: asks at the terminal, or takes one JSON object from a file or from standard input. */
export async function runKeysAdd(
  name: string,
  { fromFile, stdin = false }: { fromFile?: string; stdin?: boolean },
): Promise<void> {
  const venue = toKeyVenue(name)
  if (fromFile !== undefined && stdin) throw new Error('Expected --from-file or --stdin, was both.')
  const source = await encryptedSource()
  const existing = await readKeyFile(source.path)
  const keys = fromFile
    ? parseVenueKeys(venue, parseJson(await readGiven(fromFile), fromFile), fromFile)
    : stdin
      ? parseVenueKeys(venue, parseJson(await readAll(process.stdin), 'standard input'), 'standard input')
      : await askForKeys(venue)
  const passphrase = existing === undefined ? await newPassphraseOf(source) : await passphraseOf(source)
  const replaced = existing?.entries.some((entry) => entry.venue === venue)
  await changeKeyFile(source.path, { passphrase }, (stored) => {
    stored.set(venue, { keys, addedAt: new Date().toISOString() })
  })
  say(`${replaced ? 'Replaced' : 'Added'} the keys of ${venue}, fingerprint ${keys.fingerprint}, in ${source.path}.`)
  if (fromFile !== undefined) say(`They still stand in plain text in ${fromFile}: delete it.`)
}

/** `keys list`: venues, since when, and the fingerprint; needs no passphrase. */
export async function runKeysList({ json = false }: { json?: boolean }): Promise<void> {
  const { path } = keySourceOf(loadConfig())
  const found = await findVenueKeys({ path })
  const entries =
    found.kind === 'none'
      ? []
      : found.kind === 'file'
        ? found.entries
        : [...found.keys.values()].map(({ venue, fingerprint }) => ({ venue, addedAt: undefined, fingerprint }))
  if (json) {
    const rows = entries.map(({ venue, addedAt, fingerprint }) => ({ venue, addedAt, fingerprint }))
    process.stdout.write(`${JSON.stringify({ path, kind: found.kind, keys: rows })}\n`)
    return
  }
  if (entries.length === 0) say(`There are no keys in ${path}. Add them: breakwater keys add <venue>`)
  for (const { venue, addedAt, fingerprint } of entries) {
    const since = addedAt === undefined ? 'mounted' : `added ${addedAt.slice(0, 16).replace('T', ' ')} UTC`
    say(`${venue.padEnd(12)} ${since.padEnd(28)} ${fingerprint}`)
  }
}

/** `keys remove`: needs the passphrase, because the file is sealed as a whole. */
export async function runKeysRemove(name: string): Promise<void> {
  const venue = toKeyVenue(name)
  const source = await encryptedSource()
  const file = await readKeyFile(source.path)
  if (!file?.entries.some((entry) => entry.venue === venue)) {
    throw new Error(`Expected keys of ${venue} in ${source.path}, was ${venuesIn(file?.entries ?? [])}.`)
  }
  await changeKeyFile(source.path, { passphrase: await passphraseOf(source) }, (stored) => {
    stored.delete(venue)
  })
  say(`Removed the keys of ${venue} from ${source.path}. Delete the key at the venue as well.`)
}

/** `keys passphrase`: seals the file anew. */
export async function runKeysPassphrase({ newFile }: { newFile?: string }): Promise<void> {
  const source = await encryptedSource()
  const file = await readKeyFile(source.path)
  if (file === undefined) throw new Error(`Expected a file of keys at ${source.path}, was none. Add keys first.`)
  const passphrase = await passphraseOf(source)
  const given = newFile === undefined ? undefined : await readPassphrase({ passphraseFile: newFile })
  const newPassphrase = longEnough(given ?? (await askTwice('New passphrase')))
  await changeKeyFile(source.path, { passphrase, newPassphrase }, () => undefined)
  say(`Sealed ${source.path} anew. Give the desk the new passphrase before it starts again.`)
}

/** @throws where keys are mounted as a folder, which whoever mounts it changes */
async function encryptedSource(): Promise<KeySource> {
  const source = keySourceOf(loadConfig())
  if (!(await isFolder(source.path))) return source
  throw new Error(
    `Expected a file, because this command changes it, was the folder ${source.path}. Change what lies in it where it is mounted from, or set VENUE_KEYS_FILE to a file.`,
  )
}

async function askForKeys(venue: KeyVenue): Promise<VenueKeys> {
  const answers: [string, string][] = []
  for (const { name, label, hidden } of FIELDS_OF[venue]) {
    answers.push([name, await askHere(`${label} for ${venue}`, hidden, KEYS_INSTEAD)])
  }
  return parseVenueKeys(venue, Object.fromEntries(answers), 'the answers')
}

/** Of the file as it is. */
const passphraseOf = async (source: KeySource): Promise<string> =>
  (await readPassphrase(source)) ?? (await askHere('Passphrase of the key file', true))

/** Of a file that is about to be made. */
const newPassphraseOf = async (source: KeySource): Promise<string> =>
  longEnough((await readPassphrase(source)) ?? (await askTwice('Passphrase for the new key file')))

async function askTwice(question: string): Promise<string> {
  const passphrase = longEnough(await askHere(`${question}, ${SHORTEST_PASSPHRASE} characters or more`, true))
  if (passphrase === (await askHere('The same again', true))) return passphrase
  throw new Error('Expected the same passphrase twice, were two different ones. Nothing was changed.')
}

function longEnough(passphrase: string): string {
  if ([...passphrase].length >= SHORTEST_PASSPHRASE) return passphrase
  throw new Error(
    `Expected a passphrase of ${SHORTEST_PASSPHRASE} characters or more, was a shorter one. Nothing was changed.`,
  )
}

function askHere(question: string, hidden: boolean, instead = PASSPHRASE_INSTEAD): Promise<string> {
  if (process.stdin.isTTY) return ask(question, { hidden, input: process.stdin, output: process.stderr })
  throw new Error(`Expected a terminal to ask for "${question}" at, was none. ${instead}`)
}

/** A file that a secret manager wrote, or `/dev/stdin` and the like: those have no mode to judge. */
async function readGiven(path: string): Promise<string> {
  if (path.startsWith('/dev/')) return readFile(path, 'utf8')
  const text = await readPrivateFile(path, { readers: 'group' })
  if (text === undefined) throw new Error(`Expected a file of plain keys at ${path}, was none.`)
  return text
}

const venuesIn = (entries: readonly { venue: KeyVenue }[]): string =>
  entries.length === 0 ? 'none' : `only ${entries.map(({ venue }) => venue).join(', ')}`

const say = (text: string): void => void process.stdout.write(`${text}\n`)
