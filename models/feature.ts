/**
 * What a feature is, and how lists of them are written.
 *
 * @module
 */
import { clamp } from '../src/domain/units.ts'
import type { SampledFeed } from './columns.ts'
import { type Normalising, normalisedOf, type Prepared } from './prepared.ts'

export type FeatureGroup =
  | 'returns and volatility'
  | 'volume'
  | 'funding'
  | 'open interest'
  | 'basis'
  | 'clusters'
  | 'taker flow'
  | 'liquidations'
  | 'order book'
  | 'options'
  | 'accounts'
  | 'on-chain'
  | 'sentiment'
  | 'cross-asset'
  | 'calendar'
  | 'quality'

export interface Feature<P> {
  readonly name: string
  readonly group: FeatureGroup
  /** Of the market as a whole, or of each venue. */
  readonly scope: 'market' | 'venue'
  /** Feeds it cannot be known without. */
  readonly feeds: readonly SampledFeed[]
  readonly formula: string
  readonly unit: string
  /** Smallest spread that means something, in the feature's own unit; default none. */
  readonly floor?: number
  /** The value at hour `i`; NaN where it cannot be known. */
  readonly value: (of: P, i: number) => number
}

/** How long after the event a recorded observation counts as known; a live one counts when it is received. */
export const LAGS: Readonly<Record<SampledFeed, string>> = {
  bar: '5 s',
  'open-interest': '6 min from a venue, 10 min from a vendor',
  funding: '1 min',
  liquidations: '10 min from a vendor',
  'taker-flow': '10 min from a vendor',
  'book-depth': '10 min from a vendor',
  'account-ratio': '10 min from a vendor',
  basis: '10 min from a vendor',
  'implied-volatility': '2 min, 10 min from a vendor',
  'option-term-slope': '10 min from a vendor',
  'option-skew-7d': '10 min from a vendor',
  'option-skew-30d': '10 min from a vendor',
  'option-open-interest': '10 min from a vendor',
  'option-volume': '10 min from a vendor',
  'fear-greed': '10 min from a vendor',
  'etf-flow': '10 min from a vendor',
  'exchange-netflow': '60 min',
  'coin-premium': '10 min from a vendor',
  'top-account-ratio': '10 min from a vendor',
  'top-position-ratio': '10 min from a vendor',
}

/** Name, formula in words, unit, how it is worked out. */
export type Entry<P> = readonly [name: string, formula: string, unit: string, value: Feature<P>['value']]

/** Features of one group that cannot do without the same feeds. */
export const listed = <P>(
  { scope, group, feeds }: Pick<Feature<P>, 'scope' | 'group' | 'feeds'>,
  entries: readonly Entry<P>[],
): Feature<P>[] => entries.map(([name, formula, unit, value]) => ({ name, group, scope, feeds, formula, unit, value }))

/**
 * `rz` of a column: against its trailing month, see `robustZ`.
 *
 * The floor is a tenth of what the column's spread usually is, stated and not measured, so that a row means the same whatever
 * history is at hand; what it rests on stands beside each.
 */
export const robust = <P extends Normalising>(
  name: string,
  text: string,
  floor: { readonly floor: number; readonly says: string },
  column: (of: P) => Float64Array,
): Entry<P> => {
  const what = { name, floor: floor.floor, column }
  return [name, `rz(${text}), floor ${floor.says}`, '1', (of, i) => normalisedOf(of, what)[i]!]
}

/** The smallest spread that means something to `rz`, and in words what it rests on. */
export const FLOORS = {
  // Funding sits still so long that its deviation is often nothing (specification §3).
  funding: { floor: 0.5e-4, says: '0.5 bp per 8 h' },
  interest: { floor: 0.01, says: '1 % (a tenth of the usual 10 %)' },
  depth: { floor: 0.05, says: '5 % (a tenth of the usual 50 %)' },
  volume: { floor: 0.08, says: '8 % (a tenth of the usual 80 %)' },
  basis: { floor: 0.5, says: '0.5 bp (a tenth of the usual 5 bp)' },
  premium: { floor: 0.5e-4, says: '0.5 bp (a tenth of the usual 5 bp)' },
  accounts: { floor: 0.04, says: '0.04 (a tenth of the recorded 0.43)' },
  options: { floor: 0.06, says: '6 % (a tenth of the usual 60 %)' },
  volatility: { floor: 0.03, says: '3 % (a tenth of the usual 30 %)' },
  flow: { floor: 1e7, says: '10 million USD (a tenth of a usual day)' },
} as const
/** A quarter of an hour late, or of a longer cadence, is nothing yet. */
export const AGE_FLOOR = 0.25

/** Funding per eight hours is learned in tenths of a per cent. */
export const perMille = (rate: number): number => clamp(rate * 1e3, -5, 5)
export const PER_MILLE = '0.1 % per 8 h'

/** Features of the market as a whole. */
export const marketFeatures = (
  group: FeatureGroup,
  feeds: readonly SampledFeed[],
  entries: readonly Entry<Prepared>[],
): Feature<Prepared>[] => listed({ scope: 'market', group, feeds }, entries)
