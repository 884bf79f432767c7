/**
 * Features from beside the perpetual: options, accounts, chain, sentiment, and how good the data are.
 *
 * @module
 * @see specification §3
 */

import type { GaugeKind } from '../src/domain/market/tick.ts'
import { FEED_KINDS } from '../src/domain/market/tick.ts'
import { clamp } from '../src/domain/units.ts'
import { AGE_FLOOR, type Feature, FLOORS, marketFeatures as group, robust } from './feature.ts'
import * as formula from './market-formulas.ts'
import type { Prepared } from './prepared.ts'
import { changeOver, logOf, perHour } from './series.ts'

const HOURS_A_YEAR = 24 * 365

const gaugeOf = (kind: GaugeKind) => (p: Prepared) => p.gauges[kind]
const logGauge = (kind: GaugeKind) => (p: Prepared) => logOf(p.gauges[kind])
const logChange = (p: Prepared, kind: GaugeKind, i: number, hours: number): number => {
  const [now, before] = [p.gauges[kind][i]!, p.gauges[kind][i - hours] ?? Number.NaN]
  return now > 0 && before > 0 ? clamp(Math.log(now / before), -3, 3) : Number.NaN
}

/** The gauge, or how far it is from where it was so many hours before. */
const difference = (p: Prepared, kind: GaugeKind, i: number, hours?: number): number => {
  const [now, before] = [p.gauges[kind][i]!, hours === undefined ? 0 : (p.gauges[kind][i - hours] ?? Number.NaN)]
  return clamp(now - before, -2, 2)
}

const outside = [
  ...group(
    'options',
    ['implied-volatility'],
    [
      ['implied-volatility', 'ln IV a year', 'ln', (p, i) => Math.log(p.gauges['implied-volatility'][i]!)],
      robust('implied-volatility-z', 'ln IV', FLOORS.volatility, logGauge('implied-volatility')),
      ['implied-volatility-change-24h', 'ln(IV / IV₋24h)', 'ln', (p, i) => logChange(p, 'implied-volatility', i, 24)],
      [
        'implied-to-known-volatility',
        'ln(IV / (σ48·√8760))',
        'ln',
        (p, i) => Math.log(p.gauges['implied-volatility'][i]! / (p.volatility[48][i]! * Math.sqrt(HOURS_A_YEAR))),
      ],
    ],
  ),
  ...group(
    'options',
    ['option-term-slope'],
    [
      ['option-term-slope', 'IV at 30 d − IV at 7 d', '1 a year', (p, i) => difference(p, 'option-term-slope', i)],
      [
        'option-term-slope-change-24h',
        'option-term-slope − that of a day before',
        '1 a year',
        (p, i) => difference(p, 'option-term-slope', i, 24),
      ],
    ],
  ),
  ...(['option-skew-7d', 'option-skew-30d'] as const).flatMap((kind) =>
    group(
      'options',
      [kind],
      [
        [
          kind,
          `IV of the 25-delta call − that of the put, ${kind === 'option-skew-7d' ? 7 : 30} d ahead`,
          '1 a year',
          (p, i) => difference(p, kind, i),
        ],
        [`${kind}-change-24h`, `${kind} − that of a day before`, '1 a year', (p, i) => difference(p, kind, i, 24)],
      ],
    ),
  ),
  ...group(
    'options',
    ['option-open-interest'],
    [
      [
        'option-open-interest-change-24h',
        'ln(option OI / option OI₋24h)',
        'ln',
        (p, i) => logChange(p, 'option-open-interest', i, 24),
      ],
      robust('option-open-interest-z', 'ln option OI', FLOORS.interest, logGauge('option-open-interest')),
    ],
  ),
  ...group(
    'options',
    ['option-volume'],
    [
      robust('option-volume-z', 'ln option volume', FLOORS.options, logGauge('option-volume')),
      [
        'option-volume-change-24h',
        'ln(option volume / a day before)',
        'ln',
        (p, i) => logChange(p, 'option-volume', i, 24),
      ],
    ],
  ),
  ...group(
    'accounts',
    ['account-ratio'],
    [
      ['account-log-ratio', 'ln(long / short accounts)', 'ln', formula.accounts],
      robust('account-log-ratio-z', 'ln(long / short accounts)', FLOORS.accounts, (p) =>
        perHour(p.columns.price.length, (i) => formula.accounts(p, i)),
      ),
    ],
  ),
  ...group(
    'accounts',
    ['top-account-ratio'],
    [
      [
        'top-account-log-ratio',
        'ln(long / short) of the largest accounts',
        'ln',
        (p, i) => formula.logOdds(p.gauges['top-account-ratio'][i]!),
      ],
    ],
  ),
  ...group(
    'accounts',
    ['top-position-ratio'],
    [
      [
        'top-position-log-ratio',
        'ln(long / short) of the largest accounts’ positions',
        'ln',
        (p, i) => formula.logOdds(p.gauges['top-position-ratio'][i]!),
      ],
    ],
  ),
  ...group(
    'on-chain',
    ['exchange-netflow'],
    [robust('exchange-netflow-z', 'USD a day into exchanges', FLOORS.flow, gaugeOf('exchange-netflow'))],
  ),
  ...group(
    'on-chain',
    ['exchange-netflow', 'open-interest'],
    [
      [
        'exchange-netflow-to-open-interest',
        'USD a day into exchanges / OI',
        '1',
        (p, i) => formula.toOpenInterest(p, i, p.gauges['exchange-netflow'][i]!),
      ],
    ],
  ),
  ...group(
    'sentiment',
    ['fear-greed'],
    [
      ['fear-greed', 'index / 50 − 1', '1', (p, i) => p.gauges['fear-greed'][i]! / 50 - 1],
      [
        'fear-greed-change-7d',
        '(index − index₋7d) / 50',
        '1',
        (p, i) => changeOver(p.gauges['fear-greed'], i, 168) / 50,
      ],
    ],
  ),
  ...group('sentiment', ['etf-flow'], [robust('etf-flow-z', 'USD a day into funds', FLOORS.flow, gaugeOf('etf-flow'))]),
  ...group(
    'sentiment',
    ['etf-flow', 'open-interest'],
    [
      [
        'etf-flow-to-open-interest',
        'USD a day into funds / OI',
        '1',
        (p, i) => formula.toOpenInterest(p, i, p.gauges['etf-flow'][i]!),
      ],
    ],
  ),
  ...group(
    'sentiment',
    ['coin-premium'],
    [
      [
        'coin-premium',
        'Coinbase over Binance − 1',
        'bp',
        (p, i) => clamp(p.gauges['coin-premium'][i]! * 1e4, -100, 100),
      ],
      robust('coin-premium-z', 'Coinbase over Binance − 1', FLOORS.premium, gaugeOf('coin-premium')),
    ],
  ),
]

const quality = [
  ...group(
    'quality',
    ['bar'],
    [
      [
        'price-dispersion',
        'highest over lowest perpetual close of one hour − 1',
        'bp',
        (p, i) => clamp(p.columns.dispersion[i]! * 1e4, 0, 100),
      ],
    ],
  ),
  ...FEED_KINDS.flatMap((kind) =>
    group(
      'quality',
      [kind],
      [
        [
          `age-${kind}`,
          'ln(1 + age / cadence), of the youngest; a cadence below an hour counts as one',
          'ln',
          (p, i) => Math.log1p(p.columns.age[kind][i]!),
        ],
      ],
    ).map((feature) => ({ ...feature, floor: AGE_FLOOR })),
  ),
]

/** In the order of every row. */
export const OUTSIDE_FEATURES: readonly Feature<Prepared>[] = [...outside, ...quality]
