import type { Venue } from '../../ports.ts'
import { matchAgainstDepth } from '../paper/matching.ts'
import { createLedgerVenue, type PaperVenueOptions } from '../paper/paper-venue.ts'

/**
 * A venue of the synthetic market: orders walk its depth level by level, so a large one fills in several trades and in part.
 *
 * The depth is full again for the next order, and orders do not move the world.
 */
export const createSimulatedVenue = (options: PaperVenueOptions): Venue => createLedgerVenue(options, matchAgainstDepth)
