import { isConnectionLost } from './errors.ts'

/**
 * One statement for everyone who asks at once: what is asked while one runs waits for it, and goes with the next. Fifty people
 * who speak in the same moment cost a few statements instead of fifty; one who speaks alone waits for nothing.
 *
 * A statement that is wrong for one of them is said again for each alone, so that the others do not pay for it. When the
 * connection is lost nobody knows what happened, and all are told so.
 *
 * @param run - does all of them in one statement, which happens as a whole or not at all; answers in their order
 * @param keyOf - two with one key never go in one statement
 */
export function inBatches<Asked, Answer>(
  run: (batch: readonly Asked[]) => Promise<readonly Answer[]>,
  { keyOf, most = 100 }: { keyOf: (asked: Asked) => string; most?: number },
): (asked: Asked) => Promise<Answer> {
  interface Waiting extends PromiseWithResolvers<Answer> {
    readonly asked: Asked
  }
  let waiting: Waiting[] = []
  let running = false

  const take = (): readonly Waiting[] => {
    const batch = new Map<string, Waiting>()
    const left: Waiting[] = []
    for (const one of waiting) {
      const key = keyOf(one.asked)
      if (batch.size < most && !batch.has(key)) batch.set(key, one)
      else left.push(one)
    }
    waiting = left
    return [...batch.values()]
  }

  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const answers = await run(batch.map(({ asked }) => asked))
      for (const [i, { resolve }] of batch.entries()) resolve(answers[i]!)
    } catch (error) {
      if (batch.length > 1 && !isConnectionLost(error)) for (const one of batch) await settle([one])
      else for (const { reject } of batch) reject(error)
    }
  }

  const work = async (): Promise<void> => {
    running = true
    while (waiting.length > 0) await settle(take())
    running = false
  }

  return (asked) => {
    const mine: Waiting = { asked, ...Promise.withResolvers<Answer>() }
    waiting.push(mine)
    if (!running) void work()
    return mine.promise
  }
}
