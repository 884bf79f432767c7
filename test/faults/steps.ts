import type { Store, Venue, VenueFill } from '../../src/ports.ts'
import type { Step } from './plan.ts'

export type Visit = (step: Step) => void

/** Calls `visit` as soon as a step has happened: after the commit where there is a transaction, and before anyone else hears of it. */
export function visitStoreSteps<S extends Store>(store: S, visit: Visit): S {
  return {
    ...store,
    ...visiting(store, visit),
    async transaction<T>(work: (tx: Store) => Promise<T>): Promise<T> {
      let happened: Step[] = []
      const done = await store.transaction((tx) => {
        happened = [] // the work is done anew where the database was away
        return work({ ...tx, ...visiting(tx, (step) => void happened.push(step)) })
      })
      for (const step of happened) visit(step)
      return done
    },
  }
}

const visiting = (store: Store, visit: Visit): Pick<Store, 'proposals' | 'orders'> => ({
  proposals: {
    ...store.proposals,
    async move(proposalId, from, to, patch) {
      const moved = await store.proposals.move(proposalId, from, to, patch)
      if (moved.changed && to === 'approved') visit('decision stored')
      return moved
    },
  },
  orders: {
    ...store.orders,
    async save(order, lease) {
      await store.orders.save(order, lease)
      if (order.state === 'submitted') visit('intent stored')
    },
    async hear(clientOrderId, event, heard) {
      const outcome = await store.orders.hear(clientOrderId, event, heard)
      if (outcome.booked.length > 0) visit('fill booked')
      return outcome
    },
  },
})

/** The same for what the venue answers and pushes: each fill is seen for the first time once. */
export function visitVenueSteps(venue: Venue, visit: Visit): Venue {
  const seen = new Set<string>()
  const see = (fills: readonly VenueFill[]): readonly VenueFill[] => {
    const fresh = fills.filter(({ tradeId }) => !seen.has(tradeId))
    for (const { tradeId } of fresh) seen.add(tradeId)
    if (fresh.length > 0) visit('fill seen')
    return fills
  }
  return {
    ...venue,
    fills: async (order) => see(await venue.fills(order)),
    fillsSince: async (instrumentId, since) => see(await venue.fillsSince(instrumentId, since)),
    watch: (listener, signal) =>
      venue.watch((event) => {
        if (event.kind === 'fill') see([event.fill])
        listener(event)
      }, signal),
  }
}
