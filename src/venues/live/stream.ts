import { setTimeout as sleep } from 'node:timers/promises'
import type { Asset, FeedKind, Tick, VenueId } from '../../domain/market/tick.ts'
import type { DurationMs } from '../../domain/units.ts'
import type { Logger } from '../../log.ts'
import type { Clock, Random } from '../../ports.ts'

const MAX_BACKOFF_MS = 60_000
const MAX_REASON = 200

/** What every stream of a live market shares. */
export interface Context {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
  /** First wait after a failure; doubles up to a minute, each time by a random half to whole. */
  readonly backoffMs: number
  emit(ticks: readonly Tick[]): void
}

export interface StreamName {
  readonly feed: FeedKind
  readonly venue: VenueId
  readonly asset: Asset
}

/**
 * Polls one feed of one asset on one venue until the signal aborts; nothing that fails here stops another.
 *
 * The first failure is said as a `disconnect` tick, then the stream tries again, ever less often up to once a minute. Only
 * what is newer than the last tick goes out.
 *
 * @param read - asks the venue once; throws when it cannot be reached
 */
export async function runStream(
  name: StreamName,
  { every, read }: { every: DurationMs; read: () => Promise<readonly Tick[]> },
  context: Context,
): Promise<void> {
  const { signal } = context
  let failures = 0
  let newest = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    try {
      const ticks = (await untilAborted(read(), signal)).filter((tick) => tick.eventAt > newest)
      newest = ticks.reduce((latest, tick) => Math.max(latest, tick.eventAt), newest)
      if (failures > 0) context.log.info({ ...name, failures }, 'live feed is back')
      failures = 0
      context.emit(ticks)
      await pause(every, signal)
    } catch (error) {
      if (signal.aborted) return
      if (failures === 0) sayDisconnected(name, error, context)
      await pause(backoff(failures++, context), signal)
    }
  }
}

/** Says once that a feed was cut off, as data and in the log. */
export function sayDisconnected(name: StreamName, error: unknown, { clock, emit, log }: Context): void {
  const reason = reasonOf(error)
  const at = clock.now()
  log.warn({ ...name, reason }, 'live feed cut off')
  emit([{ type: 'disconnect', ...name, eventAt: at, receivedAt: at, reason }])
}

export const backoff = (failures: number, { backoffMs, random }: Pick<Context, 'backoffMs' | 'random'>): number =>
  Math.min(backoffMs * 2 ** Math.min(failures, 10), MAX_BACKOFF_MS) * (0.5 + random() / 2)

/** Waits, or returns early when aborted. */
export const pause = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)

/** The work's outcome, or a rejection as soon as the signal aborts: a request under way does not hold up the end. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(new Error('The market was closed'))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.replace(/\s+/g, ' ').slice(0, MAX_REASON)
}
