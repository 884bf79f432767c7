/**
 * What the models see of each venue by itself, beside the rows of the whole market.
 *
 * @module
 * @see specification §3
 */
import type { VenueId } from '../src/domain/market/tick.ts'
import { clamp } from '../src/domain/units.ts'
import type { Columns, SampledFeed, VenueColumn } from './columns.ts'
import {
  AGE_FLOOR,
  type Entry,
  type Feature,
  type FeatureGroup,
  FLOORS,
  listed,
  PER_MILLE,
  perMille,
  robust,
} from './feature.ts'
import { LEVEL_FLOOR } from './market-formulas.ts'
import type { Normalising } from './prepared.ts'
import { AGGREGATE, isSpot, knownOver, logOf, meanOver, perHour, ratio, sumOver, venueSum } from './series.ts'
import { VENUE_IDS, VENUE_SLOTS, type VenueHours } from './venue-hours.ts'

/** One venue's columns; one that it does not publish is NaN throughout. */
interface PreparedVenue extends Normalising {
  readonly venue: VenueId
  readonly columns: Columns
  readonly openInterest: VenueColumn
  readonly openInterestAge: VenueColumn
  readonly funding: VenueColumn
  readonly fundingAge: VenueColumn
  readonly longLiquidated: VenueColumn
  readonly shortLiquidated: VenueColumn
  readonly takerBought: VenueColumn
  readonly takerSold: VenueColumn
  readonly bidDepth: VenueColumn
  readonly askDepth: VenueColumn
  /** Coins held on all venues but the aggregate. */
  readonly held: Float64Array
}

export const VENUE_FEATURES: readonly Feature<PreparedVenue>[] = [
  ...group(
    'open interest',
    ['open-interest'],
    [
      ...[1, 4, 24].map(
        (hours): Entry<PreparedVenue> => [
          `open-interest-change-${hours}h`,
          `ln(OI / OI₋${hours}h) in coins`,
          'ln',
          ({ openInterest: { values, cadenceHours } }, i) =>
            cadenceHours > hours ? Number.NaN : clamp(Math.log(values[i]! / (values[i - hours] ?? Number.NaN)), -1, 1),
        ],
      ),
      robust('open-interest-z', 'ln OI in coins', FLOORS.interest, (p) => logOf(p.openInterest.values)),
      ['open-interest-share', 'OI / OI of all venues', '1', (p, i) => p.openInterest.values[i]! / p.held[i]!],
      [
        'age-open-interest',
        'ln(1 + age / cadence); a cadence below an hour counts as one',
        'ln',
        (p, i) => Math.log1p(p.openInterestAge.values[i]!),
      ],
    ],
  ),
  ...group(
    'funding',
    ['funding'],
    [
      ['funding', 'f8', PER_MILLE, (p, i) => perMille(p.funding.values[i]!)],
      robust('funding-z', 'f8', FLOORS.funding, (p) => Float64Array.from(p.funding.values)),
      [
        'funding-change-24h',
        'f8 − its mean of 24 h',
        PER_MILLE,
        ({ funding: { values } }, i) => perMille(values[i]! - meanOver(values, i, 24)),
      ],
      [
        'age-funding',
        'ln(1 + age / cadence); a cadence below an hour counts as one',
        'ln',
        (p, i) => Math.log1p(p.fundingAge.values[i]!),
      ],
    ],
  ),
  ...group(
    'liquidations',
    ['liquidations'],
    [
      [
        'liquidation-imbalance-24h',
        '(longs − shorts) / (longs + shorts) force-closed',
        '1',
        (p, i) => imbalance(p.longLiquidated, p.shortLiquidated, i),
      ],
    ],
  ),
  ...group(
    'liquidations',
    ['liquidations', 'open-interest'],
    [['liquidated-share-24h', 'ln(0.001 + force-closed / OI)', 'ln', liquidatedShare]],
  ),
  ...group(
    'taker flow',
    ['taker-flow'],
    [
      [
        'taker-imbalance-24h',
        '(bought − sold) / (bought + sold)',
        '1',
        (p, i) => imbalance(p.takerBought, p.takerSold, i),
      ],
    ],
  ),
  ...group(
    'order book',
    ['book-depth'],
    [
      robust('depth-z', 'ln USD within 1 % of mid', FLOORS.depth, ({ bidDepth, askDepth }) =>
        logOf(perHour(bidDepth.values.length, (i) => bidDepth.values[i]! + askDepth.values[i]!)),
      ),
      [
        'depth-imbalance',
        'ln(bids / asks)',
        'ln',
        (p, i) => clamp(Math.log(p.bidDepth.values[i]! / p.askDepth.values[i]!), -3, 3),
      ],
    ],
  ),
].map((feature) => (feature.name.startsWith('age-') ? { ...feature, floor: AGE_FLOOR } : feature))

export const VENUE_FEATURE_COUNT = VENUE_FEATURES.length

function group(name: FeatureGroup, feeds: readonly SampledFeed[], entries: readonly Entry<PreparedVenue>[]) {
  return listed({ scope: 'venue', group: name, feeds }, entries)
}

/** Over a day; NaN where the feed is silent now or coarser than that. */
function imbalance(a: VenueColumn, b: VenueColumn, i: number): number {
  if (a.cadenceHours > 24 || Number.isNaN(a.values[i]!)) return Number.NaN
  return ratio(sumOver(a.values, i, 24), sumOver(b.values, i, 24))
}

function liquidatedShare({ openInterest, longLiquidated, shortLiquidated, columns }: PreparedVenue, i: number): number {
  if (longLiquidated.cadenceHours > 24 || Number.isNaN(longLiquidated.values[i]!)) return Number.NaN
  const notional = sumOver(longLiquidated.values, i, 24) + sumOver(shortLiquidated.values, i, 24)
  return Math.log(LEVEL_FLOOR + notional / (openInterest.values[i]! * columns.price[i]!))
}

/**
 * The last `count` hours of the largest venues, at most `VENUE_SLOTS`, the largest first.
 *
 * By mean open interest over the hours sampled, then perpetuals before spot, then by how much is known of them; the aggregate over all venues only where
 * there is no other. Over a long history that lets a venue's later size decide whether its earlier rows are there; what the rows
 * say is point in time all the same.
 */
export function venueRowsOf(columns: Columns, count: number): readonly VenueHours[] {
  const from = columns.price.length - count
  const held = heldOn(columns)
  return largestVenues(columns).map((venue) => toRows(prepareVenue(columns, venue, { from, held }), count))
}

const LISTS = [
  'openInterest',
  'openInterestAge',
  'funding',
  'fundingAge',
  'longLiquidated',
  'shortLiquidated',
  'takerBought',
  'takerSold',
  'bidDepth',
  'askDepth',
] as const satisfies readonly (keyof Columns & keyof PreparedVenue)[]

function largestVenues(columns: Columns): VenueId[] {
  const sizes = new Map<VenueId, { interest: number; known: number }>()
  for (const list of LISTS) {
    for (const { venue, values } of columns[list]) {
      const size = sizes.get(venue) ?? { interest: 0, known: 0 }
      sizes.set(venue, size)
      if (size.interest > 0) continue // how much else is known of it does not matter then
      const known = knownOver(values, values.length - 1, values.length)
      size.known += known
      if (list === 'openInterest' && known > 0)
        size.interest = sumOver(values, values.length - 1, values.length) / known
    }
  }
  const known = [...sizes].filter(([, size]) => size.known > 0)
  const single = known.filter(([venue]) => !venue.startsWith(AGGREGATE))
  const order = (venue: VenueId) => (VENUE_IDS.includes(venue) ? VENUE_IDS.indexOf(venue) : VENUE_IDS.length)
  return (single.length > 0 ? single : known)
    .sort(
      ([a, left], [b, right]) =>
        right.interest - left.interest ||
        Number(isSpot(a)) - Number(isSpot(b)) ||
        right.known - left.known ||
        order(a) - order(b) ||
        (a < b ? -1 : 1),
    )
    .slice(0, VENUE_SLOTS)
    .map(([venue]) => venue)
}

function heldOn({ openInterest, price }: Columns): Float64Array {
  const single = openInterest.filter(({ venue }) => venue !== AGGREGATE)
  return perHour(price.length, (i) => venueSum(single.length > 0 ? single : openInterest, i))
}

function prepareVenue(
  columns: Columns,
  venue: VenueId,
  { from, held }: { readonly from: number; readonly held: Float64Array },
): PreparedVenue {
  const nothing: VenueColumn = {
    venue,
    cadenceHours: Number.POSITIVE_INFINITY,
    values: new Array<number>(columns.price.length).fill(Number.NaN),
  }
  const own = Object.fromEntries(
    LISTS.map((list) => [list, columns[list].find((column) => column.venue === venue) ?? nothing]),
  ) as Record<(typeof LISTS)[number], VenueColumn>
  return { ...own, venue, columns, held, from, normalised: new Map() }
}

function toRows(of: PreparedVenue, count: number): VenueHours {
  const values = new Float32Array(count * VENUE_FEATURE_COUNT)
  const mask = new Uint8Array(count * VENUE_FEATURE_COUNT)
  fillRows({ values, mask }, VENUE_FEATURES, of)
  return { venue: of.venue, values, mask }
}

/** Writes the hours from `of.from` on: the value and 1 where it is known, 0 and 0 elsewhere. */
export function fillRows<P extends Normalising>(
  { values, mask }: { readonly values: Float32Array; readonly mask: Uint8Array },
  features: readonly Feature<P>[],
  of: P,
): void {
  const width = features.length
  for (let at = 0, i = of.from; at < values.length; i++) {
    for (let f = 0; f < width; f++, at++) {
      const value = features[f]!.value(of, i)
      if (!Number.isFinite(value)) continue
      values[at] = value
      mask[at] = 1
    }
  }
}
