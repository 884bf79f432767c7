/**
 * Features of who holds what and who trades: funding, open interest, basis, clusters of liquidations, flow and the book.
 *
 * @module
 * @see specification §3
 */
import { clamp } from '../src/domain/units.ts'
import { type Entry, type Feature, FLOORS, marketFeatures as group, PER_MILLE, perMille, robust } from './feature.ts'
import * as formula from './market-formulas.ts'
import type { Prepared } from './prepared.ts'
import {
  AGGREGATE,
  chainLinked,
  changeOver,
  knownOver,
  logOf,
  meanOver,
  perHour,
  venueDeviation,
  venueSpread,
  venueSum,
} from './series.ts'

const funding = group(
  'funding',
  ['funding'],
  [
    ['funding', 'f8, mean over venues', PER_MILLE, (p, i) => perMille(p.funding[i]!)],
    [
      'funding-change-24h',
      'f8 − its mean of 24 h',
      PER_MILLE,
      (p, i) => perMille(p.funding[i]! - meanOver(p.funding, i, 24)),
    ],
    robust('funding-z', 'f8', FLOORS.funding, (p) => p.funding),
    [
      'funding-spread',
      'highest − lowest f8 of the venues',
      PER_MILLE,
      (p, i) => perMille(venueSpread(p.columns.funding, i)),
    ],
    [
      'funding-deviation',
      'standard deviation of f8 over the venues',
      PER_MILLE,
      (p, i) => perMille(venueDeviation(p.columns.funding, (values) => values[i]!)),
    ],
    [
      'funding-cumulative-72h',
      'Σ f8/8 of 72 h',
      '0.1 %',
      (p, i) => (knownOver(p.funding, i, 72) >= 48 ? clamp(9e3 * meanOver(p.funding, i, 72), -10, 10) : Number.NaN),
    ],
    ['funding-streak', '± ln(1 + hours of that sign)', 'ln h', formula.fundingStreak],
  ],
)

const interest = group(
  'open interest',
  ['open-interest'],
  [
    ...[1, 4, 24, 72].map(
      (hours): Entry<Prepared> => [
        `open-interest-change-${hours}h`,
        `ln(OI / OI₋${hours}h) in coins, over venues known at both`,
        'ln',
        (p, i) => formula.openInterestChange(p, i, hours),
      ],
    ),
    robust('open-interest-z', 'ln OI in coins', FLOORS.interest, (p) => logOf(p.openInterest)),
    [
      'open-interest-acceleration',
      'ΔOI 4 h − ΔOI 24 h / 6',
      'ln',
      (p, i) => formula.openInterestChange(p, i, 4) - formula.openInterestChange(p, i, 24) / 6,
    ],
    [
      'open-interest-with-price',
      'ΔOI 24 h · sign(return 24 h)',
      'ln',
      (p, i) => formula.openInterestChange(p, i, 24) * Math.sign(changeOver(p.logPrice, i, 24)),
    ],
    ['open-interest-concentration', 'Σ (share of a venue)²', '1', formula.concentration],
    [
      'open-interest-dispersion',
      'standard deviation over the venues of ΔOI 24 h',
      'ln',
      (p, i) =>
        clamp(
          venueDeviation(
            p.columns.openInterest.filter(({ venue, cadenceHours }) => venue !== AGGREGATE && cadenceHours <= 24),
            (values) => Math.log(values[i]! / (values[i - 24] ?? Number.NaN)),
          ),
          0,
          1,
        ),
    ],
  ],
)

const both = [
  ...group(
    'funding',
    ['funding', 'open-interest'],
    [
      [
        'funding-weighted',
        'f8, mean over venues by open interest',
        PER_MILLE,
        (p, i) => perMille(formula.weightedFunding(p, i)),
      ],
    ],
  ),
  ...group(
    'volume',
    ['bar', 'open-interest'],
    [
      [
        'open-interest-to-volume',
        'ln(OI / coins traded in 24 h), venues with both',
        'ln',
        formula.openInterestToVolume,
      ],
    ],
  ),
]

const basis = group(
  'basis',
  ['basis'],
  [
    [
      'basis',
      'perpetual over spot close of one hour − 1, medians over venues; else the venues’ own',
      'bp',
      (p, i) => clamp(p.basis[i]!, -100, 100),
    ],
    robust('basis-z', 'basis', FLOORS.basis, (p) => p.basis),
    ['basis-change-24h', 'basis − basis₋24h', 'bp', (p, i) => clamp(changeOver(p.basis, i, 24), -100, 100)],
  ],
)

const clusters = [
  ...group(
    'clusters',
    ['open-interest'],
    [
      ['fuel-below-2', 'ln(0.001 + longs force-closed by −2 % / OI)', 'ln', (p, i) => formula.fuel(p, i, 'below2')],
      ['fuel-below-5', 'ln(0.001 + longs force-closed by −5 % / OI)', 'ln', (p, i) => formula.fuel(p, i, 'below5')],
      ['fuel-above-2', 'ln(0.001 + shorts force-closed by +2 % / OI)', 'ln', (p, i) => formula.fuel(p, i, 'above2')],
      ['fuel-above-5', 'ln(0.001 + shorts force-closed by +5 % / OI)', 'ln', (p, i) => formula.fuel(p, i, 'above5')],
      [
        'fuel-asymmetry',
        'fuel-below-5 − fuel-above-5',
        'ln',
        (p, i) => formula.fuel(p, i, 'below5') - formula.fuel(p, i, 'above5'),
      ],
      [
        'heavy-below',
        'fall that force-closes 1 % of OI, at most 5 %, / (σ48·√24)',
        'σ',
        (p, i) => clamp(formula.heavy(p, i, 'heavyBelow'), 0, 10),
      ],
      [
        'heavy-above',
        'rise that force-closes 1 % of OI, at most 5 %, / (σ48·√24)',
        'σ',
        (p, i) => clamp(formula.heavy(p, i, 'heavyAbove'), 0, 10),
      ],
    ],
  ),
  ...group(
    'clusters',
    ['open-interest', 'book-depth'],
    [
      [
        'gain-below',
        'ln(0.001 + fuel below 2 % / depth of bids), venues with both',
        'ln',
        (p, i) => formula.gain(p, i, 'below2', p.columns.bidDepth),
      ],
      [
        'gain-above',
        'ln(0.001 + fuel above 2 % / depth of asks), venues with both',
        'ln',
        (p, i) => formula.gain(p, i, 'above2', p.columns.askDepth),
      ],
      [
        'depth-to-open-interest',
        'ln(bids within 1 % / OI), venues with both',
        'ln',
        (p, i) => -Math.log(formula.openInterestPerDepth(p, i, p.columns.bidDepth)),
      ],
    ],
  ),
]

const flow = [
  ...group(
    'taker flow',
    ['taker-flow'],
    [
      ...[1, 4, 24].map(
        (hours): Entry<Prepared> => [
          `taker-imbalance-${hours}h`,
          '(bought − sold) / (bought + sold)',
          '1',
          (p, i) => formula.imbalance(p, 'taker-flow', i, hours),
        ],
      ),
      [
        'taker-imbalance-slope',
        'taker imbalance of 4 h − of 24 h',
        '1',
        (p, i) => formula.imbalance(p, 'taker-flow', i, 4) - formula.imbalance(p, 'taker-flow', i, 24),
      ],
    ],
  ),
  ...group(
    'liquidations',
    ['liquidations'],
    [
      [
        'liquidation-imbalance-1h',
        '(longs − shorts) / (longs + shorts) force-closed',
        '1',
        (p, i) => formula.imbalance(p, 'liquidations', i, 1),
      ],
      [
        'liquidation-imbalance-24h',
        '(longs − shorts) / (longs + shorts) force-closed',
        '1',
        (p, i) => formula.imbalance(p, 'liquidations', i, 24),
      ],
      ['liquidation-latest-share', 'force-closed in the hour / in 24 h', '1', formula.latestShare],
    ],
  ),
  ...group(
    'liquidations',
    ['liquidations', 'open-interest'],
    [
      [
        'liquidated-longs-24h',
        'ln(0.001 + longs force-closed / OI), venues with both',
        'ln',
        (p, i) => formula.liquidatedShare(p, i, p.columns.longLiquidated),
      ],
      [
        'liquidated-shorts-24h',
        'ln(0.001 + shorts force-closed / OI), venues with both',
        'ln',
        (p, i) => formula.liquidatedShare(p, i, p.columns.shortLiquidated),
      ],
    ],
  ),
  ...group(
    'order book',
    ['book-depth'],
    [
      robust('depth-z', 'ln USD within 1 % of mid, over venues known at both hours', FLOORS.depth, ({ columns }) =>
        logOf(chainLinked([...columns.bidDepth, ...columns.askDepth], columns.price.length)),
      ),
      robust('depth-imbalance-z', 'ln(bids / asks)', FLOORS.depth, ({ columns }) =>
        perHour(columns.price.length, (i) => Math.log(venueSum(columns.bidDepth, i) / venueSum(columns.askDepth, i))),
      ),
      [
        'depth-imbalance',
        'ln(bids / asks)',
        'ln',
        ({ columns }, i) => clamp(Math.log(venueSum(columns.bidDepth, i) / venueSum(columns.askDepth, i)), -3, 3),
      ],
    ],
  ),
]

/** In the order of every row. */
export const POSITIONING_FEATURES: readonly Feature<Prepared>[] = [
  ...funding,
  ...interest,
  ...both,
  ...basis,
  ...clusters,
  ...flow,
]
