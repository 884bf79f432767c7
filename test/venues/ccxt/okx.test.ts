import { createOkx } from '../../../src/venues/ccxt/okx.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { createOkxFormat, OKX_KEYS } from '../../support/exchange/okx.ts'
import { OKX_INSTRUMENTS } from '../../support/exchange/okx-shapes.ts'
import { NO_LIMITS, openLoopback, STARTING_EQUITY } from '../../support/exchange/open.ts'

const FILLS_PER_PAGE = 5

describeVenue('okx', async (t) => {
  const opened = await openLoopback(t, {
    exchange: createOkx({ fillsPerPage: FILLS_PER_PAGE }),
    keys: OKX_KEYS,
    format: (core) => createOkxFormat({ core }),
    core: { instruments: OKX_INSTRUMENTS },
    // OKX has a limit of its own for each kind of question, in windows of two seconds.
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
