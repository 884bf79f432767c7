import { applyPlatt, sigmoid } from '../src/domain/calibration.ts'
import type { CascadeForecast, Horizon, Prediction, UndeterminedReason } from '../src/domain/forecast.ts'
import { freshnessOf } from '../src/domain/market/freshness.ts'
import type { Panel } from '../src/domain/market/panel.ts'
import type { Asset, FeedDeclaration } from '../src/domain/market/tick.ts'
import { duration, fraction, HOUR, MINUTE, type TimestampMs } from '../src/domain/units.ts'
import type { Forecaster, ModelCardFacts } from '../src/ports.ts'
import { type Artifact, decodeWeights, readArtifact } from './artifact.ts'
import { NETWORK_INPUTS, writeWindow } from './batches.ts'
import { byHead, cascadeHead, HEADS, type Head } from './dataset.ts'
import type { Engine } from './engine.ts'
import { FEATURE_COUNT, FEATURES, type FeatureWindow, featureHash, featureWindow, WINDOW_HOURS } from './features.ts'
import { createNetwork, type Network } from './tcn/network.ts'
import { predictVolatilityOnly } from './volatility-only/volatility-only.ts'

export interface ForecasterOptions {
  /** Folder with a `model.json`; without one every answer is `NO_MODEL`. */
  readonly artifactFolder: string
  readonly engine: Engine
}

/**
 * The forecaster on a trained artifact: one call reads an asset's window, runs the network and calibrates its answer.
 *
 * @throws {Error} when the artifact was trained on other features than this code makes, or is damaged
 */
export async function createForecaster({ artifactFolder, engine }: ForecasterOptions): Promise<Forecaster> {
  const artifact = await readArtifact(artifactFolder)
  if (!artifact) {
    const detail = `no model in ${artifactFolder}: train one with npm run train`
    return { model: undefined, predict: async () => undetermined('NO_MODEL', detail) }
  }
  requireSameFeatures(artifact, artifactFolder)
  const network = restoreNetwork(artifact, engine)
  const model = factsOf(artifact, engine.name)

  return {
    model,
    async predict(panel, asset, at, feeds) {
      const window = featureWindow(panel, asset, at, feeds)
      const refusal = refuse(window, { panel, asset, at, feeds })
      if (refusal) return refusal
      return toPrediction(artifact, window, runNetwork(network, engine, artifact, window))
    },
  }
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
})

function requireSameFeatures(artifact: Artifact, folder: string): void {
  const hash = featureHash()
  if (artifact.featureHash === hash) return
  throw new Error(
    `Expected a model trained on features ${hash}, was one on ${artifact.featureHash} in ${folder}. Train a new one with npm run train.`,
  )
}

/** A network with the artifact's weights put in. */
export function restoreNetwork(artifact: Artifact, { tf }: Engine): Network {
  const network = createNetwork(tf, artifact.shape, artifact.seed)
  for (const [name, variable] of network.weights) {
    const stored = artifact.weights[name]
    if (!stored) throw new Error(`Expected weights for ${name}, was none in model ${artifact.modelId}`)
    const values = tf.tensor(decodeWeights(stored.data), stored.shape)
    variable.assign(values)
    values.dispose()
  }
  return network
}

interface Question {
  readonly panel: Panel
  readonly asset: Asset
  readonly at: TimestampMs
  readonly feeds: readonly FeedDeclaration[]
}

function refuse(window: FeatureWindow, { panel, asset, at, feeds }: Question): Prediction | undefined {
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
  if (window.priceHours < WINDOW_HOURS - 1) {
    const known = `${window.priceHours + 1} of ${WINDOW_HOURS} hourly prices`
    return undetermined('TOO_LITTLE_HISTORY', `${known} of ${asset} are known`)
  }
  return undefined
}

interface Answer {
  /** Logits by head. */
  readonly logits: Float32Array
  /** Names of features that were hidden because they lie where training never was. */
  readonly foreign: readonly string[]
}

function runNetwork(network: Network, { tf }: Engine, artifact: Artifact, window: FeatureWindow): Answer {
  const inputs = new Float32Array(WINDOW_HOURS * NETWORK_INPUTS)
  const foreign = writeWindow(inputs, 0, { ...window, from: 0 }, artifact.normaliser)
  const logits = tf.tidy(() =>
    network.forward(tf.tensor3d(inputs, [1, WINDOW_HOURS, NETWORK_INPUTS])).dataSync<'float32'>(),
  )
  return { logits, foreign: foreign.map((f) => FEATURES[f]!.name) }
}

function toPrediction(artifact: Artifact, window: FeatureWindow, { logits, foreign }: Answer): Prediction {
  const lastHour = window.values.subarray((WINDOW_HOURS - 1) * FEATURE_COUNT)
  const maskedFeeds = [...window.maskedFeeds, ...foreign.map((name) => `${name} (outside training)`)]
  const allKnown = window.mask.subarray((WINDOW_HOURS - 1) * FEATURE_COUNT).every((known) => known === 1)
  const profile = allKnown && foreign.length === 0 ? 'full' : 'reduced'
  const answer = byHead((head) =>
    applyPlatt(artifact.calibrators[profile][head], sigmoid(logits[HEADS.indexOf(head)]!)),
  )
  const baseline = byHead((head) => predictVolatilityOnly(artifact.baseline[head], lastHour))
  const numbers = [...Object.values(answer), ...Object.values(baseline)]
  if (!numbers.every(Number.isFinite)) {
    return undetermined('NOT_FINITE', `the model answered ${numbers.join(', ')}`)
  }
  const gates = artifact.gates[profile]
  const cascade = (horizon: Horizon): CascadeForecast => {
    const [down, up] = [cascadeHead('down', horizon), cascadeHead('up', horizon)]
    const pair = (p: Record<Head, number>) => ({ pCascadeDown: fraction(p[down]), pCascadeUp: fraction(p[up]) })
    return { ...pair(answer), baseline: pair(baseline), gatePassed: { down: gates[down], up: gates[up] } }
  }
  return {
    kind: 'estimated',
    cascades: { '4h': cascade('4h'), '24h': cascade('24h'), '72h': cascade('72h') },
    overlayHorizon: duration(artifact.horizonHours['overlay-pays'] * HOUR),
    overlayConfidence: fraction(answer['overlay-pays']),
    overlayGatePassed: gates['overlay-pays'],
    maskedFeeds,
    modelId: artifact.modelId,
    calibratedOn: artifact.calibratedOn,
  }
}

const undetermined = (reason: UndeterminedReason, detail: string): Prediction => ({
  kind: 'undetermined',
  reason,
  detail,
})
