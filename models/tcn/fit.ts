import type { Scalar, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core'
import { fitLogistic } from '../../src/domain/calibration.ts'
import { createRandom } from '../../src/domain/random.ts'
import type { Random } from '../../src/ports.ts'
import { createHiding, type Hidden, NETWORK_INPUTS, type Normaliser, toBatch } from '../batches.ts'
import { HEADS, type Sample } from '../dataset.ts'
import type { Tf } from '../engine.ts'
import { FEATURE_COUNT, WINDOW_HOURS } from '../features.ts'
import { createNetwork, type Network, type NetworkShape } from './network.ts'

export const TCN_SHAPE: NetworkShape = {
  windowHours: WINDOW_HOURS,
  inputs: NETWORK_INPUTS,
  channels: 20,
  kernel: 3,
  dilations: [1, 2, 4, 8], // the last step sees 31 hours
  heads: HEADS.length,
}

export interface FitOptions {
  readonly seed: number
  readonly maxEpochs: number
  /** Epochs without a better calibration loss before it stops. */
  readonly patience: number
  /** Training samples per epoch, drawn without replacement. */
  readonly samplesPerEpoch: number
  readonly batchSize: number
  readonly learningRate: number
  readonly l2: number
  readonly onEpoch?: (epoch: { epoch: number; trainLoss: number; calibrationLoss: number }) => void
  readonly signal?: AbortSignal
}

export interface Fit {
  readonly network: Network
  readonly epochs: number
  readonly bestEpoch: number
  readonly calibrationLoss: number
}

/**
 * Fits a network by plain logloss (the mean over heads), and keeps the weights of the epoch with the lowest loss on the
 * calibration samples.
 *
 * The heads' direct weights start at a logistic regression on the last hour, so that the convolutions only have to learn
 * what it misses: with few independent episodes a network that starts from nothing finds less.
 *
 * Every draw (initial weights, order, hidden features) comes from `seed`, so the same samples give the same weights on the
 * same engine.
 */
export async function fitTcn(
  tf: Tf,
  samples: { readonly train: readonly Sample[]; readonly calibration: readonly Sample[] },
  normaliser: Normaliser,
  options: FitOptions,
): Promise<Fit> {
  const { seed, batchSize } = options
  const random = createRandom(seed + 1)
  const hide = createHiding(createRandom(seed + 2))
  const network = createNetwork(tf, TCN_SHAPE, seed)
  const variables = [...network.weights.values()]
  startFromLogistic(tf, network, samples.train, normaliser)
  const optimizer = tf.train.adam(options.learningRate)
  const order = [...samples.train]
  const calibrationLoss = (): number =>
    meanLoss(predictProbabilities(tf, network, samples.calibration, normaliser), samples.calibration)
  let best = { loss: calibrationLoss(), epoch: 0, weights: copyOf(variables) }
  options.onEpoch?.({ epoch: 0, trainLoss: Number.NaN, calibrationLoss: best.loss })
  let epoch = 0
  while (epoch < options.maxEpochs && epoch - best.epoch < options.patience) {
    epoch++
    shuffle(order, random)
    let trainLoss = 0
    let batches = 0
    for (let start = 0; start < Math.min(order.length, options.samplesPerEpoch); start += batchSize) {
      options.signal?.throwIfAborted()
      const chosen = order.slice(start, Math.min(start + batchSize, options.samplesPerEpoch))
      trainLoss += trainStep(tf, optimizer, network, toBatch(chosen, normaliser, hide), options.l2)
      batches++
      // Lets timers and an abort from outside have their turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const loss = calibrationLoss()
    if (loss < best.loss) best = { loss, epoch, weights: copyOf(variables) }
    options.onEpoch?.({ epoch, trainLoss: trainLoss / batches, calibrationLoss: loss })
  }
  variables.forEach((variable, i) => {
    const kept = tf.tensor(best.weights[i]!, variable.shape)
    variable.assign(kept)
    kept.dispose()
  })
  optimizer.dispose()
  return { network, epochs: epoch, bestEpoch: best.epoch, calibrationLoss: best.loss }
}

const LOGISTIC_L2 = 30 // on standardised inputs; about fifty of them, and a few hundred independent episodes
const LOGISTIC_SAMPLES = 12_000
const FLAT_INPUT = 0.1 // inputs have a spread of about 1; one this flat would get a weight from a handful of hours

function startFromLogistic(tf: Tf, network: Network, train: readonly Sample[], normaliser: Normaliser): void {
  const every = Math.ceil(train.length / LOGISTIC_SAMPLES)
  const chosen = train.filter((_, k) => k % every === 0)
  const batch = toBatch(chosen, normaliser)
  const row = WINDOW_HOURS * NETWORK_INPUTS
  const rows = chosen.map((_, k) => {
    const lastHour = (k + 1) * row - NETWORK_INPUTS
    return Array.from(batch.inputs.subarray(lastHour, lastHour + FEATURE_COUNT))
  })
  const direct = new Float32Array(NETWORK_INPUTS * HEADS.length)
  const bias = new Float32Array(HEADS.length)
  HEADS.forEach((head, h) => {
    const labels = chosen.map(({ hours, i }) => hours.labels[head][i]!)
    const model = fitLogistic(rows, labels, { l2: LOGISTIC_L2 })
    bias[h] = model.intercept
    for (let f = 0; f < FEATURE_COUNT; f++) {
      if (model.scales[f]! < FLAT_INPUT) continue
      const weight = model.weights[f]! / model.scales[f]!
      direct[f * HEADS.length + h] = weight
      bias[h]! -= weight * model.means[f]!
    }
  })
  for (const [name, values] of [
    ['head/direct', direct],
    ['head/bias', bias],
  ] as const) {
    const variable = network.weights.get(name)!
    const start = tf.tensor(values, variable.shape)
    variable.assign(start)
    start.dispose()
  }
}

function trainStep(
  tf: Tf,
  optimizer: ReturnType<Tf['train']['adam']>,
  network: Network,
  batch: ReturnType<typeof toBatch>,
  l2: number,
): number {
  const variables = [...network.weights.values()]
  const inputs = tf.tensor3d(batch.inputs, [batch.size, WINDOW_HOURS, NETWORK_INPUTS])
  const labels = tf.tensor2d(batch.labels, [batch.size, HEADS.length])
  const loss = optimizer.minimize(() => lossOf(tf, network, inputs, labels, l2), true, variables)!
  const value = loss.dataSync()[0]!
  tf.dispose([inputs, labels, loss])
  return value
}

/** Mean logloss over samples and heads plus an L2 penalty on all weights but biases. */
export function lossOf(tf: Tf, network: Network, inputs: Tensor3D, labels: Tensor2D, l2: number): Scalar {
  const logits = network.forward(inputs)
  // max(x, 0) − x·y + ln(1 + e^−|x|): the logloss of a logit without overflow.
  const perLabel = tf.add(
    tf.sub(tf.relu(logits), tf.mul(logits, labels)),
    tf.log(tf.add(tf.exp(tf.neg(tf.abs(logits))), 1)),
  )
  let loss = tf.mean(perLabel) as Scalar
  for (const [name, weight] of network.weights) {
    if (!name.endsWith('bias')) loss = tf.add(loss, tf.mul(l2, tf.sum(tf.square(weight)))) as Scalar
  }
  return loss
}

const PREDICT_BATCH = 512

/** Uncalibrated logits [samples × heads], row-major. */
export function predictLogits(
  tf: Tf,
  network: Network,
  samples: readonly Sample[],
  normaliser: Normaliser,
  hide?: () => Hidden | undefined,
): Float32Array {
  const out = new Float32Array(samples.length * HEADS.length)
  for (let start = 0; start < samples.length; start += PREDICT_BATCH) {
    const batch = toBatch(samples.slice(start, start + PREDICT_BATCH), normaliser, hide)
    const logits = tf.tidy(() =>
      network.forward(tf.tensor3d(batch.inputs, [batch.size, WINDOW_HOURS, NETWORK_INPUTS])).dataSync(),
    )
    out.set(logits, start * HEADS.length)
  }
  return out
}

const predictProbabilities = (tf: Tf, network: Network, samples: readonly Sample[], normaliser: Normaliser) =>
  predictLogits(tf, network, samples, normaliser).map((logit) => 1 / (1 + Math.exp(-logit)))

function meanLoss(probabilities: Float32Array, samples: readonly Sample[]): number {
  let sum = 0
  samples.forEach(({ hours, i }, position) => {
    HEADS.forEach((head, h) => {
      const p = Math.max(1e-7, Math.min(1 - 1e-7, probabilities[position * HEADS.length + h]!))
      sum -= Math.log(hours.labels[head][i] === 1 ? p : 1 - p)
    })
  })
  return sum / (samples.length * HEADS.length)
}

const copyOf = (variables: readonly Variable[]): Float32Array[] =>
  variables.map((variable) => Float32Array.from(variable.dataSync()))

/** Fisher–Yates, in place. */
function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = items[i]!
    items[i] = items[j]!
    items[j] = kept
  }
}
