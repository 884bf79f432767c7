import { averagePrecision, brierSkill, calibrationError, reliability } from '../src/domain/calibration.ts'
import {
  type ConfidenceCalibration,
  type ConfidenceSample,
  fitConfidence,
  probabilitiesOf,
} from '../src/domain/liquidation/confidence.ts'
import { collectConfidenceSamples } from '../src/domain/liquidation/confidence-samples.ts'
import { DAY } from '../src/domain/units.ts'
import type { MarketSource, MarketStep } from '../src/ports.ts'

export const CONFIDENCE_FILE = 'confidence.json'

export interface ConfidenceScores {
  readonly averagePrecision: number
  readonly lift: number
  readonly brierSkill: number
  readonly ece: number
  readonly meanOverBase: number
}

/** How the confidence of liquidation clusters did on the last quarter of the days, which nothing was fitted on. */
export interface ConfidenceReport {
  readonly samples: number
  readonly days: number
  /** Share of (cluster, day) after which price touched the cluster within a day and open interest then fell. */
  readonly base: number
  readonly confidence: ConfidenceScores
  /** Distance and volatility alone: P(touch) times the share of touches that an event followed. */
  readonly distanceOnly: ConfidenceScores
  readonly reliability: readonly { readonly meanProbability: number; readonly rate: number; readonly count: number }[]
}

const FIT_SHARE = 0.75
/** Longer than the horizon: no outcome reaches from the fitted days into the judged ones. */
const EMBARGO_DAYS = 3

export interface ConfidenceOptions {
  /** Opens the market anew; read once per asset. */
  readonly source: () => MarketSource
  /** Read no further than this many days; default all. */
  readonly days?: number
  readonly trainedOn: string
  readonly onProgress?: (share: number) => void
  readonly signal?: AbortSignal
}

/**
 * Collects clusters and their outcomes, fits the confidence on the first three quarters of the days and judges it on the rest.
 *
 * @throws {RangeError} when too few clusters were touched to fit anything
 */
export async function trainClusterConfidence(
  options: ConfidenceOptions,
): Promise<{ calibration: ConfidenceCalibration; report: ConfidenceReport }> {
  const { signal, onProgress = () => {} } = options
  const samples: ConfidenceSample[] = []
  const { assets } = options.source()
  for (const [k, asset] of assets.entries()) {
    const source = options.source()
    const steps = observed(source, options, (share) => onProgress((k + share) / assets.length))
    // One at a time: each keeps a fortnight of ticks and a map of its own.
    for (const sample of await collectConfidenceSamples(steps, { asset, feeds: source.feeds })) samples.push(sample)
    await source.close()
  }
  signal?.throwIfAborted()
  const days = [...new Set(samples.map(({ at }) => Math.floor(at / DAY)))].sort((a, b) => a - b)
  const lastFitted = days[Math.floor(FIT_SHARE * days.length)] ?? 0
  const calibration = fitConfidence(
    samples.filter(({ at }) => at < lastFitted * DAY),
    { calibratedOn: 'simulated', trainedOn: `${options.trainedOn}, the first three quarters` },
  )
  const held = samples.filter(({ at }) => at >= (lastFitted + EMBARGO_DAYS) * DAY)
  return { calibration, report: judge(calibration, held) }
}

async function* observed(
  source: MarketSource,
  { days = Number.POSITIVE_INFINITY, signal }: ConfidenceOptions,
  onProgress: (share: number) => void,
): AsyncGenerator<MarketStep> {
  const end = Math.min(source.to ?? Number.POSITIVE_INFINITY, source.from + days * DAY)
  let told = source.from
  for await (const step of source.steps({ signal })) {
    signal?.throwIfAborted()
    if (step.at > end) return
    if (step.at - told >= 10 * DAY) {
      told = step.at
      onProgress((step.at - source.from) / (end - source.from))
    }
    yield step
  }
}

function judge(calibration: ConfidenceCalibration, held: readonly ConfidenceSample[]): ConfidenceReport {
  if (held.length === 0) throw new RangeError('Expected clusters on the held-out days, were none: collect more days')
  const labels = held.map(({ event }): number => (event ? 1 : 0))
  const base = labels.reduce((sum, label) => sum + label, 0) / labels.length
  const { counts } = calibration
  const fittedBase = counts.events / counts.samples
  const answers = held.map(({ features }) => probabilitiesOf(features, calibration))
  const confidence = answers.map((answer) => answer.confidence)
  const distanceOnly = answers.map(({ pTouch }) => (pTouch * counts.events) / counts.touched)
  const scores = (probabilities: readonly number[]): ConfidenceScores => ({
    averagePrecision: averagePrecision(probabilities, labels),
    lift: averagePrecision(probabilities, labels) / base,
    brierSkill: brierSkill(probabilities, labels, fittedBase),
    ece: calibrationError(probabilities, labels).ece,
    meanOverBase: probabilities.reduce((sum, p) => sum + p, 0) / probabilities.length / base,
  })
  return {
    samples: held.length,
    days: new Set(held.map(({ at }) => Math.floor(at / DAY))).size,
    base,
    confidence: scores(confidence),
    distanceOnly: scores(distanceOnly),
    reliability: reliability(confidence, labels).map(({ meanProbability, rate, count }) => ({
      meanProbability,
      rate,
      count,
    })),
  }
}
