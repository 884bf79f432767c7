import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Tf } from './engine.ts'
import { FEATURE_COUNT, FEATURES, VENUE_FEATURE_COUNT, VENUE_FEATURES } from './features.ts'
import type { NetworkParts } from './fitted-network.ts'
import { featureSums, integratedGradients } from './integrated-gradients.ts'
import type { NetworkInput } from './network.ts'
import { toNetworkInput } from './network-batches.ts'
import type { Contribution, Explanation } from './rung.ts'
import { featureOf, type Sample, VENUE_SLOTS } from './samples.ts'
import { type TargetKey, targetIndex, targetOf } from './targets.ts'

/**
 * Which features made a network's score of one sample, by integrated gradients from an average hour.
 *
 * The average hour has every feature that is known of the sample at its mean, in every hour of the window: so a feature that is
 * not known contributes nothing, and the base is what the network says of the asset when nothing stands out. A feature's
 * contribution is the sum over its hours.
 *
 * @throws {RangeError} when the network does not answer the target
 * @throws {Error} when the gradients are not loaded (`loadGradients`), or the contributions do not add up to the score
 */
export function explainNetwork(parts: NetworkParts, sample: Sample, key: TargetKey): Explanation {
  const { architecture, engine, network, normaliser, answered } = parts
  if (!answered.has(key)) throw new RangeError(`Expected a target that the ${architecture.name} answers, was ${key}`)
  const { tf } = engine
  const { input, dispose } = toNetworkInput(tf, [sample], normaliser, { venues: architecture.readsVenues })
  const inputs = input.venues ? [input.market, input.venues] : [input.market]
  const baseline = inputs.map((tensor) => atMean(tf, tensor))
  try {
    const { base, score, contributions } = integratedGradients(tf, {
      forward: (tensors, points) => {
        const scores = network.forward(atPoints(tf, input, tensors, points))
        return tf.slice(scores, [0, targetIndex(key)], [points, 1])
      },
      inputs,
      baseline,
    })
    const { scale } = targetOf(key)
    const all = [...ofMarket(sample, contributions[0]!), ...ofVenues(sample, contributions[1])]
      .filter(({ contribution }) => contribution !== 0)
      .map((entry): Contribution => ({ ...entry, contribution: entry.contribution * scale }))
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    return {
      target: key,
      base: base * scale,
      score: score * scale,
      contributions: all,
      method: 'integrated gradients',
    }
  } finally {
    dispose()
    tf.dispose(baseline)
  }
}

/** The same masks, and every value at its mean, which is 0: the first half of the columns. */
function atMean(tf: Tf, rows: Tensor): Tensor {
  return tf.tidy(() => {
    const width = rows.shape.at(-1)!
    const columns = Float32Array.from({ length: width }, (_, column) => (column < width / 2 ? 0 : 1))
    return tf.mul(rows, tf.tensor1d(columns))
  })
}

/** What lies on the way; ids and presence are the sample's own. */
function atPoints(tf: Tf, own: NetworkInput, [market, venues]: readonly Tensor[], points: number): NetworkInput {
  const input = { market: market as Tensor3D, assetIds: tf.tile(own.assetIds, [points]) }
  if (!venues || !own.venueIds || !own.present) return input
  const [venueIds, present] = [tf.tile(own.venueIds, [points, 1]), tf.tile(own.present, [points, 1])]
  return { ...input, venues: venues as Tensor4D, venueIds, present }
}

function ofMarket(sample: Sample, contributions: Float32Array): Contribution[] {
  return Array.from(featureSums(contributions, FEATURE_COUNT), (contribution, f) =>
    toContribution(FEATURES[f]!.name, featureOf(sample, f), contribution),
  )
}

function ofVenues({ hours, i }: Sample, contributions: Float32Array | undefined): Contribution[] {
  if (!contributions) return []
  const size = contributions.length / VENUE_SLOTS
  return hours.venues.slice(0, VENUE_SLOTS).flatMap(({ venue, values, mask }, v) =>
    Array.from(
      featureSums(contributions.subarray(v * size, (v + 1) * size), VENUE_FEATURE_COUNT),
      (contribution, f) => {
        const at = i * VENUE_FEATURE_COUNT + f
        return toContribution(
          `${venue} ${VENUE_FEATURES[f]!.name}`,
          mask[at] === 1 ? values[at]! : Number.NaN,
          contribution,
        )
      },
    ),
  )
}

const toContribution = (feature: string, value: number, contribution: number): Contribution => ({
  feature,
  ...(Number.isFinite(value) && { value }),
  contribution,
})
