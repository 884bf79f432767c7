import { Decimal } from 'decimal.js'
import { type Instrument, roundToLot } from '../instrument.ts'
import { type BaseQty, baseQty, type Fraction, type Price, type Usd } from '../units.ts'

export interface VenueShare {
  readonly leg: number
  readonly instrument: Instrument
  /** Resting within 10 bps of mid on the side that is taken, or what stands for it; undefined = not known. */
  readonly depthNotional?: Usd | undefined
  /** Why nothing goes there; undefined = it may trade. */
  readonly frozen?: string | undefined
  /** What limits still allow there. */
  readonly room?: BaseQty | undefined
}

export interface SplitInputs {
  readonly quantity: BaseQty
  readonly referencePrice: Price
  readonly venues: readonly VenueShare[]
  /** Largest share of one venue where more than one can take part. */
  readonly maxShare: Fraction
}

export interface Split {
  readonly parts: readonly { readonly leg: number; readonly quantity: BaseQty }[]
  /** Rolls into the next slice. */
  readonly left: BaseQty
  /** For people: why a venue has nothing, or less than its depth would give it. */
  readonly reasons: readonly string[]
}

/** Of the lots that rounding leaves over, how many are looked at: more than one a venue only where lots differ. */
const MAX_LOTS_LEFT = 1_000

/**
 * Splits a quantity over venues in proportion to their depth, none above its share or its room, each part in whole lots and at
 * least the venue's minimum; the lots that rounding leaves go where the remainder is largest. Never more than asked for.
 *
 * A quantity too small to be split goes to one venue whole, whatever the largest share is: otherwise it would never trade.
 * Where a depth is not known, the smallest of the known ones stands for it; where none is, all are alike.
 *
 * @see specification §5
 */
export function splitOverVenues({ quantity, referencePrice, venues, maxShare }: SplitInputs): Split {
  const reasons: string[] = []
  const smallest = (venue: VenueShare): number => venue.instrument.minNotional / referencePrice
  let takers: VenueShare[] = []
  for (const venue of venues) {
    if (venue.frozen !== undefined) reasons.push(`${venue.instrument.venue}: nothing, ${venue.frozen}`)
    else if (venue.room !== undefined && venue.room < smallest(venue))
      reasons.push(`${venue.instrument.venue}: nothing, its limit leaves ${Math.max(0, venue.room)}`)
    else if (venue.depthNotional !== undefined && venue.depthNotional <= 0)
      reasons.push(`${venue.instrument.venue}: nothing, its book is empty`)
    else takers.push(venue)
  }
  for (;;) {
    const parts = divide(quantity, takers, maxShare)
    const tooSmall = takers.filter((venue) => (parts.get(venue) ?? 0) < smallest(venue))
    if (tooSmall.length === 0) return finish(quantity, { takers, parts, maxShare, reasons })
    const dropped = tooSmall.reduce((least, venue) =>
      depthOf(venue, takers) <= depthOf(least, takers) ? venue : least,
    )
    reasons.push(`${dropped.instrument.venue}: nothing, its part would be below its minimum`)
    takers = takers.filter((venue) => venue !== dropped)
  }
}

const depthOf = (venue: VenueShare, among: readonly VenueShare[]): number =>
  venue.depthNotional ??
  among.reduce((least, { depthNotional }) => Math.min(least, depthNotional ?? least), Number.POSITIVE_INFINITY)

/** In proportion to depth, what one may not take going to the others, rounded to lots. */
function divide(quantity: number, takers: readonly VenueShare[], maxShare: number): Map<VenueShare, number> {
  const exact = new Map<VenueShare, number>()
  let free = [...takers]
  let left = quantity
  const limits = new Map(takers.map((venue) => [venue, limitOf(venue, quantity, takers.length > 1 ? maxShare : 1)]))
  while (free.length > 0) {
    const depths = new Map(free.map((venue) => [venue, depthOf(venue, takers)]))
    const known = [...depths.values()].every(Number.isFinite)
    const whole = known ? [...depths.values()].reduce((sum, depth) => sum + depth, 0) : free.length
    const wanted = (venue: VenueShare): number => (left * (known ? depths.get(venue)! : 1)) / whole
    const full = free.filter((venue) => wanted(venue) >= limits.get(venue)!)
    if (full.length === 0) {
      for (const venue of free) exact.set(venue, wanted(venue))
      break
    }
    for (const venue of full) exact.set(venue, limits.get(venue)!)
    left -= full.reduce((sum, venue) => sum + limits.get(venue)!, 0)
    free = free.filter((venue) => !full.includes(venue))
  }
  return toLots(quantity, exact, limits)
}

const limitOf = ({ room }: VenueShare, quantity: number, share: number): number =>
  Math.min(room ?? Number.POSITIVE_INFINITY, quantity * share)

/** Rounds down, then gives what is left lot by lot to the largest remainder that has room for it. */
function toLots(
  quantity: number,
  exact: ReadonlyMap<VenueShare, number>,
  limits: ReadonlyMap<VenueShare, number>,
): Map<VenueShare, number> {
  const parts = new Map<VenueShare, Decimal>()
  for (const [venue, part] of exact) parts.set(venue, new Decimal(roundToLot(baseQty(part), venue.instrument)))
  const whole = Decimal.min(
    quantity,
    [...exact.values()].reduce((sum, part) => sum.plus(part), new Decimal(0)),
  )
  let left = [...parts.values()].reduce((rest, part) => rest.minus(part), whole)
  for (let i = 0; i < MAX_LOTS_LEFT; i++) {
    const remainder = (venue: VenueShare): number => exact.get(venue)! - parts.get(venue)!.toNumber()
    const next = [...exact.keys()]
      .filter(({ instrument }) => left.plus(DUST).gte(instrument.lotSize))
      .filter((venue) =>
        parts
          .get(venue)!
          .plus(venue.instrument.lotSize)
          .lte(limits.get(venue)! + DUST),
      )
      .reduce<VenueShare | undefined>(
        (best, venue) => (best === undefined || remainder(venue) > remainder(best) ? venue : best),
        undefined,
      )
    if (!next) break
    parts.set(next, parts.get(next)!.plus(next.instrument.lotSize))
    left = left.minus(next.instrument.lotSize)
  }
  return new Map([...parts].map(([venue, part]) => [venue, part.toNumber()]))
}

const DUST = 1e-12

function finish(
  quantity: number,
  found: { takers: readonly VenueShare[]; parts: Map<VenueShare, number>; maxShare: number; reasons: string[] },
): Split {
  const { takers, parts, maxShare, reasons } = found
  const all = takers.reduce((sum, venue) => sum + depthOf(venue, takers), 0)
  for (const venue of takers) {
    const part = parts.get(venue)!
    const fair = Number.isFinite(all) && all > 0 ? (quantity * depthOf(venue, takers)) / all : quantity / takers.length
    const step = Number(venue.instrument.lotSize)
    if (part >= fair - step) continue
    const isRoom = venue.room !== undefined && venue.room - part < step
    reasons.push(
      isRoom
        ? `${venue.instrument.venue}: ${part}, its limit leaves no more`
        : `${venue.instrument.venue}: ${part}, no venue takes more than ${(maxShare * 100).toFixed(0)} %`,
    )
  }
  const sum = [...parts.values()].reduce((total, part) => total.plus(part), new Decimal(0))
  return {
    parts: takers.map((venue) => ({ leg: venue.leg, quantity: baseQty(parts.get(venue)!) })),
    left: baseQty(Math.max(0, new Decimal(quantity).minus(sum).toNumber())),
    reasons,
  }
}
