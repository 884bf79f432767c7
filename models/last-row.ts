/**
 * What every rung that reads the last row alone has in common: its rows, what was known in them, and the labels beside them.
 *
 * @module
 */

import { FEATURE_COUNT, FEATURES } from './features.ts'
import type { Hidden } from './hiding.ts'
import { labelOf, type Sample } from './samples.ts'
import type { TargetKey } from './targets.ts'

/**
 * Positions of features in a row, in the order asked for.
 *
 * @throws {RangeError} when there is no feature of a name: a stored model of other features must not be fed these
 */
export function featureColumns(names: readonly string[]): readonly number[] {
  return names.map((name) => {
    const f = FEATURES.findIndex((feature) => feature.name === name)
    if (f < 0) throw new RangeError(`Expected a feature called ${name}, was none`)
    return f
  })
}

export const ALL_COLUMNS: readonly number[] = FEATURES.map((_, f) => f)

/**
 * The last rows of samples, row-major [samples × columns]: the value as the feature has it, NaN where it is not known.
 *
 * @param hide - asked once per sample, in order; of its answer only the features count, for there are no earlier hours here
 */
export function lastRows(
  samples: readonly Sample[],
  columns: readonly number[] = ALL_COLUMNS,
  hide?: () => Hidden | undefined,
): Float32Array {
  const width = columns.length
  const rows = new Float32Array(samples.length * width)
  samples.forEach(({ hours, i }, k) => {
    const hidden = hide?.()?.features
    for (let j = 0; j < width; j++) {
      const f = columns[j]!
      const at = i * FEATURE_COUNT + f
      const known = hours.mask[at] === 1 && hidden?.[f] !== 1
      rows[k * width + j] = known ? hours.values[at]! : Number.NaN
    }
  })
  return rows
}

/** Samples whose label of a target is known. */
export interface Labelled {
  /** Positions in the list of samples. */
  readonly rows: Int32Array
  readonly labels: Float32Array
  readonly positives: number
}

/** Leaves out the samples whose future is not recorded; every target has its own. */
export function labelled(samples: readonly Sample[], key: TargetKey): Labelled {
  const all = Float32Array.from(samples, (sample) => labelOf(sample, key))
  const rows = Int32Array.from([...all.keys()].filter((k) => !Number.isNaN(all[k]!)))
  const labels = Float32Array.from(rows, (k) => all[k]!)
  return { rows, labels, positives: labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0) }
}

export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k]!
  return sum / values.length
}
