/** One test as it stands: plain JSON, folded one value at a time. */
export interface PageHinkley {
  readonly count: number
  /** Of all values so far. */
  readonly mean: number
  /** Σ(x − x̄ − δ). */
  readonly sum: number
  /** Smallest that the sum has been. */
  readonly least: number
  /** How many values there were when it was: what came later is where the mean rose. */
  readonly leastCount: number
  /** sum − least. */
  readonly statistic: number
  readonly alarm: boolean
}

export interface PageHinkleyRules {
  /** Rise of the mean that is tolerated, in standard deviations. */
  readonly delta: number
  /** Alarm above this. */
  readonly lambda: number
  /** No alarm before so many values. */
  readonly minimum: number
}

/** On z-scored daily log loss (specification §6). */
export const PAGE_HINKLEY: PageHinkleyRules = { delta: 0.1, lambda: 8, minimum: 30 }

export const PAGE_HINKLEY_START: PageHinkley = {
  count: 0,
  mean: 0,
  sum: 0,
  least: 0,
  leastCount: 0,
  statistic: 0,
  alarm: false,
}

/**
 * Page–Hinkley test for a rise of the mean: m_t = Σ(xᵢ − x̄ᵢ − δ), alarm when m_t − min m > λ.
 *
 * With δ = 0.1 and λ = 8 on independent standard normal values, the mean rising by one standard deviation is found after some
 * ten values. Without any rise one in three stretches of 90 values alarms all the same, and two in three of 180 (measured in
 * its tests). So an alarm is a question, not a verdict: it counts once volatility alone fared better on the days since.
 *
 * @param value - finite; z-scored, so that δ and λ mean standard deviations
 * @throws {RangeError} when the value is not finite
 * @see Page (1954), Biometrika 41; Gama et al. (2014), "A survey on concept drift adaptation", ACM Computing Surveys 46(4)
 */
export function applyPageHinkley(
  state: PageHinkley,
  value: number,
  { delta, lambda, minimum }: PageHinkleyRules = PAGE_HINKLEY,
): PageHinkley {
  if (!Number.isFinite(value)) throw new RangeError(`Expected a finite value, was ${value}`)
  const count = state.count + 1
  const mean = state.mean + (value - state.mean) / count
  const sum = state.sum + value - mean - delta
  const isLeast = sum <= state.least
  const least = isLeast ? sum : state.least
  const statistic = sum - least
  return {
    count,
    mean,
    sum,
    least,
    leastCount: isLeast ? count : state.leastCount,
    statistic,
    alarm: count >= minimum && statistic > lambda,
  }
}

/** Losses that are equal but for rounding do not vary. */
const FLAT = 1e-9
/** Furthest that one day counts, in standard deviations: log loss of rare events has days that would alarm by themselves. */
const FURTHEST = 3

/**
 * Standard scores of daily losses against what was usual, cut at ±3.
 *
 * @param usual - mean and spread on held-out days; without them the first `minimum` days stand for them
 * @returns empty when there is nothing to measure by, or the losses never vary
 */
export function standardScores(
  losses: readonly number[],
  usual: { readonly mean: number; readonly spread: number } | undefined,
  minimum = PAGE_HINKLEY.minimum,
): readonly number[] {
  const first = losses.slice(0, minimum)
  const mean = usual?.mean ?? first.reduce((sum, loss) => sum + loss, 0) / first.length
  const spread =
    usual?.spread ?? Math.sqrt(first.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / Math.max(1, first.length - 1))
  if (!(spread > FLAT) || (!usual && first.length < minimum)) return []
  return losses.map((loss) => Math.max(-FURTHEST, Math.min(FURTHEST, (loss - mean) / spread)))
}
