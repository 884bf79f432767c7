/** A paper venue in memory, with a clock that stands still and a quote that the test sets. */
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { later, price, timestamp, usd } from '../../../src/domain/units.ts'
import type { OrderRequest, Quote, StopRequest } from '../../../src/ports.ts'
import { createMemoryLedger } from '../../../src/venues/paper/memory-ledger.ts'
import { createPaperVenue, type PaperVenueOptions } from '../../../src/venues/paper/paper-venue.ts'
import { createVirtualClock } from '../../../src/venues/virtual-clock.ts'

export const START = timestamp(Date.UTC(2026, 0, 5))
export const INSTRUMENT = instrumentIdOf('ETH', 'paper')

export function openPaper(options: Partial<PaperVenueOptions> = {}) {
  const clock = createVirtualClock(START)
  const ledger = createMemoryLedger()
  let touch: readonly [number, number] | undefined = [2999.9, 3000.1]
  const quoteAt = (): Quote | undefined =>
    touch && {
      at: clock.now(),
      bestBid: price(touch[0]),
      bestAsk: price(touch[1]),
      dailyVolumeNotional: usd(1e9),
      dailyVolatility: 0.03,
    }
  const venue = createPaperVenue({ venueId: 'paper', ledger, clock, quoteAt, ...options })
  let sent = 0
  const common = () => ({
    clientOrderId: `ORDER${++sent}` as ClientOrderId,
    instrumentId: INSTRUMENT,
    quantity: '2',
    validUntil: later(clock.now(), 10_000),
  })
  return {
    clock,
    ledger,
    venue,
    quote: (bestBid: number, bestAsk: number) => {
      touch = [bestBid, bestAsk]
    },
    noQuote: () => {
      touch = undefined
    },
    position: () => ledger.position('paper', INSTRUMENT),
    order: (changed: Partial<OrderRequest> = {}): OrderRequest => ({
      ...common(),
      side: 'buy',
      limitPrice: '2990',
      timeInForce: 'gtc',
      postOnly: false,
      reduceOnly: false,
      ...changed,
    }),
    stop: (changed: Partial<StopRequest> = {}): StopRequest => ({
      ...common(),
      side: 'sell',
      triggerPrice: '2900',
      ...changed,
    }),
  }
}
export const BUY_NOW = { limitPrice: '3010', timeInForce: 'ioc' } as const
export const SELL_NOW = { side: 'sell', limitPrice: '2980', timeInForce: 'ioc' } as const
