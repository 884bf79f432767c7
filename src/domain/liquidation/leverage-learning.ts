/**
 * How leverage is spread, learned from what was liquidated: monthly, from the last ninety days.
 *
 * @module
 * @see specification §1.3, "Learning π̂"
 */
import { solve } from '../calibration.ts'
import { DAY, duration, HOUR, type TimestampMs } from '../units.ts'

/** Windows of four hours: as often as the coarsest open interest that is published. */
export const LEARNING_WINDOW = duration(4 * HOUR)
const MEMORY_WINDOWS = (90 * DAY) / LEARNING_WINDOW
const MIN_WINDOWS = (45 * DAY) / LEARNING_WINDOW
const REFIT_EVERY = (30 * DAY) / LEARNING_WINDOW
const PRIOR_WEIGHT = 0.5
const MAX_SWEEPS = 500
const RIDGE = 1e-9

/** What happened in one window. */
export interface LearningWindow {
  readonly endsAt: TimestampMs
  /** Coins by which open interest fell, or that full prints say were liquidated; never negative. */
  readonly forced: number
  /** Coins the map says would have been swept, by bucket, had every bucket the same share. */
  readonly swept: readonly number[]
  /** |log return| over the window. */
  readonly move: number
}

/** How well the swept coins explain forced volume on months that nothing was fitted on. */
export interface LearningReport {
  readonly windows: number
  readonly months: number
  /** Out-of-sample R² of |r| and r² alone, and with the swept coins beside them; NaN before the first month was judged. */
  readonly r2Return: number
  readonly r2Full: number
  readonly deltaR2: number
  readonly shares: readonly number[]
}

export interface LeverageLearning {
  /** Takes a window in; returns new shares when a month has passed and enough is known. */
  add(window: LearningWindow): readonly number[] | undefined
  report(): LearningReport
}

interface Fitted {
  readonly beta: readonly number[]
  readonly plain: readonly number[]
  readonly full: readonly number[]
}

/** @param prior - shares of the buckets as assumed; need not sum to 1 */
export function createLeverageLearning(prior: readonly number[]): LeverageLearning {
  const total = prior.reduce((sum, share) => sum + share, 0)
  const assumed = prior.map((share) => share / total)
  const windows: LearningWindow[] = []
  let shares: readonly number[] = assumed
  let fitted: Fitted | undefined
  let [seen, judged] = [0, 0]
  let [sum, squares, plainError, fullError] = [0, 0, 0, 0]

  const judge = ({ forced, move, swept }: LearningWindow, { beta, plain, full }: Fitted): void => {
    judged++
    sum += forced
    squares += forced ** 2
    plainError += (forced - dot(plain, [1, move, move ** 2])) ** 2
    fullError += (forced - dot(full, [1, move, move ** 2, dot(beta, swept)])) ** 2
  }

  return {
    add(window) {
      if (fitted) judge(window, fitted)
      windows.push(window)
      if (windows.length > MEMORY_WINDOWS) windows.shift()
      seen++
      if (windows.length < MIN_WINDOWS || seen % REFIT_EVERY !== 0) return undefined
      const beta = nonNegativeLeastSquares(
        windows.map(({ swept }) => swept),
        windows.map(({ forced }) => forced),
      )
      const weight = beta.reduce((all, each) => all + each, 0)
      if (!(weight > 0)) return undefined
      const forced = windows.map((each) => each.forced)
      fitted = {
        beta,
        plain: leastSquares(
          windows.map(({ move }) => [1, move, move ** 2]),
          forced,
        ),
        full: leastSquares(
          windows.map(({ move, swept }) => [1, move, move ** 2, dot(beta, swept)]),
          forced,
        ),
      }
      shares = assumed.map((share, k) => PRIOR_WEIGHT * share + ((1 - PRIOR_WEIGHT) * beta[k]!) / weight)
      return shares
    },
    report() {
      const variance = squares - sum ** 2 / Math.max(judged, 1)
      const r2 = (error: number): number => (judged > 0 && variance > 0 ? 1 - error / variance : Number.NaN)
      const [r2Return, r2Full] = [r2(plainError), r2(fullError)]
      return {
        windows: seen,
        months: Math.floor(judged / REFIT_EVERY),
        r2Return,
        r2Full,
        deltaR2: r2Full - r2Return,
        shares,
      }
    },
  }
}

/**
 * β ≥ 0 that makes Xβ nearest to y, by coordinate descent on the normal equations (convex, so it ends at the one minimum).
 *
 * @param rows - n × k
 */
export function nonNegativeLeastSquares(rows: readonly (readonly number[])[], y: readonly number[]): readonly number[] {
  const { gram, target } = normalEquations(rows, y)
  const beta = target.map(() => 0)
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let moved = 0
    for (let k = 0; k < beta.length; k++) {
      if (!(gram[k]![k]! > 0)) continue
      const residual = target[k]! - dot(gram[k]!, beta) + gram[k]![k]! * beta[k]!
      const next = Math.max(0, residual / gram[k]![k]!)
      moved = Math.max(moved, Math.abs(next - beta[k]!))
      beta[k] = next
    }
    if (moved <= 1e-12 * Math.max(...beta, Number.MIN_VALUE)) break
  }
  return beta
}

/** Ordinary least squares with a trace of ridge, so that a column without variation has coefficient 0. */
export function leastSquares(rows: readonly (readonly number[])[], y: readonly number[]): readonly number[] {
  const { gram, target } = normalEquations(rows, y)
  const ridge = gram.map((row, i) => RIDGE * row[i]! + Number.EPSILON)
  return solve(
    gram.map((row, i) => row.map((value, j) => (i === j ? value + ridge[i]! : value))),
    target,
  )
}

function normalEquations(
  rows: readonly (readonly number[])[],
  y: readonly number[],
): { gram: number[][]; target: number[] } {
  const width = rows[0]?.length ?? 0
  const gram = Array.from({ length: width }, () => new Array<number>(width).fill(0))
  const target = new Array<number>(width).fill(0)
  for (const [i, row] of rows.entries()) {
    for (let a = 0; a < width; a++) {
      target[a]! += row[a]! * y[i]!
      for (let b = 0; b < width; b++) gram[a]![b]! += row[a]! * row[b]!
    }
  }
  return { gram, target }
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
