import type { Head, Sample } from '../dataset.ts'

/** Share of positive labels: the forecast that knows nothing, and the yardstick of the Brier skill score. */
export function baseRate(head: Head, samples: readonly Sample[]): number {
  if (samples.length === 0) throw new RangeError('Expected at least one sample, were none')
  return samples.reduce((sum, { hours, i }) => sum + hours.labels[head][i]!, 0) / samples.length
}
