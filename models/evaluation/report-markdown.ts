import type { RungName } from '../rung.ts'
import { PRICE_ONLY, targetOf } from '../targets.ts'
import { COOLDOWN_HOURS, UNIT_COST } from './alerts.ts'
import { claimsOf, titleOf } from './claims.ts'
import {
  ALL,
  type Difference,
  type EventCell,
  type EventRow,
  type LadderReport,
  LEAST_EPISODES,
  pooledCell,
  type Reference,
  type ValueCell,
} from './ladder-report.ts'
import type { PoolingRow } from './pooling.ts'
import type { Intervals } from './resampling.ts'
import { RUNG_TITLES } from './words.ts'

export interface ReportWords {
  readonly title: string
  /** As someone else would type it. */
  readonly command: string
  /** What was fitted on what, in sentences. */
  readonly about: readonly string[]
  /** File names of pictures beside the report. */
  readonly pictures: readonly string[]
  /** Rungs that were judged on the reserved stretch before; default none. */
  readonly seenBefore?: readonly RungName[]
  /** What learning from further assets adds: the same rung fitted on more and more. */
  readonly pooling?: readonly PoolingRow[]
}

/** The whole report as Markdown. */
export function formatLadder(report: LadderReport, words: ReportWords): string {
  const price = PRICE_ONLY.flatMap((target) => pooledCell(report, target) ?? [])
  const others = report.events.filter((cell) => !cell.priceOnly && isPooled(report, cell))
  const byAsset = report.events.filter((cell) => cell.priceOnly && !isPooled(report, cell))
  const [first] = price
  return [
    `# ${words.title}`,
    '',
    `Written by \`${words.command}\`.`,
    '',
    ...words.about.flatMap((sentence) => [sentence, '']),
    `Judged on ${report.samples} decisions of ${report.assets.join(' and ')} in ${report.folds.length} test ${report.folds.length === 1 ? 'segment' : 'segments'}, none of them fitted or calibrated on:`,
    '',
    '| train | calibration | test |',
    '|---|---|---|',
    ...report.folds.map(({ train, calibration, test }) => `| ${[train, calibration, test].map(span).join(' | ')} |`),
    '',
    '## What may be claimed',
    '',
    ...claimsOf(report, { seenBefore: words.seenBefore }).sentences.map((sentence) => `- ${sentence}`),
    '',
    '## The ladder on price-only labels',
    '',
    `Lift is average precision over the rate: 1 is chance. Brier skill is against always saying the training segment's rate. In brackets: 95 % intervals of ${report.resampling.draws} draws of ${report.resampling.blockHours / 24} days each; the differences are paired. Of episodes (runs of positive hours, no more than a day apart) the number over all assets counts: what happened to several at once happened once. Below ${LEAST_EPISODES} no verdict is given; \`undetermined\` is one.`,
    '',
    ...price.flatMap(eventTable),
    ...togetherTable(report),
    ...(first ? alertTable(price) : []),
    ...(words.pictures.length > 0
      ? ['## Pictures', '', ...words.pictures.map((file) => `![${file.replace(/\.png$/, '')}](${file})`), '']
      : []),
    ...(words.pooling ? poolingTable(words.pooling) : []),
    ...(byAsset.length > 0 ? ['## The same by asset', '', ...byAsset.flatMap(eventTable)] : []),
    '## Other events, descriptive',
    '',
    'What uses open interest, recorded liquidations or funding rests on a short record: no skill is claimed from it.',
    '',
    ...(others.length > 0 ? others.flatMap(eventTable) : ['No label of these is known in the test segments.', '']),
    '## Values, descriptive',
    '',
    'R² is 1 − MSE/MSE of always saying the mean of the training segment. Direction: share of signs that were right, beside the sign that came more often.',
    '',
    ...valueTables(report),
  ].join('\n')
}

const isPooled = (report: LadderReport, { scope }: { scope: string }): boolean =>
  report.assets.length === 1 || scope === ALL

function eventTable(cell: EventCell): string[] {
  const { name, horizonHours, unit } = targetOf(cell.target)
  return [
    `### ${name}, ${hours(horizonHours)}${cell.scope === ALL ? '' : `, ${cell.scope}`}`,
    '',
    `${unit}. ${cell.samples} decisions, rate ${percent(cell.base)}, ${cell.episodes} episodes by asset, **${cell.marketEpisodes}** of the market.`,
    '',
    '| rung | lift | ROC AUC | Brier skill | ΔAP over below | Δ Brier skill over below | Δ over volatility only | verdict | ECE (largest gap) | mean/rate | top 1 %: said → came | gate |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...cell.rows.map((row) => eventLine(row, cell)),
    '',
  ]
}

function eventLine(row: EventRow, cell: EventCell): string {
  const { scores, intervals, gate } = row
  const [below, volatility] = [row.comparisons[0], row.comparisons.find(({ against }) => against === 'volatility-only')]
  const partial = scores.samples < cell.samples ? ` (${scores.samples})` : ''
  const cells = [
    `${RUNG_TITLES[row.rung]}${partial}`,
    `${number(scores.lift)} ${bracket(intervals.lift, (value) => number(value))}`,
    number(scores.rocAuc, 3),
    `${percent(scores.brierSkill)} ${bracket(intervals.brierSkill, percent)}`,
    below && below.against !== 'training rate' ? difference(below.averagePrecision, (value) => number(value, 3)) : '',
    below ? difference(below.brierSkill, percent) : '',
    volatility ? difference(volatility.brierSkill, percent) : '',
    below ? `${below.verdict}${below.against === 'training rate' ? ' (than the training rate)' : ''}` : '',
    `${number(scores.ece, 3)} (${number(scores.maxGap, 3)})`,
    number(scores.meanOverBase),
    `${percent(scores.top.meanProbability)} → ${percent(scores.top.rate)} of ${scores.top.count}`,
    gate ? (gate.passed ? 'passed' : `not passed${whyNot(gate)}`) : '',
  ]
  return `| ${cells.join(' | ')} |`
}

function whyNot({ ece, eceBound, slope, brierSkill }: NonNullable<EventRow['gate']>): string {
  const reasons = [
    ...(ece > eceBound ? ['calibration error'] : []),
    ...(slope.low > 0 && slope.low <= 1 && slope.high >= 1 ? [] : ['slope']),
    ...(brierSkill > 0 ? [] : ['no skill']),
  ]
  return reasons.length > 0 ? `: ${reasons.join(', ')}` : ''
}

function togetherTable({ together }: LadderReport): string[] {
  if (together.length === 0) return []
  return [
    '### All of these at once',
    '',
    'Brier skill over the six price-only targets together, less that of the other on the same answers: with the interval by weeks, and by episodes of the market.',
    '',
    '| rung | over | targets | difference, by weeks | by episodes | verdict |',
    '|---|---|---|---|---|---|',
    ...together.map(
      ({ rung, against, targets, brierSkill: { value, intervals, byEpisode, verdict } }) =>
        `| ${RUNG_TITLES[rung]} | ${titleOf(against)} | ${targets.length} | ${percent(value)} ${bracket(intervals, percent)} | ${byEpisode ? bracket(byEpisode, percent) : ''} | ${verdict} |`,
    ),
    '',
  ]
}

function alertTable(cells: readonly EventCell[]): string[] {
  const lines = cells.flatMap((cell) =>
    cell.rows.flatMap(({ rung, alerts, value }) => {
      if (!alerts) return []
      const { byChance } = alerts
      return [
        `| ${cell.target} | ${RUNG_TITLES[rung]} | ${number(alerts.alertsPerDay)} | ${number(alerts.falseAlertsPerDay)} | ${percent(alerts.precision)} (${percent(byChance.precision)}) | ${percent(alerts.recall)} (${percent(byChance.recall)}) | ${alerts.lead ? `${alerts.lead.median.toFixed(0)} [${alerts.lead.lowerQuartile.toFixed(0)}, ${alerts.lead.upperQuartile.toFixed(0)}]` : '–'} (${Number.isFinite(byChance.leadMedian) ? byChance.leadMedian.toFixed(0) : '–'}) | ${value ? number(value.score) : '–'} |`,
      ]
    }),
  )
  if (lines.length === 0) return []
  const units = cells.some(({ rows }) => rows.some(({ value }) => value?.basis === 'unit losses'))
  return [
    '## Alerts',
    '',
    `Thresholds that gave one alert a day on the calibration segment, each asset silent for ${COOLDOWN_HOURS} h after one. Lead time runs from the first alert within 72 h before an episode to its first positive hour: median and quartiles; the move itself comes up to the horizon later. In parentheses: as many alerts at hours that mean nothing. Value: 0 is the better of always and never hedging, 1 is knowing the future${units ? `; a needless hedge is taken to cost ${percent(UNIT_COST)} of the loss that a needful one saves` : ''}.`,
    '',
    '| target | rung | alerts a day | false a day | precision | episodes caught | lead time, h | value |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ]
}

function poolingTable(rows: readonly PoolingRow[]): string[] {
  return [
    '## What pooling adds',
    '',
    'The same rung learned from more assets, judged on the same decisions. Coins crash in the same hours, so further coins add few crashes of the market. What was learned from is that of the last fold; differences are paired, to the first line of the target.',
    '',
    '| target | rung | learned from | samples | episodes of the market in them | lift | Brier skill | ECE | ΔAP | Δ Brier skill |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map(({ name, trainedOn, cell, row: { rung, scores, intervals }, over }) =>
      [
        `| ${cell.target} | ${RUNG_TITLES[rung]} | ${name} | ${trainedOn.samples} | ${trainedOn.marketEpisodes} |`,
        `${number(scores.lift)} ${bracket(intervals.lift, (value) => number(value))} |`,
        `${percent(scores.brierSkill)} ${bracket(intervals.brierSkill, percent)} | ${number(scores.ece, 3)} |`,
        `${over ? difference(over.averagePrecision, (value) => number(value, 3)) : ''} |`,
        `${over ? difference(over.brierSkill, percent) : ''} |`,
      ].join(' '),
    ),
    '',
  ]
}

function valueTables(report: LadderReport): string[] {
  const cells = report.values.filter((cell) => isPooled(report, cell))
  if (cells.length === 0) return ['No label of these is known in the test segments.', '']
  return cells.flatMap((cell: ValueCell) => {
    const { name, horizonHours, unit } = targetOf(cell.target)
    return [
      `### ${name}, ${hours(horizonHours)}`,
      '',
      `${unit}. ${cell.samples} decisions.`,
      '',
      '| rung | MSE | R² | direction (of the commoner sign) | ΔR² over below | verdict |',
      '|---|---|---|---|---|---|',
      ...cell.rows.map(({ rung, scores, intervals, comparisons: [below] }) => {
        const over = below ? `${difference(below.r2, percent)}${nameOf(below.against)}` : ''
        return `| ${RUNG_TITLES[rung]} | ${scores.mse.toPrecision(4)} | ${percent(scores.r2)} ${bracket(intervals.r2, percent)} | ${percent(scores.directionalAccuracy)} (${percent(scores.directionalBase)}) | ${over} | ${below?.verdict ?? ''} |`
      }),
      '',
    ]
  })
}

const nameOf = (against: Reference): string => (against === 'training rate' ? ' (the training mean)' : '')
const difference = ({ value, intervals }: Difference, format: (value: number) => string): string =>
  `${format(value)} ${bracket(intervals, format)}`
const bracket = (intervals: Intervals, format: (value: number) => string): string =>
  `[${format(intervals[95].low)}, ${format(intervals[95].high)}]`
const number = (value: number, digits = 2): string => (Number.isFinite(value) ? value.toFixed(digits) : '–')
const percent = (value: number): string => (Number.isFinite(value) ? `${(value * 100).toFixed(1)} %` : '–')
const hours = (value: number): string => (value < 1 ? `${Math.round(value * 60)} min` : `${value} h`)
const span = ([from, to]: readonly [number, number]): string => `${day(from)} to ${day(to)}`
const day = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString().slice(0, 10) : '–')
