import { createBinance } from '../../../src/venues/ccxt/binance.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { BINANCE_KEYS, createBinanceFormat } from '../../support/exchange/binance.ts'
import { openLoopback, STARTING_EQUITY } from '../../support/exchange/open.ts'

const FILLS_PER_PAGE = 5

describeVenue('binance', async (t) => {
  const opened = await openLoopback(t, {
    exchange: createBinance({ fillsPerPage: FILLS_PER_PAGE }),
    keys: BINANCE_KEYS,
    format: (core) => createBinanceFormat({ core }),
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
