import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 10_000
const PAUSE_MS = 25

/** Asks again and again until there is an answer; undefined after ten seconds, for the test's own assertion to report. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const givesUpAt = Date.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
    const answer = await ask()
    if (answer !== undefined || Date.now() > givesUpAt) return answer
  }
}
