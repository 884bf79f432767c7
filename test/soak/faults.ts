import type { OrderRef, Random, VenueEvent } from '../../src/ports.ts'
import type { VenueHooks } from '../../src/venues/paper/paper-venue.ts'

/** Share of requests, questions and events that meet each, 0 to 1. */
export const RATES = {
  lostRequest: 0.02,
  lostAnswer: 0.03,
  refusal: 0.01,
  lateAnswer: 0.05,
  lostCancel: 0.02,
  lostCancelAnswer: 0.03,
  fillBeforeCancel: 0.1,
  lostQuestion: 0.01,
  duplicatedEvent: 0.35,
  delayedEvent: 0.15,
  lostEvent: 0.01,
} as const

export type FaultName = keyof typeof RATES

const LATEST_ANSWER_MS = 40
const LATEST_EVENT_MS = 250

/**
 * What a venue and the way to it do wrong, drawn from a seeded source. A delayed event comes after those behind it, and a
 * duplicated one comes again after a while.
 */
export function createFaults(
  random: Random,
  /** Somebody takes the rest of an order that is about to be cancelled. */
  fillFirst: (order: OrderRef) => Promise<void>,
) {
  const counts: Partial<Record<FaultName, number>> = {}
  let isOn = true
  const meets = (fault: FaultName): boolean => {
    if (!isOn || random() >= RATES[fault]) return false
    counts[fault] = (counts[fault] ?? 0) + 1
    return true
  }
  const later = (work: () => void, mostMs: number): void => void setTimeout(work, random() * mostMs)
  const hooks: VenueHooks = {
    losesRequest: () => meets('lostRequest'),
    losesAnswer: () => meets('lostAnswer'),
    refuses: () => (meets('refusal') ? 'RATE_LIMITED too many requests' : undefined),
    async beforeAnswer() {
      if (meets('lateAnswer')) await new Promise<void>((resolve) => later(resolve, LATEST_ANSWER_MS))
    },
    async beforeCancel(order) {
      if (meets('fillBeforeCancel')) await fillFirst(order)
    },
    losesCancel: () => meets('lostCancel'),
    losesCancelAnswer: () => meets('lostCancelAnswer'),
    // Prices come from the market's feeds, not from the venue that is asked.
    losesQuestion: (question) => question !== 'quote' && meets('lostQuestion'),
    deliver(event: VenueEvent, pass: (event: VenueEvent) => void) {
      if (meets('lostEvent')) return
      if (meets('delayedEvent')) later(() => pass(event), LATEST_EVENT_MS)
      else pass(event)
      if (meets('duplicatedEvent')) later(() => pass(event), LATEST_EVENT_MS)
    },
  }
  return {
    hooks,
    counts: counts as Readonly<Partial<Record<FaultName, number>>>,
    /** From now on everything goes well. */
    end() {
      isOn = false
    },
  }
}
