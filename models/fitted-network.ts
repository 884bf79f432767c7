/**
 * A network that has been fitted: asked in batches, kept as plain arrays, built anew from them.
 *
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { decodeWeights, encodeWeights } from './artifact.ts'
import type { Engine, Tf } from './engine.ts'
import { explainNetwork } from './explain-network.ts'
import { FEATURES, VENUE_FEATURES, WINDOW_HOURS } from './features.ts'
import type { Hidden } from './hiding.ts'
import type { Architecture, Network, NetworkShape } from './network.ts'
import { foreignNames, MARKET_INPUTS, type NetworkNormaliser, toNetworkInput } from './network-batches.ts'
import { VENUE_INPUTS } from './network-venues.ts'
import type { FittedModel, StoredModel } from './rung.ts'
import { ASSET_IDS, type Sample, VENUE_IDS, VENUE_SLOTS } from './samples.ts'
import { isTargetKey, TARGET_COUNT, TARGETS, type TargetKey } from './targets.ts'

/** What a network is made of besides its weights. */
export interface NetworkParts {
  readonly architecture: Architecture
  readonly engine: Engine
  readonly network: Network
  readonly normaliser: NetworkNormaliser
  /** Targets it had enough labels of; of the others it says nothing. */
  readonly answered: ReadonlySet<TargetKey>
  /** Hyper-parameters other than the shipped ones. */
  readonly size: Readonly<Record<string, number>>
  /** How it was fitted: for people to read. */
  readonly fit: Readonly<Record<string, number | string>>
}

export interface FittedNetwork extends FittedModel {
  readonly parts: NetworkParts
  /** Names of features that are hidden from the network because they lie where training never was. */
  foreign(sample: Sample): readonly string[]
}

export const isFittedNetwork = (model: FittedModel): model is FittedNetwork => 'parts' in model

/** The sizes that follow from what is observed and asked. */
export const NETWORK_SHAPE: NetworkShape = {
  windowHours: WINDOW_HOURS,
  inputs: MARKET_INPUTS,
  venueInputs: VENUE_INPUTS,
  venueSlots: VENUE_SLOTS,
  venueIds: VENUE_IDS.length,
  assetIds: ASSET_IDS.length,
  heads: TARGET_COUNT,
}

export function createFittedNetwork(parts: NetworkParts): FittedNetwork {
  const { architecture, network, normaliser, answered, size, fit } = parts
  return {
    rung: architecture.name,
    architecture: `${architecture.title}, ${grouped(network.parameterCount)} parameters, ${WINDOW_HOURS} hourly steps`,
    parts,
    scores: (samples, hide) => scoreNetworks([parts], samples, hide)[0]!,
    explain: (sample, key) => explainNetwork(parts, sample, key),
    foreign: (sample) => foreignNames(sample, normaliser),
    store: (): StoredModel => ({
      rung: architecture.name,
      settings: { ...identity(), normaliser, size, fit, answered: [...answered] },
      arrays: Object.fromEntries(
        [...network.weights].map(([name, variable]) => [
          name,
          { shape: [...variable.shape], data: encodeWeights(variable.dataSync<'float32'>()) },
        ]),
      ),
    }),
    dispose: () => network.dispose(),
  }
}

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ')

/** What must be the same where a model is used as where it was fitted. */
const identity = () => ({
  shape: NETWORK_SHAPE,
  features: FEATURES.map(({ name }) => name),
  venueFeatures: VENUE_FEATURES.map(({ name }) => name),
  venues: VENUE_IDS,
  assets: ASSET_IDS,
})

const SCALE = z.object({ mean: z.array(z.number()), spread: z.array(z.number()) })
const SETTINGS = z.object({
  normaliser: z.object({ market: SCALE, venues: SCALE }),
  size: z.record(z.string(), z.number()),
  fit: z.record(z.string(), z.union([z.number(), z.string()])),
  answered: z.array(z.string().refine(isTargetKey)),
})

/** @throws {Error} when the stored model is of another rung, of other features, or its weights are of another shape */
export function restoreNetwork(architecture: Architecture, stored: StoredModel, engine: Engine): FittedNetwork {
  if (stored.rung !== architecture.name) throw new Error(`Expected a ${architecture.name}, was a ${stored.rung}`)
  for (const [what, expected] of Object.entries(identity())) {
    const [wanted, found] = [JSON.stringify(expected), JSON.stringify(stored.settings[what])]
    if (wanted !== found) throw new Error(`Expected a model whose ${what} are ${wanted}, was one of ${found}`)
  }
  const { normaliser, size, fit, answered } = SETTINGS.parse(stored.settings)
  const network = architecture.build(engine.tf, NETWORK_SHAPE, 0, size)
  try {
    for (const [name, variable] of network.weights) {
      const array = stored.arrays[name]
      if (array?.shape.join() !== variable.shape.join()) {
        throw new Error(`Expected weights ${name} of shape ${variable.shape}, were ${array?.shape ?? 'none'}`)
      }
      const values = decodeWeights(array.data)
      if (values.length !== variable.size) {
        throw new Error(`Expected ${variable.size} weights of ${name}, were ${values.length}`)
      }
      assign(engine.tf, variable, values)
    }
  } catch (error) {
    network.dispose()
    throw error
  }
  const known = new Set(answered as readonly TargetKey[])
  return createFittedNetwork({ architecture, engine, network, normaliser, answered: known, size, fit })
}

/** Puts values into a variable; the values stay the caller's. */
export function assign(tf: Tf, variable: { assign(value: Tensor): void; shape: number[] }, values: Float32Array): void {
  // A copy: the JavaScript backend keeps the array it is given.
  const tensor = tf.tensor(values.slice(), variable.shape)
  variable.assign(tensor)
  tensor.dispose()
}

const SCORE_BATCH = 512
const VENUE_SCORE_BATCH = 128 // six venues' rows beside the market's: the same memory

/**
 * Scores of several networks of one architecture and one normaliser, each batch built once for all of them.
 *
 * @returns per network, row-major [samples × TARGETS]: logits of events, values in their unit, NaN where not answered
 */
export function scoreNetworks(
  members: readonly NetworkParts[],
  samples: readonly Sample[],
  hide?: () => Hidden | undefined,
): readonly Float32Array[] {
  const { architecture, normaliser, engine } = members[0]!
  const { tf } = engine
  const venues = architecture.readsVenues
  const step = venues ? VENUE_SCORE_BATCH : SCORE_BATCH
  const scores = members.map(() => new Float32Array(samples.length * TARGET_COUNT))
  for (let start = 0; start < samples.length; start += step) {
    const { input, dispose } = toNetworkInput(tf, samples.slice(start, start + step), normaliser, { venues, hide })
    members.forEach(({ network }, m) => {
      scores[m]!.set(
        tf.tidy(() => network.forward(input).dataSync<'float32'>()),
        start * TARGET_COUNT,
      )
    })
    dispose()
  }
  for (const [m, { answered }] of members.entries()) toUnits(scores[m]!, answered)
  return scores
}

/** From the measure of the heads to the targets' units, in place. */
function toUnits(scores: Float32Array, answered: ReadonlySet<TargetKey>): void {
  const factors = TARGETS.map(({ key, scale }) => (answered.has(key) ? scale : Number.NaN))
  for (let k = 0; k < scores.length; k++) scores[k]! *= factors[k % TARGET_COUNT]!
}
