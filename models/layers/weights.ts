import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import type { Tf } from '../engine.ts'

export interface Weights {
  readonly all: ReadonlyMap<string, Variable>
  readonly parameterCount: () => number
  /**
   * Adds a variable drawn from N(0, spread²), or all zero with a spread of 0.
   *
   * @param name - unique within the network; ends in `bias` where the L2 penalty must leave it alone
   */
  make(name: string, dimensions: readonly number[], spread: number): void
  get<T extends Tensor>(name: string): T
  dispose(): void
}

/** The weights of one network by name, drawn in the order they are made: the same seed gives the same on every machine. */
export function createWeights(tf: Tf, seed: number): Weights {
  const normal = createGaussian(createRandom(seed))
  const all = new Map<string, Variable>()
  return {
    all,
    parameterCount: () => [...all.values()].reduce((sum, { size }) => sum + size, 0),
    make(name, dimensions, spread) {
      if (all.has(name)) throw new RangeError(`Expected a new name for weights, was ${name} again`)
      const size = dimensions.reduce((product, dimension) => product * dimension, 1)
      const values = Float32Array.from({ length: size }, () => (spread === 0 ? 0 : spread * normal()))
      const initial = tf.tensor(values, [...dimensions])
      all.set(name, tf.variable(initial))
      initial.dispose()
    },
    get<T extends Tensor>(name: string): T {
      const found = all.get(name)
      if (!found) throw new RangeError(`Expected weights called ${name}, were none`)
      return found as unknown as T
    },
    dispose() {
      for (const variable of all.values()) variable.dispose()
    },
  }
}
