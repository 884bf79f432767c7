import type { World } from './world.ts'
import { ASSETS } from './world.ts'

/** Our books held against the venue's ledger, once nothing moves any more. */
export interface Comparison {
  /** Base coins: the largest |ours − theirs| of any asset, by the position that we keep and by the sum of our fills. */
  readonly positionError: number
  /** Orders that the venue has taken more than once under one id. */
  readonly duplicates: number
  /** Fills that the venue has and we have not, that we have and it has not, and that say something else there. */
  readonly lostFills: number
  readonly inventedFills: number
  readonly differingFills: number
  /** Trades on record more than once, and orders of which more is booked than was ordered. */
  readonly doubledFills: number
  readonly overfilledOrders: number
  readonly fills: number
  readonly orders: number
  /** Orders of ours of which something is still not known. */
  readonly unresolved: number
}

const DUST = 1e-9
const INSTRUMENT = (asset: string): `${string}-USDT-PERP.PAPER` => `${asset}-USDT-PERP.PAPER`

export async function compareBooks({ store, ledger, venue }: World): Promise<Comparison> {
  const acceptances = await ledger.acceptances('paper')
  const sums = { positionError: 0, lostFills: 0, inventedFills: 0, differingFills: 0, doubledFills: 0, fills: 0 }
  let overfilledOrders = 0
  for (const asset of ASSETS) {
    const { instrumentId } = await venue.instrument(asset)
    if (instrumentId !== INSTRUMENT(asset)) throw new Error(`Expected ${INSTRUMENT(asset)}, was ${instrumentId}`)
    const theirs = await ledger.fillsSince('paper', instrumentId, 0 as never)
    const ours = await store.orders.allFills(instrumentId)
    const [kept] = await store.orders.positions([instrumentId])
    const position = await ledger.position('paper', instrumentId)
    const summed = ours.reduce((sum, { side, quantity }) => sum + (side === 'buy' ? quantity : -quantity), 0)
    const error = Math.max(Math.abs((kept?.quantity ?? 0) - position), Math.abs(summed - position))
    sums.positionError = Math.max(sums.positionError, error < DUST ? 0 : error)
    const byTrade = new Map(ours.map((fill) => [fill.tradeId, fill]))
    const known = new Set(theirs.map(({ tradeId }) => tradeId))
    sums.fills += ours.length
    sums.doubledFills += ours.length - byTrade.size
    sums.inventedFills += ours.filter(({ tradeId }) => !known.has(tradeId)).length
    for (const fill of theirs) {
      const mine = byTrade.get(fill.tradeId)
      if (!mine) sums.lostFills++
      else if (mine.quantity !== fill.quantity || mine.fillPrice !== fill.fillPrice || mine.side !== fill.side)
        sums.differingFills++
    }
    const filledBy = new Map<string, number>()
    for (const { clientOrderId, quantity } of ours)
      filledBy.set(clientOrderId, (filledBy.get(clientOrderId) ?? 0) + quantity)
    const orders = await store.orders.findMany([...filledBy.keys()] as never)
    overfilledOrders += orders.filter(
      ({ clientOrderId, quantity }) => filledBy.get(clientOrderId)! > quantity + DUST,
    ).length
  }
  return {
    ...sums,
    overfilledOrders,
    duplicates: [...acceptances.values()].filter((times) => times > 1).length,
    orders: acceptances.size,
    unresolved: (await store.orders.unresolved()).filter(({ kind }) => kind === 'child').length,
  }
}

/** What must not be, in words; nothing where all is well. */
export const whyFailed = (
  report: Comparison & {
    readonly dirtyAtEnd: number
    readonly unhandledRejections: number
    readonly errors: readonly string[]
  },
): readonly string[] =>
  Object.entries(MUST_BE_NONE).flatMap(([name, what]) => {
    const found = report[name as keyof typeof MUST_BE_NONE]
    const number = typeof found === 'number' ? found : found.length
    return number === 0 ? [] : [`${what}: ${typeof found === 'number' ? found : found.join('\n')}`]
  })

const MUST_BE_NONE = {
  positionError: 'our position is not the venue’s, base coins',
  duplicates: 'orders taken more than once',
  lostFills: 'fills that we have not',
  inventedFills: 'fills that the venue has not',
  differingFills: 'fills that differ',
  doubledFills: 'fills booked more than once',
  overfilledOrders: 'orders of which more is booked than was ordered',
  unresolved: 'orders of which something is not known',
  dirtyAtEnd: 'legs that reconciling does not find clean',
  unhandledRejections: 'unhandled rejections',
  errors: 'thrown',
} as const
