import { type GuardVerdict, guardBook, mayCross } from '../domain/execution/guard.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type Bps, bps, duration, type TimestampMs, type Usd, usd } from '../domain/units.ts'
import type { Quote, Venue } from '../ports.ts'
import type { Ports } from './ports.ts'
import type { TradeFacts } from './trade-facts.ts'

/** What a book usually is like, from the quotes that executions have looked at. */
interface Usual {
  lastAt: TimestampMs
  readonly spreads: number[]
  readonly depths: number[]
}

const KEPT = 200
/** Fewer say nothing about what is usual. */
const LEAST = 20
/** A market that drives the clock publishes in steps of minutes: there the venue itself says when a quote is too old. */
const NO_CADENCE = duration(24 * 3_600_000)

const USUAL = new WeakMap<Venue, Map<Asset, Usual>>()

/** Whether the book of one venue is fit to trade in, and whether an order may take liquidity there now. */
export function guardLeg(
  { clock }: Pick<Ports, 'clock'>,
  facts: TradeFacts,
  book: {
    readonly venue: Venue
    readonly asset: Asset
    readonly side: 'buy' | 'sell'
    readonly quote: Quote
    /** Which way a cascade of liquidations runs. */
    readonly cascade?: 'down' | 'up' | undefined
    readonly emergency: boolean
  },
): { readonly guard: GuardVerdict; readonly mayCross: boolean } {
  const { quote, venue, asset, side, cascade } = book
  const usual = remember(venue, asset, quote)
  const railDemands =
    book.emergency || facts.effects.hedgeToMax.includes(asset) || facts.effects.venuesToReduce.includes(venue.venueId)
  const guard = guardBook({
    now: clock.now(),
    bookAt: quote.at,
    // The guard takes twice the cadence: what the risk engine calls stale is stale here too.
    cadence: clock.kind === 'virtual' ? NO_CADENCE : duration(facts.limits.maxPriceAge / 2),
    bestBid: quote.bestBid,
    bestAsk: quote.bestAsk,
    ...usual,
    depthNotional: quote.depthNotional,
    markPrice: facts.accounts
      .get(venue.venueId)
      ?.positions.find(({ instrumentId }) => instrumentId.startsWith(`${asset}-`))?.markPrice,
    railDemands,
  })
  return { guard, mayCross: mayCross({ side, guard, cascade, railDemands }) }
}

function remember(
  venue: Venue,
  asset: Asset,
  quote: Quote,
): { readonly medianSpread?: Bps; readonly medianDepthNotional?: Usd } {
  const byAsset = USUAL.get(venue) ?? new Map<Asset, Usual>()
  USUAL.set(venue, byAsset)
  const usual = byAsset.get(asset) ?? { lastAt: 0 as TimestampMs, spreads: [], depths: [] }
  byAsset.set(asset, usual)
  const known = {
    ...(usual.spreads.length >= LEAST && { medianSpread: bps(median(usual.spreads)) }),
    ...(usual.depths.length >= LEAST && { medianDepthNotional: usd(median(usual.depths)) }),
  }
  if (quote.at === usual.lastAt) return known
  usual.lastAt = quote.at
  push(usual.spreads, ((quote.bestAsk - quote.bestBid) / ((quote.bestAsk + quote.bestBid) / 2)) * 1e4)
  if (quote.depthNotional !== undefined) push(usual.depths, quote.depthNotional)
  return known
}

function push(values: number[], value: number): void {
  values.push(value)
  if (values.length > KEPT) values.shift()
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
