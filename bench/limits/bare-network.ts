import type { Tensor } from '@tensorflow/tfjs-core'
import type { Tf } from '../../models/engine.ts'
import type { Network, NetworkInput } from '../../models/network.ts'

/** A batch of the shape that a network reads, drawn once. */
export function bareInput(tf: Tf, { shape }: Network, batch: number): NetworkInput {
  const { windowHours, inputs, venueSlots, venueInputs } = shape
  return {
    market: tf.randomNormal([batch, windowHours, inputs]),
    assetIds: tf.ones([batch], 'int32'),
    venues: tf.randomNormal([batch, venueSlots, windowHours, venueInputs]),
    venueIds: tf.ones([batch, venueSlots], 'int32'),
    present: tf.ones([batch, venueSlots]),
  }
}

/** The network and nothing else: no features read, nothing normalised or calibrated. */
export const bareForward = (tf: Tf, network: Network, input: NetworkInput) => (): Float32Array =>
  tf.tidy(() => network.forward(input).dataSync<'float32'>())

/** The gradients of one batch and nothing else: no batch built, no labels, no weight changed. */
export function bareStep(tf: Tf, network: Network, input: NetworkInput): void {
  const { value, grads } = tf.variableGrads(
    () => tf.mean(tf.square(network.forward(input))),
    [...network.weights.values()],
  )
  for (const gradient of Object.values(grads)) gradient.dataSync()
  tf.dispose([value, ...Object.values(grads)] as Tensor[])
}
