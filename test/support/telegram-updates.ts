import { type Failure, type Params, refused } from './telegram-shapes.ts'
import { createHooks } from './telegram-webhook.ts'

const CONFLICT = 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running'
const HOOKED =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"

export interface Update {
  readonly update_id: number
  readonly [kind: string]: unknown
}

/** What happened in the chats, handed out by long polling or posted to a webhook. */
export function createUpdates() {
  const every = new Map<number, Update>()
  /** Not confirmed yet. */
  let pending: Update[] = []
  /** Handed out once whatever was confirmed: redeliveries. */
  const extra: Update[] = []
  let held: Update[] | undefined
  let nextId = 1000
  let waiting: { answer: (result: Failure | 'look') => void } | undefined
  const hooks = createHooks<Update>({ untaken: (update) => offer([update]) })

  function offer(updates: readonly Update[], redelivered = false): void {
    if (hooks.current()) {
      for (const update of updates) hooks.queue(update)
      return
    }
    if (redelivered) extra.push(...updates)
    else pending.push(...updates)
    waiting?.answer('look')
  }

  return {
    hooks,
    nextId: () => nextId,

    push(update: Record<string, unknown>): number {
      const full = { update_id: nextId++, ...update }
      every.set(full.update_id, full)
      if (held) held.push(full)
      else offer([full])
      return full.update_id
    },

    /** Delivers updates once more, whether or not they were confirmed. */
    again(...ids: readonly number[]): void {
      offer(
        ids.map((id) => every.get(id) ?? assertFound(id)),
        true,
      )
    },

    /** Keeps what happens from now on; the function returned delivers it, newest first where `reversed`. */
    hold(): (options?: { reversed?: boolean }) => void {
      const mine: Update[] = []
      held = mine
      return ({ reversed = false } = {}) => {
        held = undefined
        offer(reversed ? mine.toReversed() : mine)
      }
    },

    drop(): void {
      pending = []
    },

    async poll(params: Params, gone: AbortSignal): Promise<Failure | readonly Update[]> {
      if (hooks.current()) return refused(409, HOOKED)
      waiting?.answer(refused(409, CONFLICT))
      const offset = Number(params.offset ?? 0)
      pending = pending.filter(({ update_id }) => update_id >= offset)
      const due = () => [...extra.splice(0), ...pending.slice(0, Number(params.limit ?? 100))]
      const isDue = () => extra.length + pending.length > 0
      if (isDue() || !params.timeout) return due()
      const outcome = await new Promise<Failure | 'look'>((resolve) => {
        const me = { answer: finish }
        const timer = setTimeout(() => finish('look'), Number(params.timeout) * 1000)
        gone.addEventListener('abort', () => finish('look'))
        function finish(result: Failure | 'look'): void {
          clearTimeout(timer)
          if (waiting === me) waiting = undefined
          resolve(result)
        }
        waiting = me
      })
      return outcome === 'look' ? due() : outcome
    },

    setWebhook(params: Params): Failure | true {
      const done = hooks.set(params)
      if (done === true) {
        waiting?.answer(refused(409, HOOKED))
        offer(pending.splice(0))
      }
      return done
    },

    async close(): Promise<void> {
      waiting?.answer('look')
      await hooks.close()
    },
  }
}

function assertFound(id: number): never {
  throw new RangeError(`Expected an update that was sent, was ${id}`)
}
