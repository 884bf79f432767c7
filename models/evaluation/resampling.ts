/**
 * Draws of the past as it might have been, by whole blocks of time: what intervals are made of.
 *
 * @module
 * @see specification §2.5
 */
import { createRandom } from '../../src/domain/random.ts'
import { HOUR } from '../../src/domain/units.ts'
import type { Interval } from '../gate.ts'
import { quantile } from '../metrics.ts'
import { marketEpisodesOf, type Positive } from './episodes.ts'

/** How often every unit of time counts in each draw; samples of one unit count alike. */
export interface Draws {
  readonly unitOf: Int32Array
  readonly units: number
  /** One array a draw: times that each unit was drawn. */
  readonly times: readonly Uint16Array[]
  /** The same as runs of neighbouring units, start and end by turns, the units laid out twice behind each other. */
  readonly runs?: readonly Int32Array[]
}

export const BLOCK_HOURS = 168
export const DRAWS = 500

/**
 * Moving blocks of a week round the samples' instants (gaps between test segments closed, the end joined to the beginning).
 *
 * @param instants - one a sample, in order of time
 * @see Politis & Romano (1992), a circular block-resampling procedure for stationary data
 */
export function movingBlocks(instants: Float64Array, { seed, draws = DRAWS }: { seed: number; draws?: number }): Draws {
  const distinct = [...new Set(instants)]
  const position = new Map(distinct.map((at, k) => [at, k]))
  const units = distinct.length
  const length = Math.max(1, Math.min(units, Math.round((BLOCK_HOURS * HOUR) / stepOf(distinct))))
  const random = createRandom(seed)
  const runs = Array.from({ length: draws }, () => {
    const own: number[] = []
    for (let drawn = 0; drawn < units; drawn += length) {
      const start = Math.floor(random() * units)
      own.push(start, start + Math.min(length, units - drawn))
    }
    return Int32Array.from(own)
  })
  const times = runs.map((own) => {
    const counts = new Uint16Array(units)
    for (let run = 0; run < own.length; run += 2) {
      for (let k = own[run]!; k < own[run + 1]!; k++) counts[k % units]!++
    }
    return counts
  })
  return { unitOf: Int32Array.from(instants, (at) => position.get(at)!), units, times, runs }
}

/** Median time between neighbouring instants. */
function stepOf(distinct: readonly number[]): number {
  const steps = distinct.slice(1).map((at, k) => at - distinct[k]!)
  return steps.length > 0
    ? quantile(
        steps.sort((a, b) => a - b),
        0.5,
      )
    : HOUR
}

/**
 * Units that are an episode of the market each, and between them stretches of at most a week without any, drawn as a whole: the
 * interval that few episodes leave.
 */
export function episodeClusters(
  instants: Float64Array,
  positives: readonly Positive[],
  { seed, draws = DRAWS }: { seed: number; draws?: number },
): Draws {
  const episodes = marketEpisodesOf(positives)
  const unitOf = new Int32Array(instants.length)
  let [unit, episode, since] = [-1, 0, Number.NEGATIVE_INFINITY]
  let inside = false
  for (const [i, at] of instants.entries()) {
    while (episode < episodes.length && episodes[episode]!.to < at) episode++
    const nowInside = episode < episodes.length && at >= episodes[episode]!.from
    const begins = nowInside ? at === episodes[episode]!.from && instants[i - 1] !== at : false
    if (unit < 0 || nowInside !== inside || begins || (!nowInside && at - since >= BLOCK_HOURS * HOUR)) {
      unit++
      since = at
    }
    inside = nowInside
    unitOf[i] = unit
  }
  const units = unit + 1
  const random = createRandom(seed)
  const times = Array.from({ length: draws }, () => {
    const counts = new Uint16Array(units)
    for (let k = 0; k < units; k++) counts[Math.floor(random() * units)]!++
    return counts
  })
  return { unitOf, units, times }
}

/** Scores sorted once, so that a draw is one pass. */
export interface Ranking {
  readonly unit: Int32Array
  readonly label: Uint8Array
  /** 1 where a sample is the last of those with its score. */
  readonly ends: Uint8Array
}

/** @param samples - which samples take part, by their number in `scores` and `labels` */
export function rank(
  scores: Float64Array,
  labels: Float64Array,
  { samples, unitOf }: { samples: Int32Array; unitOf: Int32Array },
): Ranking {
  const order = samples.toSorted((a, b) => scores[b]! - scores[a]!)
  return {
    unit: Int32Array.from(order, (i) => unitOf[i]!),
    label: Uint8Array.from(order, (i) => labels[i]!),
    ends: Uint8Array.from(order, (i, k) => (k === order.length - 1 || scores[order[k + 1]!] !== scores[i] ? 1 : 0)),
  }
}

/** What one draw says of a ranking; NaN without positives. */
export interface Drawn {
  readonly averagePrecision: Float64Array
  readonly lift: Float64Array
  readonly rocAuc: Float64Array
}

/** Average precision, lift and ROC AUC of every draw. Equal scores count as one step. */
export function drawRanking({ unit, label, ends }: Ranking, draws: Draws): Drawn {
  const count = draws.times.length
  const drawn = {
    averagePrecision: new Float64Array(count),
    lift: new Float64Array(count),
    rocAuc: new Float64Array(count),
  }
  for (let draw = 0; draw < count; draw++) {
    const times = draws.times[draw]!
    let [hits, seen, precision, discordant, hitsBefore, seenBefore] = [0, 0, 0, 0, 0, 0]
    for (let k = 0; k < unit.length; k++) {
      const weight = times[unit[k]!]!
      seen += weight
      if (label[k] === 1) hits += weight
      if (ends[k] === 0) continue
      const found = hits - hitsBefore
      if (found > 0) {
        precision += (found * hits) / seen
        discordant += found * (seenBefore - hitsBefore + (seen - seenBefore - found) / 2)
      }
      hitsBefore = hits
      seenBefore = seen
    }
    drawn.averagePrecision[draw] = precision / hits
    drawn.lift[draw] = (precision * seen) / (hits * hits)
    drawn.rocAuc[draw] = 1 - discordant / (hits * (seen - hits))
  }
  return drawn
}

/** Sum over samples of `of(sample)` in every draw. */
export function drawSums(
  of: (sample: number) => number,
  { samples, draws }: { samples: Int32Array; draws: Draws },
): Float64Array {
  const { unitOf, units, times, runs } = draws
  const sums = new Float64Array(units)
  for (const i of samples) sums[unitOf[i]!]! += of(i)
  const drawn = new Float64Array(times.length)
  if (!runs) {
    for (const [draw, own] of times.entries()) {
      for (let unit = 0; unit < units; unit++) drawn[draw]! += own[unit]! * sums[unit]!
    }
    return drawn
  }
  const until = new Float64Array(2 * units + 1)
  for (let k = 0; k < 2 * units; k++) until[k + 1] = until[k]! + sums[k % units]!
  for (const [draw, own] of runs.entries()) {
    for (let run = 0; run < own.length; run += 2) drawn[draw]! += until[own[run + 1]!]! - until[own[run]!]!
  }
  return drawn
}

export interface Intervals {
  readonly 95: Interval
  readonly 90: Interval
}

/** Percentile intervals of what was drawn; draws that say nothing (no positive in them) are left out. */
export function intervalsOf(drawn: Float64Array): Intervals {
  const sorted = drawn.filter((value) => Number.isFinite(value)).sort()
  const between = (low: number, high: number): Interval => ({
    low: quantile(sorted, low),
    high: quantile(sorted, high),
  })
  return { 95: between(0.025, 0.975), 90: between(0.05, 0.95) }
}
