import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VenueKeysError } from './errors.ts'
import { type KeyEntry, openKeyFile, readKeyFile } from './key-file.ts'
import { readPrivateFile } from './private-file.ts'
import { KEY_VENUES, type KeyVenue, parseVenueKeys, type VenueKeys } from './venue-keys.ts'

const LONGEST_PASSPHRASE_BYTES = 4096

export interface KeySource {
  /** An encrypted file, or a folder with one plain JSON file per venue. */
  readonly path: string
  readonly passphrase?: string | undefined
  readonly passphraseFile?: string | undefined
}

/** What is there, as far as it is seen without a passphrase. */
export type KeysFound =
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly entries: readonly KeyEntry[] }
  | { readonly kind: 'folder'; readonly keys: ReadonlyMap<KeyVenue, VenueKeys> }

/**
 * Reads the keys of every venue that there are keys for.
 *
 * @returns by venue; empty when there is neither file nor folder
 * @throws {VenueKeysError} saying what to do; no message holds anything of a key
 */
export async function loadVenueKeys(source: KeySource): Promise<ReadonlyMap<KeyVenue, VenueKeys>> {
  if (await isFolder(source.path)) return readKeyFolder(source.path)
  const file = await readKeyFile(source.path)
  if (file === undefined || file.entries.length === 0) return new Map()
  const passphrase = await readPassphrase(source)
  if (passphrase !== undefined) return openKeyFile(file, passphrase)
  throw new VenueKeysError('no-passphrase', {
    found: `Expected the passphrase of ${source.path}, was none.`,
    remedy: 'Set VENUE_KEYS_PASSPHRASE, or VENUE_KEYS_PASSPHRASE_FILE to a file that holds it.',
  })
}

/** @throws {VenueKeysError} where something is there that cannot be used */
export async function findVenueKeys({ path }: Pick<KeySource, 'path'>): Promise<KeysFound> {
  if (await isFolder(path)) return { kind: 'folder', keys: await readKeyFolder(path) }
  const file = await readKeyFile(path)
  return file === undefined ? { kind: 'none' } : { kind: 'file', entries: file.entries }
}

/**
 * The passphrase as it is configured; one line break at the end of its file is not part of it.
 *
 * @returns undefined when none is configured
 * @throws {VenueKeysError} where a file is named that cannot be used
 */
export async function readPassphrase({
  passphrase,
  passphraseFile,
}: Pick<KeySource, 'passphrase' | 'passphraseFile'>): Promise<string | undefined> {
  if (passphraseFile === undefined) return passphrase
  const text = await readPrivateFile(passphraseFile, { readers: 'group' })
  const read = text?.replace(/\r?\n$/, '')
  if (read !== undefined && read !== '' && Buffer.byteLength(read) <= LONGEST_PASSPHRASE_BYTES) return read
  throw new VenueKeysError(text === undefined ? 'absent' : 'malformed', {
    found: `Expected a passphrase in ${passphraseFile}, was ${text === undefined ? 'no such file' : read === '' ? 'nothing' : 'far more than that'}.`,
    remedy: 'Correct VENUE_KEYS_PASSPHRASE_FILE, or what it names.',
  })
}

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false, // what is wrong with it is said where it is read
  )

/** `<venue>.json` each, as a secret manager mounts them; what else lies there, hidden or not JSON, is none of ours. */
async function readKeyFolder(path: string): Promise<ReadonlyMap<KeyVenue, VenueKeys>> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort()
  const keys = new Map<KeyVenue, VenueKeys>()
  for (const name of names) {
    const file = join(path, name)
    const venue = KEY_VENUES.find((known) => name === `${known}.json`)
    if (venue === undefined) {
      throw new VenueKeysError('malformed', {
        found: `Expected only files named after a venue in ${path}, was ${name}.`,
        remedy: `The names are ${KEY_VENUES.map((known) => `${known}.json`).join(', ')}.`,
      })
    }
    const text = await readPrivateFile(file, { readers: 'group' })
    if (text !== undefined) keys.set(venue, parseVenueKeys(venue, parseJson(text, file), file))
  }
  return keys
}

/** @throws {VenueKeysError} `malformed`; JSON.parse would quote what it read */
export function parseJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new VenueKeysError('malformed', {
      found: `${origin}: Expected JSON, was something else.`,
      remedy: 'Write it as {"apiKey": "…", "secret": "…"}.',
    })
  }
}
