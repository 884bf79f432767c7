import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { HORIZONS } from '../src/domain/forecast.ts'
import type { Artifact } from './artifact.ts'
import { HEADS } from './dataset.ts'
import type { HeadReport } from './evaluate.ts'
import type { TrainingReport } from './train.ts'

const BEGIN = '<!-- facts: written by npm run train -->'
const END = '<!-- end of facts -->'

/** Folders whose card says the models' figures; everything around them is written by hand. */
export type CardFolder = 'tcn' | 'volatility-only' | 'base-rate'
const FOLDERS: readonly CardFolder[] = ['tcn', 'volatility-only', 'base-rate']

/** Rewrites the facts of every model card under `modelsFolder` from a training run. */
export async function writeCards(modelsFolder: string, artifact: Artifact, report: TrainingReport): Promise<void> {
  for (const folder of FOLDERS) {
    await rewrite(path.join(modelsFolder, folder, 'README.md'), formatFacts(folder, artifact, report))
  }
  await rewrite(path.join(modelsFolder, 'README.md'), formatConfidenceFacts(report))
}

const rewrite = async (file: string, facts: string): Promise<void> =>
  writeFile(file, replaceFacts(await readFile(file, 'utf8'), facts))

/** @throws {Error} when the card has no place for facts */
export function replaceFacts(card: string, facts: string): string {
  const [begin, end] = [card.indexOf(BEGIN), card.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`Expected "${BEGIN}" before "${END}" in a model card, was not there`)
  return `${card.slice(0, begin + BEGIN.length)}\n\n${facts}\n${card.slice(end)}`
}

/** The facts of one card as Markdown: what it was trained on, how it did, always beside the others. */
export function formatFacts(folder: CardFolder, artifact: Artifact, report: TrainingReport): string {
  const lines = [
    '**Calibrated on simulated data only.** Nothing here says how it does on a real market.',
    '',
    `- trained on: ${report.trainedOn}`,
    `- samples: ${report.samples.train} to train, ${report.samples.calibration} to calibrate, ${report.samples.test} to test`,
    ...(folder === 'tcn' ? networkFacts(artifact, report) : []),
    '',
    '| test segment | rate | episodes | | AP | lift | ROC AUC | Brier skill | ECE | mean p / rate |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...HEADS.flatMap((head) => rows(report.heads[head])),
    '',
  ]
  if (folder === 'tcn') lines.push(...intervals(report), '', ...seenThrough(report), '', ...reliabilityOf(report), '')
  return lines.join('\n')
}

/** The facts of the cluster confidence, beside what distance and volatility alone would say. */
export function formatConfidenceFacts({ clusterConfidence, trainedOn }: TrainingReport): string {
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

const networkFacts = (artifact: Artifact, report: TrainingReport): string[] => [
  `- model: \`${artifact.modelId}\`, ${artifact.architecture}; weights ${artifact.weightsHash}, features ${artifact.featureHash}`,
  `- fitted on ${report.engine} with seed ${artifact.seed}; epoch ${report.network.bestEpoch} of ${report.network.epochs} kept (0 is the logistic start)`,
]

function rows({ head, base, episodes, model, baseline, baseRate }: HeadReport): string[] {
  const row = (name: string, scores: HeadReport['model'], first: string) =>
    `| ${first} | ${name} | ${number(scores.averagePrecision)} | ${number(scores.lift, 2)} | ${number(scores.rocAuc)} | ${percent(scores.brierSkill)} | ${number(scores.ece)} | ${number(scores.meanOverBase, 2)} |`
  return [
    row('network', model, `${head} | ${percent(base)} | ${episodes}`),
    row('volatility only', baseline, ' | | '),
    row('base rate', baseRate, ' | | '),
  ]
}

const intervals = ({ heads }: TrainingReport): string[] => [
  '90 % intervals by week-long blocks (paired where two models are compared):',
  '',
  ...HEADS.map((head) => {
    const { lift, brierSkill, liftOverBaseline, brierSkillOverBaseline } = heads[head].intervals
    const gate = heads[head].gate
    return `- ${head}: lift ${span(lift)}, over volatility only ${span(liftOverBaseline)}; Brier skill ${span(brierSkill, percent)}, over volatility only ${span(brierSkillOverBaseline, percent)}; calibration gate ${gate.passed ? 'passed' : 'not passed'} (ECE ${number(gate.ece)}, bound ${number(gate.eceBound)}, slope ${span(gate.slope)})`
  }),
]

const seenThrough = ({ priceAndFundingOnly: bare }: TrainingReport): string[] => [
  'The same test segment seen through price and funding alone, as most recorded history has it:',
  '',
  ...HEADS.map((head) => {
    const { model, baseline, gate } = bare[head]
    return `- ${head}: lift ${number(model.lift, 2)} (volatility only ${number(baseline.lift, 2)}), Brier skill ${percent(model.brierSkill)}, calibration gate ${gate.passed ? 'passed' : 'not passed'}`
  }),
]

const reliabilityOf = ({ heads }: TrainingReport): string[] => [
  'Reliability in ten bins of equal count (forecast → what came, 90 % interval):',
  '',
  ...HEADS.map((head) => {
    const bins = heads[head].reliability.map(
      ({ meanProbability, rate, rateInterval }) =>
        `${percent(meanProbability)} → ${percent(rate)} (${span(rateInterval, percent)})`,
    )
    return `- ${head}: ${bins.join('; ')}`
  }),
]

const number = (value: number, digits = 3): string => value.toFixed(digits)
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
const span = (
  { low, high }: { low: number; high: number },
  format: (value: number) => string = (value) => number(value, 2),
): string => `${format(low)} to ${format(high)}`
