/**
 * Models of the size that real ones have, made in seconds: for timing only, they know nothing.
 *
 * @module
 */
import { type Artifact, encodeWeights, hashOfMembers } from '../models/artifact.ts'
import {
  emptyForest,
  type Forest,
  LEAF,
  leftOf,
  NODES,
  packForest,
  rightOf,
  takesLeft,
} from '../models/boosted-trees/forest.ts'
import { CNN_LSTM } from '../models/cnn-lstm/network.ts'
import { collectHours } from '../models/dataset.ts'
import type { Engine } from '../models/engine.ts'
import { FEATURE_COUNT, FEATURES, featureHash } from '../models/features.ts'
import { createFittedNetwork, NETWORK_SHAPE } from '../models/fitted-network.ts'
import { GRU } from '../models/gru/network.ts'
import { rungOf } from '../models/ladder.ts'
import { lastRows } from '../models/last-row.ts'
import { LSTM } from '../models/lstm/network.ts'
import type { Architecture } from '../models/network.ts'
import { fitNetworkNormaliser } from '../models/network-batches.ts'
import type { RungName, StoredModel } from '../models/rung.ts'
import type { Sample } from '../models/samples.ts'
import { byTarget, TARGETS } from '../models/targets.ts'
import { TCN } from '../models/tcn/network.ts'
import { TRANSFORMER } from '../models/transformer/network.ts'
import { samplesIn } from '../models/walk-forward.ts'
import { createRandom } from '../src/domain/random.ts'
import { DAY, HOUR, later, timestamp } from '../src/domain/units.ts'
import type { Random } from '../src/ports.ts'
import { createSixVenueMarket } from './six-venues.ts'

export const TREES = 300
/** A month and three days of them are history alone. */
const DAYS = 75
const FROM = timestamp(Date.UTC(2024, 0, 1))
const EVERY_HOURS = 4
/** So many samples tell how a drawn tree parts them. */
const PARTED = 128

export const ARCHITECTURES: Readonly<Partial<Record<RungName, Architecture>>> = {
  gru: GRU,
  lstm: LSTM,
  'cnn-lstm': CNN_LSTM,
  tcn: TCN,
  transformer: TRANSFORMER,
}

let known: Promise<readonly Sample[]> | undefined

/** Networks keep the weights they were drawn with, trees are drawn to their full number and depth, regressions are fitted. */
export async function anyArtifact(rung: RungName, engine: Engine): Promise<Artifact> {
  known ??= someSamples()
  const samples = await known
  const fitted = async (name: RungName): Promise<StoredModel> => {
    const task = { train: samples, calibration: samples, seed: 1, effort: 'quick', engine } as const
    return (await rungOf(name).fit(task)).store()
  }
  const architecture = ARCHITECTURES[rung]
  const model = architecture
    ? drawnNetwork(architecture, samples, engine)
    : rung === 'boosted-trees'
      ? drawnTrees(samples)
      : await fitted(rung)
  const calibrators = byTarget(({ kind }) =>
    kind === 'event'
      ? { kind: 'platt' as const, a: -2, b: 0.5 }
      : { kind: 'affine' as const, intercept: 0, slope: 0.5 },
  )
  return {
    format: 'breakwater-model/3',
    modelId: `${rung}-bench`,
    rung,
    architecture: rung,
    calibratedOn: 'simulated',
    trainedAt: new Date(FROM).toISOString(),
    trainedOn: 'six venues that mean nothing',
    fittedUntil: new Date(FROM).toISOString(),
    seeds: [1],
    dataHash: '',
    codeVersion: 'bench',
    featureHash: featureHash(),
    features: FEATURES.map(({ name }) => name),
    leftOut: [],
    expected: [],
    members: [model],
    weightsHash: hashOfMembers([model]),
    calibrators: { full: calibrators, reduced: calibrators },
    baseline: { model: await fitted('volatility-only'), calibrators },
    trainingMean: byTarget(() => 0.05),
    gates: { full: {}, reduced: {} },
    metrics: {},
    record: {},
  }
}

async function someSamples(): Promise<readonly Sample[]> {
  const to = later(FROM, DAYS * DAY)
  const hours = await collectHours(createSixVenueMarket({ assets: ['ETH', 'BTC'], from: FROM, to, every: HOUR }), {
    phases: [0],
  })
  return samplesIn(hours, { from: FROM, to }, { everyHours: EVERY_HOURS })
}

function drawnNetwork(architecture: Architecture, samples: readonly Sample[], engine: Engine): StoredModel {
  const fitted = createFittedNetwork({
    architecture,
    engine,
    network: architecture.build(engine.tf, NETWORK_SHAPE, 1),
    normaliser: fitNetworkNormaliser(samples),
    answered: new Set(TARGETS.map(({ key }) => key)),
    size: {},
    fit: {},
  })
  const stored = fitted.store()
  fitted.dispose()
  return stored
}

/** Every question at random, at the value of a random sample: as deep as trees get, and no two alike. */
function drawnTrees(samples: readonly Sample[]): StoredModel {
  const random = createRandom(1)
  const rows = lastRows(samples.slice(-PARTED))
  const forests = TARGETS.map(({ key }) => {
    const forest = emptyForest(TREES, -3)
    for (let tree = 0; tree < TREES; tree++) grow(forest, { tree, node: 0, rows, within: everyRow(rows) }, random)
    return [key, forest] as const
  })
  return {
    rung: 'boosted-trees',
    settings: {
      features: FEATURES.map(({ name }) => name),
      bases: Object.fromEntries(forests.map(([key, { base }]) => [key, base])),
    },
    arrays: Object.fromEntries(forests.map(([key, forest]) => [key, packForest(forest, encodeWeights)])),
  }
}

const everyRow = (rows: Float32Array): number[] => Array.from({ length: rows.length / FEATURE_COUNT }, (_, k) => k)

interface Growing {
  readonly tree: number
  readonly node: number
  readonly rows: Float32Array
  /** Rows that come through. */
  readonly within: readonly number[]
}

function grow(forest: Forest, { tree, node, rows, within }: Growing, random: Random): void {
  const at = tree * NODES + node
  forest.cover[at] = within.length
  forest.feature[at] = LEAF
  forest.value[at] = 0.02 * (random() - 0.5)
  if (rightOf(node) >= NODES) return
  for (let attempt = 0; attempt < 8; attempt++) {
    const feature = Math.floor(random() * FEATURE_COUNT)
    const value = rows[within[Math.floor(random() * within.length)]! * FEATURE_COUNT + feature]!
    forest.threshold[at] = Number.isNaN(value) ? 0 : value
    forest.unknownLeft[at] = random() < 0.5 ? 1 : 0
    const parts = [true, false].map((left) =>
      within.filter((row) => takesLeft(forest, at, rows[row * FEATURE_COUNT + feature]!) === left),
    )
    if (parts.some(({ length }) => length === 0)) continue
    forest.feature[at] = feature
    grow(forest, { tree, node: leftOf(node), rows, within: parts[0]! }, random)
    grow(forest, { tree, node: rightOf(node), rows, within: parts[1]! }, random)
    return
  }
}
