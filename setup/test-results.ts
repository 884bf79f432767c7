import { readFileSync } from 'node:fs'

/** Written by the reporter at the end of a run, for whoever judges the run: relative to the repository root. */
export const RESULTS_FILE = '.breakwater/test-results.json'

export interface Counts {
  readonly tests: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** A test, or a suite with everything in it, that was skipped. The runner's own count leaves the suites out. */
export interface NotRun {
  readonly name: string
  readonly reason: string
  readonly isSuite: boolean
}

export interface TestResults extends Counts {
  readonly notRun: readonly NotRun[]
}

export const readResults = (file = RESULTS_FILE): TestResults => JSON.parse(readFileSync(file, 'utf8')) as TestResults

/** `Not run: 2 tests and 1 suite, on Redis: TEST_REDIS_URL names no server (queue on Redis); …`, grouped by reason. */
export function closingLine(notRun: readonly NotRun[]): string {
  const suites = notRun.filter(({ isSuite }) => isSuite).length
  const amounts = [amount(notRun.length - suites, 'test'), amount(suites, 'suite')].filter(Boolean).join(' and ')
  const reasons = Map.groupBy(notRun, ({ reason }) => reason || 'no reason given')
  const groups = [...reasons].map(([reason, group]) => `${reason} (${group.map(({ name }) => name).join(', ')})`)
  return `Not run: ${amounts}. ${groups.join('; ')}`
}

const amount = (count: number, noun: string): string => (count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`)
