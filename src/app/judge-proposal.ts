import type { Forecast } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import { checkProposal, type Denial } from '../domain/risk/checks.ts'
import { DAY, duration, elapsed, fraction, later, type TimestampMs, usd } from '../domain/units.ts'
import { type Holding, readHolding } from './book.ts'
import type { Ports } from './ports.ts'

/**
 * Runs every proposal check of the risk engine on the facts of this instant.
 *
 * The same list judges a proposal when it is made and again when it is approved, so nothing gets older than its approval.
 */
export async function judgeProposal(
  { store, venue, settings, clock }: Pick<Ports, 'store' | 'venue' | 'settings' | 'clock'>,
  order: {
    asset: Asset
    side: 'buy' | 'sell'
    quantity: number
    requestedRatio: number
    forecast: Forecast
    maxPriceAge: number
    countsToday: boolean
  },
): Promise<readonly Denial[]> {
  const at = clock.now()
  const { price, priceAt } = order.forecast.market
  const holding = await readHolding({ store, venue, settings }, order.asset)
  const gross = await grossHedgeNotional({ store, venue, settings })
  const hedgeAfter = holding.hedge + (order.side === 'sell' ? order.quantity : -order.quantity)
  return checkProposal(
    {
      asset: order.asset,
      tradingState: (await store.settings.tradingState()).state,
      notional: usd(order.quantity * price),
      requestedRatio: fraction(order.requestedRatio),
      grossNotionalBefore: usd(gross),
      grossNotionalAfter: usd(gross + (Math.abs(hedgeAfter) - Math.abs(holding.hedge)) * price),
      netDeltaBefore: usd(Math.abs(holding.exposure - holding.hedge) * price),
      netDeltaAfter: usd(Math.abs(holding.exposure - hedgeAfter) * price),
      priceAge: elapsed(priceAt, at),
      maxPriceAge: duration(order.maxPriceAge),
      proposalsToday: order.countsToday ? await proposalsSince(store, startOfDay(at)) : 0,
    },
    settings.limits,
  )
}

async function grossHedgeNotional(ports: Pick<Ports, 'store' | 'venue' | 'settings'>): Promise<number> {
  let gross = 0
  for (const asset of Object.keys(ports.settings.book.exposures)) {
    const holding: Holding = await readHolding(ports, asset)
    const latest = await ports.store.forecasts.latest(asset)
    gross += Math.abs(holding.hedge) * (latest?.forecast.market.price ?? holding.averageEntryPrice ?? 0)
  }
  return gross
}

/** Parents that were let through: what nobody approved has not traded and uses up nothing. */
const TRADED = ['approved', 'executing', 'executed', 'failed'] as const

async function proposalsSince(store: Ports['store'], since: TimestampMs): Promise<number> {
  const traded = await store.proposals.list({ states: TRADED, limit: 200 })
  return traded.filter((proposal) => proposal.proposedAt >= since).length
}

const startOfDay = (at: TimestampMs): TimestampMs => later(at, -(at % DAY))
