import { type Split, splitOverVenues, type VenueShare } from '../domain/execution/split.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type BaseQty, baseQty, type Price, price, type Usd, usd } from '../domain/units.ts'
import type { Quote } from '../ports.ts'
import type { HoldingLeg } from './book.ts'
import type { TradeFacts, TradePart } from './trade-facts.ts'

export interface LegQuote {
  readonly leg: HoldingLeg
  /** Undefined: no price there that is fit to trade on. */
  readonly quote?: Quote | undefined
}

/** What rests within 10 bps where only the depth within 1 % is known: a book that is alike at every distance. */
const NEAR_SHARE_OF_DEPTH = 0.1

export async function quoteLegs(facts: TradeFacts, asset: Asset): Promise<readonly LegQuote[]> {
  const holding = facts.holdings.get(asset)
  if (!holding) throw new RangeError(`Expected an asset of the book, was ${asset}`)
  return Promise.all(holding.legs.map(async (leg) => ({ leg, quote: await leg.venue.quote(asset) })))
}

/**
 * How a quantity goes to the venues. Taking a hedge off goes where one stands, first to where rails want it gone; putting one on
 * goes by depth. A venue that is frozen or knows no price gets nothing.
 */
export function splitOverLegs(
  facts: TradeFacts,
  quoted: readonly LegQuote[],
  trade: { readonly side: 'buy' | 'sell'; readonly quantity: BaseQty; readonly referencePrice: Price },
): Split {
  const { side, quantity, referencePrice } = trade
  // A process that follows no market knows no book anywhere: then the venues count alike.
  const isFollowed = quoted.some(({ quote }) => quote !== undefined)
  const share = ({ leg, quote }: LegQuote): VenueShare => {
    const depth: Usd | undefined =
      quote?.depthNotional === undefined ? undefined : usd(quote.depthNotional * NEAR_SHARE_OF_DEPTH)
    const room = side === 'buy' ? baseQty(Math.max(0, -leg.position)) : undefined
    return {
      leg: leg.leg,
      instrument: leg.instrument,
      ...(depth !== undefined && { depthNotional: depth }),
      ...(room !== undefined && { room }),
      ...(isFollowed && !quote
        ? { frozen: 'no price to trade on' }
        : facts.effects.frozenVenues.includes(leg.venue.venueId)
          ? { frozen: 'a rail has frozen it' }
          : {}),
    }
  }
  const mustGo = quoted.filter(({ leg }) => facts.effects.venuesToReduce.includes(leg.venue.venueId))
  const split = (legs: readonly LegQuote[], part: BaseQty): Split =>
    splitOverVenues({
      quantity: part,
      referencePrice,
      venues: legs.map(share),
      // What is taken off lies where it lies.
      maxShare: side === 'buy' ? FULL : facts.limits.maxVenueShare,
    })
  if (side === 'sell' || mustGo.length === 0)
    return split(side === 'sell' ? quoted.filter((leg) => !mustGo.includes(leg)) : quoted, quantity)
  const first = split(mustGo, quantity)
  if (first.left <= 0) return first
  const rest = split(
    quoted.filter((leg) => !mustGo.includes(leg)),
    first.left,
  )
  return {
    parts: [...first.parts, ...rest.parts],
    left: rest.left,
    reasons: [...first.reasons, ...rest.reasons],
  }
}

const FULL = 1 as TradeFacts['limits']['maxVenueShare']

/**
 * The same for the risk engine, before anything is sent: what cannot go anywhere counts for the first venue, so that the checks say
 * why it cannot.
 */
export async function splitQuantity(
  facts: TradeFacts,
  trade: { readonly asset: Asset; readonly side: 'buy' | 'sell'; readonly quantity: BaseQty },
): Promise<readonly TradePart[]> {
  const referencePrice = facts.prices.get(trade.asset)
  const quoted = await quoteLegs(facts, trade.asset)
  const split =
    referencePrice === undefined
      ? { parts: [], left: trade.quantity }
      : splitOverLegs(facts, quoted, { ...trade, referencePrice: price(referencePrice) })
  const placed = split.parts.reduce((sum, { quantity }) => sum + quantity, 0)
  const left = trade.quantity - placed
  if (left <= 1e-9) return split.parts
  const first = split.parts.find(({ leg }) => leg === 0)
  return [{ leg: 0, quantity: (first?.quantity ?? 0) + left }, ...split.parts.filter(({ leg }) => leg !== 0)]
}
