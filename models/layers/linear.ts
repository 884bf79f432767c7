import type { GradSaveFunc, Tensor2D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'

/**
 * Matrix product for long inputs (many rows, few columns) whose gradient is as fast as itself.
 *
 * On WebAssembly a product with a transposed argument, which the gradient of `tf.matMul` asks for twice, takes a plain loop ten
 * times slower than the product without; so what has to be transposed is transposed first, the smaller of the two where there is
 * a choice.
 *
 * @param input - [rows, columns]
 * @param weight - [columns, outputs]
 * @returns [rows, outputs]
 */
export function linear(tf: Tf, input: Tensor2D, weight: Tensor2D): Tensor2D {
  const product = tf.customGrad((x, w, save) => {
    ;(save as GradSaveFunc)([x as Tensor2D, w as Tensor2D])
    return {
      value: tf.matMul(x as Tensor2D, w as Tensor2D),
      gradFunc(slope, saved) {
        const [savedInput, savedWeight] = saved as Tensor2D[]
        const ofInput = tf.matMul(slope as Tensor2D, tf.transpose(savedWeight!))
        return [ofInput, transposedProduct(tf, savedInput!, slope as Tensor2D)]
      },
    }
  })
  return product(input, weight) as Tensor2D
}

/** aᵀ·b of [rows, n] and [rows, m]: [n, m]. */
export function transposedProduct(tf: Tf, a: Tensor2D, b: Tensor2D): Tensor2D {
  return tf.tidy(() =>
    a.shape[1] <= b.shape[1]
      ? tf.matMul(tf.transpose(a), b)
      : (tf.transpose(tf.matMul(tf.transpose(b), a)) as Tensor2D),
  )
}
