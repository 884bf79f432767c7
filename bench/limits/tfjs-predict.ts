import type { Engine } from '../../models/engine.ts'

/** The library's own way: a sequential model of dilated convolutions of the same shape, and one `predict`. */
export async function barePredict({ tf }: Engine, shape: { hours: number; inputs: number; channels: number }) {
  const { layers, sequential } = await import('@tensorflow/tfjs-layers')
  const model = sequential()
  const conv = { filters: shape.channels, kernelSize: 3, padding: 'same', activation: 'relu' } as const
  model.add(layers.conv1d({ ...conv, inputShape: [shape.hours, shape.inputs] }))
  for (const dilationRate of [2, 4, 8]) model.add(layers.conv1d({ ...conv, dilationRate }))
  model.add(layers.globalAveragePooling1d({}))
  model.add(layers.dense({ units: 3, activation: 'sigmoid' }))
  const window = new Float32Array(shape.hours * shape.inputs).fill(0.1)

  return () =>
    tf.tidy(() => {
      const output = model.predict(tf.tensor3d(window, [1, shape.hours, shape.inputs]))
      return (output as { dataSync(): Float32Array }).dataSync()
    })
}
