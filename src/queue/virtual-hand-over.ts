import { setTimeout as sleep } from 'node:timers/promises'
import type { TimestampMs } from '../domain/units.ts'
import type { Clock, JobRequest } from '../ports.ts'
import { type HandOver, isFuture } from './hand-over.ts'
import type { Transport } from './transport.ts'

const CHECK_MS = 1_000

interface Held {
  readonly request: JobRequest
  readonly at: TimestampMs
  readonly order: number
}

/**
 * Holds jobs in this process until the product's clock reaches them, and hands them over one at a time.
 *
 * Single file because a simulated run must give the same figures on a slow and on a fast machine: jobs run in the order of
 * their time, then in the order in which they were added. Nothing is kept over a restart; the reconciler rebuilds it.
 *
 * The same id deduplicates while it waits; added while it runs it runs once more afterwards. Of two future times for one
 * id the earlier wins. A held job and an immediate one under the same id are both kept.
 */
export function createVirtualHandOver(options: {
  readonly clock: Clock
  readonly transport: Transport
  readonly onLost: (request: JobRequest, error: Error) => void
}): HandOver {
  const { clock, transport, onLost } = options
  const held = new Map<string, Held>()
  const line: JobRequest[] = []
  let added = 0
  let open = false
  let closed = false
  let pumping = false
  let running: { readonly jobId: string; readonly end: () => void } | undefined
  const waiters: (() => void)[] = []

  const pump = async (): Promise<void> => {
    if (pumping || !open) return
    pumping = true
    for (let request = line.shift(); request; request = open ? line.shift() : undefined) {
      try {
        await runToItsEnd(request)
      } catch (error) {
        onLost(request, error as Error)
      }
    }
    pumping = false
    for (const wake of waiters.splice(0)) wake()
  }

  const runToItsEnd = async ({ name, jobId, data }: JobRequest): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<'ended'>()
    running = { jobId, end: () => resolve('ended') }
    try {
      const bullId = await transport.add('serial', name, { jobId, dueAt: Date.now(), data })
      // The worker tells us; asking as well keeps a backend that lost its data from holding the clock for ever.
      while ((await soonerOf(promise, CHECK_MS)) !== 'ended') {
        if (!(await transport.has('serial', bullId).catch(() => true))) return
      }
    } finally {
      running = undefined
    }
  }

  const enqueue = (request: JobRequest): void => {
    if (!line.some((waiting) => waiting.jobId === request.jobId)) line.push(request)
  }

  return {
    async add(request) {
      if (!isFuture(request, clock.now())) {
        enqueue(request)
        void pump()
        return
      }
      const before = held.get(request.jobId)
      if (!before || request.at! < before.at) {
        held.set(request.jobId, { request, at: request.at!, order: added++ })
      }
    },
    nextDueAt() {
      let next: TimestampMs | undefined
      for (const { at } of held.values()) if (next === undefined || at < next) next = at
      return next
    },
    async releaseDue() {
      const now = clock.now()
      const due = [...held.values()].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at || a.order - b.order)
      for (const { request } of due) {
        held.delete(request.jobId)
        enqueue(request)
      }
      void pump()
    },
    async settled() {
      while (!closed && (line.length > 0 || pumping)) {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiters.push(resolve)
        await promise
      }
    },
    started() {
      open = !closed
      void pump()
    },
    finished(jobId) {
      if (running?.jobId === jobId) running.end()
    },
    close() {
      closed = true
      open = false
      held.clear()
      line.length = 0
      running?.end()
      for (const wake of waiters.splice(0)) wake()
    },
  }
}

async function soonerOf<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const enough = new AbortController()
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: enough.signal }).catch(() => undefined)])
  } finally {
    enough.abort()
  }
}
