import { createDydx } from '../../../src/venues/ccxt/dydx.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { createDydxFormat, DYDX_KEYS } from '../../support/exchange/dydx.ts'
import { createNumberRecord } from '../../support/exchange/dydx-record.ts'
import { DYDX_INSTRUMENTS } from '../../support/exchange/dydx-shapes.ts'
import { NO_LIMITS, openLoopback, STARTING_EQUITY } from '../../support/exchange/open.ts'

const FILLS_PER_PAGE = 5

describeVenue('dydx', async (t) => {
  const opened = await openLoopback(t, {
    exchange: createDydx({ numbers: createNumberRecord(), fillsPerPage: FILLS_PER_PAGE, firstPauseMs: 1 }),
    keys: DYDX_KEYS,
    format: (core) => createDydxFormat({ core }),
    core: { instruments: DYDX_INSTRUMENTS },
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
      keyRights: { canTrade: true, canWithdraw: true, boundToAddresses: false },
    },
  }
})
