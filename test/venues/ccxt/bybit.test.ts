import { createBybit } from '../../../src/venues/ccxt/bybit.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { BYBIT_KEYS, createBybitFormat } from '../../support/exchange/bybit.ts'
import { BYBIT_INSTRUMENTS } from '../../support/exchange/bybit-shapes.ts'
import { NO_LIMITS, openLoopback, STARTING_EQUITY } from '../../support/exchange/open.ts'

const FILLS_PER_PAGE = 5

describeVenue('bybit', async (t) => {
  const opened = await openLoopback(t, {
    exchange: createBybit({ fillsPerPage: FILLS_PER_PAGE }),
    keys: BYBIT_KEYS,
    format: (core) => createBybitFormat({ core }),
    core: { instruments: BYBIT_INSTRUMENTS },
    // Bybit takes ten orders in a second.
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
      keyRights: { canTrade: true, canWithdraw: false, boundToAddresses: true },
    },
  }
})
