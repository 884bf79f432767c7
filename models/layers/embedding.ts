import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'

/**
 * Looks rows of an embedding table up.
 *
 * Written as a product with one-hot rows: tf.gather has no gradient on WebAssembly, and the tables are short.
 *
 * @param ids - int32 of any shape, each below the table's rows
 * @param table - [rows, width]
 * @returns [ids.size, width], the ids in their flat order
 */
export function embed(tf: Tf, ids: Tensor, table: Tensor2D): Tensor2D {
  const flat = tf.reshape(ids, [ids.size]) as Tensor1D
  return tf.matMul(tf.cast(tf.oneHot(flat, table.shape[0]), 'float32') as Tensor2D, table)
}
