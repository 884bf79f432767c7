import { reliability } from '../../src/domain/calibration.ts'
import type { CurveBin } from './ladder-report.ts'
import { type Draws, drawSums, intervalsOf } from './resampling.ts'

const BINS = 10
const MOST_POINTS = 60

/** Forecast against outcome in ten bins of equal count, each with the 90 % interval that week-long blocks leave. */
export function curveBins(
  answers: Float64Array,
  labels: Float64Array,
  { samples, draws }: { samples: Int32Array; draws: Draws },
): readonly CurveBin[] {
  const order = [...samples].sort((a, b) => answers[a]! - answers[b]!)
  const bins = reliability(
    order.map((i) => answers[i]!),
    order.map((i) => labels[i]!),
    BINS,
  )
  let start = 0
  return bins.map(({ meanProbability, rate, count }) => {
    const members = Int32Array.from(order.slice(start, start + count))
    start += count
    const hits = drawSums((i) => labels[i]!, { samples: members, draws })
    const seen = drawSums(() => 1, { samples: members, draws })
    const { low, high } = intervalsOf(hits.map((value, draw) => value / seen[draw]!))[90]
    return { meanProbability, rate, low, high, count }
  })
}

/**
 * Precision at rising recall, a point for each score at which something is found, thinned to what a picture can show.
 *
 * @returns nothing without positives
 */
export function precisionRecall(
  probabilities: readonly number[],
  labels: readonly number[],
): readonly (readonly [recall: number, precision: number])[] {
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[b]! - probabilities[a]!)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const points: [number, number][] = []
  let [hits, before] = [0, 0]
  for (const [k, i] of order.entries()) {
    hits += labels[i]!
    const isLast = k === order.length - 1 || probabilities[order[k + 1]!] !== probabilities[i]
    if (!isLast || hits === before) continue
    points.push([hits / positives, hits / (k + 1)])
    before = hits
  }
  const every = Math.ceil(points.length / MOST_POINTS)
  return points.filter((_, k) => k % every === 0 || k === points.length - 1)
}
