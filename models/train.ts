import path from 'node:path'
import { applyPlatt, type PlattScaling, sigmoid } from '../src/domain/calibration.ts'
import type { Asset } from '../src/domain/market/tick.ts'
import { createRandom } from '../src/domain/random.ts'
import { DAY, type DurationMs, duration, type TimestampMs, timestamp } from '../src/domain/units.ts'
import type { MarketSource } from '../src/ports.ts'
import { type Artifact, encodeWeights, hashOfWeights, writeArtifact, writeJson } from './artifact.ts'
import { baseRate } from './base-rate/base-rate.ts'
import { allButPriceAndFunding, createHiding, fitNormaliser, type Hidden, type Normaliser } from './batches.ts'
import { fitRisingPlatt } from './calibrate.ts'
import { writeCards } from './cards.ts'
import { trainClusterConfidence } from './cluster-confidence.ts'
import { type ConfidenceArtifact, writeConfidence } from './confidence-file.ts'
import {
  byHead,
  collectHours,
  HEADS,
  type Head,
  HORIZON_HOURS,
  type Sample,
  type Split,
  splitHours,
} from './dataset.ts'
import { type Engine, loadEngine, loadGradients } from './engine.ts'
import { evaluateHead, type HeadReport } from './evaluate.ts'
import { FEATURES, featureHash } from './features.ts'
import { type FitOptions, fitTcn, predictLogits, TCN_SHAPE } from './tcn/fit.ts'
import type { Network } from './tcn/network.ts'
import { fitVolatilityOnly, predictSample, type VolatilityOnly } from './volatility-only/volatility-only.ts'

/** The simulated market that a training run reads: pass it to the source. */
export interface TrainingMarket {
  readonly assets: readonly Asset[]
  readonly from: TimestampMs
  readonly to: TimestampMs
  readonly warmupDays: number
}

const market = (days: number, from: number): TrainingMarket => ({
  assets: ['ETH', 'BTC'],
  from: timestamp(from),
  to: timestamp(from + days * DAY),
  warmupDays: 2,
})

/** Six years of two assets, or a little over a year of one to see in seconds that everything works. */
export const TRAINING_MARKET: Record<'full' | 'quick', TrainingMarket> = {
  full: market(6 * 365, Date.UTC(2019, 0, 1)),
  quick: { ...market(380, Date.UTC(2019, 0, 1)), assets: ['ETH'] },
}

export interface TrainOptions {
  /** Opens the market to learn from, the same every time; read once for the models and once per asset for clusters. */
  readonly source: () => MarketSource
  readonly outFolder: string
  /** Of the network's initial weights and every draw in fitting; default 1. */
  readonly seed?: number
  /** Few epochs on what little the source holds; the result works and is of no use. */
  readonly quick?: boolean
  /** Folder whose model cards are rewritten from the result; default none are. */
  readonly cardsFolder?: string
  readonly engine?: Engine
  readonly onProgress?: (share: number, text: string) => void
  readonly signal?: AbortSignal
}

export interface TrainingReport {
  readonly modelId: string
  readonly engine: string
  readonly trainedOn: string
  readonly took: DurationMs
  readonly samples: { readonly train: number; readonly calibration: number; readonly test: number }
  readonly network: { readonly parameters: number; readonly epochs: number; readonly bestEpoch: number }
  /** On the test segment with every feed there. */
  readonly heads: Record<Head, HeadReport>
  /** The same test segment seen through price and funding alone, as in most recorded history. */
  readonly priceAndFundingOnly: Record<Head, HeadReport>
  /** The confidence of liquidation clusters on its own held-out days. */
  readonly clusterConfidence: ConfidenceArtifact['report']
}

const FULL: Omit<FitOptions, 'seed' | 'onEpoch' | 'signal'> = {
  maxEpochs: 8,
  patience: 3,
  samplesPerEpoch: 8_000,
  batchSize: 128,
  learningRate: 5e-4,
  l2: 1e-4,
}
const QUICK: typeof FULL = { ...FULL, maxEpochs: 2, samplesPerEpoch: 256, batchSize: 64 }
/** Neighbouring hours share nearly all of their window and label. */
const TRAIN_EVERY_HOURS = 4
const QUICK_CONFIDENCE_DAYS = 100
export const REPORT_FILE = 'report.json'

/**
 * Trains the network and its baselines on a market, judges them on its last quarter and writes the artifact.
 *
 * Long: give it its own process. The same source, seed and engine give the same weights. Writes `model.json` (weights,
 * normaliser, calibrators, feature hash, held-out figures), `confidence.json` (of liquidation clusters) and `report.json`, each
 * whole or not at all.
 *
 * @throws {Error} when the source is too short to hold a train, a calibration and a test segment with positives in each
 * @throws the signal's reason when it is aborted; nothing is written then
 */
export async function trainModels(options: TrainOptions): Promise<TrainingReport> {
  const { seed = 1, quick = false, signal, onProgress = () => {} } = options
  const startedAt = Date.now()
  const engine = options.engine ?? (await loadEngine())
  await loadGradients(engine)

  const source = options.source()
  onProgress(0, `reading the ${source.name} market`)
  const assets = await collectHours(source, {
    signal,
    onProgress: (share) => onProgress(0.2 * share, `reading the ${source.name} market`),
  })
  await source.close()
  const split = splitHours(assets, quick ? 1 : TRAIN_EVERY_HOURS)
  requireEnough(split)

  const normaliser = fitNormaliser(split.train)
  const settings = quick ? QUICK : FULL
  onProgress(0.2, 'fitting the network')
  const fit = await fitTcn(engine.tf, split, normaliser, {
    ...settings,
    seed,
    signal,
    onEpoch: ({ epoch, calibrationLoss }) =>
      onProgress(
        0.2 + (0.4 * epoch) / settings.maxEpochs,
        `epoch ${epoch}, calibration loss ${calibrationLoss.toFixed(4)}`,
      ),
  })

  onProgress(0.61, 'calibrating and judging on the test segment')
  const judge = createJudge(engine, fit.network, { split, normaliser, seed })
  const heads = byHead((head) => evaluateHead(judge.forecasts(head, 'full')))
  const priceAndFunding = byHead((head) => evaluateHead(judge.forecasts(head, 'reduced')))
  const trainedOn = describeSource(source, split)

  onProgress(0.65, 'collecting liquidation clusters')
  const clusters = await trainClusterConfidence({
    source: options.source,
    trainedOn: describeSpan(source),
    days: quick ? QUICK_CONFIDENCE_DAYS : undefined,
    signal,
    onProgress: (share) => onProgress(0.65 + 0.34 * share, 'collecting liquidation clusters'),
  })

  const artifact = toArtifact({
    engine,
    network: fit.network,
    judge,
    normaliser,
    seed,
    heads,
    priceAndFunding,
    trainedOn,
  })
  const report: TrainingReport = {
    modelId: artifact.modelId,
    engine: engine.name,
    trainedOn,
    took: duration(Date.now() - startedAt),
    samples: { train: split.train.length, calibration: split.calibration.length, test: split.test.length },
    network: { parameters: fit.network.parameterCount, epochs: fit.epochs, bestEpoch: fit.bestEpoch },
    heads,
    priceAndFundingOnly: priceAndFunding,
    clusterConfidence: clusters.report,
  }
  fit.network.dispose()
  await writeArtifact(options.outFolder, artifact)
  await writeConfidence(options.outFolder, clusters)
  await writeJson(path.join(options.outFolder, REPORT_FILE), report)
  if (options.cardsFolder) await writeCards(options.cardsFolder, artifact, report)
  onProgress(1, `wrote ${artifact.modelId}`)
  return report
}

type Profile = 'full' | 'reduced'

/** Everything fitted after the network: calibrators and baseline, from the calibration segment only. */
function createJudge(
  engine: Engine,
  network: Network,
  { split, normaliser, seed }: { split: Split; normaliser: Normaliser; seed: number },
) {
  const logits = (samples: readonly Sample[], hide?: () => Hidden | undefined) =>
    predictLogits(engine.tf, network, samples, normaliser, hide)
  const probabilities = (all: Float32Array, head: Head): number[] =>
    Array.from({ length: all.length / HEADS.length }, (_, k) => sigmoid(all[k * HEADS.length + HEADS.indexOf(head)]!))
  const labels = (samples: readonly Sample[], head: Head) => samples.map(({ hours, i }) => hours.labels[head][i]!)

  const hidden = createHiding(createRandom(seed + 3))
  const held = { full: logits(split.calibration), reduced: logits(split.calibration, hidden) }
  const calibrators = {
    full: byHead((head) => fitRisingPlatt(probabilities(held.full, head), labels(split.calibration, head))),
    reduced: byHead((head) => fitRisingPlatt(probabilities(held.reduced, head), labels(split.calibration, head))),
  } satisfies Record<Profile, Record<Head, PlattScaling>>
  const baseline: Record<Head, VolatilityOnly> = byHead((head) => fitVolatilityOnly(head, split))
  const baseRates = byHead((head) => baseRate(head, split.train))
  const bare = allButPriceAndFunding()
  const test = { full: logits(split.test), reduced: logits(split.test, () => bare) }

  return {
    calibrators,
    baseline,
    baseRates,
    forecasts: (head: Head, profile: Profile) => ({
      head,
      samples: split.test,
      model: probabilities(test[profile], head).map((p) => applyPlatt(calibrators[profile][head], p)),
      baseline: split.test.map((sample) => predictSample(baseline[head], sample)),
      trainingBase: baseRates[head],
    }),
  }
}

interface Trained {
  readonly engine: Engine
  readonly network: Network
  readonly judge: ReturnType<typeof createJudge>
  readonly normaliser: Normaliser
  readonly seed: number
  readonly heads: Record<Head, HeadReport>
  readonly priceAndFunding: Record<Head, HeadReport>
  readonly trainedOn: string
}

function toArtifact({ network, judge, normaliser, seed, heads, priceAndFunding, trainedOn }: Trained): Artifact {
  const weights = Object.fromEntries(
    [...network.weights].map(([name, variable]) => [
      name,
      { shape: variable.shape, data: encodeWeights(Float32Array.from(variable.dataSync())) },
    ]),
  )
  const weightsHash = hashOfWeights(weights)
  return {
    format: 'breakwater-model/2',
    modelId: `tcn-simulated-${weightsHash.slice(0, 8)}`,
    architecture: `dilated causal TCN, ${network.parameterCount} parameters, ${TCN_SHAPE.windowHours} hourly steps, ${HEADS.length} heads`,
    calibratedOn: 'simulated',
    trainedAt: new Date().toISOString(),
    trainedOn,
    seed,
    horizonHours: { ...HORIZON_HOURS },
    featureHash: featureHash(),
    features: FEATURES.map(({ name }) => name),
    normaliser: { mean: [...normaliser.mean], spread: [...normaliser.spread] },
    shape: { ...TCN_SHAPE, dilations: [...TCN_SHAPE.dilations], heads: HEADS.length },
    weights,
    weightsHash,
    parameterCount: network.parameterCount,
    calibrators: judge.calibrators,
    baseline: byHead((head) => toPlain(judge.baseline[head])),
    baseRates: judge.baseRates,
    gates: {
      full: byHead((head) => heads[head].gate.passed),
      reduced: byHead((head) => priceAndFunding[head].gate.passed),
    },
    metrics: Object.fromEntries(HEADS.flatMap((head) => figuresOf(heads[head]))),
  }
}

const SHOWN = ['averagePrecision', 'lift', 'brierSkill', 'ece'] as const

const figuresOf = ({ head, model, baseline, baseRate: constant }: HeadReport) =>
  SHOWN.map(
    (name) => [`${head}.${name}`, { model: model[name], baseline: baseline[name], base: constant[name] }] as const,
  )

/** A plain mutable copy, as a JSON file would give it back. */
const toPlain = <T>(value: T) => structuredClone(value) as T extends VolatilityOnly ? Artifact['baseline'][Head] : T

function requireEnough(split: Split): void {
  for (const [name, samples] of [
    ['train', split.train],
    ['calibration', split.calibration],
    ['test', split.test],
  ] as const) {
    for (const head of HEADS) {
      const positives = samples.filter(({ hours, i }) => hours.labels[head][i] === 1).length
      if (positives > 0 && positives < samples.length) continue
      throw new Error(
        `Expected ${head} to happen and not to happen in the ${name} segment, happened in ${positives} of ${samples.length} hours. Train on a longer market.`,
      )
    }
  }
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

const describeSpan = (source: MarketSource): string =>
  `${source.name} market, ${source.assets.join(' and ')}, ${day(source.from)} to ${day(source.to ?? source.from)}`

const describeSource = (source: MarketSource, { boundaries: [calibration, test] }: Split): string =>
  `${describeSpan(source)}; calibrated from ${day(calibration)}, tested from ${day(test)}`
