import type { Ports } from './ports.ts'
import { tradingStateNow } from './risk-in-force.ts'

export type Beat =
  | { readonly kind: 'taken' }
  /** No address is configured. */
  | { readonly kind: 'nobody-listens' }
  /** Not taken, so many times in a row. Whoever watches hears of it by our silence. */
  | { readonly kind: 'failed'; readonly reason: string; readonly inARow: number }

/** Tells whoever watches from outside that we are alive and how trading stands. Never fatal: the silence is the message. */
export const createBeatHeart = (ports: Ports): (() => Promise<Beat>) => {
  let inARow = 0
  return async () => {
    if (!ports.heartbeat) return { kind: 'nobody-listens' }
    try {
      const { state } = await tradingStateNow(ports)
      await ports.heartbeat.beat({ state, at: ports.clock.now() })
      inARow = 0
      return { kind: 'taken' }
    } catch (error) {
      inARow++
      return { kind: 'failed', reason: error instanceof Error ? error.message : String(error), inARow }
    }
  }
}
