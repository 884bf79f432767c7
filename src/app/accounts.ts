import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import { elapsed } from '../domain/units.ts'
import type { Venue, VenueAccount, VenuePosition } from '../ports.ts'
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
