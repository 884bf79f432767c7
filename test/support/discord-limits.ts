import { performance } from 'node:perf_hooks'
import type { Reply } from './discord-shapes.ts'

/** Discord's own for messages of one channel: 5 in 5 s, and 50 a second over all that is no interaction. */
const CHANNEL = { max: 5, perMs: 5_000 }
const GLOBAL = { max: 50, perMs: 1_000 }

export interface RateLimitOptions {
  readonly max?: number
  readonly perMs?: number
  readonly globalMax?: number
}

interface Window {
  used: number
  resetAt: number
}

/** Buckets as Discord keeps them: one for each method and channel, with its state in every answer, and a global one. */
export function createRateLimits({
  max = CHANNEL.max,
  perMs = CHANNEL.perMs,
  globalMax = GLOBAL.max,
}: RateLimitOptions) {
  const windows = new Map<string, Window>()
  let limited = 0

  const take = (key: string, limit: { max: number; perMs: number }): Window & { over: boolean } => {
    const at = performance.now()
    const known = windows.get(key)
    const window = known && known.resetAt > at ? known : { used: 0, resetAt: at + limit.perMs }
    windows.set(key, window)
    const over = window.used >= limit.max
    if (!over) window.used++
    return { ...window, over }
  }

  return {
    get limited() {
      return limited
    },

    /** What the limits add to a request's answer: headers, or a 429 in its place. */
    check(method: string, path: string): { headers: Record<string, string>; refusal?: Reply } {
      const [, kind, id, what] = path.split('/')
      const exempt = kind === 'interactions' || kind === 'webhooks'
      if (!exempt) {
        const { over, resetAt } = take('global', { max: globalMax, perMs: GLOBAL.perMs })
        if (over) {
          limited++
          const headers = { 'x-ratelimit-global': 'true', 'x-ratelimit-scope': 'global' }
          return { headers, refusal: refusal(resetAt, { ...headers }, true) }
        }
      }
      if (kind !== 'channels' || what !== 'messages') return { headers: {} }
      const { over, used, resetAt } = take(`${method} ${id}`, { max, perMs })
      const headers = {
        'x-ratelimit-limit': `${max}`,
        'x-ratelimit-remaining': `${max - used}`,
        'x-ratelimit-reset': `${(Date.now() + secondsUntil(resetAt) * 1000) / 1000}`,
        'x-ratelimit-reset-after': `${secondsUntil(resetAt)}`,
        'x-ratelimit-bucket': `messages-${method.toLowerCase()}`,
      }
      if (!over) return { headers }
      limited++
      return { headers, refusal: refusal(resetAt, { ...headers, 'x-ratelimit-scope': 'user' }, false) }
    },
  }
}

const secondsUntil = (resetAt: number): number => Math.ceil(resetAt - performance.now()) / 1000

const refusal = (resetAt: number, headers: Record<string, string>, global: boolean): Reply => ({
  status: 429,
  json: { message: 'You are being rate limited.', retry_after: secondsUntil(resetAt), global },
  headers: { ...headers, 'retry-after': `${Math.ceil(secondsUntil(resetAt))}` },
})
