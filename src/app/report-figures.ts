import type { DeliveryRecord } from '../domain/delivery.ts'
import type { Fill, Order } from '../domain/execution/order.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Proposal } from '../domain/proposal.ts'
import { type Bps, bps, type DurationMs, duration, type TimestampMs, toBps, type Usd, usd } from '../domain/units.ts'
import type { PathPoint } from '../ports.ts'
import { slippageOf } from './report-orders.ts'

export interface WorstMove {
  readonly asset: Asset
  readonly endedAt: TimestampMs
  /** Relative change of the price. */
  readonly change: number
}

/** The step between two marks next to each other in which a price moved most, up or down. */
export function worstMove(
  paths: readonly { readonly asset: Asset; readonly path: readonly PathPoint[] }[],
  every: DurationMs,
): WorstMove | undefined {
  const moves = paths.flatMap(({ asset, path }) =>
    path.slice(1).flatMap(({ mark, price }, i) => {
      const before = path[i]!
      return mark - before.mark === every ? [{ asset, endedAt: mark, change: price / before.price - 1 }] : []
    }),
  )
  return moves.reduce<WorstMove | undefined>(
    (worst, move) => (Math.abs(move.change) > Math.abs(worst?.change ?? 0) ? move : worst),
    undefined,
  )
}

export interface OrderCosts {
  readonly count: number
  readonly filled: number
  readonly notional: Usd
  readonly fees: Usd
  /** Of the orders that have both prices, by notional; fees are apart. */
  readonly slippage?: Bps | undefined
  /** Slippage with fees. */
  readonly cost?: Bps | undefined
  /** What their proposals had expected, by notional. */
  readonly expectedCost?: Bps | undefined
}

/** What orders cost against the mid on arrival, and against what was expected of them. */
export function orderCosts(
  orders: readonly Order[],
  { fills, proposals }: { fills: readonly Fill[]; proposals: readonly Proposal[] },
): OrderCosts {
  const fees = Map.groupBy(fills, ({ clientOrderId }) => clientOrderId)
  const expected = new Map(proposals.map(({ proposalId, expectedCost }) => [proposalId, expectedCost]))
  const done = orders.flatMap((order) => {
    if (order.filledQuantity === 0 || order.averageFillPrice === undefined) return []
    const notional = order.filledQuantity * order.averageFillPrice
    const fee = (fees.get(order.clientOrderId) ?? []).reduce((sum, fill) => sum + fill.fee, 0)
    const foreseen = order.proposalId && expected.get(order.proposalId)
    return [{ notional, fee, slippage: slippageOf(order), expected: foreseen }]
  })
  const slippage = weighted(done, (one) => one.slippage)
  const feeBps = weighted(done, (one) => (one.slippage === undefined ? undefined : toBps(one.fee / one.notional)))
  return {
    count: orders.length,
    filled: done.length,
    notional: usd(done.reduce((sum, one) => sum + one.notional, 0)),
    fees: usd(done.reduce((sum, one) => sum + one.fee, 0)),
    slippage,
    cost: slippage === undefined || feeBps === undefined ? undefined : bps(slippage + feeBps),
    expectedCost: weighted(done, (one) => one.expected),
  }
}

/** Mean by notional over those of which it is known. */
function weighted<T extends { notional: number }>(
  items: readonly T[],
  of: (item: T) => Bps | undefined,
): Bps | undefined {
  const known = items.flatMap((item) => {
    const value = of(item)
    return value === undefined ? [] : [{ value, notional: item.notional }]
  })
  const total = known.reduce((sum, { notional }) => sum + notional, 0)
  return total > 0 ? bps(known.reduce((sum, { value, notional }) => sum + value * notional, 0) / total) : undefined
}

export interface Spread {
  readonly median: DurationMs
  readonly p95: DurationMs
  readonly count: number
}

export interface DeliveryFigures {
  readonly delivered: number
  readonly waiting: number
  readonly givenUp: number
  /** From being put on record to being delivered. */
  readonly latency?: Spread | undefined
}

export function deliveryFigures(messages: readonly DeliveryRecord[]): DeliveryFigures {
  const count = (state: DeliveryRecord['state']): number => messages.filter((message) => message.state === state).length
  return {
    delivered: count('delivered'),
    waiting: count('waiting'),
    givenUp: count('given-up'),
    latency: spreadOf(
      messages.flatMap(({ deliveredAt, waitingSince }) =>
        deliveredAt === undefined ? [] : [Math.max(0, deliveredAt - waitingSince)],
      ),
    ),
  }
}

const DECIDED: ReadonlySet<Proposal['state']> = new Set(['approved', 'declined', 'executing', 'executed', 'failed'])

/** How long people took from a proposal to its approval or refusal, of those decided since. */
export const timeToDecision = (proposals: readonly Proposal[], since: TimestampMs): Spread | undefined =>
  spreadOf(
    proposals.flatMap(({ state, decidedAt, proposedAt }) =>
      DECIDED.has(state) && decidedAt !== undefined && decidedAt >= since ? [decidedAt - proposedAt] : [],
    ),
  )

function spreadOf(lengths: readonly number[]): Spread | undefined {
  if (lengths.length === 0) return undefined
  const sorted = lengths.toSorted((a, b) => a - b)
  const at = (share: number): DurationMs => duration(sorted[Math.ceil(share * sorted.length) - 1]!)
  return { median: at(0.5), p95: at(0.95), count: sorted.length }
}

/** How many of each kind, in the order in which they first come. */
export function countBy<T, K extends string>(items: readonly T[], kindOf: (item: T) => K): readonly [K, number][] {
  const counts = new Map<K, number>()
  for (const item of items) counts.set(kindOf(item), (counts.get(kindOf(item)) ?? 0) + 1)
  return [...counts]
}
