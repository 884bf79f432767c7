import { HOUR, MINUTE } from '../../domain/units.ts'
import { finite, toOpenInterest, topOf } from './readings.ts'
import type { LiveVenue } from './venue.ts'

/** Longs and shorts are both counted in the venue's figure; the product's is one-sided. */
const SIDES = 2
const DEEP_ENOUGH = 0.01

/** Hyperliquid: hourly funding, books of twenty levels, no public liquidations. */
export const hyperliquid: LiveVenue = {
  venueId: 'hyperliquid',
  module: 'hyperliquid',
  options: { fetchMarkets: { types: ['swap'] } },
  symbolOf: (asset) => `${asset}/USDC:USDC`,
  cadences: { bar: MINUTE, 'open-interest': MINUTE, funding: MINUTE, basis: MINUTE, 'book-depth': MINUTE },
  fundingSaysBasis: true,
  series: 'perp',
  candlesPerCall: 5000,
  fundingPerCall: 500,
  pastFundingInterval: HOUR,

  async openInterest(client, symbol, stamp) {
    const answer = await client.fetchOpenInterest(symbol)
    return toOpenInterest(finite(answer.openInterestAmount, 'open interest') / SIDES, answer.timestamp, stamp())
  },

  /** The fine book for the quote; for depth, levels merged until twenty of them reach 1 %. */
  async books(client, symbol) {
    const top = await client.fetchOrderBook(symbol)
    const { bestBid } = topOf(top)
    let deep = top
    for (const nSigFigs of [4, 3]) {
      const last = deep.bids.at(-1)?.[0] ?? bestBid
      if (last <= bestBid * (1 - DEEP_ENOUGH)) break
      deep = await client.fetchOrderBook(symbol, undefined, { nSigFigs })
    }
    return { top, deep }
  },
  levelNotional: () => (price, amount) => price * amount,
}
