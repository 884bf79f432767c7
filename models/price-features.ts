/**
 * Features of price alone: what it did, how wildly, beside the other large asset, and at what time of the week.
 *
 * @module
 * @see specification §3
 */
import { clamp, DAY, HOUR } from '../src/domain/units.ts'
import { type Entry, type Feature, FLOORS, marketFeatures as group, robust } from './feature.ts'
import * as formula from './market-formulas.ts'
import type { Prepared } from './prepared.ts'
import { changeOver, correlation, knownOver, logOf, perHour, sumOver } from './series.ts'

const returns = group(
  'returns and volatility',
  ['bar'],
  [
    ...[1, 4, 24, 72, 168, 720].map(
      (hours): Entry<Prepared> => [
        `return-${hours}h`,
        `ln(P / P₋${hours}h) / (σ48·√${hours})`,
        'σ',
        (p, i) => formula.inSigmas(p, i, hours),
      ],
    ),
    [
      'log-volatility',
      'ln σ48: EWMA of hourly returns, half-life 48 h, over 240 h',
      'ln(1/√h)',
      (p, i) => Math.log(p.volatility[48][i]!),
    ],
    ['volatility-ratio-fast', 'ln(σ6 / σ48)', 'ln', (p, i) => Math.log(p.volatility[6][i]! / p.volatility[48][i]!)],
    ['volatility-ratio-slow', 'ln(σ48 / σ336)', 'ln', (p, i) => Math.log(p.volatility[48][i]! / p.volatility[336][i]!)],
    ['realised-1d', 'ln(√(mean r² of 24 h) / σ48)', 'ln', (p, i) => formula.realised(p, i, 24)],
    ['realised-7d', 'ln(√(mean r² of 168 h) / σ48)', 'ln', (p, i) => formula.realised(p, i, 168)],
    ['realised-30d', 'ln(√(mean r² of 720 h) / σ48)', 'ln', (p, i) => formula.realised(p, i, 720)],
    ['parkinson-24h', 'ln(√(mean (ln H/L)² / 4 ln 2) / σ48), 24 h', 'ln', formula.parkinson],
    ['garman-klass-24h', 'ln(√(mean (½ (ln H/L)² − (2 ln 2 − 1)(ln C/O)²)) / σ48), 24 h', 'ln', formula.garmanKlass],
    [
      'range-1h',
      'ln(H/L) / σ48',
      'σ',
      (p, i) => Math.log(p.columns.high[i]! / p.columns.low[i]!) / p.volatility[48][i]!,
    ],
    ['jump-ratio-24h', 'max(0, 1 − (π/2)·Σ|r·r₋₁| / Σr²)', '1', formula.jumpRatio],
    ['downside-share-24h', 'Σr² of falls / Σr² − ½', '1', (p, i) => formula.downsideShare(p, i, 24)],
    ['largest-move-24h', 'max |r| / √Σr²', '1', (p, i) => formula.largestMove(p, i, 24)],
    ['drawdown-72h', 'ln(P / highest close of 72 h) / (σ48·√72)', 'σ', (p, i) => formula.fromExtreme(p, i, Math.max)],
    ['runup-72h', 'ln(P / lowest close of 72 h) / (σ48·√72)', 'σ', (p, i) => formula.fromExtreme(p, i, Math.min)],
  ],
).map((feature) => ({ ...feature, value: (p: Prepared, i: number) => clamp(feature.value(p, i), -10, 10) }))

const volume = group(
  'volume',
  ['bar'],
  [
    robust('volume-z', 'ln coins traded in the hour', FLOORS.volume, (p) => logOf(p.columns.volume)),
    robust('volume-24h-z', 'ln coins traded in 24 h', FLOORS.volume, ({ columns: { volume } }) =>
      logOf(perHour(volume.length, (i) => (knownOver(volume, i, 24) >= 20 ? sumOver(volume, i, 24) : Number.NaN))),
    ),
  ],
)

const otherReturn = ({ other }: Prepared, i: number, hours: number): number =>
  clamp(changeOver(other.logPrice, i, hours) / (other.volatility[i]! * Math.sqrt(hours)), -10, 10)

const cross = group(
  'cross-asset',
  ['bar'],
  [
    ['other-return-1h', 'return of BTC (for BTC of ETH) in its own σ48', 'σ', (p, i) => otherReturn(p, i, 1)],
    ['other-return-24h', 'return of BTC (for BTC of ETH) / (its σ48·√24)', 'σ', (p, i) => otherReturn(p, i, 24)],
    [
      'relative-return-24h',
      '(own return − the other’s) / (σ48·√24)',
      'σ',
      (p, i) =>
        clamp(
          (changeOver(p.logPrice, i, 24) - changeOver(p.other.logPrice, i, 24)) /
            (p.volatility[48][i]! * Math.sqrt(24)),
          -10,
          10,
        ),
    ],
    [
      'other-correlation-72h',
      'correlation of hourly returns with the other’s',
      '1',
      (p, i) => correlation(p.returns, p.other.returns, { i, hours: 72, least: 48 }),
    ],
  ],
)

const onClock = (value: (at: number) => number) => (p: Prepared, i: number) => value(p.columns.instants[i]!)
const calendar = group(
  'calendar',
  [],
  [
    ['hour-sine', 'sine of the hour of the day (UTC)', '1', onClock((at) => Math.sin(formula.angle(at, DAY)))],
    ['hour-cosine', 'cosine of the hour of the day (UTC)', '1', onClock((at) => Math.cos(formula.angle(at, DAY)))],
    [
      'weekday-sine',
      'sine of the time of the week (UTC, from Monday)',
      '1',
      onClock((at) => Math.sin(formula.angle(at, 7 * DAY))),
    ],
    [
      'weekday-cosine',
      'cosine of the time of the week (UTC, from Monday)',
      '1',
      onClock((at) => Math.cos(formula.angle(at, 7 * DAY))),
    ],
    ['weekend', '1 on Saturday and Sunday (UTC)', '1', onClock(formula.isWeekend)],
    ['until-expiry', 'hours to 08:00 UTC / 24', 'd', onClock((at) => formula.untilNext(at, DAY, formula.EXPIRY_HOUR))],
    [
      'until-weekly-expiry',
      'hours to Friday 08:00 UTC / 168',
      'week',
      onClock((at) => formula.untilNext(at, 7 * DAY, formula.FRIDAY + formula.EXPIRY_HOUR)),
    ],
    [
      'until-funding',
      'minutes to 00:00, 08:00 or 16:00 UTC / 480',
      '8 h',
      onClock((at) => formula.untilNext(at, 8 * HOUR, 0)),
    ],
  ],
)

/** In the order of every row. */
export const PRICE_FEATURES: readonly Feature<Prepared>[] = [...returns, ...volume, ...cross, ...calendar]
