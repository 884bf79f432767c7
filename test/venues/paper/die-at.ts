/** Sends one order to a paper venue and dies by SIGKILL at the hook named: `die-at.ts <connection> <hook> <client order id>`. */
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { price, timestamp, usd } from '../../../src/domain/units.ts'
import { createVenueLedger } from '../../../src/venues/paper/ledger.ts'
import { createPaperVenue } from '../../../src/venues/paper/paper-venue.ts'

const [connectionString, hook, clientOrderId] = process.argv.slice(2) as [string, string, ClientOrderId]
const at = timestamp(0)
const quote = {
  at,
  bestBid: price(2999.9),
  bestAsk: price(3000.1),
  dailyVolumeNotional: usd(1e9),
  dailyVolatility: 0.03,
}
const ledger = await createVenueLedger({ connectionString })
const venue = createPaperVenue({
  venueId: 'paper',
  ledger,
  quoteAt: () => quote,
  clock: { kind: 'virtual', now: () => at },
  hooks: {
    [hook]: async () => {
      process.kill(process.pid, 'SIGKILL')
      await new Promise(() => {})
    },
  },
})
const { instrumentId } = await venue.instrument('ETH')
await venue.submit({
  clientOrderId,
  instrumentId,
  side: 'sell',
  quantity: '2',
  limitPrice: '2990',
  timeInForce: 'ioc',
  postOnly: false,
  reduceOnly: false,
  validUntil: at,
})
await ledger.close()
