import { matchAgainstDepth } from '../paper/matching.ts'
import { createLedgerVenue, type PaperVenue, type PaperVenueOptions } from '../paper/paper-venue.ts'

/**
 * A venue of the synthetic market: what takes liquidity walks its depth level by level, so a large order fills in several trades
 * and in part. What rests fills as on paper.
 *
 * The depth is full again for the next order, and orders do not move the world.
 */
export const createSimulatedVenue = (options: PaperVenueOptions): PaperVenue =>
  createLedgerVenue(options, matchAgainstDepth)
