import type { Report } from '../src/app/write-report.ts'
import { formatPercent, formatTime } from '../src/domain/format.ts'
import type { Effectiveness, Measure, MeasureName } from '../src/domain/hedging/effectiveness.ts'
import type { EffectivenessPicture } from '../src/domain/picture.ts'
import { HOUR } from '../src/domain/units.ts'

const SHARES: readonly (readonly [MeasureName, string])[] = [
  ['lossesAvoided', 'losses avoided (HER)'],
  ['upsideGivenUp', 'upside given up (UGU)'],
  ['skill', 'HER − UGU'],
  ['varianceReduction', 'variance taken out'],
]
const RATIOS: readonly (readonly [MeasureName, string])[] = [
  ['volatilityRatio', 'volatility'],
  ['downsideRatio', 'downside'],
  ['tailLossRatio', 'worst 5 % of hours'],
  ['drawdownRatio', 'drawdown'],
]

/** Every figure with its interval and count, beside the mean hedge ratio that a hedge without any skill would score. */
export function effectivenessLines(said: Effectiveness): string {
  if (said.kind === 'undetermined') {
    return said.reason === 'FLAT_EXPOSURE'
      ? `undetermined: price did not move in ${said.periods} h`
      : `undetermined: ${said.periods} h on record, ${said.needed} needed`
  }
  const { measures, meanHedgeRatio, periods } = said
  const lines = (of: typeof SHARES, format: (value: number) => string): string[] =>
    of.flatMap(([name, label]) => {
      const measure = measures[name]
      return measure ? [`${label} ${withInterval(measure, format)}`] : []
    })
  const ratios = lines(RATIOS, (value) => value.toFixed(2))
  return [
    `${periods} h, mean hedge ratio ${formatPercent(meanHedgeRatio)}`,
    ...lines(SHARES, percent),
    ...(ratios.length > 0 ? ['against a static hedge of the same mean, 1 is as good:', ...ratios] : []),
    'in brackets: 90 % interval, hours it rests on',
  ].join('\n')
}

/** Whole percents; what rounds to nothing has no sign. */
function percent(value: number): string {
  const rounded = Math.round(value * 100)
  return `${rounded < 0 ? '−' : ''}${Math.abs(rounded)} %`
}

const withInterval = ({ value, low, high, periods }: Measure, format: (value: number) => string): string =>
  `${format(value)} [${format(low)}, ${format(high)}; ${periods}]`

/** The whole record up to a month with and without the hedge, and the rolling share of losses avoided. */
export function effectivenessPicture({ effectiveness }: Report): EffectivenessPicture {
  const { path, said, rolling, window } = effectiveness
  const { points } = path
  const [first, last] = [points[0]!, points.at(-1)!]
  const meanHedgeRatio =
    said.kind === 'estimated'
      ? said.meanHedgeRatio
      : points.reduce((sum, one) => sum + one.hedgeRatio, 0) / points.length
  return {
    kind: 'effectiveness',
    title: `Book ${path.book}: what the hedge did`,
    subtitle: `${formatTime(first.at)} to ${formatTime(last.at)}, hourly; fees and slippage in, funding not accrued on paper`,
    alt: `From ${formatTime(first.at)} to ${formatTime(last.at)}. ${effectivenessLines(said).replaceAll(':\n', ': ').replaceAll('\n', '; ')}.`,
    pnl: points.map(({ at, unhedged, hedged }) => ({ at, unhedged, hedged })),
    rolling: rolling.map(({ at, value, low, high }) => ({ at: path.periods[at]!.endedAt, value, low, high })),
    meanHedgeRatio,
    window: `${Math.round(window / HOUR)} h`,
  }
}
