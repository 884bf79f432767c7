import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Engine, loadEngine, loadGradients, type Tf } from '../../models/engine.ts'
import { causalConvolution } from '../../models/layers/convolution.ts'
import type { Architecture, NetworkInput, NetworkShape } from '../../models/network.ts'
import { VENUE_SLOTS } from '../../models/samples.ts'
import { dilationsFor, TCN } from '../../models/tcn/network.ts'
import { TRANSFORMER } from '../../models/transformer/network.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import { checkGradients, drawWeights } from './gradient-check.ts'

const BATCH = 5
const SHAPE: NetworkShape = {
  windowHours: 12,
  inputs: 10,
  venueInputs: 2,
  venueSlots: VENUE_SLOTS,
  venueIds: 4,
  assetIds: 5,
  heads: 4,
}
const TINY: readonly (readonly [Architecture, Readonly<Record<string, number>>])[] = [
  [TCN, { channels: 9, kernel: 3 }],
  [TRANSFORMER, { patchHours: 3, width: 6, heads: 2, blocks: 2, selection: 4 }],
]

let engine: Engine
let tf: Tf
before(async () => {
  engine = await loadEngine({ prefer: 'wasm' })
  await loadGradients(engine)
  tf = engine.tf
})

const drawn = (size: number, seed: number): Float32Array => {
  const normal = createGaussian(createRandom(seed))
  return Float32Array.from({ length: size }, () => normal())
}

function inputOf({ windowHours, inputs, assetIds }: NetworkShape, batch = BATCH): NetworkInput {
  return {
    market: tf.tensor3d(drawn(batch * windowHours * inputs, 3), [batch, windowHours, inputs]),
    assetIds: tf.tensor1d(
      Int32Array.from({ length: batch }, (_, k) => k % assetIds),
      'int32',
    ),
  }
}

for (const [architecture, size] of TINY) {
  const { name } = architecture

  test(`the gradients of the ${name} are the slopes of its loss`, () => {
    const network = architecture.build(tf, SHAPE, 1, size)
    const input = inputOf(SHAPE, 2)
    const layers = checkGradients(tf, network, input)
    assert.deepEqual(
      layers.map((layer) => layer.name),
      [...network.weights.keys()],
    )
    network.dispose()
    tf.dispose([input.market, input.assetIds])
  })

  test(`the ${name} answers the same on wasm and cpu within 1e-4`, async () => {
    const answers = async (backend: string): Promise<Float32Array> => {
      assert.ok(await tf.setBackend(backend))
      const network = architecture.build(tf, SHAPE, 1, size)
      drawWeights(tf, network, 7)
      const input = inputOf(SHAPE)
      const found = tf.tidy(() => network.forward(input).dataSync<'float32'>().slice())
      network.dispose()
      tf.dispose([input.market, input.assetIds])
      return found
    }
    await loadEngine({ prefer: 'cpu' })
    const [onCpu, onWasm] = [await answers('cpu'), await answers('wasm')]
    assert.ok(onWasm.some((value) => Math.abs(value) > 0.01))
    for (const [k, value] of onWasm.entries()) {
      assert.ok(Math.abs(value - onCpu[k]!) < 1e-4, `Expected ${onCpu[k]}, was ${value}`)
    }
  })

  test(`the ${name} looks at every hour of the window, at the asset, and leaves no tensor behind`, () => {
    const network = architecture.build(tf, SHAPE, 1, size)
    drawWeights(tf, network, 11)
    const before = tf.memory().numTensors
    const { windowHours, inputs } = SHAPE
    const values = drawn(windowHours * inputs, 5)
    const answer = (market: Float32Array, asset: number): number =>
      tf.tidy(() => {
        const input = {
          market: tf.tensor3d(market.slice(), [1, windowHours, inputs]),
          assetIds: tf.tensor1d([asset], 'int32'),
        }
        return network.forward(input).dataSync()[0]!
      })
    const plain = answer(values, 1)
    for (let hour = 0; hour < windowHours; hour++) {
      const moved = values.map((value, k) => (Math.floor(k / inputs) === hour ? value + 3 : value))
      assert.notEqual(answer(moved, 1), plain, `hour ${hour}`)
    }
    assert.notEqual(answer(values, 2), plain)
    assert.equal(tf.memory().numTensors, before)
    network.dispose()
  })

  test(`the ${name} has at most 100,000 parameters at full size and draws the same ones from a seed`, () => {
    const full: NetworkShape = {
      windowHours: 72,
      inputs: 260,
      venueInputs: 60,
      venueSlots: 6,
      venueIds: 15,
      assetIds: 11,
      heads: 34,
    }
    const [first, again, other] = [1, 1, 2].map((seed) => architecture.build(tf, full, seed))
    const embedded = [first, again, other].map((network) => network!.weights.get('embed/weight')!.dataSync())
    assert.ok(first!.parameterCount <= 100_000, `Expected 100,000 or fewer, were ${first!.parameterCount}`)
    assert.deepEqual(embedded[0], embedded[1])
    assert.notDeepEqual(embedded[0], embedded[2])
    for (const network of [first, again, other]) network!.dispose()
  })
}

test('the TCN is the network of dilated causal convolutions that it stands for', () => {
  const [batch, windowHours, channels, kernel] = [3, 12, 9, 3]
  const network = TCN.build(tf, SHAPE, 1, { channels, kernel })
  drawWeights(tf, network, 13)
  const input = inputOf(SHAPE, batch)
  const weight = (name: string) => network.weights.get(name)! as never
  const expected = tf.tidy(() => {
    const asset = tf.matMul(tf.slice(weight('asset/table'), [0, 0], [batch, 4]), weight('asset/weight'))
    const rows = tf.matMul(tf.reshape(input.market, [batch * windowHours, SHAPE.inputs]), weight('embed/weight'))
    const place = tf.reshape(tf.add(asset, weight('embed/bias')), [batch, 1, channels])
    let hidden = tf.elu(tf.add(tf.reshape(rows, [batch, windowHours, channels]), place)) as never
    for (const [name, dilation] of [
      ['hours', 1],
      ...dilationsFor(windowHours, kernel).map((d) => [`block-${d}`, d]),
    ] as const) {
      if (name === 'block-1')
        hidden = tf.pad(hidden, [
          [0, 0],
          [27 - windowHours, 0],
          [0, 0],
        ]) as never
      const convolved = causalConvolution(tf, hidden, weight(`${name}/weight`), {
        kernel,
        dilation: dilation as number,
      })
      hidden = tf.add(hidden, tf.elu(tf.add(convolved, weight(`${name}/bias`)))) as never
    }
    const last = tf.reshape(tf.slice(hidden, [0, 26, 0], [batch, 1, channels]), [batch, channels])
    const row = tf.reshape(tf.slice(input.market, [0, windowHours - 1, 0], [batch, 1, SHAPE.inputs]), [
      batch,
      SHAPE.inputs,
    ])
    const state = tf.add(tf.matMul(last, weight('head/weight')), tf.matMul(row, weight('head/direct')))
    return tf.add(state, weight('head/bias')).dataSync()
  })
  const found = tf.tidy(() => network.forward(input).dataSync())
  for (const [k, value] of found.entries()) assert.ok(Math.abs(value - expected[k]!) < 1e-5, `${value} ${expected[k]}`)
  network.dispose()
  tf.dispose([input.market, input.assetIds])
})

test('a causal convolution is what its definition says', () => {
  const [time, channels, outputs, kernel, dilation] = [7, 2, 3, 3, 2]
  const x = drawn(time * channels, 1)
  const w = drawn(kernel * channels * outputs, 2)
  const found = tf.tidy(() =>
    causalConvolution(tf, tf.tensor3d(x, [1, time, channels]), tf.tensor2d(w, [kernel * channels, outputs]), {
      kernel,
      dilation,
    }).dataSync(),
  )
  for (let t = 0; t < time; t++) {
    for (let o = 0; o < outputs; o++) {
      let expected = 0
      for (let tap = 0; tap < kernel; tap++) {
        const source = t - (kernel - 1 - tap) * dilation
        for (let c = 0; c < channels && source >= 0; c++) {
          expected += x[source * channels + c]! * w[(tap * channels + c) * outputs + o]!
        }
      }
      assert.ok(Math.abs(found[t * outputs + o]! - expected) < 1e-5)
    }
  }
})

test('dilations reach back over the whole window', () => {
  assert.deepEqual(dilationsFor(72, 3), [1, 3, 9, 27])
  assert.deepEqual(dilationsFor(81, 3), [1, 3, 9, 27])
  assert.deepEqual(dilationsFor(82, 3), [1, 3, 9, 27, 81])
  assert.throws(() => dilationsFor(72, 1), RangeError)
})
