import type { Failure, Params } from './telegram-shapes.ts'

export interface WindowLimit {
  readonly max: number
  readonly perMs: number
}

/** At most so much in any stretch of time. */
export interface ServerLimits {
  readonly chat: readonly WindowLimit[]
  readonly group: readonly WindowLimit[]
  readonly global: readonly WindowLimit[]
}

/** What Telegram is known to let through: short bursts in a chat, 20 a minute in a group, 30 a second in all. */
export const TELEGRAM_LIMITS: ServerLimits = {
  chat: [{ max: 3, perMs: 3_000 }],
  group: [{ max: 20, perMs: 60_000 }],
  global: [{ max: 30, perMs: 1_000 }],
}

const COUNTED = /^(send(?!ChatAction)|editMessage)/

/** Answers 429 to what is too much; a call that was refused counts for nothing. */
export function createServerLimits({ chat, group, global }: ServerLimits, now: () => number = () => performance.now()) {
  const seen = new Map<string, number[]>()

  const waitFor = (key: string, limits: readonly WindowLimit[], at: number): number =>
    limits.reduce((wait, { max, perMs }) => {
      const counted = (seen.get(key) ?? []).filter((time) => time > at - perMs)
      return counted.length < max ? wait : Math.max(wait, counted[counted.length - max]! + perMs - at)
    }, 0)

  return (method: string, params: Params): Failure | undefined => {
    if (!COUNTED.test(method)) return undefined
    const [at, place] = [now(), `chat ${params.chat_id}`]
    const inChat = String(params.chat_id).startsWith('-') ? [...chat, ...group] : chat
    const wait = Math.max(waitFor(place, inChat, at), waitFor('all', global, at))
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000)
      return {
        error_code: 429,
        description: `Too Many Requests: retry after ${seconds}`,
        parameters: { retry_after: seconds },
      }
    }
    for (const key of [place, 'all']) seen.set(key, [...(seen.get(key) ?? []), at])
    return undefined
  }
}
