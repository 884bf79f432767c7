import { duration, elapsed, later, MINUTE, SECOND, type TimestampMs } from '../domain/units.ts'
import type { Notifier, OutboxMessage, Place, Queue } from '../ports.ts'
import { placeKey } from './announce.ts'
import { createDelivery, notifierFor } from './delivery.ts'
import { createFoldAlerts } from './fold-alerts.ts'
import type { Ports } from './ports.ts'

/** In flight at once, each to another place. */
const MOST_IN_FLIGHT = 64
const CLAIM_FOR = duration(MINUTE) // longer than any platform's time-out, so that a message in flight is not taken twice
/** How soon it is seen, while this runs, that another process has put something into the outbox. */
const LOOK_AGAIN_MS = 100
/** What is due later than this is left to a wake-up. */
const WORTH_WAITING_MS = 5 * SECOND
/** Well within the job's time limit: a long queue at a platform's limits is carried on by the next wake-up. */
const LONGEST_RUN = duration(3 * MINUTE)

export interface Delivery {
  readonly delivered: number
  readonly failed: number
}

/**
 * The courier: sends what the outbox holds, the most urgent first, to many places at once and to each one after the other. The
 * first card under a key is posted, later ones edit that post. On a virtual clock it sends one at a time, without regard to the
 * platforms' limits, and everything that is due has been sent when it resolves.
 *
 * A message is claimed only once its platform's limits let it through, so that until then something newer or more urgent can
 * still go first. At least once: a crash between sending and noting it sends again, and never loses.
 *
 * @returns a verb that, called while it runs, makes the run look again and resolves with it
 */
export function createDeliverMessages(ports: Ports, notifiers: () => readonly Notifier[]): () => Promise<Delivery> {
  let running: { readonly round: Round; readonly result: Promise<Delivery> } | undefined
  return () => {
    if (running?.round.lookAgain()) return running.result
    const round = createRound(ports, notifiers())
    const result = round.run().finally(() => {
      if (running?.round === round) running = undefined
    })
    running = { round, result }
    return result
  }
}

interface Round {
  run(): Promise<Delivery>
  /** False when it has looked for the last time. */
  lookAgain(): boolean
}

function createRound(ports: Ports, notifiers: readonly Notifier[]): Round {
  const { store, clock, queue } = ports
  const deliver = createDelivery(ports, notifiers)
  const fold = createFoldAlerts(ports)
  const oneByOne = clock.kind === 'virtual'
  const inFlight = new Map<string, { readonly place: Place; readonly end: Promise<void> }>()
  const count = { delivered: 0, failed: 0 }
  const faults: unknown[] = []
  const startedAt = clock.now()
  const bell = createBell()
  let ended = false

  const take = async (message: OutboxMessage): Promise<void> => {
    if (await store.outbox.claim(message.messageKey, clock.now(), CLAIM_FOR)) count[await deliver(message)]++
  }

  const start = (message: OutboxMessage): Promise<void> => {
    const key = placeKey(message)
    const end = take(message)
      .catch((error: unknown) => void faults.push(error))
      .finally(() => {
        inFlight.delete(key)
        bell.ring()
      })
    inFlight.set(key, { place: message, end })
    return end
  }

  /** Starts what can be sent now; returns in how many ms a platform's limits let the next one through. */
  const look = async (): Promise<number> => {
    const paced: Place[] = []
    let readyIn = Number.POSITIVE_INFINITY
    while (inFlight.size < MOST_IN_FLIGHT && faults.length === 0) {
      const limit = oneByOne ? 1 : MOST_IN_FLIGHT - inFlight.size
      const except = [...[...inFlight.values()].map(({ place }) => place), ...paced]
      let folded = false
      const heads = await store.outbox.due(clock.now(), { limit, except })
      for (const head of heads) {
        // A terminal has no limits to keep to, and shows every card.
        if (head.foldable && head.urgency !== 'urgent' && head.platform !== 'console' && (await fold(head))) {
          folded = true
          continue
        }
        const wait = oneByOne ? 0 : (notifierFor(notifiers, head)?.readyIn(head.channel, head.urgency) ?? 0)
        if (wait > 0) {
          paced.push(head)
          readyIn = Math.min(readyIn, wait)
          continue
        }
        const end = start(head)
        if (oneByOne) await end
      }
      if (heads.length < limit && !folded) break
    }
    return readyIn
  }

  const isLong = (): boolean => elapsed(startedAt, clock.now()) > LONGEST_RUN

  /** Until nothing is left that is worth waiting for; returns the ms to the next that is due. */
  const sendAll = async (): Promise<number> => {
    while (!isLong()) {
      bell.reset()
      const readyIn = await look()
      if (faults.length > 0) return 0
      const wait = inFlight.size > 0 ? LOOK_AGAIN_MS : Math.min(readyIn, await dueIn())
      if (bell.rung()) continue
      if (inFlight.size === 0 && (oneByOne || wait > WORTH_WAITING_MS)) return wait
      await bell.heard(Math.min(wait, readyIn, LOOK_AGAIN_MS))
    }
    return 0
  }

  const dueIn = async (): Promise<number> => {
    const nextAt = await store.outbox.nextDueAt()
    return nextAt === undefined || nextAt <= clock.now() ? Number.POSITIVE_INFINITY : elapsed(clock.now(), nextAt)
  }

  return {
    lookAgain() {
      bell.ring()
      return !ended
    },
    async run() {
      try {
        const wait = await sendAll()
        ended = true
        await Promise.all([...inFlight.values()].map(({ end }) => end))
        if (faults.length > 0) throw faults[0]
        if (Number.isFinite(wait)) await wakeDeliveryAt(queue, later(clock.now(), Math.ceil(wait)))
        return count
      } finally {
        ended = true
      }
    },
  }
}

/** Something to wait for that may have happened before: a bell that stays rung until it is reset. */
function createBell() {
  let isRung = false
  let wake: () => void = () => undefined
  return {
    ring() {
      isRung = true
      wake()
    },
    reset() {
      isRung = false
    },
    rung: () => isRung,
    async heard(ms: number): Promise<void> {
      if (isRung) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, ms)
      wake = resolve
      await promise
      clearTimeout(timer)
    },
  }
}

const wakeDeliveryAt = (queue: Queue, at: TimestampMs): Promise<void> =>
  queue.add({ name: 'deliver-messages', data: {}, jobId: `deliver-messages-${at}`, at })
