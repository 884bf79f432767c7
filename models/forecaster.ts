import type { CascadeForecast, Horizon, Prediction, UndeterminedReason } from '../src/domain/forecast.ts'
import { freshnessOf } from '../src/domain/market/freshness.ts'
import type { Panel } from '../src/domain/market/panel.ts'
import type { Asset, FeedDeclaration } from '../src/domain/market/tick.ts'
import { duration, fraction, HOUR, MINUTE, type TimestampMs } from '../src/domain/units.ts'
import type { Forecaster, ModelCardFacts } from '../src/ports.ts'
import { type Artifact, readArtifact } from './artifact.ts'
import { applyCalibrator, type Calibrators } from './calibrate.ts'
import { type Engine, loadGradients } from './engine.ts'
import { createEnsemble } from './ensemble.ts'
import { FEATURES, type FeatureWindow, featureHash, featureWindow } from './features.ts'
import { withoutFeatures } from './history.ts'
import { rungOf } from './ladder.ts'
import type { Explanation, FittedModel, Rung } from './rung.ts'
import { assetHoursOf, type Sample } from './samples.ts'
import { type EventKey, PRICE_ONLY, targetIndex, targetOf } from './targets.ts'

export interface ForecasterOptions {
  /** Folder with a `model.json`; without one every answer is `NO_MODEL`. */
  readonly artifactFolder: string
  readonly engine: Engine
}

/**
 * The forecaster on a trained artifact in a folder.
 *
 * @throws {Error} when the artifact was trained on other features than this code makes, or is damaged
 */
export async function createForecaster({ artifactFolder, engine }: ForecasterOptions): Promise<Forecaster> {
  const artifact = await readArtifact(artifactFolder)
  if (artifact) return createForecasterOf(artifact, engine)
  const detail = `no model in ${artifactFolder}: train one with npm run train`
  return { model: undefined, predict: async () => undetermined('NO_MODEL', detail) }
}

/** The tensors of networks are no garbage by themselves: of a model that nobody holds any more they are let go here. */
const forgotten = new FinalizationRegistry<readonly FittedModel[]>((models) => {
  for (const model of models) model.dispose()
})

/**
 * The forecaster on a trained model: one call reads an asset's features, asks the model and calibrates its answer.
 *
 * @throws {Error} when the model was trained on other features than this code makes
 */
export async function createForecasterOf(artifact: Artifact, engine: Engine): Promise<Forecaster> {
  requireSameFeatures(artifact)
  const rung = rungOf(artifact.rung)
  // Networks are explained by their gradients.
  if (rung.windowHours > 0) await loadGradients(engine)
  const model = restoreModel(artifact, engine)
  const baseline = rungOf('volatility-only').restore(artifact.baseline.model, engine)
  const isDue = explainingEvery(rung.windowHours > 0 ? HOUR : 0)

  const forecaster: Forecaster = {
    model: factsOf(artifact, engine.name),
    drift: artifact.drift,
    async predict(panel, asset, at, feeds) {
      const window = windowFor(rung, { panel, asset, at, feeds })
      const refusal = refuse(window, { panel, asset, at, feeds })
      if (refusal) return refusal
      const sample = toSample(window, { asset, at, leftOut: artifact.leftOut })
      const scores = model.scores([sample], undefined, ASKED)
      const told = EXPLAINED.filter((key) => !Number.isNaN(scores[targetIndex(key)]!))
      return toPrediction(artifact, window, {
        model: scores,
        baseline: baseline.scores([sample]),
        foreign: model.foreign?.(sample) ?? [],
        why: isDue(asset, at) ? told.map((key) => explain(model, sample, key)) : undefined,
      })
    },
    lastRow(panel, asset, at, feeds) {
      const window = featureWindow(panel, asset, at, feeds, { hours: 1 })
      return {
        names: FEATURES.map(({ name }) => name),
        values: Array.from(window.values, (value, f) => (window.mask[f] === 1 ? value : Number.NaN)),
      }
    },
  }
  forgotten.register(forecaster, [model, baseline])
  return forecaster
}

/** The members of an artifact as one model: several answer with the mean logit. */
export function restoreModel(artifact: Artifact, engine: Engine): FittedModel {
  const rung = rungOf(artifact.rung)
  const members = artifact.members.map((stored) => rung.restore(stored, engine))
  return members.length === 1 ? members[0]! : createEnsemble(members)
}

/** What a model card and `/model status` say about the model in a folder; undefined when there is none. */
export async function readModelFacts(artifactFolder: string, engineName: string): Promise<ModelCardFacts | undefined> {
  const artifact = await readArtifact(artifactFolder)
  return artifact && factsOf(artifact, engineName)
}

const factsOf = (artifact: Artifact, engineName: string): ModelCardFacts => ({
  modelId: artifact.modelId,
  calibratedOn: artifact.calibratedOn,
  architecture: artifact.architecture,
  engine: engineName,
  trainedAt: artifact.trainedAt,
  trainedOn: artifact.trainedOn,
  metrics: artifact.metrics,
  gates: artifact.gates.full,
  ...(artifact.override !== undefined && { override: artifact.override }),
})

function requireSameFeatures(artifact: Artifact): void {
  const hash = featureHash()
  if (artifact.featureHash === hash) return
  throw new Error(
    `Expected a model trained on features ${hash}, was ${artifact.modelId} on ${artifact.featureHash}. Train a new one with npm run train.`,
  )
}

interface Question {
  readonly panel: Panel
  readonly asset: Asset
  readonly at: TimestampMs
  readonly feeds: readonly FeedDeclaration[]
}

const windowFor = (rung: Rung, { panel, asset, at, feeds }: Question): FeatureWindow =>
  featureWindow(panel, asset, at, feeds, { hours: Math.max(1, rung.windowHours), venues: rung.readsVenues })

function refuse(
  window: FeatureWindow,
  { panel, asset, at, feeds }: Question,
): (Prediction & { kind: 'undetermined' }) | undefined {
  const venue = panel.priceVenue(asset)
  const feed = feeds.find((declared) => declared.feed === 'bar' && declared.asset === asset && declared.venue === venue)
  if (!feed) return undetermined('TOO_LITTLE_HISTORY', `no price of ${asset} has been received from a declared feed`)
  if (!window.fresh) {
    const freshness = freshnessOf(panel, feed, at)
    if (freshness.state === 'missing') {
      return undetermined('TOO_LITTLE_HISTORY', `no price of ${asset} had been received by then`)
    }
    const age = `${Math.round(freshness.age / MINUTE)} min old, limit ${Math.round((2 * feed.cadence) / MINUTE)} min`
    return undetermined('STALE_PRICE', `the price of ${asset} from ${feed.venue} is ${age}`)
  }
  if (window.priceHours < LEAST_PRICE_HOURS - 1) {
    const known = `${window.priceHours + 1} of ${LEAST_PRICE_HOURS} hourly prices`
    return undetermined('TOO_LITTLE_HISTORY', `${known} of ${asset} are known`)
  }
  return undefined
}

/** Two days: volatility of half-life 48 h means something from there on, and what a longer look back needs is masked. */
const LEAST_PRICE_HOURS = 48

interface Asked {
  readonly asset: Asset
  readonly at: TimestampMs
  readonly leftOut: readonly string[]
}

function toSample(window: FeatureWindow, { asset, at, leftOut }: Asked): Sample {
  const rows = window.mask.length / FEATURES.length
  const instants = Float64Array.from({ length: rows }, (_, row) => at - (rows - 1 - row) * HOUR)
  const [hours] = withoutFeatures([assetHoursOf(asset, { ...window, instants })], leftOut)
  return { hours: hours!, i: rows - 1 }
}

interface Answer {
  /** Uncalibrated, by target. */
  readonly model: Float32Array
  readonly baseline: Float32Array
  /** Names of features that were hidden because they lie where training never was. */
  readonly foreign: readonly string[]
  readonly why: readonly Explanation[] | undefined
}

/** What a desk acts on: the alert of a fall within a day, and the hedge's size. */
const EXPLAINED = ['cascade-down-24h', 'overlay-pays-24h'] as const satisfies readonly EventKey[]
const MOST_CONTRIBUTIONS = 12

/** The largest contributions, and what all others add up to as one. */
function explain(model: FittedModel, sample: Sample, key: EventKey): Explanation {
  const whole = model.explain(sample, key)
  const [shown, rest] = [
    whole.contributions.slice(0, MOST_CONTRIBUTIONS),
    whole.contributions.slice(MOST_CONTRIBUTIONS),
  ]
  if (rest.length === 0) return whole
  const others = {
    feature: `${rest.length} others`,
    contribution: rest.reduce((sum, { contribution }) => sum + contribution, 0),
  }
  return { ...whole, contributions: [...shown, others] }
}

function withProbabilities(explanation: Explanation, calibrators: Calibrators): Explanation {
  const told = (score: number): number => {
    const key = explanation.target as EventKey
    return applyCalibrator(calibrators[key], score, key)
  }
  return { ...explanation, probabilities: { base: told(explanation.base), score: told(explanation.score) } }
}

/** Networks take tens of milliseconds to explain: once an hour an asset; the others say it every time. */
function explainingEvery(span: number): (asset: Asset, at: TimestampMs) => boolean {
  const last = new Map<Asset, number>()
  return (asset, at) => {
    if (at - (last.get(asset) ?? Number.NEGATIVE_INFINITY) < span) return false
    last.set(asset, at)
    return true
  }
}

function toPrediction(artifact: Artifact, window: FeatureWindow, answer: Answer): Prediction {
  const { model, baseline, foreign, why } = answer
  const maskedFeeds = [...window.maskedFeeds, ...foreign.map((name) => `${name} (outside training)`)]
  const profile = profileOf(artifact, window, foreign)
  const calibrated = (scores: Float32Array, calibrators: Calibrators, key: EventKey): number =>
    applyCalibrator(calibrators[key], scores[targetIndex(key)]!, key)
  const answers = new Map(ASKED.map((key) => [key, calibrated(model, artifact.calibrators[profile], key)]))
  const beside = new Map(ASKED.map((key) => [key, calibrated(baseline, artifact.baseline.calibrators, key)]))
  const numbers = [...answers.values(), ...beside.values()]
  if (!numbers.every(Number.isFinite)) {
    return undetermined('NOT_FINITE', `the model answered ${numbers.join(', ')}`)
  }
  const gates = artifact.gates[profile]
  const cascade = (horizon: Horizon): CascadeForecast => {
    const [down, up] = [`cascade-down-${horizon}`, `cascade-up-${horizon}`] as const
    const pair = (of: ReadonlyMap<EventKey, number>) => ({
      pCascadeDown: fraction(of.get(down)!),
      pCascadeUp: fraction(of.get(up)!),
    })
    const gatePassed = { down: gates[down] === true, up: gates[up] === true }
    return { ...pair(answers), baseline: pair(beside), gatePassed }
  }
  return {
    kind: 'estimated',
    cascades: { '4h': cascade('4h'), '24h': cascade('24h'), '72h': cascade('72h') },
    overlayHorizon: duration(targetOf(OVERLAY).horizonHours * HOUR),
    overlayConfidence: fraction(answers.get(OVERLAY)!),
    overlayBaseline: fraction(beside.get(OVERLAY)!),
    overlayGatePassed: gates[OVERLAY] === true,
    maskedFeeds,
    modelId: artifact.modelId,
    calibratedOn: artifact.calibratedOn,
    ...(why && { why: why.map((one) => withProbabilities(one, artifact.calibrators[profile])) }),
  }
}

const OVERLAY = 'overlay-pays-24h' satisfies EventKey
const ASKED: readonly EventKey[] = [...PRICE_ONLY, OVERLAY]

const profileOf = (artifact: Artifact, window: FeatureWindow, foreign: readonly string[]): 'full' | 'reduced' =>
  knowsAll(artifact.expected, window) && foreign.length === 0 ? 'full' : 'reduced'

function knowsAll(expected: readonly string[], window: FeatureWindow): boolean {
  const last = window.mask.length - FEATURES.length
  const known = new Set(FEATURES.flatMap(({ name }, f) => (window.mask[last + f] === 1 ? [name] : [])))
  return expected.every((name) => known.has(name))
}

const undetermined = (reason: UndeterminedReason, detail: string): Prediction & { kind: 'undetermined' } => ({
  kind: 'undetermined',
  reason,
  detail,
})
