import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigReading } from '../../config.ts'
import { VenueKeysError } from '../../keys/errors.ts'
import { findVenueKeys, type KeySource, type KeysFound, loadVenueKeys } from '../../keys/load.ts'
import { modeText } from '../../keys/private-file.ts'
import { type Check, checksOf } from './check.ts'

const { ok, warning, missing, wrong, skipped } = checksOf('Trading')

type Values = ConfigReading['values']

/** Whether money is real, and whether the keys that real money needs are there, closed to others, and open with the passphrase. */
export async function checkKeys({
  values,
  mistakes,
}: Pick<ConfigReading, 'values' | 'mistakes'>): Promise<readonly Check[]> {
  const { TRADING_MODE: mode, DATA_DIR: folder } = values
  if (mode === undefined || folder === undefined) {
    return [skipped('mode', 'TRADING_MODE or DATA_DIR cannot be read yet')]
  }
  const source: KeySource = {
    path: values.VENUE_KEYS_FILE ?? join(folder, 'keys.json'),
    passphrase: values.VENUE_KEYS_PASSPHRASE,
    passphraseFile: values.VENUE_KEYS_PASSPHRASE_FILE,
  }
  const isWrong = mistakes.some(({ variable }) => variable.startsWith('VENUE_KEYS') || variable === 'TRADING_VENUES')
  return [
    checkMode(values),
    ...(isWrong
      ? [skipped('keys', 'VENUE_KEYS… and TRADING_VENUES have to be put right first')]
      : await look(source, values)),
  ]
}

function checkMode({ TRADING_MODE: mode, TRADING_VENUES: venues = [], VENUE_SANDBOX: sandbox }: Values): Check {
  if (mode !== 'live') return ok('mode', 'on paper: fills are worked out from prices, and no money moves')
  const where = venues.join(', ') || 'no venue yet'
  return sandbox === 'on'
    ? ok('mode', `live on the test networks of ${where}: orders are real there, the money is not`)
    : ok('mode', `live: REAL MONEY, orders go to ${where}`)
}

async function look(source: KeySource, values: Values): Promise<readonly Check[]> {
  const live = values.TRADING_MODE === 'live'
  // On paper nothing asks for a key, so what is not in order with them does not stand in the way.
  const bad = live ? wrong : warning
  let found: KeysFound
  try {
    found = await findVenueKeys(source)
  } catch (error) {
    return [bad('keys', ...words(error))]
  }
  const wanted = values.TRADING_VENUES ?? []
  const venues = venuesIn(found)
  const without = wanted.filter((venue) => !venues.includes(venue))
  const lacks = without.map((venue) =>
    (live ? missing : warning)(`keys of ${venue}`, `none in ${source.path}`, `npm run breakwater keys add ${venue}`),
  )
  if (venues.length === 0) {
    return lacks.length > 0 ? lacks : [ok('keys', 'none, and none are needed on paper')]
  }
  return [
    ok('keys', `${await describe(found, source.path)}: ${venues.join(', ')}`),
    ...(await opens(found, source, bad)),
    ...lacks,
  ]
}

async function opens(found: KeysFound, source: KeySource, bad: typeof wrong): Promise<readonly Check[]> {
  if (found.kind !== 'file') return []
  try {
    await loadVenueKeys(source)
    return [ok('passphrase', 'it opens the file of keys')]
  } catch (error) {
    return [bad('passphrase', ...words(error))]
  }
}

const describe = async (found: KeysFound, path: string): Promise<string> =>
  found.kind === 'folder'
    ? `mounted in ${path}, a plain file each`
    : `encrypted in ${path}, mode ${modeText((await stat(path)).mode)}`

const venuesIn = (found: KeysFound): readonly string[] => {
  switch (found.kind) {
    case 'none':
      return []
    case 'file':
      return found.entries.map(({ venue }) => venue)
    case 'folder':
      return [...found.keys.keys()]
  }
}

/** @throws what is not about keys */
function words(error: unknown): [found: string, next: string] {
  if (error instanceof VenueKeysError) return [error.found, error.remedy]
  throw error
}
