import type { Order } from '../domain/execution/order.ts'
import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import type { VenueId } from '../domain/market/tick.ts'
import { elapsed, later, type TimestampMs, timestamp } from '../domain/units.ts'
import type { Venue } from '../ports.ts'
import type { Ports } from './ports.ts'
import { venueIdOf } from './venues.ts'
import { wakeAll } from './wake-execution.ts'

/** What was done at one venue. */
export interface CountdownOutcome {
  readonly venue: VenueId
  readonly outcome: 'armed' | 'disarmed' | 'unchanged' | 'failed'
  readonly reason?: string | undefined
}

/** Renewed when this much of it has run, so that two failures in a row are not yet one too many. */
const RENEW_AFTER_SHARE = 0.25

/**
 * The dead man's switch of the venues: while orders of ours are at work there, the venue is told again and again to cancel whatever
 * rests unless it hears from us; with nothing at work it is told not to. A countdown that ran out while we stood still has cancelled:
 * then executions look at what became of their orders, and stops that went with them are put back.
 *
 * How long each is armed is on record, because it goes on at the venue when we do not.
 */
export const createKeepCountdown = (ports: Ports) => async (): Promise<readonly CountdownOutcome[]> => {
  const { venues, settings, store } = ports
  if (settings.trading.countdown <= 0) return []
  const unresolved = await store.orders.unresolved()
  const able = venues.filter(({ capabilities }) => capabilities.countdownCancel !== 'none')
  return Promise.all(
    able.map((venue) =>
      keep(ports, venue, {
        mine: unresolved.filter(({ instrumentId }) => venueIdOf(instrumentId) === venue.venueId.toLowerCase()),
      }),
    ),
  )
}

async function keep(ports: Ports, venue: Venue, { mine }: { mine: readonly Order[] }): Promise<CountdownOutcome> {
  const { clock, settings, store } = ports
  const { venueId, capabilities } = venue
  const ttl = settings.trading.countdown
  const armedUntil = await readArmed(store, venueId)
  const before = clock.now()
  if (armedUntil !== undefined && before > armedUntil) await ranOut(ports, venue, { armedUntil, mine })
  const isAtWork = mine.some(({ kind }) => kind === 'child')
  const isArmed = armedUntil !== undefined && before <= armedUntil
  if (!isAtWork && !isArmed) return { venue: venueId, outcome: 'unchanged' }
  if (isAtWork && isArmed && elapsed(later(armedUntil, -ttl), before) < RENEW_AFTER_SHARE * ttl)
    return { venue: venueId, outcome: 'unchanged' }
  try {
    if (isAtWork) {
      // The first on record before it is asked for, each renewal after it was taken: what is on record is never later than what the
      // venue counts to, so that one that runs out is always noticed.
      if (!isArmed) await writeArmed(store, venueId, later(before, ttl))
      await venue.countdown(ttl)
      await writeArmed(store, venueId, later(before, ttl))
      if (!isArmed && capabilities.countdownCancel === 'takes-stops') await sayThatStopsGo(ports, venueId, mine)
      return { venue: venueId, outcome: 'armed' }
    }
    await venue.countdown(undefined)
    await writeArmed(store, venueId, undefined)
    return { venue: venueId, outcome: 'disarmed' }
  } catch (error) {
    if (!(error instanceof VenueUnreachableError)) throw error
    // Whether it was heard cannot be told: as it stands on record, it may run out, and then that is looked into.
    return { venue: venueId, outcome: 'failed', reason: error.message }
  }
}

/** The venue has cancelled what rested, or will have by the time it is asked. */
async function ranOut(
  ports: Ports,
  { venueId, capabilities }: Venue,
  { armedUntil, mine }: { armedUntil: TimestampMs; mine: readonly Order[] },
): Promise<void> {
  const { store, clock, queue } = ports
  const takesStops = capabilities.countdownCancel === 'takes-stops'
  await store.transaction(async (tx) => {
    if ((await readArmed(tx, venueId)) !== armedUntil) return
    await writeArmed(tx, venueId, undefined)
    await tx.audit.append({
      at: clock.now(),
      actor: 'system',
      action: 'countdown.ran-out',
      subject: venueId,
      details: { armedUntil, orders: mine.map(({ clientOrderId }) => clientOrderId), takesStops },
    })
  })
  await wakeAll(ports)
  if (!takesStops) return
  for (const instrumentId of new Set(mine.filter(({ kind }) => kind === 'stop').map((order) => order.instrumentId)))
    await queue.add({
      name: 'tend-stops',
      data: { instrumentId },
      jobId: `tend-stops-${instrumentId.replaceAll('.', '-')}-${armedUntil}`,
    })
}

/** Said once each time it is armed over stops: until it is disarmed, they go with it. */
async function sayThatStopsGo({ store, clock }: Ports, venueId: VenueId, mine: readonly Order[]): Promise<void> {
  const stops = mine.filter(({ kind }) => kind === 'stop').map(({ clientOrderId }) => clientOrderId)
  if (stops.length === 0) return
  await store.audit.append({
    at: clock.now(),
    actor: 'system',
    action: 'countdown.takes-stops',
    subject: venueId,
    details: { stops },
  })
}

const keyOf = (venueId: VenueId): string => `countdown/${venueId}`

async function readArmed(store: Ports['store'], venueId: VenueId): Promise<TimestampMs | undefined> {
  const text = await store.settings.get(keyOf(venueId))
  return text ? timestamp(Number(text)) : undefined
}

const writeArmed = (store: Ports['store'], venueId: VenueId, until: TimestampMs | undefined): Promise<void> =>
  store.settings.set(keyOf(venueId), until === undefined ? '' : String(until))
