import type { RungName } from '../rung.ts'
import type { EventKey } from '../targets.ts'
import { marketEpisodesOf } from './episodes.ts'
import { referencesOf, verdictOf } from './judge-events.ts'
import type { Reference, TogetherComparison } from './ladder-report.ts'
import type { PooledLadder } from './pool.ts'
import { type Draws, drawSums, episodeClusters, type Intervals, intervalsOf } from './resampling.ts'

/**
 * One figure for several targets: the squared errors of all of them, over those of the training segments' rates. Horizons nest and
 * ways mirror each other, so this rests on the same episodes as its parts and is no more than one look at them.
 */
export function judgeTogether(
  pool: PooledLadder,
  targets: readonly EventKey[],
  { blocks, seed }: { blocks: Draws; seed: number },
): readonly TogetherComparison[] {
  const positives = targets.flatMap((key) =>
    Array.from(pool.instants.keys())
      .filter((i) => pool.labels[key][i] === 1)
      .map((i) => ({ asset: pool.assetOf[i]!, at: pool.instants[i]! })),
  )
  const episodes = marketEpisodesOf(positives).length
  const clusters = episodeClusters(pool.instants, positives, { seed, draws: blocks.times.length })
  return pool.rungs.flatMap((rung) =>
    referencesOf(pool.rungs, rung).flatMap((against) => {
      const parts = targets.flatMap((key) => partOf(pool, key, { rung, against }) ?? [])
      if (parts.length === 0) return []
      const once: Draws = { ...clusters, times: [new Uint16Array(clusters.units).fill(1)] }
      const [value, intervals, byEpisode] = [
        skillOf(parts, once)[0]!,
        intervalsOf(skillOf(parts, blocks)),
        intervalsOf(skillOf(parts, clusters)),
      ] as [number, Intervals, Intervals]
      return {
        rung,
        against,
        targets: parts.map(({ key }) => key),
        samples: parts.reduce((sum, { samples }) => sum + samples.length, 0),
        brierSkill: { value, intervals, byEpisode, verdict: verdictOf(intervals, episodes) },
      }
    }),
  )
}

interface Part {
  readonly key: EventKey
  readonly samples: Int32Array
  /** How much smaller the squared error of a sample is than the other's. */
  readonly gain: (i: number) => number
  readonly referenceError: (i: number) => number
}

function partOf(
  pool: PooledLadder,
  key: EventKey,
  { rung, against }: { rung: RungName; against: Reference },
): Part | undefined {
  const [labels, reference, ours] = [pool.labels[key], pool.reference[key], pool.answers[rung]![key]]
  const theirs = against === 'training rate' ? reference : pool.answers[against]![key]
  const samples = Int32Array.from(pool.instants.keys()).filter((i) => !Number.isNaN(labels[i]! + ours[i]! + theirs[i]!))
  if (samples.length === 0) return undefined
  return {
    key,
    samples,
    gain: (i) => (theirs[i]! - labels[i]!) ** 2 - (ours[i]! - labels[i]!) ** 2,
    referenceError: (i) => (reference[i]! - labels[i]!) ** 2,
  }
}

function skillOf(parts: readonly Part[], draws: Draws): Float64Array {
  const sum = (of: (part: Part) => (i: number) => number): Float64Array =>
    parts
      .map((part) => drawSums(of(part), { samples: part.samples, draws }))
      .reduce((total, one) => total.map((value, draw) => value + one[draw]!))
  const referenceError = sum(({ referenceError }) => referenceError)
  return sum(({ gain }) => gain).map((value, draw) => value / referenceError[draw]!)
}
