import { createDeribit } from '../../../src/venues/ccxt/deribit.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { createDeribitFormat, DERIBIT_KEYS } from '../../support/exchange/deribit.ts'
import { DERIBIT_INSTRUMENTS } from '../../support/exchange/deribit-shapes.ts'
import { NO_LIMITS, openLoopback, STARTING_EQUITY } from '../../support/exchange/open.ts'

const FILLS_PER_PAGE = 5

describeVenue('deribit', async (t) => {
  const opened = await openLoopback(t, {
    exchange: createDeribit({ fillsPerPage: FILLS_PER_PAGE }),
    keys: DERIBIT_KEYS,
    format: (core) => createDeribitFormat({ core }),
    // Any number of orders may have one label.
    core: { duplicateIds: 'taken', instruments: DERIBIT_INSTRUMENTS },
    limits: NO_LIMITS,
  })
  return {
    ...opened,
    semantics: {
      rateLimited: 'rejected',
      serverError: 'unknown',
      duplicateIds: 'taken',
      fillsPerPage: FILLS_PER_PAGE,
      startingEquity: STARTING_EQUITY,
      keyRights: { canTrade: true, canWithdraw: false, boundToAddresses: true },
      neverDeleverages: true,
    },
  }
})
