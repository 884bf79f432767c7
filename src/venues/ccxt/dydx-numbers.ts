import { createHash } from 'node:crypto'
import type { ClientOrderId } from '../../domain/execution/order.ts'
import type { VenueId } from '../../domain/market/tick.ts'
import { type ClientIds, numberedIds } from './ids.ts'

/** Where it is written down which number belongs to which order; `Store.venueOrderIds` is one. */
export interface NumberRecord {
  /** The number that the order has, or the first candidate that no other order has ever had. */
  reserve(venue: VenueId, clientOrderId: ClientOrderId, candidates: readonly number[]): Promise<number>
  clientOrderIdOf(venue: VenueId, shortId: number): Promise<ClientOrderId | undefined>
}

/** Our ids as numbers of 32 bits: given out once for ever, and known again after a restart. */
export interface Numbers {
  /** Of what is known in memory. For an id without a number the one that it would be given first: good for showing only. */
  readonly ids: ClientIds
  /** @returns the number of the order, the same every time */
  reserve(clientOrderId: ClientOrderId): Promise<number>
  /** Looks up whose these numbers are, so that `ids` knows. */
  learn(clientIds: readonly string[]): Promise<void>
  /** Whether it has been looked up, whoever's it is. */
  isLearned(clientId: string): boolean
}

const VENUE: VenueId = 'dydx'
const BYTES_PER_NUMBER = 4
const MOST_IN_MEMORY = 20_000

/**
 * Eight numbers of 32 bits, from a hash of the id: two orders may share the first one (by chance one pair among 93,000 orders),
 * not all eight.
 */
export function candidatesFor(clientOrderId: ClientOrderId): readonly number[] {
  const digest = createHash('sha256').update(`dydx client id\n${clientOrderId}`).digest()
  return Array.from({ length: digest.length / BYTES_PER_NUMBER }, (_, i) => digest.readUInt32BE(i * BYTES_PER_NUMBER))
}

export function createNumbers(record: NumberRecord): Numbers {
  const numbers = new Map<ClientOrderId, number>()
  /** Undefined: of somebody else. */
  const names = new Map<number, ClientOrderId | undefined>()

  function note(number: number, clientOrderId: ClientOrderId | undefined): void {
    names.set(number, clientOrderId)
    if (clientOrderId !== undefined) numbers.set(clientOrderId, number)
    if (names.size <= MOST_IN_MEMORY) return
    const [oldest, name] = names.entries().next().value!
    names.delete(oldest)
    if (name !== undefined) numbers.delete(name)
  }

  return {
    ids: numberedIds({
      numberOf: (clientOrderId) => numbers.get(clientOrderId) ?? candidatesFor(clientOrderId)[0]!,
      idOf: (number) => names.get(number),
    }),
    async reserve(clientOrderId) {
      const known = numbers.get(clientOrderId)
      if (known !== undefined) return known
      const number = await record.reserve(VENUE, clientOrderId, candidatesFor(clientOrderId))
      note(number, clientOrderId)
      return number
    },
    async learn(clientIds) {
      const unknown = new Set(clientIds.map(Number).filter((number) => !names.has(number)))
      for (const number of unknown) note(number, await record.clientOrderIdOf(VENUE, number))
    },
    isLearned: (clientId) => names.has(Number(clientId)),
  }
}
