import type { Scalar, Variable } from '@tensorflow/tfjs-core'
import type { Tf } from '../../models/engine.ts'
import type { Network, NetworkInput } from '../../models/network.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'

export interface GradientCheck {
  /** Weights of each layer to check, drawn by the seed; all of them where a layer has fewer. 200 unless told. */
  readonly perLayer?: number
  /** Largest relative error allowed. 0.01 unless told. */
  readonly tolerance?: number
  /** Of the weights that are put in, of the loss and of the choice; 1 unless told. */
  readonly seed?: number
}

export interface CheckedLayer {
  readonly name: string
  readonly checked: number
  /** Largest gradient of the layer by size. */
  readonly largest: number
  readonly worstError: number
}

/**
 * Tried in this order until one is close enough. The long one is for a weight that moves the loss so little that rounding is larger
 * than the move, the short ones for a weight with a kink (relu) within a step, where the slope between its ends is not the slope at
 * its middle. Shorter ones would measure rounding only.
 */
const STEPS = [3e-2, 0.2, 1e-2, 3e-3, 1e-3]
/** Gradients smaller than this share of the layer's largest are held to the error of one this large: float32 knows no better. */
const FLOOR = 0.02
const NO_GRADIENT = 1e-5

/**
 * Holds every layer's gradient against central differences, weight by weight.
 *
 * All weights are drawn anew first (heads start at zero, through which no gradient passes) and stay so. The loss is a mean of
 * the squares of all outputs, each with a weight of its own: smooth, and no two outputs can stand in for each other. Dropout is
 * off. Gradients of the engine must have been loaded (`loadGradients`).
 *
 * @param network - tiny: every weight that is checked costs two forward passes or more
 * @returns what was found, layer by layer
 * @throws {Error} naming every layer that has no gradient at all or one that differs by more than the tolerance
 */
export function checkGradients(
  tf: Tf,
  network: Network,
  input: NetworkInput,
  { perLayer = 200, tolerance = 0.01, seed = 1 }: GradientCheck = {},
): readonly CheckedLayer[] {
  drawWeights(tf, network, seed)
  const outputs = input.market.shape[0] * network.shape.heads
  const random = createRandom(seed + 1)
  const importance = Float32Array.from({ length: outputs }, () => 0.5 + random())
  const lossOfOutputs = (): Scalar =>
    tf.tidy(() => {
      const found = tf.reshape(network.forward(input), [outputs])
      return tf.mean(tf.mul(tf.square(found), tf.tensor1d(importance))) as Scalar
    })
  // In float64 from the outputs on: differences of losses are small.
  const loss = (): number => {
    const found = tf.tidy(() => network.forward(input).dataSync())
    return importance.reduce((sum, weight, k) => sum + weight * found[k]! ** 2, 0) / outputs
  }

  const { value, grads } = tf.variableGrads(lossOfOutputs, [...network.weights.values()])
  const layers: CheckedLayer[] = []
  const faults: string[] = []
  for (const [name, variable] of network.weights) {
    const gradient = grads[variable.name]!.dataSync<'float32'>()
    const largest = gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0)
    if (!(largest > NO_GRADIENT)) faults.push(`${name}: Expected a gradient, largest was ${largest}`)
    let worst = { error: 0, text: '' }
    const chosen = choose(variable.size, perLayer, random)
    for (const k of chosen) {
      const { error, slope } = errorOf(tf, loss, {
        variable,
        k,
        found: gradient[k]!,
        floor: FLOOR * largest,
        tolerance,
      })
      if (!(error <= worst.error)) worst = { error, text: `weight ${k} has ${gradient[k]}, was ${slope}` }
    }
    if (!(worst.error < tolerance)) {
      faults.push(`${name}: Expected an error below ${tolerance}, was ${worst.error} (${worst.text})`)
    }
    layers.push({ name, checked: chosen.length, largest, worstError: worst.error })
  }
  tf.dispose([value, ...Object.values(grads)])
  if (faults.length > 0) throw new Error(`Gradients differ from slopes (seed ${seed}). ${faults.join('; ')}`)
  return layers
}

/** Puts weights into every layer, heads included, of a size at which no activation saturates. */
export function drawWeights(tf: Tf, network: Network, seed: number): void {
  const normal = createGaussian(createRandom(seed))
  for (const variable of network.weights.values()) {
    const fanIn = variable.shape.length > 1 ? variable.size / variable.shape.at(-1)! : 4
    const spread = 0.8 / Math.sqrt(fanIn)
    put(
      tf,
      variable,
      Float32Array.from({ length: variable.size }, () => spread * normal()),
    )
  }
}

interface Weight {
  readonly variable: Variable
  readonly k: number
  /** What the backward pass says. */
  readonly found: number
  readonly floor: number
  readonly tolerance: number
}

/** The smallest relative error over the steps, and the slope it was found with. */
function errorOf(tf: Tf, loss: () => number, { variable, k, found, floor, tolerance }: Weight) {
  const start = Float32Array.from(variable.dataSync())
  const moved = Float32Array.from(start)
  const lossAt = (value: number): number => {
    moved[k] = value
    put(tf, variable, moved)
    return loss()
  }
  let best = { error: Number.POSITIVE_INFINITY, slope: Number.NaN }
  for (const step of STEPS) {
    const up = Math.fround(start[k]! + step)
    const down = Math.fround(start[k]! - step)
    const slope = (lossAt(up) - lossAt(down)) / (up - down)
    const error = Math.abs(slope - found) / Math.max(Math.abs(slope), Math.abs(found), floor, Number.MIN_VALUE)
    if (error < best.error) best = { error, slope }
    if (error < tolerance) break
  }
  put(tf, variable, start)
  return best
}

function put(tf: Tf, variable: Variable, values: Float32Array): void {
  // A copy: the JavaScript backend keeps the array it is given.
  const tensor = tf.tensor(values.slice(), variable.shape)
  variable.assign(tensor)
  tensor.dispose()
}

/** Positions below `size` without repetition, at most `count`. */
function choose(size: number, count: number, random: () => number): readonly number[] {
  const positions = Array.from({ length: size }, (_, k) => k)
  const chosen = Math.min(size, count)
  for (let k = 0; k < chosen; k++) {
    const other = k + Math.floor(random() * (size - k))
    const kept = positions[k]!
    positions[k] = positions[other]!
    positions[other] = kept
  }
  return positions.slice(0, chosen)
}
