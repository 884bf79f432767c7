const HEAVY_AT_ONCE = 2

/** Lets quick commands through at once and heavy ones a few at a time, so that a report never holds up an approval. */
export function createHeavyTurns(atOnce = HEAVY_AT_ONCE): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      // The place is handed on rather than given up, so that nobody who comes just now slips in before who waits.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
