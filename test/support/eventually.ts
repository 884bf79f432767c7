import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 30_000
const PAUSE_MS = 25

/** Asks again and again until there is an answer; undefined after half a minute, or as long as is given, for the test's own assertion to report. */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T | undefined> {
  for (const givesUpAt = Date.now() + patienceMs; ; await sleep(PAUSE_MS)) {
    const answer = await ask()
    if (answer !== undefined || Date.now() > givesUpAt) return answer
  }
}
