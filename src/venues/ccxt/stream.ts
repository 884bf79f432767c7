import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../../log.ts'
import type { VenueEvent } from '../../ports/venue.ts'
import { type Conversion, toVenueFill, toVenueOrder } from './convert.ts'
import type { Session, TradingExchange } from './exchange.ts'
import { reasonOf } from './failures.ts'
import type { Ears } from './trading-client.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 30_000

/** What the venue pushes, to everyone who listens. */
export interface Stream {
  readonly ears: Ears
  /** See `Venue.watch`. */
  watch(listener: (event: VenueEvent) => void, signal: AbortSignal): Promise<void>
  end(): void
}

interface StreamOptions {
  readonly exchange: TradingExchange
  readonly conversion: Conversion
  /** Opens the session; again after each cut, as the venue may not have been there the first time. */
  readonly open: () => Promise<Session>
  readonly current: () => Session | undefined
  readonly log: Logger
}

/** One stretch of listening, from the first listener to the last. */
interface Listening {
  readonly end: AbortController
  readonly started: PromiseWithResolvers<void>
}

export function createStream({ exchange, conversion, open, current, log }: StreamOptions): Stream {
  const listeners = new Set<(event: VenueEvent) => void>()
  let listening: Listening | undefined
  let opened = 0
  let confirmed = 0
  let ready: (() => void) | undefined

  const tell = (event: VenueEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        // A listener's fault is not the venue's: the others hear on.
        log.error({ venue: exchange.venueId, event: event.kind, err: error }, 'listener failed')
      }
    }
  }
  const checkReady = (): void => {
    const needed = exchange.confirmations ?? 0
    if (needed === 0 ? opened > 0 : confirmed >= needed) ready?.()
  }
  const ears: Ears = {
    opened() {
      opened += 1
      checkReady()
    },
    message(message) {
      const session = current()
      if (session && listeners.size > 0) read(session, message)
      if (!exchange.confirms?.(message)) return
      confirmed += 1
      checkReady()
    },
  }

  function read(session: Session, message: unknown): void {
    try {
      for (const event of exchange.read?.(session, message) ?? []) {
        switch (event.kind) {
          case 'order':
            tell({ kind: 'order', order: toVenueOrder(event.order, conversion) })
            break
          case 'fill':
            tell({ kind: 'fill', fill: toVenueFill(event.fill, conversion) })
            break
          case 'reconnect':
            log.info({ venue: exchange.venueId, reason: event.reason }, 'venue ends its stream')
            void session.client.close()
        }
      }
    } catch (error) {
      // Whatever it said can be asked for.
      log.warn({ venue: exchange.venueId, reason: reasonOf(error) }, 'pushed message not understood')
      tell({ kind: 'reconnected' })
    }
  }

  /** Listens until the connection is cut or the signal aborts. */
  async function listenOnce(signal: AbortSignal): Promise<void> {
    const session = await open()
    exchange.forget?.(session)
    opened = 0
    confirmed = 0
    const loops = (exchange.listen?.(session) ?? []).map(async (next) => {
      while (!signal.aborted) await next()
    })
    try {
      await Promise.race([...loops, aborted(signal)])
    } finally {
      // Those that are still open are closed with the first: one stream is whole or not at all.
      await session.client.close()
      await Promise.race([Promise.allSettled(loops), sleep(FIRST_PAUSE_MS)])
    }
  }

  async function listen({ end: { signal }, started }: Listening): Promise<void> {
    let failures = 0
    let isFirst = true
    while (!signal.aborted) {
      ready = () => {
        ready = undefined
        failures = 0
        if (!isFirst) tell({ kind: 'reconnected' })
        isFirst = false
        started.resolve()
      }
      try {
        await listenOnce(signal)
      } catch (error) {
        if (!signal.aborted) log.warn({ venue: exchange.venueId, reason: reasonOf(error) }, 'venue stream cut off')
      }
      if (!signal.aborted) await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS), signal)
    }
  }

  function end(): void {
    listening?.end.abort()
    listening?.started.resolve()
    listening = undefined
    listeners.clear()
  }

  return {
    ears,
    end,
    async watch(listener, signal) {
      if (signal.aborted || !exchange.listen) return
      listeners.add(listener)
      if (!listening) {
        listening = { end: new AbortController(), started: Promise.withResolvers() }
        listen(listening).catch((error: unknown) => {
          log.error({ venue: exchange.venueId, err: error }, 'venue stream failed')
        })
      }
      const { started } = listening
      signal.addEventListener(
        'abort',
        () => {
          listeners.delete(listener)
          if (listeners.size === 0) end()
        },
        { once: true },
      )
      await Promise.race([started.promise, aborted(signal)])
    },
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
