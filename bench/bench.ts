/** One measurement and what it is held against: the bare library, or a trivial loop doing the unavoidable part. */
export interface Measured {
  readonly unit: string
  readonly p50: number
  readonly p99: number
  readonly n: number
  readonly limit: number
  /** Ours ÷ limit where less is better, limit ÷ ours where more is better: 1 is as good as it gets. */
  readonly ratio: number
}

/** What could not be measured here, and why. */
export interface Skipped {
  readonly skipped: string
}

export interface Bench {
  readonly name: string
  run(): Promise<Measured | Skipped>
}

export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
