/** One measurement and what it is held against: the bare library, or a trivial loop doing the unavoidable part. */
export interface Measured {
  readonly unit: string
  /** The middle one of ours. */
  readonly p50: number
  /** Ninety-nine in a hundred of ours were at least as good; with fewer than a hundred, the worst. */
  readonly p99: number
  /** How many of ours were measured. */
  readonly n: number
  /** The middle one of the limit, in the same unit and the same run. */
  readonly limit: number
  /**
   * How many times worse ours is than the limit: 1 is as good as it gets, larger is worse, whatever the unit.
   *
   * That is p50 ÷ limit where less is better (ms, s, MB) and limit ÷ p50 where more is better (bars/s).
   */
  readonly ratio: number
  /** What was measured besides, in the same unit unless its name says otherwise; the middle one of each. */
  readonly apart?: Readonly<Record<string, number>>
}

/** What could not be measured here, and why. */
export interface Skipped {
  readonly skipped: string
}

export interface Bench {
  readonly name: string
  run(): Promise<Measured | Skipped>
}

/** Sums up what was measured side by side; `limits` are the same work done barely. */
export function compare({
  unit,
  ours,
  limits,
  better = 'less',
  apart,
}: {
  readonly unit: string
  readonly ours: readonly number[]
  readonly limits: readonly number[]
  readonly better?: 'less' | 'more'
  readonly apart?: Measured['apart']
}): Measured {
  const [p50, limit] = [percentile(ours, 0.5), percentile(limits, 0.5)]
  return {
    unit,
    p50,
    p99:
      better === 'less'
        ? percentile(ours, 0.99)
        : -percentile(
            ours.map((value) => -value),
            0.99,
          ),
    n: ours.length,
    limit,
    ratio: better === 'less' ? p50 / limit : limit / p50,
    ...(apart && { apart }),
  }
}

export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('Expected measurements, were none')
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
