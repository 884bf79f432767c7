import type { Instrument, InstrumentId } from '../domain/instrument.ts'
import type { Asset, VenueId } from '../domain/market/tick.ts'
import type { Venue } from '../ports.ts'
import type { Ports } from './ports.ts'

/** One venue's perpetual of an asset: a place where a part of its hedge may stand. */
export interface Leg {
  /** Its venue's place in the list of venues. */
  readonly leg: number
  readonly venue: Venue
  readonly instrument: Instrument
}

type WithVenues = Pick<Ports, 'venues'>

/** `ETH-USDT-PERP.BINANCE` → `binance` */
export const venueIdOf = (instrumentId: InstrumentId): VenueId =>
  instrumentId.slice(instrumentId.lastIndexOf('.') + 1).toLowerCase()

/** `ETH-USDT-PERP.BINANCE` → `ETH` */
export const assetOf = (instrumentId: InstrumentId): Asset => instrumentId.slice(0, instrumentId.indexOf('-'))

/**
 * The venue on which an instrument trades.
 *
 * @throws {RangeError} when it is not one of ours: an order of an earlier configuration, say
 */
export function venueOf({ venues }: WithVenues, instrumentId: InstrumentId): Venue {
  const venue = findVenue({ venues }, instrumentId)
  if (venue) return venue
  const known = venues.map(({ venueId }) => venueId).join(', ')
  throw new RangeError(`Expected an instrument of ${known}, was ${instrumentId}`)
}

/** The same, undefined when it is not one of ours. */
export const findVenue = ({ venues }: WithVenues, instrumentId: InstrumentId): Venue | undefined =>
  venues.find(({ venueId }) => venueId.toLowerCase() === venueIdOf(instrumentId))

/** Which leg of the split an instrument is: its venue's place in the list of venues. */
export const legOf = ({ venues }: WithVenues, instrumentId: InstrumentId): number =>
  venues.indexOf(venueOf({ venues }, instrumentId))

/** @throws {RangeError} when its venue is not one of ours */
export const instrumentOf = ({ venues }: WithVenues, instrumentId: InstrumentId): Promise<Instrument> =>
  venueOf({ venues }, instrumentId).instrument(assetOf(instrumentId))

/**
 * Every perpetual of an asset, the first venue's first; venues after it that have none are left out.
 *
 * @throws {RangeError} when the first venue, by whose contract proposals go, has none
 */
export async function legsOf({ venues }: WithVenues, asset: Asset): Promise<readonly [Leg, ...Leg[]]> {
  const [first, ...others] = venues
  const legs: [Leg, ...Leg[]] = [{ leg: 0, venue: first, instrument: await first.instrument(asset) }]
  for (const [i, venue] of others.entries()) {
    const instrument = await instrumentOrNone(venue, asset)
    if (instrument) legs.push({ leg: i + 1, venue, instrument })
  }
  return legs
}

async function instrumentOrNone(venue: Venue, asset: Asset): Promise<Instrument | undefined> {
  try {
    return await venue.instrument(asset)
  } catch (error) {
    if (error instanceof RangeError) return undefined // as the port says it: no perpetual of it there
    throw error
  }
}
