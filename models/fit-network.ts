/**
 * The one loop by which every network of the ladder is fitted.
 *
 * @module
 */
import { createRandom } from '../src/domain/random.ts'
import type { Random } from '../src/ports.ts'
import { type AdamState, adamStep, createAdamState } from './adam.ts'
import { loadGradients } from './engine.ts'
import { WINDOW_HOURS } from './features.ts'
import {
  assign,
  createFittedNetwork,
  NETWORK_SHAPE,
  type NetworkParts,
  restoreNetwork,
  scoreNetworks,
} from './fitted-network.ts'
import { createHiding } from './hiding.ts'
import { fitLastRowStart } from './last-row-start.ts'
import type { Architecture, Dropout } from './network.ts'
import { fitNetworkNormaliser, lastRowInputs, toNetworkInput } from './network-batches.ts'
import { type FitState, fitKey, readCheckpoint, removeCheckpoint, writeCheckpoint } from './network-checkpoint.ts'
import { answeredTargets, labelsOf, multiTaskLoss, priceOnlyLoss } from './network-loss.ts'
import type { FitTask, FittedModel, Rung } from './rung.ts'
import type { Sample } from './samples.ts'
import { TARGET_COUNT } from './targets.ts'

export interface FitPlan {
  readonly maxEpochs: number
  /** Epochs without a better calibration loss before it stops. */
  readonly patience: number
  /** Training samples per epoch, drawn without replacement. */
  readonly samplesPerEpoch: number
  readonly batchSize: number
  readonly learningRate: number
  readonly clipNorm: number
  readonly l2: number
  readonly dropout: number
  /** The most calibration samples whose loss is taken after each epoch, evenly spaced. */
  readonly calibrationSamples: number
  /** The most train samples the last-row regressions are fitted on, evenly spaced. */
  readonly startSamples: number
}

export const FIT_PLANS: Readonly<Record<FitTask['effort'], FitPlan>> = {
  full: {
    maxEpochs: 12,
    patience: 3,
    samplesPerEpoch: 9_000,
    batchSize: 64,
    learningRate: 1e-3,
    clipNorm: 1,
    l2: 1e-4,
    dropout: 0.2,
    calibrationSamples: 6_000,
    startSamples: 6_000,
  },
  quick: {
    maxEpochs: 2,
    patience: 2,
    samplesPerEpoch: 256,
    batchSize: 64,
    learningRate: 1e-3,
    clipNorm: 1,
    l2: 1e-4,
    dropout: 0.2,
    calibrationSamples: 512,
    startSamples: 600,
  },
}

export interface NetworkRungOptions {
  /** Hyper-parameters other than the shipped ones: tests take tiny ones. */
  readonly size?: Readonly<Record<string, number>>
  /** Other than the plan of the task's effort. */
  readonly plan?: Partial<FitPlan>
  /** Milliseconds from any start, for the time left. */
  readonly now?: () => number
}

/** A rung of the ladder that is a network. */
export function createNetworkRung(
  architecture: Architecture,
  { size = {}, plan = {}, now = () => performance.now() }: NetworkRungOptions = {},
): Rung {
  return {
    name: architecture.name,
    title: architecture.title,
    features: 'all',
    readsVenues: architecture.readsVenues,
    windowHours: WINDOW_HOURS,
    fit: (task) => fitNetwork(architecture, task, { size, plan: { ...FIT_PLANS[task.effort], ...plan }, now }),
    restore: (stored, engine) => restoreNetwork(architecture, stored, engine),
  }
}

/**
 * Fits a network to all targets at once, and keeps the weights of the epoch with the lowest loss on the calibration samples.
 *
 * Starts from a regression on the last row (`last-row-start.ts`). Every draw follows from seed and epoch, so the same samples
 * give the same weights on the same engine, also when the fit was killed and goes on from its checkpoint.
 */
async function fitNetwork(
  architecture: Architecture,
  task: FitTask,
  { size, plan, now }: Required<NetworkRungOptions> & { plan: FitPlan },
): Promise<FittedModel> {
  const { train, seed, engine, checkpointFile, signal } = task
  const { tf } = engine
  signal?.throwIfAborted()
  await loadGradients(engine)
  const answered = answeredTargets(train)
  if (answered.size === 0) throw new RangeError(`Expected labels to fit a ${architecture.name} to, were too few`)
  const normaliser = fitNetworkNormaliser(train)
  const network = architecture.build(tf, NETWORK_SHAPE, seed, size)
  const parts: NetworkParts = { architecture, engine, network, normaliser, answered, size, fit: {} }
  try {
    const calibration = spaced(task.calibration, plan.calibrationSamples)
    const lossNow = (): number => calibrationLoss(parts, calibration)
    const settings = { rung: architecture.name, seed, size, plan, engine: engine.name, shape: NETWORK_SHAPE }
    const key = checkpointFile === undefined ? '' : fitKey(settings, train, calibration)
    const kept = checkpointFile === undefined ? undefined : await readCheckpoint(checkpointFile, key)
    const state = kept ?? (await startState(parts, task, { plan, calibration, lossNow }))
    const progress = createProgress(task, { plan, from: state.epoch, now })
    while (state.epoch < plan.maxEpochs && state.epoch - state.best.epoch < plan.patience) {
      put(parts, state.weights)
      const trainLoss = await runEpoch(parts, state, { task, plan, progress })
      state.epoch++
      const loss = lossNow()
      if (loss < state.best.loss) state.best = { epoch: state.epoch, loss, weights: copied(state.weights) }
      progress.afterEpoch(state, trainLoss)
      if (checkpointFile !== undefined) await writeCheckpoint(checkpointFile, key, state)
    }
    put(parts, state.best.weights)
    if (checkpointFile !== undefined) await removeCheckpoint(checkpointFile)
    const { best, epoch } = state
    const fit = { seed, epochs: epoch, bestEpoch: best.epoch, calibrationLoss: best.loss, samples: train.length }
    return createFittedNetwork({ ...parts, fit: { ...fit, engine: engine.name } })
  } catch (error) {
    network.dispose()
    throw error
  }
}

const copied = (arrays: readonly Float32Array[]): Float32Array[] => arrays.map((values) => values.slice())

function put({ network, engine }: NetworkParts, weights: readonly Float32Array[]): void {
  let k = 0
  for (const variable of network.weights.values()) assign(engine.tf, variable, weights[k++]!)
}

/** At most `count` samples, evenly spaced. */
function spaced(samples: readonly Sample[], count: number): readonly Sample[] {
  const every = Math.max(1, Math.ceil(samples.length / count))
  return samples.filter((_, k) => k % every === 0)
}

/** The first state of a fit: drawn weights, and heads from the regressions on the last row. */
async function startState(
  parts: NetworkParts,
  { train, signal, onProgress }: FitTask,
  { plan, calibration, lossNow }: { plan: FitPlan; calibration: readonly Sample[]; lossNow: () => number },
): Promise<FitState> {
  const { network, normaliser, answered } = parts
  const chosen = spaced(train, plan.startSamples)
  const { rows, width } = lastRowInputs(chosen, normaliser)
  const start = await fitLastRowStart({
    train: { samples: chosen, rows },
    held: { samples: calibration, rows: lastRowInputs(calibration, normaliser).rows },
    width,
    answered,
    afterTarget: async (done) => {
      onProgress?.((START_SHARE * done) / TARGET_COUNT, `regression ${done} of ${TARGET_COUNT} on the last hour`)
      await turn()
      signal?.throwIfAborted()
    },
  })
  const weights = [...network.weights].map(([name, variable]) => {
    if (name === 'head/bias') return start.bias
    const values = Float32Array.from(variable.dataSync<'float32'>())
    // The first columns are the features, after them come their masks, which start at nothing.
    if (name === 'head/direct') values.set(start.direct)
    return values
  })
  put(parts, weights)
  const adam: AdamState = createAdamState(weights.map(({ length }) => length))
  return { epoch: 0, weights, adam, best: { epoch: 0, loss: lossNow(), weights: copied(weights) } }
}

/** Lets timers, requests and an abort from outside have their turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface EpochOptions {
  readonly task: FitTask
  readonly plan: FitPlan
  readonly progress: Progress
}

/**
 * The regression's coefficients stay as they are: chosen on hours that were not fitted on, they would be pulled from there to
 * what fits the training hours by chance, before the layers beside them have learned anything.
 */
const FROZEN = 'head/direct'

/** One pass over the epoch's samples; changes the state's weights and moments. Returns the mean loss of its batches. */
async function runEpoch(parts: NetworkParts, state: FitState, { task, plan, progress }: EpochOptions): Promise<number> {
  const { signal, train, seed } = task
  const streams = streamsOf(seed, state.epoch)
  const order = shuffled(train, streams.order).slice(0, plan.samplesPerEpoch)
  const { l2, learningRate, clipNorm } = plan
  const penalised = [...parts.network.weights.keys()].map((name) => name !== FROZEN && !name.endsWith('bias'))
  const hide = createHiding(streams.hiding)
  const dropout = createDropout(parts, plan.dropout, streams.dropout)
  let [sum, batches] = [0, 0]
  for (let start = 0; start < order.length; start += plan.batchSize) {
    signal?.throwIfAborted()
    const batch = order.slice(start, start + plan.batchSize)
    const found = gradientsOf(parts, batch, { hide, forget: streams.forgetting, dropout })
    if (found) {
      adamStep(state.weights, found.gradients, state.adam, { learningRate, clipNorm, l2, penalised })
      put(parts, state.weights)
      sum += found.loss
      batches++
    }
    progress.afterBatch(state, Math.min(1, (start + plan.batchSize) / order.length))
    await turn()
  }
  return batches > 0 ? sum / batches : Number.NaN
}

/** Four streams of draws that follow from seed and epoch alone. */
function streamsOf(seed: number, epoch: number): Record<'order' | 'hiding' | 'forgetting' | 'dropout', Random> {
  const first = createRandom(seed * 1_000 + epoch)
  const stream = (): Random => createRandom(Math.floor(first() * 2 ** 32))
  return { order: stream(), hiding: stream(), forgetting: stream(), dropout: stream() }
}

interface Draws {
  readonly hide: ReturnType<typeof createHiding>
  readonly forget: Random
  readonly dropout: Dropout
}

/** Loss and gradients of one batch, by weight in their order; undefined when none of its labels is known. */
function gradientsOf(
  { architecture, engine, network, normaliser, answered }: NetworkParts,
  batch: readonly Sample[],
  { hide, forget, dropout }: Draws,
): { readonly loss: number; readonly gradients: readonly (Float32Array | undefined)[] } | undefined {
  const { tf } = engine
  const labels = labelsOf(batch, answered)
  if (!labels) return undefined
  const { input, dispose } = toNetworkInput(tf, batch, normaliser, { venues: architecture.readsVenues, hide, forget })
  const variables = [...network.weights.values()]
  try {
    const { value, grads } = tf.variableGrads(
      () => multiTaskLoss(tf, network.forward(input, dropout), labels),
      variables,
    )
    const loss = value.dataSync()[0]!
    const gradients = [...network.weights].map(([name, variable]) =>
      name === FROZEN ? undefined : grads[variable.name]?.dataSync<'float32'>().slice(),
    )
    tf.dispose([value, ...Object.values(grads)])
    return { loss, gradients }
  } finally {
    dispose()
  }
}

function createDropout({ engine: { tf } }: NetworkParts, rate: number, random: Random): Dropout {
  const kept = 1 / (1 - rate)
  return (shape) => {
    const size = shape.reduce((product, length) => product * length, 1)
    const values = new Float32Array(size)
    for (let k = 0; k < size; k++) if (random() >= rate) values[k] = kept
    return tf.tensor(values, [...shape])
  }
}

/** @throws {RangeError} when there is no price-only label to judge by: without one no epoch is better than another */
function calibrationLoss(parts: NetworkParts, calibration: readonly Sample[]): number {
  const loss =
    calibration.length === 0
      ? undefined
      : priceOnlyLoss(scoreNetworks([parts], calibration)[0]!, calibration, parts.answered)
  if (loss !== undefined) return loss
  throw new RangeError(`Expected price-only labels among ${calibration.length} calibration samples, were none`)
}

/** Fisher–Yates on a copy. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = copy[i]!
    copy[i] = copy[j]!
    copy[j] = kept
  }
  return copy
}

const START_SHARE = 0.05

interface Progress {
  afterBatch(state: FitState, shareOfEpoch: number): void
  afterEpoch(state: FitState, trainLoss: number): void
}

/** Says how far a fit is; the time left is what it takes at most, for it may stop early. */
function createProgress(
  { onProgress }: FitTask,
  { plan, from, now }: { plan: FitPlan; from: number; now: () => number },
): Progress {
  const startedAt = now()
  const say = ({ epoch, best }: FitState, epochsDone: number, loss = ''): void => {
    const share = START_SHARE + ((1 - START_SHARE) * epochsDone) / plan.maxEpochs
    const perEpoch = (now() - startedAt) / Math.max(epochsDone - from, 1e-6)
    const left = Math.ceil((perEpoch * (plan.maxEpochs - epochsDone)) / 1000)
    const time = left >= 120 ? `${Math.ceil(left / 60)} min` : `${left} s`
    const at = `epoch ${Math.min(epoch + 1, plan.maxEpochs)} of ${plan.maxEpochs}`
    onProgress?.(
      Math.min(1, share),
      `${at}${loss}, best ${best.loss.toFixed(4)} after ${best.epoch}, ${time} left at most`,
    )
  }
  return {
    afterBatch: (state, share) => say(state, state.epoch + share),
    afterEpoch: (state, trainLoss) =>
      say({ ...state, epoch: state.epoch - 1 }, state.epoch, `, loss ${trainLoss.toFixed(4)}`),
  }
}
