import type { Log } from './log.ts'
import { NotTakenError, type Way } from './ways.ts'
import type { Alert } from './words.ts'

export interface RetryRules {
  readonly firstMs: number
  readonly longestMs: number
}

export interface Delivery {
  /** Sends by every way at once. What has not got through by then is replaced: the newest is what counts. */
  tell(alert: Alert): void
  /** Ways whose last try failed. */
  failing(): number
  /** Resolves when nothing is waiting to be sent. */
  settled(): Promise<void>
  close(): void
}

/**
 * Each way has its own pace and its own retries, so that one that hangs or refuses holds up no other. Tried until it gets through or
 * something newer is to be said.
 */
export function createDelivery(ways: readonly Way[], { retry, log }: { retry: RetryRules; log: Log }): Delivery {
  const lines = ways.map((way) => createLine(way, retry, log))
  return {
    tell(alert) {
      for (const line of lines) line.put(alert)
    },
    failing: () => lines.filter((line) => line.failing()).length,
    async settled() {
      await Promise.all(lines.map((line) => line.done()))
    },
    close() {
      for (const line of lines) line.close()
    },
  }
}

function createLine(way: Way, retry: RetryRules, log: Log) {
  let waiting: Alert | undefined
  let running: Promise<void> | undefined
  let [failures, closed] = [0, false]
  let wake: () => void = () => undefined

  const pauseAfter = (error: unknown): number => {
    const own = Math.min(retry.firstMs * 2 ** (failures - 1), retry.longestMs)
    const asked = error instanceof NotTakenError ? (error.retryAfter ?? 0) : 0
    return Math.max(own, Math.min(asked, retry.longestMs))
  }
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const run = async (): Promise<void> => {
    while (waiting !== undefined && !closed) {
      const alert: Alert = waiting
      try {
        await way.send(alert)
        if (failures > 0) log.info(`${way.name} works again`)
        failures = 0
        if (waiting === alert) waiting = undefined
      } catch (error) {
        failures++
        const ms = pauseAfter(error)
        log.error(`${way.name} did not take the alert: ${(error as Error).message}`, { failures, retryInMs: ms })
        if (waiting === alert && !closed) await pause(ms)
      }
    }
    running = undefined
  }

  return {
    put(alert: Alert): void {
      waiting = alert
      if (running === undefined) running = run()
      else wake()
    },
    failing: () => failures > 0,
    done: () => running ?? Promise.resolve(),
    close(): void {
      closed = true
      wake()
    },
  }
}
