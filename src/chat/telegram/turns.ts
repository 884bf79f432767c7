/** Does what belongs to one key one after the other, in the order asked for, and forgets keys that are done. */
export function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const lines = new Map<string, Promise<unknown>>()
  return (key, work) => {
    const turn = (lines.get(key) ?? Promise.resolve()).then(work)
    const done = turn
      .catch(() => undefined)
      .then(() => {
        if (lines.get(key) === done) lines.delete(key)
      })
    lines.set(key, done)
    return turn
  }
}
