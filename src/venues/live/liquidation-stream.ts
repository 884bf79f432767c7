import type { Asset, Tick } from '../../domain/market/tick.ts'
import { type DurationMs, duration, MINUTE, type TimestampMs, timestamp, usd } from '../../domain/units.ts'
import type { VenueClient } from './client.ts'
import type { Problems } from './problems.ts'
import { type LiquidationEvent, UnreadableError } from './readings.ts'
import { backoff, type Context, pause, sayDisconnected, untilAborted } from './stream.ts'
import type { LiquidationPush, LiveVenue } from './venue.ts'

const GRACE_MS = 3_000 // a minute is told once its last orders have had time to arrive
const QUIET_LIMIT: Record<LiquidationPush['scope'], DurationMs> = {
  venue: duration(15 * MINUTE), // somewhere on a whole venue somebody is liquidated more often than that
  asset: duration(360 * MINUTE),
}

interface Minute {
  long: number
  short: number
}

/**
 * Sums pushed liquidations by minute and asset.
 *
 * Only whole minutes are told. One without any is told as zero only on a stream that has spoken since it was connected, and
 * not for longer than it can plausibly be quiet: venues have acknowledged subscriptions and then sent nothing. What is older
 * than the minute being summed is a replay and left out.
 */
export function createLiquidationMinutes(
  { venueId, liquidationPush: push }: { venueId: LiveVenue['venueId']; liquidationPush: LiquidationPush },
  instruments: readonly { readonly asset: Asset; readonly marketId: string; readonly contractSize: number }[],
  interval: DurationMs = MINUTE,
) {
  const minutes = new Map<Asset, Map<number, Minute>>()
  const heardAt = new Map<Asset, TimestampMs>()
  let told = Number.NEGATIVE_INFINITY
  let listeningSince = Number.POSITIVE_INFINITY

  return {
    /** The subscription was asked for now: a minute already begun will not be whole. */
    listen(at: TimestampMs): void {
      listeningSince = at
    },
    hear(event: LiquidationEvent, at: TimestampMs): void {
      if (push.scope === 'venue') for (const { asset } of instruments) heardAt.set(asset, at)
      const instrument = instruments.find(({ marketId }) => marketId === event.marketId)
      if (!instrument) return
      heardAt.set(instrument.asset, at)
      const closeAt = Math.floor(event.at / interval) * interval + interval
      if (closeAt <= told || closeAt < at - interval - GRACE_MS) return
      const byClose = minutes.get(instrument.asset) ?? new Map<number, Minute>()
      minutes.set(instrument.asset, byClose)
      const minute = byClose.get(closeAt) ?? { long: 0, short: 0 }
      minute[event.position] += event.quantity * instrument.contractSize * event.price
      byClose.set(closeAt, minute)
    },
    /** The minute that closed last, for every asset whose stream is known to live. */
    tell(now: TimestampMs): readonly Tick[] {
      const closeAt = Math.floor((now - GRACE_MS) / interval) * interval
      if (closeAt <= told) return []
      told = closeAt
      return instruments.flatMap(({ asset }): readonly Tick[] => {
        const minute = minutes.get(asset)?.get(closeAt)
        for (const old of [...(minutes.get(asset)?.keys() ?? [])]) if (old <= closeAt) minutes.get(asset)!.delete(old)
        if (closeAt - interval < listeningSince || !heardAt.has(asset)) return []
        return [
          {
            type: 'liquidations',
            venue: venueId,
            asset,
            eventAt: timestamp(closeAt),
            receivedAt: now,
            interval,
            longNotional: usd(minute?.long ?? 0),
            shortNotional: usd(minute?.short ?? 0),
            coverage: push.coverage,
          },
        ]
      })
    },
    /** Assets whose stream spoke once and has been quiet for too long. */
    tooQuiet: (now: TimestampMs): readonly Asset[] =>
      [...heardAt].filter(([, at]) => now - at > QUIET_LIMIT[push.scope]).map(([asset]) => asset),
    /** After a cut nothing is known until somebody listens and the stream speaks again. */
    forget(): void {
      listeningSince = Number.POSITIVE_INFINITY
      heardAt.clear()
    },
  }
}

/** Keeps the liquidation subscription of one venue alive until the signal aborts. */
export async function runLiquidations(
  venue: LiveVenue & { liquidationPush: LiquidationPush },
  { client, connect }: { client: VenueClient; connect: () => Promise<unknown> },
  { assets, interval = MINUTE, problems }: { assets: readonly Asset[]; interval?: DurationMs; problems: Problems },
  context: Context,
): Promise<void> {
  const { signal, clock } = context
  const push = venue.liquidationPush
  const symbols = assets.map(venue.symbolOf)
  let failures = 0
  const cutOff = async (error: unknown): Promise<void> => {
    const names = assets.map((asset) => ({ feed: 'liquidations' as const, venue: venue.venueId, asset }))
    if (failures === 0) for (const name of names) sayDisconnected(name, error, context)
    await pause(backoff(failures++, context), signal)
  }

  let instruments: { asset: Asset; marketId: string; contractSize: number }[] | undefined
  while (!instruments && !signal.aborted) {
    try {
      await untilAborted(connect(), signal)
      instruments = assets.map((asset) => {
        const { id, contractSize = 1 } = client.market(venue.symbolOf(asset))
        return { asset, marketId: id, contractSize }
      })
    } catch (error) {
      if (!signal.aborted) await cutOff(error)
    }
  }
  const minutes = createLiquidationMinutes(venue, instruments ?? [], interval)

  // ccxt hands on one event of a message and drops those that come while nobody waits; the message has them all.
  const handle = client.handleLiquidation.bind(client)
  client.handleLiquidation = (socket, message) => {
    try {
      for (const event of push.read(message)) minutes.hear(event, clock.now())
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      problems.note(`${venue.venueId} liquidations: ${error.message}`)
    }
    handle(socket, message)
  }

  const telling = (async () => {
    while (!signal.aborted) {
      await pause(Math.min(1_000, interval), signal)
      if (!signal.aborted) context.emit(minutes.tell(clock.now()))
      if (minutes.tooQuiet(clock.now()).length > 0) {
        minutes.forget()
        await client.close().catch(() => undefined) // rejects the wait below: subscribed anew
      }
    }
  })()
  minutes.listen(clock.now())
  while (!signal.aborted) {
    try {
      await untilAborted(push.watch(client, symbols), signal)
      failures = 0
    } catch (error) {
      if (signal.aborted) break
      minutes.forget()
      await cutOff(error)
      minutes.listen(clock.now())
    }
  }
  await telling
}
