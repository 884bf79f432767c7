/**
 * Where every network starts: a logistic regression (events) or a ridge regression (values) on the last row.
 *
 * With few independent episodes a network that starts from nothing finds less than these; so it only has to learn what they
 * miss.
 *
 * @module
 */
import { sigmoid, solve } from '../src/domain/calibration.ts'
import type { Sample } from './samples.ts'
import { labelOf } from './samples.ts'
import { TARGET_COUNT, TARGETS, type Target, type TargetKey } from './targets.ts'

/**
 * On each normalised input, the strongest first. Some hundred inputs stand against a few hundred independent episodes, however
 * many hours those have: how much the inputs may say is decided by hours that were not fitted on.
 */
const PENALTIES = [3_000, 300, 30] as const
const MAX_ITERATIONS = 20
const MAX_STEP = 5 // a full Newton step can overshoot where the classes are nearly separable
const CLOSE = 1e-4
const MAX_SIZE = 3 // values beyond three typical sizes are held there, as the loss holds their errors

export interface LastRowStart {
  /** Row-major [width × TARGETS]. */
  readonly direct: Float32Array
  readonly bias: Float32Array
}

/** Samples and the normalised inputs of their last rows, row-major [samples × width], 0 where not known. */
export interface LastRows {
  readonly samples: readonly Sample[]
  readonly rows: Float32Array
}

export interface StartOptions {
  readonly train: LastRows
  /** What the penalty is chosen on, per target. */
  readonly held: LastRows
  readonly width: number
  readonly answered: ReadonlySet<TargetKey>
  /** Called after each target, so that the caller can yield or stop. */
  readonly afterTarget: (done: number) => Promise<void>
}

export async function fitLastRowStart({
  train,
  held,
  width,
  answered,
  afterTarget,
}: StartOptions): Promise<LastRowStart> {
  const direct = new Float32Array(width * TARGET_COUNT)
  const bias = new Float32Array(TARGET_COUNT)
  for (const [t, target] of TARGETS.entries()) {
    if (answered.has(target.key)) {
      const beta = regress(labelledRows(train, target, width), labelledRows(held, target, width), target.kind)
      for (let f = 0; f < width; f++) direct[f * TARGET_COUNT + t] = beta[f]!
      bias[t] = beta[width]!
    }
    await afterTarget(t + 1)
  }
  return { direct, bias }
}

interface LabelledRows {
  readonly rows: readonly Float32Array[]
  readonly labels: readonly number[]
  readonly width: number
}

function labelledRows({ samples, rows }: LastRows, { key, kind, scale }: Target, width: number): LabelledRows {
  const chosen: Float32Array[] = []
  const labels: number[] = []
  samples.forEach((sample, k) => {
    const label = labelOf(sample, key) / scale
    if (!Number.isFinite(label)) return
    chosen.push(rows.subarray(k * width, (k + 1) * width))
    labels.push(kind === 'event' ? label : Math.max(-MAX_SIZE, Math.min(MAX_SIZE, label)))
  })
  return { rows: chosen, labels, width }
}

/**
 * Coefficients and, last, the intercept, which is not penalised: of the intercept alone and the fit with each penalty the one
 * with the lowest loss on the held samples. An event of one answer alone has its smoothed rate and nothing else.
 */
function regress(train: LabelledRows, held: LabelledRows, kind: Target['kind']): Float64Array {
  const { labels, width } = train
  const event = kind === 'event'
  const sum = labels.reduce((total, label) => total + label, 0)
  const beta = new Float64Array(width + 1)
  if (labels.length === 0) return beta
  const rate = (sum + 0.5) / (labels.length + 1)
  beta[width] = event ? Math.log(rate / (1 - rate)) : sum / labels.length
  let best = { beta: beta.slice(), loss: lossOf(held, beta, event) }
  if (event && (sum === 0 || sum === labels.length)) return best.beta
  // Each fit starts where the one with the stronger penalty ended.
  for (const penalty of PENALTIES) {
    minimise(train, beta, { event, penalty })
    const loss = lossOf(held, beta, event)
    if (loss < best.loss) best = { beta: beta.slice(), loss }
  }
  return best.beta
}

/** Mean log loss or squared error; 0 without samples, so that the intercept alone is kept. */
function lossOf({ rows, labels, width }: LabelledRows, beta: Float64Array, event: boolean): number {
  let sum = 0
  rows.forEach((inputs, k) => {
    let score = beta[width]!
    for (let j = 0; j < width; j++) score += beta[j]! * inputs[j]!
    const label = labels[k]!
    sum += event ? Math.max(score, 0) - score * label + Math.log1p(Math.exp(-Math.abs(score))) : (score - label) ** 2
  })
  return rows.length > 0 ? sum / rows.length : 0
}

function minimise(train: LabelledRows, beta: Float64Array, options: { event: boolean; penalty: number }): void {
  for (let iteration = 0; iteration < (options.event ? MAX_ITERATIONS : 1); iteration++) {
    const step = newtonStep(train, beta, options)
    const size = step.reduce((most, part) => Math.max(most, Math.abs(part)), 0)
    const damping = options.event && size > MAX_STEP ? MAX_STEP / size : 1
    for (let j = 0; j <= train.width; j++) beta[j]! += damping * step[j]!
    if (size < CLOSE) break
  }
}

function newtonStep(
  { rows, labels, width }: LabelledRows,
  beta: Float64Array,
  { event, penalty }: { event: boolean; penalty: number },
): number[] {
  const size = width + 1
  const gradient = new Float64Array(size)
  const curvatures = new Float64Array(size * size)
  const known = new Int32Array(size)
  const row = new Float64Array(size)
  rows.forEach((inputs, k) => {
    row.set(inputs)
    row[width] = 1
    // What is not known is 0 and adds nothing: only the columns that are not are gone through.
    let used = 0
    let score = 0
    for (let j = 0; j < size; j++) {
      if (row[j] === 0) continue
      known[used++] = j
      score += beta[j]! * row[j]!
    }
    const p = event ? sigmoid(score) : score
    const error = labels[k]! - p
    const curvature = event ? p * (1 - p) : 1
    for (let a = 0; a < used; a++) {
      const ja = known[a]!
      gradient[ja]! += error * row[ja]!
      const weighted = curvature * row[ja]!
      for (let b = 0; b <= a; b++) curvatures[ja * size + known[b]!]! += weighted * row[known[b]!]!
    }
  })
  const matrix = Array.from({ length: size }, (_, a) =>
    Array.from({ length: size }, (_, b) => curvatures[Math.max(a, b) * size + Math.min(a, b)]!),
  )
  for (let j = 0; j < width; j++) {
    gradient[j]! -= penalty * beta[j]!
    matrix[j]![j]! += penalty
  }
  matrix[width]![width]! += 1e-9 // keeps it solvable where every probability is at its end
  return solve(matrix, Array.from(gradient))
}
