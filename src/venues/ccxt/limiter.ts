import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestLimits } from './exchange.ts'

export interface Limiter {
  /** Waits until it fits; false at once when that would take longer than `patienceMs`. */
  take(weight: number, options: { readonly isOrder: boolean; readonly patienceMs: number }): Promise<boolean>
  /** The venue wants to be left alone for so long. */
  hold(ms: number): void
}

/** Parts of a window that are counted together: what was spent is free again one part late at most. */
const PARTS = 20

/**
 * Keeps within a venue's limits by our own count, without the pause that ccxt puts before every call: nothing waits until a
 * window is full. Time is the machine's own, as the venue's limits are.
 */
export function createLimiter(limits: RequestLimits, now: () => number = () => performance.now()): Limiter {
  const weights = createWindow(limits.weight, limits.weightWindowMs)
  const orders = createWindow(limits.orders, limits.ordersWindowMs)
  let heldUntil = Number.NEGATIVE_INFINITY
  return {
    async take(weight, { isOrder, patienceMs }) {
      const until = now() + patienceMs
      for (;;) {
        const at = now()
        const wait = Math.max(heldUntil - at, weights.wait(weight, at), isOrder ? orders.wait(1, at) : 0)
        if (wait <= 0) break
        if (at + wait > until) return false
        await sleep(wait)
      }
      weights.spend(weight, now())
      if (isOrder) orders.spend(1, now())
      return true
    },
    hold(ms) {
      heldUntil = Math.max(heldUntil, now() + ms)
    },
  }
}

function createWindow(most: number, length: number) {
  const part = length / PARTS
  let spent: { readonly endsAt: number; sum: number }[] = []
  return {
    /** ms until so much more fits. */
    wait(weight: number, at: number): number {
      spent = spent.filter(({ endsAt }) => endsAt > at)
      let over = spent.reduce((sum, each) => sum + each.sum, weight) - most
      if (over <= 0) return 0
      for (const { endsAt, sum } of spent) {
        over -= sum
        if (over <= 0) return endsAt - at
      }
      return length
    },
    spend(weight: number, at: number): void {
      const endsAt = Math.ceil(at / part) * part + length
      const last = spent.at(-1)
      if (last?.endsAt === endsAt) last.sum += weight
      else spent.push({ endsAt, sum: weight })
    },
  }
}
