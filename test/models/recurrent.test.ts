import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { CNN_LSTM } from '../../models/cnn-lstm/network.ts'
import { type Engine, type EngineName, loadEngine, loadGradients, type Tf } from '../../models/engine.ts'
import { GRU } from '../../models/gru/network.ts'
import { LSTM } from '../../models/lstm/network.ts'
import type { Architecture, Network, NetworkInput, NetworkShape } from '../../models/network.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import { checkGradients, drawWeights } from './gradient-check.ts'

const SHAPE: NetworkShape = {
  windowHours: 5,
  inputs: 6,
  venueInputs: 5,
  venueSlots: 3,
  venueIds: 4,
  assetIds: 3,
  heads: 4,
}
const BATCH = 6
const NETWORKS: readonly (readonly [Architecture, Readonly<Record<string, number>>])[] = [
  [GRU, { channels: 7, hidden: 9 }],
  [LSTM, { channels: 7, hidden: 9 }],
  [CNN_LSTM, { channels: 4, filters: 6, kernel: 5, venueChannels: 5, hidden: 6 }],
]

let engine: Engine
let tf: Tf
before(async () => {
  engine = await loadEngine()
  await loadGradients(engine)
  tf = engine.tf
})

const drawn = (size: number, seed: number, spread = 1): Float32Array => {
  const normal = createGaussian(createRandom(seed))
  return Float32Array.from({ length: size }, () => spread * normal())
}

interface Values {
  readonly market: Float32Array
  readonly assets: readonly number[]
  readonly venues: Float32Array
  readonly ids: readonly number[]
  readonly present: readonly number[]
}

/** Six samples: all venues there, some absent, and in the last none. */
const VALUES: Values = {
  market: drawn(BATCH * SHAPE.windowHours * SHAPE.inputs, 3),
  assets: [0, 1, 2, 1, 0, 2],
  venues: drawn(BATCH * SHAPE.venueSlots * SHAPE.windowHours * SHAPE.venueInputs, 4),
  ids: [1, 2, 3, 1, 2, 0, 3, 0, 1, 2, 3, 0, 0, 0, 0, 1, 2, 3],
  present: [1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0],
}
const SLOT = SHAPE.windowHours * SHAPE.venueInputs

const toInput = ({ market, assets, venues, ids, present }: Values): NetworkInput => ({
  market: tf.tensor3d(market, [BATCH, SHAPE.windowHours, SHAPE.inputs]),
  assetIds: tf.tensor1d([...assets], 'int32'),
  venues: tf.tensor(venues, [BATCH, SHAPE.venueSlots, SHAPE.windowHours, SHAPE.venueInputs]) as Tensor4D,
  venueIds: tf.tensor2d([...ids], [BATCH, SHAPE.venueSlots], 'int32'),
  present: tf.tensor2d([...present], [BATCH, SHAPE.venueSlots]),
})

const forward = (network: Network, values: Values): Float32Array =>
  tf.tidy(() => network.forward(toInput(values)).dataSync<'float32'>())

function gradients(network: Network): readonly Float32Array[] {
  const input = toInput(VALUES)
  const variables = [...network.weights.values()]
  const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(network.forward(input))), variables)
  const values = variables.map((variable) => grads[variable.name]!.dataSync<'float32'>().slice())
  tf.dispose([value, ...Object.values(grads), ...Object.values(input)])
  return values
}

/** With weights everywhere, heads included: as built, a network answers nothing. */
function withNetwork<T>([architecture, size]: (typeof NETWORKS)[number], use: (network: Network) => T): T {
  const network = architecture.build(tf, SHAPE, 7, size)
  drawWeights(tf, network, 8)
  try {
    return use(network)
  } finally {
    network.dispose()
  }
}

function assertClose(found: ArrayLike<number>, expected: ArrayLike<number>, within: number, what: string): void {
  assert.equal(found.length, expected.length, what)
  for (let k = 0; k < found.length; k++) {
    const difference = Math.abs(found[k]! - expected[k]!)
    assert.ok(difference <= within, `${what}, value ${k}: Expected ${expected[k]}, was ${found[k]}`)
  }
}

for (const made of NETWORKS) {
  const { name } = made[0]

  test(`${name}: the gradient of every layer is its slope`, () => {
    const network = made[0].build(tf, SHAPE, 11, made[1])
    const input = toInput(VALUES)
    const layers = checkGradients(tf, network, input, { perLayer: 200 })
    for (const { name: layer, checked } of layers) {
      assert.equal(checked, Math.min(200, network.weights.get(layer)!.size), layer)
    }
    assert.deepEqual(
      layers.map((layer) => layer.name),
      [...network.weights.keys()],
    )
    network.dispose()
    tf.dispose({ ...input })
  })

  test(`${name}: the same seed gives the same weights, another seed others`, () => {
    const weightsOf = (seed: number): Record<string, number[]> => {
      const network = made[0].build(tf, SHAPE, seed, made[1])
      const read = Object.fromEntries(
        [...network.weights].map(([layer, variable]) => [layer, [...variable.dataSync()]]),
      )
      network.dispose()
      return read
    }
    assert.deepEqual(weightsOf(1), weightsOf(1))
    assert.notDeepEqual(weightsOf(1), weightsOf(2))
  })

  test(`${name}: at the shipped size it has at most 100,000 parameters`, () => {
    const shape = { ...SHAPE, windowHours: 72, inputs: 160, venueInputs: 40, venueSlots: 6, venueIds: 15, heads: 35 }
    const network = made[0].build(tf, shape, 1)
    assert.ok(network.parameterCount <= 100_000, `Expected 100,000 or fewer, were ${network.parameterCount}`)
    assert.equal(
      network.parameterCount,
      [...network.weights.values()].reduce((sum, { size }) => sum + size, 0),
    )
    network.dispose()
  })

  test(`${name}: every hour of the window is heard, the oldest included`, () => {
    withNetwork(made, (network) => {
      const before = forward(network, VALUES)
      for (let hour = 0; hour < SHAPE.windowHours; hour++) {
        const market = VALUES.market.slice()
        market[hour * SHAPE.inputs]! += 1
        const after = forward(network, { ...VALUES, market })
        assert.ok(Math.abs(after[0]! - before[0]!) > 1e-5, `hour ${hour} changes nothing`)
        // The other samples of the batch are left alone.
        assert.deepEqual(after.slice(SHAPE.heads), before.slice(SHAPE.heads))
      }
    })
  })

  test(`${name}: forward, backward and dispose leave no tensor behind`, () => {
    const input = toInput(VALUES)
    const before = tf.memory().numTensors
    withNetwork(made, (network) => {
      const variables = [...network.weights.values()]
      const held = tf.memory().numTensors
      assert.equal(held, before + variables.length)
      for (let k = 0; k < 3; k++) {
        tf.tidy(() => network.forward(input).dataSync())
        const { value, grads } = tf.variableGrads(
          () => tf.sum(network.forward(input, (shape) => tf.fill([...shape], 1.25))),
          variables,
        )
        tf.dispose([value, ...Object.values(grads)])
        assert.equal(tf.memory().numTensors, held)
      }
    })
    assert.equal(tf.memory().numTensors, before)
    tf.dispose({ ...input })
  })

  test(`${name}: the gradient by the inputs, which explanations stand on, is the slope`, () => {
    withNetwork(made, (network) => {
      const rowsRead = made[0].readsVenues ? (['market', 'venues'] as const) : (['market'] as const)
      for (const part of rowsRead) {
        const [gradient, slope] = tf.tidy(() => {
          const input = toInput(VALUES)
          const answer = (rows: Tensor) =>
            tf.sum(tf.slice(network.forward({ ...input, [part]: rows }), [0, 1], [-1, 1]))
          const way = tf.tensor(drawn(VALUES[part].length, 17), input[part]!.shape)
          const at = (step: number): number => answer(tf.add(input[part]!, tf.mul(way, step))).dataSync()[0]!
          const found = tf.grad(answer)(input[part]!)
          if (part === 'venues') {
            const ofSlots = tf.sum(tf.abs(found), [2, 3]).dataSync()
            VALUES.present.forEach((there, slot) => {
              assert.equal(ofSlots[slot]! > 0, there === 1, `slot ${slot}`)
            })
          }
          return [tf.sum(tf.mul(found, way)).dataSync()[0]!, (at(5e-3) - at(-5e-3)) / 1e-2]
        })
        assert.ok(Math.abs(gradient! / slope! - 1) < 0.01, `${part}: Expected ${slope}, was ${gradient}`)
      }
    })
  })

  test(`${name}: a sample is answered the same alone as in a batch`, () => {
    withNetwork(made, (network) => {
      const together = forward(network, VALUES)
      for (let sample = 0; sample < BATCH; sample++) {
        const alone = tf.tidy(() => {
          const one = Object.entries(toInput(VALUES)).map(([part, tensor]) => [part, tf.slice(tensor, sample, 1)])
          return network.forward(Object.fromEntries(one) as NetworkInput).dataSync<'float32'>()
        })
        assertClose(
          alone,
          together.subarray(sample * SHAPE.heads, (sample + 1) * SHAPE.heads),
          1e-6,
          `sample ${sample}`,
        )
      }
    })
  })

  test(`${name}: dropout acts on the last state and on nothing else`, () => {
    withNetwork(made, (network) => {
      const asked: number[][] = []
      const dropped = tf.tidy(() =>
        network
          .forward(toInput(VALUES), (shape) => {
            asked.push([...shape])
            return tf.zeros([...shape])
          })
          .dataSync<'float32'>(),
      )
      assert.deepEqual(asked, [[BATCH, made[1].hidden]])
      // What is left are the heads' direct weights on the last hour, and their bias.
      const direct = network.weights.get('head/direct')!.dataSync()
      const bias = network.weights.get('head/bias')!.dataSync()
      for (let head = 0; head < SHAPE.heads; head++) {
        let expected = bias[head]!
        for (let column = 0; column < SHAPE.inputs; column++) {
          const value = VALUES.market[(SHAPE.windowHours - 1) * SHAPE.inputs + column]!
          expected += value * direct[column * SHAPE.heads + head]!
        }
        assert.ok(Math.abs(dropped[head]! - expected) < 1e-5)
      }
    })
  })

  test(`${name}: wasm and cpu answer the same within 1e-4, and so do their gradients`, async () => {
    const [kept, backend] = [tf, tf.getBackend()]
    const found = new Map<EngineName, readonly Float32Array[]>()
    try {
      for (const prefer of ['cpu', 'wasm'] as const) {
        const loaded = await loadEngine({ prefer })
        assert.equal(loaded.name, prefer)
        await loadGradients(loaded)
        tf = loaded.tf
        await tf.setBackend(prefer)
        found.set(
          prefer,
          withNetwork(made, (network) => [forward(network, VALUES), ...gradients(network)]),
        )
      }
    } finally {
      tf = kept
      await tf.setBackend(backend)
    }
    for (const [k, values] of found.get('wasm')!.entries()) {
      assertClose(values, found.get('cpu')![k]!, 1e-4, `${name} ${k}`)
    }
  })
}

const CNN = NETWORKS[2]!

test('cnn-lstm: a venue that is absent has no influence whatsoever', () => {
  withNetwork(CNN, (network) => {
    const expected = forward(network, VALUES)
    for (const filler of [0, 1e6, Number.NaN, Number.POSITIVE_INFINITY]) {
      const venues = VALUES.venues.slice()
      const ids = [...VALUES.ids]
      VALUES.present.forEach((there, slot) => {
        if (there) return
        venues.fill(filler, slot * SLOT, (slot + 1) * SLOT)
        ids[slot] = (ids[slot]! + 1) % SHAPE.venueIds
      })
      assert.deepEqual(forward(network, { ...VALUES, venues, ids }), expected)
    }
  })
})

test('cnn-lstm: a venue that is present has influence, at its oldest hour too, and so has which one it is', () => {
  withNetwork(CNN, (network) => {
    const before = forward(network, VALUES)
    const venues = VALUES.venues.map((value, k) => (k % SLOT < SHAPE.venueInputs ? value + 2 : value))
    const after = forward(network, { ...VALUES, venues })
    const renamed = forward(network, { ...VALUES, ids: VALUES.ids.map((id) => (id + 1) % SHAPE.venueIds) })
    for (let sample = 0; sample < BATCH; sample++) {
      const there = VALUES.present.slice(sample * SHAPE.venueSlots, (sample + 1) * SHAPE.venueSlots).includes(1)
      for (const other of [after, renamed]) {
        const change = Math.abs(other[sample * SHAPE.heads]! - before[sample * SHAPE.heads]!)
        if (there) assert.ok(change > 1e-5, `sample ${sample}: Expected a change, was ${change}`)
        else assert.equal(change, 0)
      }
    }
  })
})

test('cnn-lstm: with no venue present the answer is finite and rests on the market alone', () => {
  withNetwork(CNN, (network) => {
    const present = VALUES.present.map(() => 0)
    const found = forward(network, { ...VALUES, present })
    assert.ok(found.every(Number.isFinite))
    const others = { ...VALUES, present, venues: drawn(VALUES.venues.length, 99), ids: VALUES.ids.map(() => 2) }
    assert.deepEqual(forward(network, others), found)
    assert.notDeepEqual(forward(network, { ...others, market: drawn(VALUES.market.length, 98) }), found)
  })
})

test('cnn-lstm: the order of venues does not matter', () => {
  withNetwork(CNN, (network) => {
    const expected = forward(network, VALUES)
    for (const order of [
      [1, 0, 2],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const from = (slot: number): number => slot - (slot % SHAPE.venueSlots) + order[slot % SHAPE.venueSlots]!
      const slots = VALUES.ids.map((_, slot) => from(slot))
      const venues = Float32Array.from(VALUES.venues, (_, k) => {
        return VALUES.venues[slots[Math.floor(k / SLOT)]! * SLOT + (k % SLOT)]!
      })
      const ids = slots.map((slot) => VALUES.ids[slot]!)
      const present = slots.map((slot) => VALUES.present[slot]!)
      assertClose(forward(network, { ...VALUES, venues, ids, present }), expected, 1e-5, `order ${order}`)
    }
  })
})

test('cnn-lstm: without venues in the input it says what it expects', () => {
  withNetwork(CNN, (network) => {
    const { venues: _, ...rest } = toInput(VALUES)
    assert.throws(() => network.forward(rest), /Expected venues, their ids and presence/)
    tf.dispose([rest.market, rest.assetIds, rest.venueIds!, rest.present!])
  })
})
