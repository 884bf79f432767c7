import { calibrationError, logit } from '../src/domain/calibration.ts'
import { createRandom } from '../src/domain/random.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Gate {
  readonly passed: boolean
  readonly ece: number
  /** 95 % bound of the same figure for a perfectly calibrated model with these forecasts. */
  readonly eceBound: number
  readonly slope: Interval
  readonly brierSkill: number
}

const DRAWS = 400
/** As specification §2.5 asks; with a hundred, chance decides heads that stand near the bound. */
const RESAMPLES = 500
const BINS = 10
const FLAT_VARIANCE = 1e-18 // logits that differ less are one forecast

/** Forecasts and outcomes, and which of them belong together: what shares a block is drawn together. */
export interface Outcomes {
  readonly probabilities: readonly number[]
  readonly labels: readonly number[]
  readonly blocks: readonly (string | number)[]
}

/**
 * The calibration gate: ECE under the 95 % bound of a perfect model with the same forecasts, a 95 % interval of the
 * calibration slope that contains 1 and not 0 (an interval so wide that it holds both proves nothing), and Brier skill above 0.
 *
 * @param single - outcomes that do not overlap, for the bound: one that took 24 overlapping hours for 24 outcomes would fail
 *   every honest model
 * @param all - every outcome; the slope's interval draws whole blocks of them
 * @see specification §2.5
 */
export function calibrationGate(
  single: Pick<Outcomes, 'probabilities' | 'labels'>,
  all: Outcomes,
  { seed, skill }: { seed: number; skill: number },
): Gate {
  const random = createRandom(seed)
  const { ece } = calibrationError(single.probabilities, single.labels)
  const perfect = perfectErrors(single.probabilities, random)
  const eceBound = perfect[Math.floor(0.95 * DRAWS)]!
  const slope = slopeInterval(all, random)
  return {
    passed: ece <= eceBound && slope.low > 0 && slope.low <= 1 && slope.high >= 1 && skill > 0,
    ece,
    eceBound,
    slope,
    brierSkill: skill,
  }
}

/** Calibration errors, sorted, of outcomes drawn with the very probabilities that were said. Bins hold the same samples every time. */
function perfectErrors(probabilities: readonly number[], random: () => number): Float64Array {
  const count = probabilities.length
  const bins = Math.min(BINS, count)
  const binOf = new Uint8Array(count)
  const gap = new Float64Array(bins)
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[a]! - probabilities[b]!)
  for (let bin = 0; bin < bins; bin++) {
    const [from, to] = [bin, bin + 1].map((edge) => Math.round((edge * count) / bins)) as [number, number]
    for (const i of order.slice(from, to)) {
      binOf[i] = bin
      gap[bin]! += probabilities[i]!
    }
  }
  return Float64Array.from({ length: DRAWS }, () => {
    const left = gap.slice()
    for (let i = 0; i < count; i++) if (random() < probabilities[i]!) left[binOf[i]!]!--
    return left.reduce((sum, each) => sum + Math.abs(each), 0) / count
  }).sort()
}

/** Logits this close together count as one: the slope keeps three digits, and every draw is one pass over counts. */
const SLOPE_GROUPS = 1024

function slopeInterval({ probabilities, labels, blocks }: Outcomes, random: () => number): Interval {
  const names = [...new Set(blocks)]
  const position = new Map(names.map((name, k) => [name, k]))
  const blockOf = Int32Array.from(blocks, (block) => position.get(block)!)
  const outcomes = Uint8Array.from(labels)
  const { groupOf, logits } = groupsOf(probabilities)
  const [counts, positives] = [new Float64Array(logits.length), new Float64Array(logits.length)]
  const slopeWhere = (times: Float64Array): number => {
    counts.fill(0)
    positives.fill(0)
    for (let i = 0; i < groupOf.length; i++) {
      const weight = times[blockOf[i]!]!
      counts[groupOf[i]!]! += weight
      positives[groupOf[i]!]! += weight * outcomes[i]!
    }
    return slopeOf(logits, counts, positives)
  }
  const times = new Float64Array(names.length)
  const slopes = new Float64Array(RESAMPLES)
  for (let draw = 0; draw < RESAMPLES; draw++) {
    times.fill(0)
    for (let k = 0; k < names.length; k++) times[Math.floor(random() * names.length)]!++
    slopes[draw] = slopeWhere(times)
  }
  slopes.sort()
  return { low: slopes[Math.floor(0.025 * RESAMPLES)]!, high: slopes[Math.floor(0.975 * RESAMPLES)]! }
}

/** Forecasts of nearly the same logit together, with the mean logit of each group. */
function groupsOf(probabilities: readonly number[]): { groupOf: Int32Array; logits: Float64Array } {
  const all = Float64Array.from(probabilities, logit)
  const [low, high] = all.reduce(([least, most], x) => [Math.min(least, x), Math.max(most, x)] as const, [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as const)
  const width = (high - low) / SLOPE_GROUPS
  const groupOf = Int32Array.from(all, (x) =>
    width > 0 ? Math.min(SLOPE_GROUPS - 1, Math.floor((x - low) / width)) : 0,
  )
  const [sums, counts] = [new Float64Array(SLOPE_GROUPS), new Float64Array(SLOPE_GROUPS)]
  for (const [i, group] of groupOf.entries()) {
    sums[group]! += all[i]!
    counts[group]!++
  }
  // Every draw goes through all groups: those that hold nothing are left out.
  const held = [...counts.keys()].filter((group) => counts[group]! > 0)
  const place = new Int32Array(SLOPE_GROUPS)
  held.forEach((group, k) => {
    place[group] = k
  })
  return {
    groupOf: groupOf.map((group) => place[group]!),
    logits: Float64Array.from(held, (group) => sums[group]! / counts[group]!),
  }
}

/** Keeps the slope of outcomes that a threshold separates finite, as the penalty of `fitPlatt` does. */
const PENALTY = 1e-6
/** A smaller step changes nothing that the interval shows; the one after it would be its square. */
const CLOSE = 1e-6

/** Slope of outcomes on logits, by Newton's method; 0 where only one kind of outcome came, or where all logits are equal. */
function slopeOf(logits: Float64Array, counts: Float64Array, positives: Float64Array): number {
  let [total, hits, sum, squares] = [0, 0, 0, 0]
  for (let group = 0; group < logits.length; group++) {
    total += counts[group]!
    hits += positives[group]!
    sum += counts[group]! * logits[group]!
    squares += counts[group]! * logits[group]! ** 2
  }
  if (hits === 0 || hits === total || squares / total - (sum / total) ** 2 < FLAT_VARIANCE) return 0
  let [a, b] = [logit(hits / total) - sum / total, 1]
  for (let iteration = 0; iteration < 50; iteration++) {
    let [ga, gb, aa, ab, bb] = [0, -PENALTY * b, PENALTY, 0, PENALTY]
    for (let group = 0; group < logits.length; group++) {
      const x = logits[group]!
      const p = 1 / (1 + Math.exp(-a - b * x))
      const error = positives[group]! - counts[group]! * p
      const curvature = counts[group]! * p * (1 - p)
      ga += error
      gb += error * x
      aa += curvature
      ab += curvature * x
      bb += curvature * x * x
    }
    const determinant = aa * bb - ab * ab
    const [stepA, stepB] = [(ga * bb - gb * ab) / determinant, (gb * aa - ga * ab) / determinant]
    const size = Math.max(Math.abs(stepA), Math.abs(stepB))
    // A full step can overshoot where outcomes are nearly separable.
    const damping = size > 5 ? 5 / size : 1
    a += damping * stepA
    b += damping * stepB
    if (size < CLOSE) break
  }
  return b
}
