import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../ports.ts'
import { type HandOver, isFuture } from './hand-over.ts'
import { type Lane, laneOf } from './lane.ts'
import type { Transport } from './transport.ts'

const POLL_MS = 50
/** Above this many remembered ids, ask which are gone: a process that only adds never hears of an end otherwise. */
const SWEEP_ABOVE = 256

/**
 * Hands every job straight to BullMQ, which keeps it, delays it and survives us.
 *
 * A job id is BullMQ's deduplication key, kept while the job waits, runs or is between attempts. Added again while it runs,
 * the id is remembered and runs once more afterwards, however often it was added (`keepLastIfActive`). A delayed job has a
 * key of its own beside the immediate one, so that "now" never waits for "later" and "later" is never swallowed by "now".
 * A worker that was killed keeps its key until BullMQ notices, 15 to 25 seconds on: who cannot wait takes a new id.
 */
export function createWallHandOver({ clock, transport }: { clock: Clock; transport: Transport }): HandOver {
  const tracked = new Map<string, { readonly lane: Lane; readonly dueAt: number }>()

  const forgetFinished = async (): Promise<void> => {
    for (const [key, entry] of tracked) {
      if (!(await transport.holds(entry.lane, key)) && tracked.get(key) === entry) tracked.delete(key)
    }
  }
  const anyDue = (): boolean => [...tracked.values()].some(({ dueAt }) => dueAt <= Date.now())

  return {
    async add(request) {
      const lane = laneOf(request.name, 'wall')
      const now = clock.now()
      const delay = isFuture(request, now) ? request.at! - now : undefined
      const key = delay === undefined ? request.jobId : `${request.jobId}.later`
      const dueAt = Date.now() + (delay ?? 0)
      const before = tracked.get(key)
      const entry = { lane, dueAt: Math.min(dueAt, before?.dueAt ?? dueAt) }
      tracked.set(key, entry)
      try {
        await transport.add(lane, request.name, { jobId: request.jobId, dueAt, data: request.data }, { key, delay })
      } catch (error) {
        if (tracked.get(key) === entry) {
          if (before) tracked.set(key, before)
          else tracked.delete(key)
        }
        throw error
      }
      if (tracked.size > SWEEP_ABOVE) await forgetFinished()
    },
    nextDueAt: () => undefined,
    releaseDue: async () => undefined,
    async settled() {
      while (anyDue()) {
        await forgetFinished()
        if (anyDue()) await sleep(POLL_MS)
      }
    },
    started: () => undefined,
    finished: () => undefined,
    close: () => tracked.clear(),
  }
}
