import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import type { NumberRecord } from '../../../src/venues/ccxt/dydx-numbers.ts'

/** Who has which number, in memory, by the rules of the store: the first candidate that is free, or the one it has. */
export function createNumberRecord(): NumberRecord & { readonly taken: Map<number, ClientOrderId> } {
  const taken = new Map<number, ClientOrderId>()
  return {
    taken,
    async reserve(_, clientOrderId, candidates) {
      const own = [...taken].find(([, id]) => id === clientOrderId)?.[0]
      const number = own ?? candidates.find((candidate) => !taken.has(candidate))
      if (number === undefined) throw new Error(`Expected a free number for ${clientOrderId}, was none`)
      taken.set(number, clientOrderId)
      return number
    },
    clientOrderIdOf: async (_, number) => taken.get(number),
  }
}
