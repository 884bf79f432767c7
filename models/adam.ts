export interface AdamOptions {
  readonly learningRate: number
  /** The gradient of all weights together is shortened to this length. */
  readonly clipNorm: number
  /** The penalty λ·w² on weights that `penalised` says. */
  readonly l2: number
  readonly penalised: readonly boolean[]
}

/** First and second moments by array of weights, and steps made: all that a fit needs to go on as if it had not stopped. */
export interface AdamState {
  steps: number
  readonly first: readonly Float32Array[]
  readonly second: readonly Float32Array[]
}

const DECAY_FIRST = 0.9
const DECAY_SECOND = 0.999
const SMALL = 1e-7

export const createAdamState = (sizes: readonly number[]): AdamState => ({
  steps: 0,
  first: sizes.map((size) => new Float32Array(size)),
  second: sizes.map((size) => new Float32Array(size)),
})

/**
 * One step of Adam on plain arrays, in place.
 *
 * On arrays and not on tensors, so that it is the same on every engine and a checkpoint holds it to the last bit.
 *
 * @param gradients - by array; undefined where the loss does not depend on it
 * @throws {Error} when a gradient is not finite: the weights stay as they were
 * @see Kingma, Ba (2015), "Adam: A Method for Stochastic Optimization", ICLR
 */
export function adamStep(
  weights: readonly Float32Array[],
  gradients: readonly (Float32Array | undefined)[],
  state: AdamState,
  { learningRate, clipNorm, l2, penalised }: AdamOptions,
): void {
  let squares = 0
  for (const gradient of gradients) if (gradient) for (let k = 0; k < gradient.length; k++) squares += gradient[k]! ** 2
  const norm = Math.sqrt(squares)
  if (!Number.isFinite(norm)) throw new Error(`Expected a finite gradient, its length was ${norm}`)
  const shorten = norm > clipNorm ? clipNorm / norm : 1
  state.steps++
  const rate = (learningRate * Math.sqrt(1 - DECAY_SECOND ** state.steps)) / (1 - DECAY_FIRST ** state.steps)
  weights.forEach((values, a) => {
    const gradient = gradients[a]
    const [first, second] = [state.first[a]!, state.second[a]!]
    const pull = penalised[a] ? 2 * l2 : 0
    for (let k = 0; k < values.length; k++) {
      const slope = (gradient ? gradient[k]! * shorten : 0) + pull * values[k]!
      first[k] = DECAY_FIRST * first[k]! + (1 - DECAY_FIRST) * slope
      second[k] = DECAY_SECOND * second[k]! + (1 - DECAY_SECOND) * slope * slope
      values[k] = values[k]! - (rate * first[k]!) / (Math.sqrt(second[k]!) + SMALL)
    }
  })
}
