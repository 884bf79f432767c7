import type { Reconciliation } from '../../src/app/reconcile.ts'

/** Remembered in words; of the rest only the number is. */
const REMEMBERED = 20

export type Tally = ReturnType<typeof createTally>

/** Counts of a run, and its first errors; it does not grow with the run. */
export function createTally() {
  const counts: Record<string, Record<string, number>> = {}
  const errors: string[] = []
  const count = (what: string, kind: string): void => {
    const all = counts[what] ?? {}
    counts[what] = all
    all[kind] = (all[kind] ?? 0) + 1
  }
  return {
    counts: counts as Readonly<Record<string, Readonly<Record<string, number>>>>,
    errors: errors as readonly string[],
    count,
    sum: (what: string): number => Object.values(counts[what] ?? {}).reduce((sum, times) => sum + times, 0),
    error(error: unknown): void {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      count('errors', text.split('\n')[0]!.slice(0, 120))
      if (errors.length < REMEMBERED) errors.push(text)
    },
    verdicts({ legs }: Reconciliation): void {
      count('reconciliations', 'round')
      for (const leg of legs) count('verdicts', leg.kind === 'checked' ? leg.verdict : leg.kind)
    },
  }
}
