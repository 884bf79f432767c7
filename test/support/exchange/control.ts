import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { timestamp } from '../../../src/domain/units.ts'
import type { Clock } from '../../../src/ports.ts'
import { ASSET, type VenueControl } from '../../conformance/venue-control.ts'
import type { ExchangeServer } from './server.ts'

export interface ControlledClock extends Clock {
  pass(ms: number): void
}

/** A clock that goes on when it is told to; the exchange and the adapter share it. */
export function createControlledClock(at: number): ControlledClock {
  let now = at
  return {
    kind: 'virtual',
    now: () => timestamp(now),
    pass(ms) {
      now += ms
    },
  }
}

/** The suite's hands on an exchange on loopback, whichever format it speaks. */
export function createControl({
  server,
  clock,
  toVenueId,
}: {
  server: ExchangeServer
  clock: ControlledClock
  /** Our id as this venue carries it. */
  toVenueId: (clientOrderId: ClientOrderId) => string
}): VenueControl {
  const { core, faults } = server
  const { lotSize } = core.instruments.find(({ asset }) => asset === ASSET)!
  const orderOf = (clientOrderId: ClientOrderId) => {
    const order = core.orderByClientId(toVenueId(clientOrderId))
    if (!order) throw new Error(`Expected an order ${clientOrderId}, was none`)
    return order
  }
  const otherHand = (entry: { side: 'buy' | 'sell'; quantity: string; limitPrice?: string }): number => {
    const outcome = core.submit({ ...entry, asset: ASSET, owner: 'other-hand' })
    if (outcome.kind === 'refused') throw new Error(`Expected another hand's order to be taken, was ${outcome.code}`)
    return outcome.order.orderId
  }
  /** What was pushed has been sent; it arrives within a turn or two of the loop. */
  const settled = (): Promise<void> => sleep(2)

  return {
    clock,
    async setQuote(quote) {
      core.setQuote(ASSET, quote && { size: 30, ...quote })
      await settled()
    },
    async setMark(mark) {
      core.setMark(ASSET, mark)
      await settled()
    },
    async fillResting(clientOrderId, quantity) {
      core.fillResting(orderOf(clientOrderId).orderId, Number(quantity))
      await settled()
    },
    async otherHand(order) {
      const orderId = otherHand(order)
      await settled()
      return { venueOrderId: String(orderId) }
    },
    async otherTrades(count) {
      for (let i = 0; i < count; i++) {
        // Three to a millisecond.
        if (i % 3 === 0) clock.pass(1)
        otherHand({ side: 'buy', quantity: lotSize })
      }
      await settled()
    },
    async liquidate(quantity) {
      core.forceClose(ASSET, quantity, 'liquidation')
      await settled()
    },
    async deleverage(quantity) {
      core.forceClose(ASSET, quantity, 'deleveraging')
      await settled()
    },
    setHalted: async (halted) => core.setHalted(ASSET, halted),
    async pass(ms) {
      clock.pass(ms)
      core.settle()
      await settled()
    },
    skew: async (ms) => core.skew(ms),
    // Cut rather than silent: a test waits for nothing, and its timeouts can be long enough for a busy machine.
    loseNext: (what, of) => faults.add(of, { kind: what === 'request' ? 'lose-request' : 'lose-answer', how: 'cut' }),
    delayNextSubmit: (ms) => faults.add('submit', { kind: 'late', ms }),
    rateLimitNext: (of) => faults.add(of, { kind: 'rate-limit', status: 429 }),
    failNextSubmit: ({ taken }) => faults.add('submit', { kind: 'server-error', status: 503, taken }),
    setReachable: (reachable) => server.setReachable(reachable),
    async dropSockets() {
      server.dropSockets()
    },
    holdEvents: () => server.holdEvents(),
    async releaseEvents(how) {
      server.releaseEvents(how)
      await settled()
    },
    acceptances: async (clientOrderId) => core.acceptances(toVenueId(clientOrderId)),
    position: async () => core.position(ASSET),
  }
}
