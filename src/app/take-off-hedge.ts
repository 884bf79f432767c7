import { expectedCost } from '../domain/execution/cost.ts'
import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import { roundToLot } from '../domain/instrument.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { ProposalTerms } from '../domain/proposal.ts'
import { baseQty, bps, duration, fraction, later, MINUTE, type Price, type Usd, usd } from '../domain/units.ts'
import { type Holding, readHolding } from './book.ts'
import type { Ports } from './ports.ts'
import { readLimits } from './risk-in-force.ts'

/** Spread over this, so that an emergency does not pay for its own haste more than it must. */
const FLATTEN_WITHIN = duration(5 * MINUTE)

/** The hedge of one asset, and what taking it off is worth and costs. */
export interface HedgeToTakeOff {
  readonly asset: Asset
  readonly holding: Holding
  readonly price: Price
  readonly notional: Usd
  readonly cost: Usd
}

/** Whose emergency it is, and why. */
interface Emergency {
  readonly requestId: string
  readonly by: string
  readonly reason: string
}

/** Terms that take one hedge off, as much of it as one proposal may; undefined where what is left is too small for an order. */
export async function drawEmergency(
  ports: Ports,
  { asset, holding, price, notional, cost }: HedgeToTakeOff,
  { requestId, by, reason }: Emergency,
): Promise<ProposalTerms | undefined> {
  const { settings, clock } = ports
  const { hedge, exposure, instrument } = holding
  const limits = await readLimits(ports)
  const most = Math.min(Math.abs(hedge), limits.maxProposalNotional / price)
  const quantity = roundToLot(baseQty(most), instrument)
  if (quantity * price < Number(instrument.minNotional) || quantity === 0) return undefined
  const after = baseQty(hedge - Math.sign(hedge) * quantity)
  const ratio = (coins: number) => fraction(exposure > 0 ? coins / exposure : 0)
  const at = clock.now()
  return {
    book: settings.book.name,
    asset,
    instrumentId: instrument.instrumentId,
    side: hedge > 0 ? 'buy' : 'sell',
    quantity,
    notional: usd(quantity * price),
    referencePrice: price,
    hedgeRatioBefore: ratio(hedge),
    hedgeRatioAfter: ratio(after),
    exposure,
    expectedCost: bps(notional > 0 ? (cost / notional) * 1e4 : 0),
    policy: settings.sizing.policy,
    steps: [
      { name: 'held now', hedge, note: `${hedge} coins` },
      { name: 'emergency', hedge: after, note: `taken off by ${by}: ${reason}` },
    ],
    proposedBy: by,
    proposedAt: at,
    expiresAt: later(at, settings.approvals.expiry),
    maxPriceDrift: settings.approvals.maxDrift,
    quorum: 1,
    selfApprovalAllowed: true,
    schedule: { kind: settings.execution.schedule.kind, urgency: 'panic', duration: FLATTEN_WITHIN },
    emergency: { requestId, by },
  }
}

/** Every hedge that is large enough for an order, at the newest price on record. */
export async function readHedges(
  ports: Ports,
): Promise<{ hedges: readonly HedgeToTakeOff[]; unpriced: readonly Asset[] }> {
  const { store, settings, venues } = ports
  const hedges: HedgeToTakeOff[] = []
  const unpriced: Asset[] = []
  for (const asset of Object.keys(settings.book.exposures)) {
    const holding = await readHolding(ports, asset)
    if (holding.hedge === 0) continue
    const market = (await store.forecasts.latest(asset))?.forecast.market
    if (!market) {
      unpriced.push(asset)
      continue
    }
    const notional = usd(Math.abs(holding.hedge) * market.price)
    if (notional < Number(holding.instrument.minNotional)) continue
    const quote = await venues[0].quote(asset).catch(unreachable)
    const cost = expectedCost({
      notional,
      takerFee: settings.sizing.takerFee,
      halfSpread: settings.sizing.halfSpread,
      dailyVolatility: fraction(market.hourlyVolatility * Math.sqrt(24)),
      ...(quote?.dailyVolumeNotional !== undefined && { dailyVolumeNotional: quote.dailyVolumeNotional }),
    })
    hedges.push({ asset, holding, price: market.price, notional, cost: usd((notional * cost) / 1e4) })
  }
  return { hedges, unpriced }
}

/** A venue that does not answer leaves the cost to be told from its usual volume; anything else is a fault. */
function unreachable(error: unknown): undefined {
  if (!(error instanceof VenueUnreachableError)) throw error
}

export const totalsOf = (hedges: readonly HedgeToTakeOff[]): { notional: Usd; expectedCost: Usd } => ({
  notional: usd(hedges.reduce((sum, { notional }) => sum + notional, 0)),
  expectedCost: usd(hedges.reduce((sum, { cost }) => sum + cost, 0)),
})
