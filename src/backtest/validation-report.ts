import { HORIZONS } from '../domain/forecast.ts'
import { LEVERAGE_BUCKETS } from '../domain/liquidation/leverage.ts'
import { percent, reliabilityTable, span } from './proof-report.ts'
import type { ValidationReport } from './recorded-validation.ts'

/** The report as Markdown, with the command that makes it. */
export function formatValidation(report: ValidationReport, command: string): string {
  const { symbol, from, to, sweeps, placebo, horizons, fittedOn } = report
  const day = horizons['24h']
  return [
    `# ${symbol}: liquidation map and cluster confidence on recorded data`,
    '',
    `Written by \`${command}\`.`,
    '',
    `Window ${from} to ${to}, ${report.bars} bars of four hours. Fitted on ${fittedOn.join(' and ')} before the days judged, with a gap of four days. Descriptive: the record of open interest is short, and no skill is claimed from it.`,
    '',
    'The event: spot price reaches the peak of the cluster within the horizon, and open interest in coins then falls by 1 % or more within four hours. One cluster and day (00:00 UTC) is one sample; an episode is a day and side with an event.',
    '',
    '## Confidence',
    '',
    'Skill over distance is 1 − Brier/Brier of distance and volatility alone, with its 95 % interval by week-long blocks; climatology is the rate of the distance band before the window.',
    '',
    ...tableOf(horizons),
    '',
    ...reliabilityTable('undetermined' in day ? undefined : day),
    ...(report.simulated
      ? [
          '## The calibration of the simulated market, in the same window',
          '',
          'Fitted on simulated markets alone, where liquidations are far more frequent: on recorded ones it promises too much. Real markets get the one fitted on recorded data (`models/artifacts/recorded`), which has seen these days and is therefore not judged on them here.',
          '',
          ...tableOf(report.simulated),
          '',
        ]
      : []),
    '## What was swept',
    '',
    `- Rank correlation of swept with printed notional on ${sweeps.ranked} bars of four hours that moved by more than a standard deviation: ${show(sweeps.spearman)}; of |return| alone: ${show(sweeps.spearmanReturn)}. The prints are Binance's and throttled to one a second: lower bounds.`,
    `- R² of the fall of open interest, fitted before the window and judged in it: |r| and r² ${show(sweeps.r2Return)}, with the swept share beside them ${show(sweeps.r2Full)}; ΔR² ${show(sweeps.deltaR2)}.`,
    `- Leverage as learned from ninety days: ${LEVERAGE_BUCKETS.map(({ leverage }, k) => `${leverage}x ${percent(report.leverage.shares[k]!)}`).join(', ')}. What the swept coins explain of forced volume beyond |r| and r², on ${report.leverage.months} months that were not fitted on: ΔR² ${show(finite(report.leverage.deltaR2))}.`,
    '',
    '## Placebo: the same prices, open interest of four weeks before',
    '',
    `- Skill over distance within 24 h: ${placebo.brierSkill === null ? 'undetermined' : `${percent(placebo.brierSkill)} [${placebo.brierSkillInterval!.map((value) => (value * 100).toFixed(1)).join(', ')}]`}`,
    `- Rank correlation of swept with printed notional: ${show(placebo.spearmanSwept)}; ΔR²: ${show(placebo.deltaR2)}`,
    '',
    'A map of the right prices with the wrong open interest still knows where price has been, and churn puts positions there: what it keeps of these figures is worth that much, and the rest is what open interest adds.',
    '',
  ].join('\n')
}

const tableOf = (horizons: ValidationReport['horizons']): readonly string[] => [
  '| within | clusters | days | episodes | rate | ECE | Brier | climatology | distance only | skill over distance | gate |',
  '|---|---|---|---|---|---|---|---|---|---|---|',
  ...HORIZONS.map((horizon) => {
    const row = horizons[horizon]
    if ('undetermined' in row) return `| ${horizon} | undetermined: ${row.undetermined} | | | | | | | | | |`
    return `| ${horizon} | ${row.samples} | ${row.days} | ${row.episodes} | ${percent(row.base)} | ${row.ece.toFixed(4)} | ${row.brier.toFixed(5)} | ${row.brierClimatology.toFixed(5)} | ${row.brierDistanceOnly.toFixed(5)} | ${percent(row.brierSkillOverDistance)} [${span(row)}] | ${row.gate.passed ? 'passed' : 'not passed'} |`
  }),
]

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

const show = (value: number | null): string => (value === null ? 'undetermined' : value.toFixed(3))
