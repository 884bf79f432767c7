import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { HORIZONS } from '../src/domain/forecast.ts'
import type { ConfidenceArtifact } from './confidence-file.ts'
import type { EventRow, LadderReport } from './evaluation/ladder-report.ts'
import { pooledCell } from './evaluation/ladder-report.ts'
import type { RungName } from './rung.ts'
import { PRICE_ONLY } from './targets.ts'
import type { TrainingReport } from './train.ts'

/** The command that writes what follows stands in it. */
const BEGIN = /<!-- facts: written by [^>]*-->/
const END = '<!-- end of facts -->'

/** Rewrites the facts of the shipped simulated models, which stand in the README of the models. */
export async function writeTrainingCard(
  modelsFolder: string,
  report: TrainingReport,
  confidence: ConfidenceArtifact['report'],
): Promise<void> {
  const facts = [
    formatTraining(report),
    '',
    formatConfidenceFacts({ clusterConfidence: confidence, trainedOn: report.trainedOn }),
  ]
  await rewrite(path.join(modelsFolder, 'README.md'), facts.join('\n'))
}

/** Rewrites the card of every rung that was evaluated, each in its folder. */
export async function writeLadderCards(
  modelsFolder: string,
  report: LadderReport,
  { command, data }: { command: string; data: string },
): Promise<void> {
  for (const rung of report.rungs) {
    const facts = [`From \`${command}\` on ${data}.`, '', ...formatRung(report, rung), '']
    await rewrite(path.join(modelsFolder, rung, 'README.md'), facts.join('\n'))
  }
}

const rewrite = async (file: string, facts: string): Promise<void> =>
  writeFile(file, replaceFacts(await readFile(file, 'utf8'), facts))

/** @throws {Error} when the card has no place for facts */
export function replaceFacts(card: string, facts: string): string {
  const [begin, end] = [BEGIN.exec(card), card.indexOf(END)]
  if (!begin || end < begin.index) {
    throw new Error(`Expected "<!-- facts: written by … -->" before "${END}" in a model card, was not there`)
  }
  return `${card.slice(0, begin.index + begin[0].length)}\n\n${facts}\n${card.slice(end)}`
}

const HEADER = [
  '| target | rate | episodes | lift | Brier skill | calibration error | gate | against the rung below | against volatility only |',
  '|---|---|---|---|---|---|---|---|---|',
]

/** What a rung was worth on the targets that skill may be claimed on, beside the one below it and volatility only. */
export function formatRung(report: LadderReport, rung: RungName): readonly string[] {
  const lines = PRICE_ONLY.flatMap((key) => {
    const cell = pooledCell(report, key)
    const row = cell?.rows.find((one) => one.rung === rung)
    if (!cell || !row) return []
    const { scores, intervals } = row
    return [
      `| ${[
        key,
        percent(cell.base),
        cell.marketEpisodes,
        `${number(scores.lift, 2)} [${span(intervals.lift[95])}]`,
        `${percent(scores.brierSkill)} [${span(intervals.brierSkill[95], percent)}]`,
        number(scores.ece),
        row.gate ? (row.gate.passed ? 'passed' : 'not passed') : '–',
        against(row, report.rungs[report.rungs.indexOf(rung) - 1]),
        against(row, rung === 'volatility-only' ? undefined : 'volatility-only'),
      ].join(' | ')} |`,
    ]
  })
  return lines.length > 0
    ? [
        ...HEADER,
        ...lines,
        '',
        'In brackets 95 % intervals by week-long blocks; comparisons are paired, of average precision.',
      ]
    : ['Nothing was judged.']
}

function against(row: EventRow, other: RungName | undefined): string {
  const found = row.comparisons.find((comparison) => comparison.against === other)
  if (!found) return '–'
  const { value, intervals, verdict } = found.averagePrecision
  return `${signed(value)} [${span(intervals[95], signed)}], ${verdict}`
}

function formatTraining(report: TrainingReport): string {
  const rung = report.ladder.rungs.at(-1)!
  return [
    '### The shipped model of the simulated market',
    '',
    '**Calibrated on simulated data only.** Nothing here says how it does on a real market.',
    '',
    `- \`${report.modelId}\`: ${report.architecture}`,
    `- trained on: ${report.trainedOn}`,
    `- samples: ${report.samples.train} to train, ${report.samples.calibration} to calibrate, ${report.samples.test} to test`,
    ...(report.leftOut.length > 0 ? [`- never known there, and so not read: ${report.leftOut.join(', ')}`] : []),
    '',
    ...formatRung(report.ladder, rung),
    '',
    'Volatility only on the same test segment:',
    '',
    ...formatRung(report.ladder, 'volatility-only'),
    '',
    'The model seen through price and funding alone, as most recorded history has it:',
    '',
    ...formatRung(report.priceAndFundingOnly, rung),
    '',
    '### The confidence of liquidation clusters',
    '',
  ].join('\n')
}

/** The facts of the cluster confidence, beside what distance and volatility alone would say. */
export function formatConfidenceFacts({
  clusterConfidence,
  trainedOn,
}: {
  clusterConfidence: ConfidenceArtifact['report']
  trainedOn: string
}): string {
  const known = HORIZONS.flatMap((horizon) => clusterConfidence[horizon] ?? [])
  return [
    '**Calibrated on simulated data only.**',
    '',
    `Trained on: ${trainedOn.split(';')[0]}. Judged on the last quarter of the days: was the cluster touched within the horizon, with open interest falling after it?`,
    '',
    '| within | clusters | days | episodes | rate | AP (distance only) | Brier skill over climatology | over distance and volatility only | ECE | gate |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...known.map(
      (row) =>
        `| ${row.horizon} | ${row.samples} | ${row.days} | ${row.episodes} | ${percent(row.base)} | ${number(row.averagePrecision)} (${number(row.averagePrecisionDistanceOnly)}) | ${percent(row.brierSkill)} | ${percent(row.brierSkillOverDistance)} [${span(row.brierSkillInterval, percent)}] | ${number(row.ece)} | ${row.gate.passed ? 'passed' : 'not passed'} |`,
    ),
    '',
    ...known.map(
      ({ horizon, reliability }) =>
        `Reliability within ${horizon}, bins of equal count: ${reliability.map(({ meanProbability, rate }) => `${percent(meanProbability)} → ${percent(rate)}`).join('; ')}`,
    ),
    '',
  ].join('\n')
}

const number = (value: number, digits = 3): string => value.toFixed(digits)
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
const span = (
  { low, high }: { low: number; high: number },
  format: (value: number) => string = (value) => number(value, 2),
): string => `${format(low)} to ${format(high)}`
