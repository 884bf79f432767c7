import type { Heartbeat } from '../ports.ts'
import { post } from './post.ts'

export interface HttpHeartbeatOptions {
  /** Often a secret by itself; a name and a password in it are sent as basic authorisation. */
  readonly address: string
  /** Of the program that beats. */
  readonly version?: string
  /** 5 s by default. */
  readonly timeoutMs?: number
}

/** What a beat carries. */
export interface Beat {
  readonly state: string
  /** ms since 1970, by the clock of whoever beats. */
  readonly at: number
  readonly version?: string | undefined
}

const TIMEOUT_MS = 5_000

/** Beats by posting a small JSON object. What is thrown when it was not taken holds nothing of the address. */
export function createHttpHeartbeat({ address, version, timeoutMs = TIMEOUT_MS }: HttpHeartbeatOptions): Heartbeat {
  return {
    async beat({ state, at }) {
      const beat: Beat = { state, at, version }
      const answer = await post(address, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(beat),
        timeoutMs,
      }).catch((error: Error) => {
        throw new Error(`The heartbeat could not be delivered: ${error.message}`)
      })
      if (!answer.ok) throw new Error(`The heartbeat was not taken: HTTP ${answer.status}`)
    },
  }
}
