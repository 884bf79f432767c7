import type { Tick } from '../../domain/market/tick.ts'
import { UnreadableError } from './readings.ts'

const MAX_KINDS = 500

/** What could not be read, each kind once with how often. */
export interface Problems {
  note(problem: string): void
  /** Runs each reader; what throws as unreadable is dropped and noted under `where`. */
  take<T extends Tick>(where: string, readers: readonly (() => T)[]): readonly T[]
  list(): readonly string[]
}

export function createProblems(): Problems {
  const counts = new Map<string, number>()
  const note = (problem: string): void => {
    const known = counts.get(problem)
    if (known !== undefined || counts.size < MAX_KINDS) counts.set(problem, (known ?? 0) + 1)
  }
  return {
    note,
    take: (where, readers) =>
      readers.flatMap((read) => {
        try {
          return [read()]
        } catch (error) {
          // A unit's own check throws RangeError: a number that reached it was not one.
          if (!(error instanceof UnreadableError || error instanceof RangeError)) throw error
          note(`${where}: ${error.message}`)
          return []
        }
      }),
    list: () => [...counts].map(([problem, count]) => (count === 1 ? problem : `${problem} (${count} times)`)),
  }
}
