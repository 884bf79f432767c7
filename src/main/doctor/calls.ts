import type { DurationMs, TimestampMs } from '../../domain/units.ts'

/** Between which bounds another clock is ahead of ours (behind: below zero): its answers tell whole seconds only. */
export interface ClockReading {
  readonly source: string
  readonly least: number
  readonly most: number
}

export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly json: unknown }
  /** `why` completes "could not be reached: …". */
  | { readonly kind: 'unreachable'; readonly why: string }

interface Request {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON by POST. */
  readonly body?: unknown
}

/** HTTP as a doctor needs it: one try, in limited time, and every answer's clock is noted. */
export interface Calls {
  ask(source: string, url: string, request?: Request): Promise<Answer>
  readonly clocks: readonly ClockReading[]
}

export interface CallsOptions {
  readonly timeout: DurationMs
  readonly now: () => TimestampMs
}

export function createCalls({ timeout, now }: CallsOptions): Calls {
  const clocks: ClockReading[] = []
  return {
    clocks,
    async ask(source, url, { headers = {}, body } = {}) {
      const sentAt = now()
      try {
        const response = await fetch(url, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          body: body === undefined ? undefined : JSON.stringify(body),
          // Following would take a token to wherever the answer points.
          redirect: 'manual',
          signal: AbortSignal.timeout(timeout),
        })
        const saidAt = Date.parse(response.headers.get('date') ?? '')
        if (Number.isFinite(saidAt)) clocks.push({ source, least: saidAt - now(), most: saidAt + 1000 - sentAt })
        return { kind: 'answered', status: response.status, json: parse(await response.text()) }
      } catch (error) {
        return { kind: 'unreachable', why: reasonOf(error, { url, timeout }) }
      }
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // whoever answered speaks something else; the shape is checked where it is read
  }
}

/** Never the address itself: Telegram's carries the token. */
function reasonOf(error: unknown, { url, timeout }: { url: string; timeout: DurationMs }): string {
  const { host, hostname } = new URL(url)
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } }
  const code = cause?.code
  if (name === 'TimeoutError') return `${host} gave no answer within ${timeout / 1000} s`
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${hostname} could not be looked up (${code})`
    case 'ECONNREFUSED':
      return `nothing answers at ${host} (ECONNREFUSED)`
    case undefined:
      return `${host} could not be asked${cause?.message ? ` (${cause.message})` : ''}`
    default:
      return `the connection to ${host} failed (${code})`
  }
}
