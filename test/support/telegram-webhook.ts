import { setTimeout as sleep } from 'node:timers/promises'
import { type Failure, type Params, refused } from './telegram-shapes.ts'

const RETRY_MS = 20

export interface Hook {
  readonly url: string
  readonly secret: string | undefined
  readonly params: Params
}

/** The side of a webhook that posts: one update after the other, each until it is taken or the webhook is removed. */
export function createHooks<Update>({ untaken }: { untaken: (update: Update) => void }) {
  let hook: Hook | undefined
  let posting = Promise.resolve()
  const closed = new AbortController()

  const post = async (update: unknown, { secret = hook?.secret }: { secret?: string | undefined } = {}) => {
    if (!hook) throw new Error('Expected a webhook to be set, was none')
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (secret !== undefined) headers['x-telegram-bot-api-secret-token'] = secret
    const body = typeof update === 'string' ? update : JSON.stringify(update)
    const response = await fetch(hook.url, { method: 'POST', headers, body })
    await response.arrayBuffer()
    return response.status
  }

  const postUntilTaken = async (update: Update): Promise<void> => {
    while (!closed.signal.aborted) {
      if (!hook) {
        untaken(update)
        return
      }
      const status = await post(update).catch(() => undefined)
      if (status === 200) return
      await sleep(RETRY_MS, undefined, { signal: closed.signal }).catch(() => undefined)
    }
  }

  return {
    current: () => hook,
    post,
    set(params: Params): Failure | true {
      const url = String(params.url)
      if (!URL.canParse(url)) return refused(400, 'Bad Request: bad webhook: invalid URL')
      hook = { url, secret: params.secret_token as string | undefined, params }
      return true
    },
    remove(): void {
      hook = undefined
    },
    /** In the order given, after what is being posted. */
    queue(update: Update): void {
      posting = posting.then(() => postUntilTaken(update))
    },
    async close(): Promise<void> {
      closed.abort()
      await posting
    },
  }
}
