import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { attention, makeAttention } from '../layers/attention.ts'
import { embed } from '../layers/embedding.ts'
import { gate, gatedResidual, layerNorm, makeGate, makeGatedResidual, makeLayerNorm } from '../layers/gating.ts'
import { applyHeads, lastStep, makeHeads } from '../layers/heads.ts'
import { linear } from '../layers/linear.ts'
import { createWeights } from '../layers/weights.ts'
import type { Architecture } from '../network.ts'

const ASSET_WIDTH = 4
/** `selection` is the width of the layer that decides how much each column counts. */
const SIZE = { patchHours: 3, width: 32, heads: 4, blocks: 2, selection: 16 }

/**
 * A small transformer over patches of time, gated as the temporal fusion transformer is.
 *
 * Three hours make a patch, so that 72 hours are 24 steps. What a patch says decides how much each of its columns counts
 * (softmax weights with a mean of 1), then the columns are mapped to 32 channels, with a learned position and the asset's
 * embedding. Blocks of multi-head attention and a gated residual network follow; the newest patch is what the heads read, so
 * the last block computes nothing else.
 *
 * @see Lim, Arık, Loeff, Pfister (2021), "Temporal Fusion Transformers", International Journal of Forecasting 37(4)
 * @see Nie, Nguyen, Sinthong, Kalagnanam (2023), "A Time Series is Worth 64 Words", ICLR
 */
export const TRANSFORMER: Architecture = {
  name: 'transformer',
  title: 'small transformer',
  readsVenues: false,
  build(tf, shape, seed, size = {}) {
    const { patchHours, width, heads: attentionHeads, blocks, selection } = { ...SIZE, ...size }
    const { inputs, heads, assetIds, windowHours } = shape
    if (windowHours % patchHours !== 0) {
      throw new RangeError(`Expected a window of whole patches of ${patchHours} h, was ${windowHours} h`)
    }
    const patches = windowHours / patchHours
    const columns = patchHours * inputs
    const weights = createWeights(tf, seed)
    weights.make('asset/table', [assetIds, ASSET_WIDTH], 0.3)
    weights.make('asset/weight', [ASSET_WIDTH, width], Math.sqrt(1 / ASSET_WIDTH))
    weights.make('select/in/weight', [columns, selection], Math.sqrt(1 / columns))
    weights.make('select/in/bias', [selection], 0)
    weights.make('select/out/weight', [selection, inputs], 0)
    weights.make('select/out/bias', [inputs], 0)
    weights.make('embed/weight', [columns, width], Math.sqrt(1 / columns))
    weights.make('embed/bias', [width], 0)
    weights.make('position', [patches, width], 0.5)
    makeGatedResidual(weights, 'embedded', width)
    const names = Array.from({ length: blocks }, (_, k) => `block-${k + 1}`)
    const asking = (k: number): number => (k === names.length - 1 ? 1 : patches)
    for (const [k, name] of names.entries()) {
      makeAttention(weights, `${name}/attention`, { width, heads: attentionHeads, time: patches, from: asking(k) })
      makeGate(weights, `${name}/gate`, { inputs: width, outputs: width })
      makeLayerNorm(weights, `${name}/norm`, width)
      makeGatedResidual(weights, `${name}/after`, width)
    }
    makeHeads(weights, { hidden: width, inputs, heads })
    const weight = <T extends Tensor>(name: string): T => weights.get<T>(name)

    /** How much each column of a patch counts, the same for its hours: [batch · patches, columns]. */
    const selected = (rows: Tensor2D): Tensor2D => {
      const read = tf.elu(tf.add(linear(tf, rows, weight('select/in/weight')), weight('select/in/bias')))
      const scores = tf.add(linear(tf, read as Tensor2D, weight('select/out/weight')), weight('select/out/bias'))
      const counts = tf.mul(tf.softmax(scores), inputs) as Tensor2D
      return tf.mul(
        rows,
        tf.concat(
          Array.from({ length: patchHours }, () => counts),
          1,
        ),
      )
    }

    return {
      shape,
      weights: weights.all,
      parameterCount: weights.parameterCount(),
      forward({ market, assetIds }, dropout) {
        const batch = market.shape[0]
        const rows = tf.reshape(market, [batch * patches, columns]) as Tensor2D
        const asset = tf.matMul(embed(tf, assetIds, weight('asset/table')), weight<Tensor2D>('asset/weight'))
        const place = tf.add(
          tf.reshape(tf.add(asset, weight<Tensor1D>('embed/bias')), [batch, 1, width]),
          tf.reshape(weight<Tensor2D>('position'), [1, patches, width]),
        )
        const mapped = tf.reshape(linear(tf, selected(rows), weight('embed/weight')), [batch, patches, width])
        const flat = tf.reshape(tf.add(mapped, place), [batch * patches, width]) as Tensor2D
        let hidden = tf.reshape(gatedResidual(tf, weights, 'embedded', flat, dropout), [
          batch,
          patches,
          width,
        ]) as Tensor3D
        names.forEach((name, k) => {
          const steps = asking(k)
          const attended = attention(tf, weights, `${name}/attention`, hidden, { heads: attentionHeads, from: steps })
          const own = steps === 1 ? lastStep(tf, hidden) : (tf.reshape(hidden, [batch * steps, width]) as Tensor2D)
          const through = gate(tf, weights, `${name}/gate`, tf.reshape(attended, [batch * steps, width]) as Tensor2D)
          const joined = layerNorm(tf, weights, `${name}/norm`, tf.add(own, through))
          const after = gatedResidual(tf, weights, `${name}/after`, joined, dropout)
          hidden = tf.reshape(after, [batch, steps, width]) as Tensor3D
        })
        return applyHeads(tf, weights, lastStep(tf, hidden), market)
      },
      dispose: () => weights.dispose(),
    }
  },
}
