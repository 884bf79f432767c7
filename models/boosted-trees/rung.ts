import { z } from 'zod'
import { createRandom } from '../../src/domain/random.ts'
import { DAY } from '../../src/domain/units.ts'
import { decodeWeights, encodeWeights } from '../artifact.ts'
import { FEATURE_COUNT, FEATURES } from '../features.ts'
import { featureColumns, type Labelled, labelled, lastRows } from '../last-row.ts'
import type { Explanation, FittedModel, Rung, StoredModel } from '../rung.ts'
import { instantOf, type Sample } from '../samples.ts'
import { bySize, treeShapley } from '../shapley.ts'
import { isTargetKey, TARGET_COUNT, TARGETS, type Target, type TargetKey, targetIndex } from '../targets.ts'
import { findEdges } from './bins.ts'
import { BOOST, type BoostSettings, createBoost } from './boost.ts'
import { type Forest, packForest, scoreRow, unpackForest } from './forest.ts'

const NAME = 'boosted-trees'
/** Fewer of a kind, or fewer values, and trees would learn the hours by heart. */
const LEAST_OF_A_KIND = 30
const LEAST_VALUES = 300
/** Fewer in the calibration samples, and where the loss is lowest is chance. */
const LEAST_TO_STOP_ON = 10
/** Where nothing says when to stop. */
const BLIND_TREES = 50
const QUICK_TREES = 20
const WEEK = 7 * DAY

type Forests = Readonly<Partial<Record<TargetKey, Forest>>>

const SETTINGS = z.object({ features: z.array(z.string()), bases: z.record(z.string(), z.number()) })

/** Gradient-boosted trees on everything known in the last hour; a target with fewer than thirty positives is not answered. */
export const boostedTreesRung: Rung = {
  name: NAME,
  title: 'boosted trees',
  features: 'all',
  readsVenues: false,
  windowHours: 0,
  async fit({ train, calibration, seed, effort, onProgress, signal }) {
    if (train.length === 0) throw new RangeError('Expected at least one sample to fit on, were none')
    const rows = lastRows(train)
    const heldRows = lastRows(calibration)
    const weeks = Int32Array.from(train, (sample) => Math.floor(instantOf(sample) / WEEK))
    const boost = createBoost(rows, findEdges(rows, FEATURE_COUNT))
    const forests: Partial<Record<TargetKey, Forest>> = {}
    for (const [k, target] of TARGETS.entries()) {
      const known = labelled(train, target.key)
      if (!isEnough(target, known, LEAST_OF_A_KIND, LEAST_VALUES)) continue
      const held = labelled(calibration, target.key)
      const canStop = isEnough(target, held, LEAST_TO_STOP_ON, LEAST_TO_STOP_ON)
      const settings = settingsFor(effort, canStop)
      forests[target.key] = await boost({
        kind: target.kind,
        train: { rows, positions: known.rows, labels: known.labels },
        weeks,
        ...(canStop && { held: { rows: heldRows, positions: held.rows, labels: held.labels } }),
        random: createRandom(seed * TARGET_COUNT + k),
        settings,
        onTree: (tree) => onProgress?.((k + tree / settings.trees) / TARGET_COUNT, `${target.key}, tree ${tree}`),
        signal,
      })
    }
    onProgress?.(1, 'every target')
    return fitted(forests)
  },
  restore: (stored) => fitted(forestsOf(stored)),
}

function settingsFor(effort: 'full' | 'quick', canStop: boolean): BoostSettings {
  if (effort === 'quick') return { ...BOOST, trees: QUICK_TREES }
  return canStop ? BOOST : { ...BOOST, trees: BLIND_TREES }
}

function isEnough({ kind }: Target, { labels, positives }: Labelled, ofAKind: number, values: number): boolean {
  return kind === 'event' ? Math.min(positives, labels.length - positives) >= ofAKind : labels.length >= values
}

function fitted(forests: Forests): FittedModel {
  const known = Object.entries(forests) as [TargetKey, Forest][]
  const trees = known.reduce((sum, [, { count }]) => sum + count, 0)
  return {
    rung: NAME,
    architecture: `${trees} boosted trees of depth 3 on ${FEATURE_COUNT} features of the last row, ${known.length} of ${TARGET_COUNT} targets`,
    scores(samples, hide, only) {
      const rows = lastRows(samples, undefined, hide)
      const scores = new Float32Array(samples.length * TARGET_COUNT).fill(Number.NaN)
      for (const [key, forest] of known) {
        if (only && !only.includes(key)) continue
        const head = targetIndex(key)
        for (let k = 0; k < samples.length; k++) {
          scores[k * TARGET_COUNT + head] = scoreRow(forest, rows, k * FEATURE_COUNT)
        }
      }
      return scores
    },
    explain: (sample, key) => explain(forests[key], sample, key),
    store: () => ({
      rung: NAME,
      settings: {
        features: FEATURES.map(({ name }) => name),
        bases: Object.fromEntries(known.map(([key, { base }]) => [key, base])),
      },
      arrays: Object.fromEntries(known.map(([key, forest]) => [key, packForest(forest, encodeWeights)])),
    }),
    dispose() {},
  }
}

function explain(forest: Forest | undefined, sample: Sample, target: TargetKey): Explanation {
  if (!forest) throw new RangeError(`Expected a sample with an answer for ${target}, was none`)
  const row = lastRows([sample])
  const { base, contributions } = treeShapley(forest, row)
  return {
    target,
    base,
    score: scoreRow(forest, row, 0),
    contributions: bySize(
      FEATURES.map(({ name }, f) => ({
        feature: name,
        ...(Number.isNaN(row[f]!) ? {} : { value: row[f]! }),
        contribution: contributions[f]!,
      })),
    ),
    method: 'exact Shapley values',
  }
}

/** @throws {Error} when the stored model is of another rung, other features or another shape */
function forestsOf({ rung, settings, arrays }: StoredModel): Forests {
  if (rung !== NAME) throw new Error(`Expected a stored model of ${NAME}, was one of ${rung}`)
  const { features, bases } = SETTINGS.parse(settings)
  const moved = featureColumns(features).findIndex((column, f) => column !== f)
  if (moved >= 0 || features.length !== FEATURE_COUNT) {
    throw new Error(
      `Expected the ${FEATURE_COUNT} features of now in their order, were ${features.length}, from ${moved} on another`,
    )
  }
  return Object.fromEntries(
    Object.entries(bases).map(([key, base]) => {
      const array = arrays[key]
      if (!isTargetKey(key) || !array) throw new Error(`Expected trees of a target, was ${key}`)
      return [key, unpackForest(array, { base, width: FEATURE_COUNT, decode: decodeWeights })]
    }),
  )
}
