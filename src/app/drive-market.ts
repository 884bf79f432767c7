import { duration, later, type TimestampMs, timestamp } from '../domain/units.ts'
import type { Clock, MarketSource, MarketStep, Queue, VirtualClock } from '../ports.ts'

interface Drive {
  readonly source: MarketSource
  readonly clock: Clock | VirtualClock
  readonly queue: Queue
  /** Stored up to here: continue after it. */
  readonly after?: TimestampMs
  readonly signal: AbortSignal
  /** Simulated seconds per second, asked anew while waiting; infinite runs as fast as work allows. */
  readonly speed: () => number
  takeStep(step: MarketStep): Promise<void>
  /** Called when a step and everything due because of it is done. */
  betweenSteps?(at: TimestampMs): Promise<void>
  onWarmup?(step: MarketStep): void
}

const FRAME_MS = 100

/**
 * Runs a market source to its end or until the signal: each step is taken in, and under a virtual clock the next waits
 * until all due work is done, so a run gives the same figures on a slow and a fast machine.
 */
export async function driveMarket(drive: Drive): Promise<void> {
  const { source, clock, queue, signal } = drive
  for await (const step of source.steps({ after: drive.after, signal })) {
    if (signal.aborted) return
    if (step.warmup) drive.onWarmup?.(step)
    else if (clock.kind === 'virtual') await passTime(drive, clock as VirtualClock, step.at)
    if (signal.aborted) return
    await drive.takeStep(step)
    if (step.warmup) continue
    if (clock.kind === 'virtual') await queue.settled()
    await drive.betweenSteps?.(step.at)
  }
  if (clock.kind === 'virtual' && source.to !== undefined && !signal.aborted)
    await passTime(drive, clock as VirtualClock, source.to)
}

/** Lets the clock run to `until`, stopping at every instant at which held work is due, and waiting for that work. */
async function passTime({ queue, signal, speed }: Drive, clock: VirtualClock, until: TimestampMs): Promise<void> {
  await queue.settled() // what was asked for between two steps belongs to the instant at which it was asked
  while (!signal.aborted) {
    const due = queue.nextDueAt()
    const target = due !== undefined && due < until ? due : until
    if (clock.now() < target) {
      const pace = speed()
      if (Number.isFinite(pace)) {
        await new Promise((resolve) => setTimeout(resolve, FRAME_MS))
        const flowed = later(clock.now(), duration(Math.round(FRAME_MS * pace)))
        clock.advanceTo(timestamp(Math.min(flowed, target)))
        if (clock.now() < target) continue
      } else clock.advanceTo(target)
    }
    await queue.releaseDue()
    await queue.settled()
    const next = queue.nextDueAt()
    if (clock.now() >= until && (next === undefined || next > until)) return
  }
}
