import {
  type Bps,
  bps,
  type DurationMs,
  duration,
  elapsed,
  type Price,
  SECOND,
  type TimestampMs,
  type Usd,
} from '../units.ts'

const MAX_SPREAD_OVER_MEDIAN = 5
const MAX_MARK_INDEX_GAP = bps(50)
const MIN_DEPTH_OVER_MEDIAN = 0.2
const MAX_BOOK_AGE = duration(3 * SECOND)
const MAX_CADENCES = 2 // of a feed slower than that: it has missed one

export interface GuardFacts {
  readonly now: TimestampMs
  readonly bookAt: TimestampMs
  /** How often the book is published; undefined = continuously. */
  readonly cadence?: DurationMs | undefined
  readonly bestBid: Price
  readonly bestAsk: Price
  readonly medianSpread?: Bps | undefined
  /** Of the side that is taken, by the same measure as its median. */
  readonly depthNotional?: Usd | undefined
  readonly medianDepthNotional?: Usd | undefined
  readonly markPrice?: Price | undefined
  readonly indexPrice?: Price | undefined
  /** A rail asks for the order: only a book that cannot be believed holds it. */
  readonly railDemands?: boolean | undefined
}

export interface GuardFinding {
  readonly code: 'STALE_BOOK' | 'CROSSED_BOOK' | 'WIDE_SPREAD' | 'THIN_BOOK' | 'MARK_OFF_INDEX'
  readonly value: number
  readonly limit: number
  readonly text: string
}

/** `slow`: rest, do not cross. `abort`: send nothing and take back what rests, until it is over. */
export type GuardVerdict =
  | { readonly kind: 'proceed'; readonly unknown: readonly string[] }
  | { readonly kind: 'slow' | 'abort'; readonly findings: readonly GuardFinding[]; readonly unknown: readonly string[] }

/**
 * Whether a book is fit to trade in: fresh, its spread at most five times the usual, its depth at least a fifth of the usual,
 * mark within 50 bps of the index. What is not known is named and judges nothing.
 *
 * @see specification §5
 */
export function guardBook(facts: GuardFacts): GuardVerdict {
  const { bestBid, bestAsk, medianSpread, depthNotional, medianDepthNotional, markPrice, indexPrice } = facts
  const aborts: GuardFinding[] = []
  const slows: GuardFinding[] = []
  const unknown: string[] = []

  const age = elapsed(facts.bookAt, facts.now)
  const maxAge = Math.max(MAX_BOOK_AGE, MAX_CADENCES * (facts.cadence ?? 0))
  if (age > maxAge)
    aborts.push(finding('STALE_BOOK', age, maxAge, `the book is ${seconds(age)} old, at most ${seconds(maxAge)}`))
  if (!(bestAsk > bestBid && bestBid > 0))
    aborts.push(finding('CROSSED_BOOK', bestAsk - bestBid, 0, `bid ${bestBid} is not below ask ${bestAsk}`))

  const spread = ((bestAsk - bestBid) / ((bestAsk + bestBid) / 2)) * 1e4
  if (medianSpread === undefined) unknown.push('usual spread')
  else if (spread > MAX_SPREAD_OVER_MEDIAN * medianSpread)
    slows.push(
      finding(
        'WIDE_SPREAD',
        spread,
        MAX_SPREAD_OVER_MEDIAN * medianSpread,
        `spread ${spread.toFixed(2)} bps, usually ${medianSpread.toFixed(2)} bps`,
      ),
    )

  if (depthNotional === undefined || medianDepthNotional === undefined) unknown.push('usual depth')
  else if (depthNotional < MIN_DEPTH_OVER_MEDIAN * medianDepthNotional)
    slows.push(
      finding(
        'THIN_BOOK',
        depthNotional,
        MIN_DEPTH_OVER_MEDIAN * medianDepthNotional,
        `the book holds ${((100 * depthNotional) / medianDepthNotional).toFixed(0)} % of its usual depth`,
      ),
    )

  if (markPrice === undefined || indexPrice === undefined) unknown.push('mark against index')
  else {
    const gap = Math.abs(markPrice / indexPrice - 1) * 1e4
    const found = finding('MARK_OFF_INDEX', gap, MAX_MARK_INDEX_GAP, `mark is ${gap.toFixed(0)} bps off the index`)
    // Waiting for mark to come back is no choice where a position is about to be closed by the venue.
    if (gap > MAX_MARK_INDEX_GAP) (facts.railDemands ? slows : aborts).push(found)
  }

  if (aborts.length > 0) return { kind: 'abort', findings: [...aborts, ...slows], unknown }
  if (slows.length > 0) return { kind: 'slow', findings: slows, unknown }
  return { kind: 'proceed', unknown }
}

export interface CrossingFacts {
  readonly side: 'buy' | 'sell'
  readonly guard: GuardVerdict
  /** Which way a cascade runs; undefined = none does. */
  readonly cascade?: 'down' | 'up' | undefined
  readonly railDemands?: boolean | undefined
}

/** Whether an order may take liquidity: not while the guard slows down, nor with a cascade, unless a rail demands it. */
export function mayCross({ side, guard, cascade, railDemands }: CrossingFacts): boolean {
  if (guard.kind === 'abort') return false
  if (railDemands) return true
  const isWithCascade = (cascade === 'down' && side === 'sell') || (cascade === 'up' && side === 'buy')
  return guard.kind === 'proceed' && !isWithCascade
}

/** For `decideChild`: why nothing may be sent; undefined = nothing holds it. */
export const holdOf = (guard: GuardVerdict): string | undefined =>
  guard.kind === 'abort' ? guard.findings.map(({ text }) => text).join(', ') : undefined

const finding = (code: GuardFinding['code'], value: number, limit: number, text: string): GuardFinding => ({
  code,
  value,
  limit,
  text,
})

const seconds = (ms: number): string => `${(ms / SECOND).toFixed(1)} s`
