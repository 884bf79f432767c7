import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import type { VenueId } from '../domain/market/tick.ts'
import { elapsed } from '../domain/units.ts'
import type { Store, Venue, VenueAccount, VenuePosition } from '../ports.ts'
import type { Ports } from './ports.ts'

/** What a venue said of our account, and what stands on it, by its own count. */
export interface AccountReading {
  readonly account: VenueAccount
  readonly positions: readonly VenuePosition[]
}

/** Readings by venue object: a venue is opened once a process, and its account is asked at most as often as the rails are judged. */
const READINGS = new WeakMap<Venue, AccountReading>()

/**
 * The account of a venue as of now, or as it was told within the time between two looks at the rails; undefined when the venue
 * does not answer. Orders are judged on it, so that it must not cost a question each.
 */
export async function readAccount(
  { settings, clock }: Pick<Ports, 'settings' | 'clock'>,
  venue: Venue,
): Promise<AccountReading | undefined> {
  const known = READINGS.get(venue)
  if (known && Math.abs(elapsed(known.account.at, clock.now())) <= settings.risk.every) return known
  return refreshAccount(venue)
}

const ON_RECORD = 'accounts'

/** Puts on record what is known of every account, for processes that do not follow the market and cannot value a position. */
export async function recordAccounts(tx: Store, ports: Pick<Ports, 'settings' | 'clock' | 'venues'>): Promise<void> {
  const readings = await Promise.all(
    ports.venues.map(async (venue) => [venue.venueId, await readAccount(ports, venue)] as const),
  )
  const known = readings.filter(([, reading]) => reading !== undefined)
  await tx.settings.set(ON_RECORD, JSON.stringify(Object.fromEntries(known)))
}

/** What the process that follows the market knew of the accounts, by venue, where that is not older than three looks at the rails. */
export async function accountsOnRecord({
  store,
  settings,
  clock,
}: Pick<Ports, 'store' | 'settings' | 'clock'>): Promise<ReadonlyMap<VenueId, AccountReading>> {
  const text = await store.settings.get(ON_RECORD)
  const known = Object.entries(text === undefined ? {} : (JSON.parse(text) as Record<VenueId, AccountReading>))
  const isRecent = ({ account }: AccountReading): boolean =>
    clock.kind === 'virtual' || elapsed(account.at, clock.now()) <= 3 * settings.risk.every
  return new Map(known.filter(([, reading]) => isRecent(reading)))
}

/** Asks now, whatever is known. */
export async function refreshAccount(venue: Venue): Promise<AccountReading | undefined> {
  try {
    const [account, positions] = await Promise.all([venue.account(), venue.positions()])
    const reading = { account, positions }
    READINGS.set(venue, reading)
    return reading
  } catch (error) {
    if (!(error instanceof VenueUnreachableError)) throw error
    READINGS.delete(venue)
    return undefined
  }
}
