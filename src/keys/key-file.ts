import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { VenueKeysError } from './errors.ts'
import { quoted, readPrivateFile } from './private-file.ts'
import {
  authenticate,
  type Cost,
  type DerivedKeys,
  deriveKeys,
  isCost,
  isSame,
  STRONG_COST,
  seal,
  unseal,
} from './seal.ts'
import { KEY_VENUES, type KeyVenue, parseVenueKeys, type VenueKeys } from './venue-keys.ts'

const FORMAT = 'breakwater-keys'
const VERSION = 1
const SALT_BYTES = 32
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const VERIFIED_TEXT = 'this is the passphrase'

/** One venue of a key file, as it can be seen without the passphrase. */
export interface KeyEntry {
  readonly venue: KeyVenue
  /** ISO 8601, UTC. */
  readonly addedAt: string
  readonly fingerprint: string
}

interface SealedEntry extends Omit<KeyEntry, 'venue'> {
  readonly nonce: string
  readonly text: string
  readonly tag: string
}

/**
 * The file. `verifier` tells a wrong passphrase from a changed file; `mac` covers everything above it, so that nobody without the
 * passphrase can add, drop or swap an entry; `checksum` notices damage without the passphrase.
 */
interface KeyFileShape {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  readonly scrypt: Cost & { readonly salt: string }
  readonly verifier: string
  readonly entries: Readonly<Partial<Record<KeyVenue, SealedEntry>>>
  readonly mac: string
  readonly checksum: string
}

export interface KeyFile {
  readonly path: string
  readonly entries: readonly KeyEntry[]
  readonly shape: KeyFileShape
}

export interface StoredKeys {
  readonly keys: VenueKeys
  readonly addedAt: string
}
/** By venue; what a change puts in or takes out. */
export type Stored = Map<KeyVenue, StoredKeys>

/**
 * Reads a key file without opening it.
 *
 * @returns undefined when there is none
 * @throws {VenueKeysError} `readable-by-others`, `unreadable`, or `damaged` when one byte is not as it was written
 */
export async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  const text = await readPrivateFile(path, { readers: 'owner' })
  if (text === undefined) return undefined
  const shape = parseShape(text)
  if (shape === undefined) throw damaged(path)
  const entries = Object.entries(shape.entries).map(([venue, { addedAt, fingerprint }]) => ({
    venue: venue as KeyVenue,
    addedAt,
    fingerprint,
  }))
  return { path, entries, shape }
}

/**
 * Opens every entry.
 *
 * @throws {VenueKeysError} `wrong-passphrase`, or `damaged` when someone without the passphrase has changed the file
 */
export const openKeyFile = async (file: KeyFile, passphrase: string): Promise<ReadonlyMap<KeyVenue, VenueKeys>> =>
  new Map([...(await openEntries(file, passphrase)).stored].map(([venue, { keys }]) => [venue, keys]))

/**
 * Changes a key file, or makes the first one. It is replaced as a whole or not at all, and two changes at once do not lose one
 * another: the second is refused.
 *
 * @param change - puts keys in or takes them out
 * @param newPassphrase - what it is sealed with from now on; a fresh salt is drawn for it
 * @param cost - of a new file or a new passphrase
 * @throws {VenueKeysError} as reading and opening do, and `busy`
 */
export async function changeKeyFile(
  path: string,
  { passphrase, newPassphrase, cost = STRONG_COST }: { passphrase: string; newPassphrase?: string; cost?: Cost },
  change: (stored: Stored) => void,
): Promise<readonly KeyEntry[]> {
  await mkdir(dirname(path), { recursive: true })
  const newPath = `${path}.new`
  const file = await open(newPath, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? busy(newPath) : error
  })
  let replaced = false
  try {
    const old = await readKeyFile(path)
    const opened = old && (await openEntries(old, passphrase))
    const stored: Stored = new Map(opened?.stored)
    change(stored)
    const fresh = newPassphrase ?? (opened === undefined ? passphrase : undefined)
    const sealing = fresh === undefined ? opened! : await freshSealing(fresh, cost)
    const shape = shapeOf(stored, sealing)
    await writeThrough(file, serialise(shape))
    await rename(newPath, path)
    replaced = true
    await syncFolder(dirname(path))
    return entriesOf(shape)
  } finally {
    await file.close()
    if (!replaced) await rm(newPath, { force: true })
  }
}

interface Sealing {
  readonly scrypt: KeyFileShape['scrypt']
  readonly keys: DerivedKeys
}

async function freshSealing(passphrase: string, cost: Cost): Promise<Sealing> {
  const salt = randomBytes(SALT_BYTES)
  return {
    scrypt: { N: cost.N, r: cost.r, p: cost.p, salt: salt.toString('base64') },
    keys: await deriveKeys(passphrase, { salt, cost }),
  }
}

async function openEntries({ path, shape }: KeyFile, passphrase: string): Promise<Sealing & { stored: Stored }> {
  const { scrypt } = shape
  const keys = await deriveKeys(passphrase, { salt: Buffer.from(scrypt.salt, 'base64'), cost: scrypt })
  if (!isSame(authenticate(keys.authenticating, VERIFIED_TEXT), shape.verifier)) {
    throw new VenueKeysError('wrong-passphrase', {
      found: `Expected the passphrase of ${path}, was another one.`,
      remedy: 'Correct VENUE_KEYS_PASSPHRASE, or the file that VENUE_KEYS_PASSPHRASE_FILE names.',
    })
  }
  if (!isSame(authenticate(keys.authenticating, authenticated(shape)), shape.mac)) throw damaged(path)
  const stored: Stored = new Map()
  for (const [venue, entry] of Object.entries(shape.entries) as [KeyVenue, SealedEntry][]) {
    const text = unseal(entry, { key: keys.sealing, boundTo: boundTo(venue, entry.addedAt) })
    if (text === undefined) throw damaged(path)
    stored.set(venue, { keys: parseVenueKeys(venue, JSON.parse(text), path), addedAt: entry.addedAt })
  }
  return { scrypt, keys, stored }
}

function shapeOf(stored: Stored, { scrypt, keys }: Sealing): KeyFileShape {
  const entries = Object.fromEntries(
    [...stored]
      .sort(([a], [b]) => KEY_VENUES.indexOf(a) - KEY_VENUES.indexOf(b))
      .map(([venue, { keys: venueKeys, addedAt }]) => [
        venue,
        {
          addedAt,
          fingerprint: venueKeys.fingerprint,
          ...seal(JSON.stringify(venueKeys.reveal()), { key: keys.sealing, boundTo: boundTo(venue, addedAt) }),
        },
      ]),
  )
  const body = {
    format: FORMAT,
    version: VERSION,
    scrypt,
    verifier: authenticate(keys.authenticating, VERIFIED_TEXT),
    entries,
  } as const
  const mac = authenticate(keys.authenticating, authenticated(body))
  return { ...body, mac, checksum: checksumOf({ ...body, mac }) }
}

/** What is opened for one venue cannot have been sealed for another. */
const boundTo = (venue: KeyVenue, addedAt: string): string => `${FORMAT}/${VERSION}/${venue}/${addedAt}`

const entriesOf = (shape: KeyFileShape): readonly KeyEntry[] =>
  Object.entries(shape.entries).map(([venue, { addedAt, fingerprint }]) => ({
    venue: venue as KeyVenue,
    addedAt,
    fingerprint,
  }))

// ---------------------------------------------------------------- text

/** There is one way to write a file, so that any other text of the same meaning was changed by someone. */
const serialise = (shape: object): string => `${JSON.stringify(shape, undefined, 2)}\n`
const authenticated = ({
  format,
  version,
  scrypt,
  verifier,
  entries,
}: Omit<KeyFileShape, 'mac' | 'checksum'>): string => serialise({ format, version, scrypt, verifier, entries })
const checksumOf = ({ mac, ...rest }: Omit<KeyFileShape, 'checksum'>): string =>
  createHash('sha256')
    .update(`${authenticated(rest)}${mac}`)
    .digest('base64')

function parseShape(text: string): KeyFileShape | undefined {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return undefined // the parser's own words would quote the file
  }
  return isShape(given) && serialise(given) === text && given.checksum === checksumOf(given) ? given : undefined
}

function isShape(given: unknown): given is KeyFileShape {
  if (!isRecord(given) || given.format !== FORMAT || given.version !== VERSION) return false
  const { scrypt, entries } = given
  if (!isRecord(scrypt) || !isBase64(scrypt.salt) || !isCost(scrypt as unknown as Cost)) return false
  if (!isBase64(given.verifier) || !isBase64(given.mac) || !isBase64(given.checksum) || !isRecord(entries)) return false
  return Object.entries(entries).every(
    ([venue, entry]) =>
      KEY_VENUES.some((known) => known === venue) &&
      isRecord(entry) &&
      typeof entry.addedAt === 'string' &&
      typeof entry.fingerprint === 'string' &&
      [entry.nonce, entry.text, entry.tag].every(isBase64),
  )
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isBase64 = (value: unknown): value is string => typeof value === 'string' && BASE64.test(value)

// ---------------------------------------------------------------- disk

async function writeThrough(file: FileHandle, text: string): Promise<void> {
  await file.chmod(0o600)
  await file.writeFile(text)
  await file.sync()
}

/** Where a folder can be synced, the rename outlives a power cut. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const damaged = (path: string): VenueKeysError =>
  new VenueKeysError('damaged', {
    found: `Expected ${path} as it was written, was changed or damaged since.`,
    remedy: `Restore it from a copy, or move it away and add the keys again: breakwater keys add <venue>`,
  })

const busy = (newPath: string): VenueKeysError =>
  new VenueKeysError('busy', {
    found: 'Expected nobody else to change the keys at this time, was another change under way.',
    remedy: `If none is, it was cut off: rm ${quoted(newPath)}`,
  })
