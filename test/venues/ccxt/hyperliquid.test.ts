import { createHyperliquid } from '../../../src/venues/ccxt/hyperliquid.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { createHyperliquidFormat, HYPERLIQUID_KEYS } from '../../support/exchange/hyperliquid.ts'
import { HYPERLIQUID_INSTRUMENTS } from '../../support/exchange/hyperliquid-shapes.ts'
import { NO_LIMITS, openLoopback, STARTING_EQUITY } from '../../support/exchange/open.ts'

/** More than trade within one millisecond of the suite: pages are by time. */
const FILLS_PER_PAGE = 50

describeVenue('hyperliquid', async (t) => {
  const opened = await openLoopback(t, {
    exchange: createHyperliquid({ fillsPerPage: FILLS_PER_PAGE, scheduledCancel: true }),
    keys: HYPERLIQUID_KEYS,
    format: (core) => createHyperliquidFormat({ core, fillsPerPage: FILLS_PER_PAGE, volume: 2_000_000 }),
    core: { countdown: 'takes-stops', instruments: HYPERLIQUID_INSTRUMENTS },
    limits: NO_LIMITS,
  })
  return {
    ...opened,
    semantics: {
      rateLimited: 'rejected',
      serverError: 'unknown',
      duplicateIds: 'refused-while-open',
      fillsPerPage: FILLS_PER_PAGE,
      startingEquity: STARTING_EQUITY,
      keyRights: { canTrade: true, canWithdraw: false },
    },
  }
})
