import type { RungName } from '../rung.ts'
import type { EventKey } from '../targets.ts'
import type { PooledLadder } from './pool.ts'
import { DRAWS, drawSums, type Intervals, intervalsOf, movingBlocks } from './resampling.ts'

export interface PooledSkill {
  /** 1 − Brier of the one over Brier of the other, squared errors of all targets and samples added up. */
  readonly value: number
  readonly intervals: Intervals
}

/**
 * How much less a rung errs than another, over several events at once: one number with one interval.
 *
 * Errors of each event are weighed by how hard it is (the error of always saying its rate), so that a frequent event does not
 * drown a rare one. Paired: only samples that both answered.
 *
 * @returns undefined where they have no sample in common
 */
export function pooledSkill(
  pool: PooledLadder,
  [rung, reference]: readonly [RungName, RungName],
  { targets, seed, draws = DRAWS }: { targets: readonly EventKey[]; seed: number; draws?: number },
): PooledSkill | undefined {
  const blocks = movingBlocks(pool.instants, { seed, draws })
  let [ours, theirs] = [0, 0]
  const drawn = { ours: new Float64Array(draws), theirs: new Float64Array(draws) }
  for (const key of targets) {
    const [labels, mine, other] = [pool.labels[key], pool.answers[rung]?.[key], pool.answers[reference]?.[key]]
    if (!mine || !other) continue
    const samples = Int32Array.from(labels.keys()).filter(
      (i) => !Number.isNaN(labels[i]!) && !Number.isNaN(mine[i]!) && !Number.isNaN(other[i]!),
    )
    const rate = samples.reduce((sum, i) => sum + labels[i]!, 0) / samples.length
    const weight = 1 / (rate * (1 - rate) * samples.length)
    if (!Number.isFinite(weight)) continue
    const errorOf = (answers: Float64Array) => (i: number) => weight * (answers[i]! - labels[i]!) ** 2
    for (const i of samples) {
      ours += errorOf(mine)(i)
      theirs += errorOf(other)(i)
    }
    drawSums(errorOf(mine), { samples, draws: blocks }).forEach((sum, draw) => {
      drawn.ours[draw]! += sum
    })
    drawSums(errorOf(other), { samples, draws: blocks }).forEach((sum, draw) => {
      drawn.theirs[draw]! += sum
    })
  }
  if (theirs === 0) return undefined
  const skills = drawn.ours.map((sum, draw) => 1 - sum / drawn.theirs[draw]!)
  return { value: 1 - ours / theirs, intervals: intervalsOf(skills) }
}
