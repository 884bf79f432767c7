import { isAtLeast } from '../domain/risk/reading.ts'
import type { RiskDecision } from '../ports.ts'
import { wakeDelivery } from './announce.ts'
import { createReadLiveGate, revokeLive } from './live-gate.ts'
import type { Ports } from './ports.ts'
import { startOfDay } from './risk-facts/book-facts.ts'

/**
 * Takes the permission for real money back by itself: when keys or process failed, when the model did, and when a condition of the
 * gate is lost, which is looked at once a UTC day.
 */
export const createWatchLiveGate = (ports: Ports) => {
  const { store, clock, queue } = ports
  const readGate = createReadLiveGate(ports)
  let lookedAtDay: number | undefined
  return async (decisions: readonly RiskDecision[]): Promise<boolean> => {
    const event = decisions.find(
      ({ rail, before, after }) =>
        before !== after &&
        ((rail === 'kill' && isAtLeast(after, 'halted')) ||
          (rail === 'model-health' && isAtLeast(after, 'degraded') && !isAtLeast(before, 'degraded'))),
    )
    const today = startOfDay(clock.now())
    if (!event && lookedAtDay === today) return false
    lookedAtDay = today
    if ((await store.live.permission()).state !== 'granted') return false
    const reason = event
      ? `${event.rail}: ${String(event.inputs.text ?? event.after)}`
      : (await readGate()).verdict.reasons.join('; ')
    if (reason === '') return false
    const revoked = await store.transaction((tx) => revokeLive(tx, ports, { by: 'system', reason }))
    await wakeDelivery(queue)
    return revoked
  }
}
