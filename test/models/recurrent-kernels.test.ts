import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { loadEngine, loadGradients, type Tf } from '../../models/engine.ts'
import { gruLastState } from '../../models/layers/gru-kernel.ts'
import { linear, transposedProduct } from '../../models/layers/linear.ts'
import { lstmLastState } from '../../models/layers/lstm-kernel.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'

interface Case {
  readonly batch: number
  readonly time: number
  readonly hidden: number
  readonly seed: number
}

/** One sample's inputs to a cell, in float64. */
interface Cell {
  /** [time][gate · hidden] */
  readonly projected: readonly (readonly number[])[]
  /** [hidden][gate · hidden] */
  readonly recurrent: readonly (readonly number[])[]
  readonly bias: readonly number[]
}

/** Rows over which the kernel's tiles run out: fewer than four, four, and more; columns odd and even. */
const CASES = fc.record({
  batch: fc.integer({ min: 1, max: 9 }),
  time: fc.integer({ min: 1, max: 5 }),
  hidden: fc.integer({ min: 1, max: 6 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
})
const TRIALS = { numRuns: 25, seed: 20_260_101 }
const GATES = { lstm: 4, gru: 3 } as const
type Kind = keyof typeof GATES

let tf: Tf
before(async () => {
  const engine = await loadEngine()
  await loadGradients(engine)
  tf = engine.tf
})

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const rowTimes = (row: readonly number[], matrix: readonly (readonly number[])[], column: number): number =>
  row.reduce((sum, value, k) => sum + value * matrix[k]![column]!, 0)

/** The definitions, one unit at a time. */
const REFERENCE: Record<Kind, (cell: Cell) => readonly number[]> = {
  lstm({ projected, recurrent }) {
    const hidden = recurrent.length
    let state: readonly number[] = new Array<number>(hidden).fill(0)
    let cell: readonly number[] = state
    for (const z of projected) {
      const gate = (g: number, k: number): number => z[g * hidden + k]! + rowTimes(state, recurrent, g * hidden + k)
      const next = cell.map((kept, k) => sigmoid(gate(1, k) + 1) * kept + sigmoid(gate(0, k)) * Math.tanh(gate(2, k)))
      state = next.map((value, k) => sigmoid(gate(3, k)) * Math.tanh(value))
      cell = next
    }
    return state
  },
  gru({ projected, recurrent, bias }) {
    const hidden = recurrent.length
    let state: readonly number[] = new Array<number>(hidden).fill(0)
    for (const z of projected) {
      const before = state
      const product = (g: number, k: number): number => rowTimes(before, recurrent, g * hidden + k)
      state = before.map((kept, k) => {
        const reset = sigmoid(z[k]! + product(0, k))
        const update = sigmoid(z[hidden + k]! + product(1, k))
        const candidate = Math.tanh(z[2 * hidden + k]! + reset * (product(2, k) + bias[k]!))
        return update * kept + (1 - update) * candidate
      })
    }
    return state
  },
}

function draw(kind: Kind, { batch, time, hidden, seed }: Case) {
  const normal = createGaussian(createRandom(seed))
  const width = GATES[kind] * hidden
  const values = (size: number, spread: number): Float32Array =>
    Float32Array.from({ length: size }, () => spread * normal())
  return {
    width,
    projected: values(batch * time * width, 1),
    recurrent: values(hidden * width, 0.6),
    bias: values(hidden, 0.5),
    /** What the last states are weighed with to make one number of them. */
    importance: values(batch * hidden, 1),
  }
}
type Drawn = ReturnType<typeof draw>

const toRows = (values: Float32Array, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, r) => [...values.subarray(r * width, (r + 1) * width)])

function referenceStates(kind: Kind, { time }: Case, drawn: Drawn): number[] {
  const rows = toRows(drawn.projected, drawn.width)
  const recurrent = toRows(drawn.recurrent, drawn.width)
  return Array.from({ length: rows.length / time }, (_, b) =>
    REFERENCE[kind]({ projected: rows.slice(b * time, (b + 1) * time), recurrent, bias: [...drawn.bias] }),
  ).flat()
}

const kernel = (kind: Kind, projected: Tensor3D, recurrent: Tensor2D, bias: Tensor1D): Tensor2D =>
  kind === 'lstm' ? lstmLastState(tf, projected, recurrent) : gruLastState(tf, projected, recurrent, bias)

function kernelStates(kind: Kind, { batch, time, hidden }: Case, drawn: Drawn): Float32Array {
  return tf.tidy(() =>
    kernel(
      kind,
      tf.tensor3d(drawn.projected.slice(), [batch, time, drawn.width]),
      tf.tensor2d(drawn.recurrent.slice(), [hidden, drawn.width]),
      tf.tensor1d(drawn.bias.slice()),
    ).dataSync<'float32'>(),
  )
}

function assertClose(found: ArrayLike<number>, expected: ArrayLike<number>, within: number): void {
  assert.equal(found.length, expected.length)
  for (let k = 0; k < found.length; k++) {
    const difference = Math.abs(found[k]! - expected[k]!)
    assert.ok(difference <= within, `value ${k}: Expected ${expected[k]}, was ${found[k]}`)
  }
}

for (const kind of ['lstm', 'gru'] as const) {
  test(`the ${kind} kernel equals the definition, step by step`, () => {
    fc.assert(
      fc.property(CASES, (size) => {
        const drawn = draw(kind, size)
        assertClose(kernelStates(kind, size, drawn), referenceStates(kind, size, drawn), 2e-6)
      }),
      TRIALS,
    )
    const shipped = { batch: 3, time: 72, hidden: 32, seed: 5 }
    const drawn = draw(kind, shipped)
    const small = { ...drawn, recurrent: drawn.recurrent.map((value) => value / 4) }
    assertClose(kernelStates(kind, shipped, small), referenceStates(kind, shipped, small), 1e-5)
  })

  test(`the ${kind} kernel's gradient is the slope of the definition`, () => {
    const STEP = 1e-5 // the definition is in float64
    fc.assert(
      fc.property(CASES, (size) => {
        const { batch, time, hidden } = size
        const drawn = draw(kind, size)
        const gradients = tf.tidy(() => {
          const importance = tf.tensor2d(drawn.importance, [batch, hidden])
          const inputs = [
            tf.tensor3d(drawn.projected.slice(), [batch, time, drawn.width]),
            tf.tensor2d(drawn.recurrent.slice(), [hidden, drawn.width]),
            tf.tensor1d(drawn.bias.slice()),
          ]
          const slopes = tf.grads((z, w, b = inputs[2]!) =>
            tf.sum(tf.mul(kernel(kind, z as Tensor3D, w as Tensor2D, b as Tensor1D), importance)),
          )
          return slopes(kind === 'gru' ? inputs : inputs.slice(0, 2)).map((tensor) => tensor.dataSync<'float32'>())
        })
        const names = ['projected', 'recurrent', 'bias'] as const
        gradients.forEach((gradient, part) => {
          // In float64, so that a small step is not rounded away.
          const values = Float64Array.from(drawn[names[part]!])
          const lossAt = (k: number, value: number): number => {
            const moved = values.slice()
            moved[k] = value
            const states = referenceStates(kind, size, { ...drawn, [names[part]!]: moved })
            return states.reduce((sum, state, n) => sum + state * drawn.importance[n]!, 0)
          }
          for (let k = 0; k < gradient.length; k += Math.max(1, Math.floor(gradient.length / 12))) {
            const expected = (lossAt(k, values[k]! + STEP) - lossAt(k, values[k]! - STEP)) / (2 * STEP)
            const error = Math.abs(gradient[k]! - expected)
            assert.ok(error < 1e-5 + 1e-4 * Math.abs(expected), `${names[part]} ${k}: ${expected}, was ${gradient[k]}`)
          }
        })
      }),
      TRIALS,
    )
  })

  test(`the ${kind} kernel keeps its inputs as they are and leaves no tensor behind`, () => {
    const size = { batch: 5, time: 4, hidden: 3, seed: 9 }
    const drawn = draw(kind, size)
    const inputs = [
      tf.tensor3d(drawn.projected.slice(), [5, 4, drawn.width]),
      tf.tensor2d(drawn.recurrent.slice(), [3, drawn.width]),
      tf.tensor1d(drawn.bias.slice()),
    ] as const
    const before = tf.memory().numTensors
    const twice = [0, 1].map(() =>
      tf.tidy(() => {
        const slope = tf.grad((z) => tf.sum(kernel(kind, z as Tensor3D, inputs[1], inputs[2])))
        return [...slope(inputs[0]).dataSync()]
      }),
    )
    assert.deepEqual(twice[0], twice[1])
    assert.equal(tf.memory().numTensors, before)
    assert.deepEqual(inputs[0].dataSync(), drawn.projected)
    assert.deepEqual(inputs[1].dataSync(), drawn.recurrent)
    tf.dispose([...inputs])
  })

  test(`the ${kind} kernel stays finite at inputs that overflow an exponential`, () => {
    const size = { batch: 2, time: 3, hidden: 2, seed: 3 }
    const drawn = draw(kind, size)
    const huge = { ...drawn, projected: drawn.projected.map((value) => value * 1e4) }
    const states = kernelStates(kind, size, huge)
    assert.ok(states.every((value) => Math.abs(value) <= 1))
    assertClose(states, referenceStates(kind, size, huge), 1e-5)
  })

  test(`the ${kind} kernel refuses sizes that do not fit together`, () => {
    tf.tidy(() => {
      assert.throws(() => kernel(kind, tf.zeros([2, 3, 7]), tf.zeros([2, 7]), tf.zeros([2])), /Expected .* gates/)
      assert.throws(
        () => kernel(kind, tf.zeros([2, 3, GATES[kind] * 2]), tf.zeros([2, 5]), tf.zeros([2])),
        /Expected .* gates/,
      )
    })
  })
}

test('a linear map has the value and the gradients of a matrix product', () => {
  for (const [rows, columns, outputs] of [
    [7, 3, 5],
    [7, 5, 3],
    [1, 1, 1],
  ] as const) {
    tf.tidy(() => {
      const normal = createGaussian(createRandom(rows + columns))
      const drawn = (r: number, c: number): Tensor2D =>
        tf.tensor2d(
          Float32Array.from({ length: r * c }, () => normal()),
          [r, c],
        )
      const [x, w, importance] = [drawn(rows, columns), drawn(columns, outputs), drawn(rows, outputs)]
      const through = (product: (a: Tensor2D, b: Tensor2D) => Tensor2D) =>
        tf.valueAndGrads((a, b) => tf.sum(tf.mul(product(a as Tensor2D, b as Tensor2D), importance)))([x, w])
      const found = through((a, b) => linear(tf, a, b))
      const expected = through((a, b) => tf.matMul(a, b))
      assertClose(found.value.dataSync(), expected.value.dataSync(), 1e-5)
      found.grads.forEach((grad, k) => {
        assert.deepEqual(grad.shape, expected.grads[k]!.shape)
        assertClose(grad.dataSync(), expected.grads[k]!.dataSync(), 1e-5)
      })
      assertClose(
        transposedProduct(tf, x, importance).dataSync(),
        tf.matMul(x, importance, true, false).dataSync(),
        1e-5,
      )
    })
  }
})
