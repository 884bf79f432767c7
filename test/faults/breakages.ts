import { randomBytes } from 'node:crypto'
import type { ClientOrderId } from '../../src/domain/execution/order.ts'
import { base32Hash } from '../../src/domain/hash.ts'
import type { Store, Venue } from '../../src/ports.ts'
import type { Breakage } from './plan.ts'

/** The product with a fault planted in it, which the harness has to notice. */
export function plant(
  breakage: Breakage | undefined,
  parts: { readonly store: Store; readonly venue: Venue },
): { readonly store: Store; readonly venue: Venue } {
  switch (breakage) {
    case undefined:
      return parts
    case 'intent-after-send':
      return storeAfterSending(parts)
    case 'derived-ids':
      return drawIds(parts)
  }
}

/** The intent is held back until the venue has answered. */
function storeAfterSending({ store, venue }: { store: Store; venue: Venue }): { store: Store; venue: Venue } {
  const held: (() => Promise<void>)[] = []
  return {
    store: {
      ...store,
      orders: { ...store.orders, save: async (order, lease) => void held.push(() => store.orders.save(order, lease)) },
    },
    venue: {
      ...venue,
      async submit(order) {
        const outcome = await venue.submit(order)
        for (const save of held.splice(0)) await save()
        return outcome
      },
    },
  }
}

/** Each order leaves under an id drawn at random, which nobody can derive again. */
function drawIds({ store, venue }: { store: Store; venue: Venue }): { store: Store; venue: Venue } {
  const drawn = new Map<ClientOrderId, ClientOrderId>()
  const idOf = (clientOrderId: ClientOrderId): ClientOrderId => drawn.get(clientOrderId) ?? clientOrderId
  const drawingOn = ({ orders }: Pick<Store, 'orders'>): Store['orders'] => ({
    ...orders,
    async save(order, lease) {
      const clientOrderId = base32Hash(randomBytes(16).toString('hex'), 128) as ClientOrderId
      await orders.save({ ...order, clientOrderId }, lease)
      drawn.set(order.clientOrderId, clientOrderId)
    },
    hear: (clientOrderId, event, heard) => orders.hear(idOf(clientOrderId), event, heard),
  })
  return {
    store: {
      ...store,
      orders: drawingOn(store),
      transaction: (work) => store.transaction((tx) => work({ ...tx, orders: drawingOn(tx) })),
    },
    venue: {
      ...venue,
      submit: (order) => venue.submit({ ...order, clientOrderId: idOf(order.clientOrderId) }),
    },
  }
}
