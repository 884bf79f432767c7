import type { Asset } from '../market/tick.ts'
import type { DurationMs, Fraction, Price, Usd } from '../units.ts'
import type { Limits } from './limits.ts'
import type { TradingState } from './trading-state.ts'

/** Why our own risk engine refused, with its numbers. `CATEGORY_CONDITION`; the single list of codes. */
export type Denial =
  | { readonly code: 'TRADING_HALTED' }
  | { readonly code: 'REDUCING_ONLY'; readonly netDeltaBefore: number; readonly netDeltaAfter: number }
  | { readonly code: 'PRICE_STALE'; readonly ageMs: number; readonly maxMs: number }
  | { readonly code: 'PRICE_DRIFTED'; readonly driftBps: number; readonly maxBps: number }
  | { readonly code: 'HEDGE_RATIO_EXCEEDS_MAX'; readonly ratio: number; readonly max: number }
  | { readonly code: 'NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL'; readonly notional: number; readonly max: number }
  | { readonly code: 'NOTIONAL_EXCEEDS_MAX_PER_ORDER'; readonly notional: number; readonly max: number }
  | { readonly code: 'NOTIONAL_EXCEEDS_MAX_GROSS'; readonly notional: number; readonly max: number }
  | { readonly code: 'PROPOSALS_EXCEED_MAX_PER_DAY'; readonly count: number; readonly max: number }
  | { readonly code: 'ORDERS_EXCEED_MAX_PER_MINUTE'; readonly count: number; readonly max: number }
  | { readonly code: 'PRICE_OUTSIDE_COLLAR'; readonly distanceBps: number; readonly maxBps: number }

/** What is judged, and the facts it is judged on; assembled by the app, so that every check is a pure function. */
export interface ProposalRisk {
  readonly asset: Asset
  readonly tradingState: TradingState
  /** An admin takes every hedge off: neither the trading state nor what rails keep stands against it; every limit does. */
  readonly emergency?: boolean
  readonly notional: Usd
  /** As asked for, before any clipping. */
  readonly requestedRatio: Fraction
  /** Gross hedge notional over all assets, now and once this is done. */
  readonly grossNotionalBefore: Usd
  readonly grossNotionalAfter: Usd
  /** |exposure − hedge| in USD. */
  readonly netDeltaBefore: Usd
  readonly netDeltaAfter: Usd
  readonly priceAge: DurationMs
  readonly maxPriceAge: DurationMs
  readonly proposalsToday: number
}

type Check<Facts> = (facts: Facts, limits: Limits) => Denial | undefined

const PROPOSAL_CHECKS: readonly Check<ProposalRisk>[] = [
  (facts) => (facts.tradingState === 'halted' && !facts.emergency ? { code: 'TRADING_HALTED' } : undefined),
  (facts) =>
    facts.tradingState === 'reducing' && !facts.emergency && !isProtective(facts)
      ? { code: 'REDUCING_ONLY', netDeltaBefore: facts.netDeltaBefore, netDeltaAfter: facts.netDeltaAfter }
      : undefined,
  (facts) =>
    facts.priceAge > facts.maxPriceAge
      ? { code: 'PRICE_STALE', ageMs: facts.priceAge, maxMs: facts.maxPriceAge }
      : undefined,
  (facts, limits) =>
    facts.requestedRatio > limits.maxRatio
      ? { code: 'HEDGE_RATIO_EXCEEDS_MAX', ratio: facts.requestedRatio, max: limits.maxRatio }
      : undefined,
  (facts, limits) =>
    facts.notional > limits.maxProposalNotional
      ? { code: 'NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL', notional: facts.notional, max: limits.maxProposalNotional }
      : undefined,
  (facts, limits) =>
    facts.grossNotionalAfter > limits.maxGrossNotional && facts.grossNotionalAfter > facts.grossNotionalBefore
      ? { code: 'NOTIONAL_EXCEEDS_MAX_GROSS', notional: facts.grossNotionalAfter, max: limits.maxGrossNotional }
      : undefined,
  (facts, limits) =>
    facts.proposalsToday >= limits.maxDailyProposals
      ? { code: 'PROPOSALS_EXCEED_MAX_PER_DAY', count: facts.proposalsToday, max: limits.maxDailyProposals }
      : undefined,
]

/** Protective: |net delta| of the book falls (specification §6). Opening a short can be protective. */
export const isProtective = (facts: Pick<ProposalRisk, 'netDeltaBefore' | 'netDeltaAfter'>): boolean =>
  facts.netDeltaAfter < facts.netDeltaBefore

/** Every reason to deny a proposal; empty when it may go on. Run at proposal and again, freshly, at approval. */
export const checkProposal = (facts: ProposalRisk, limits: Limits): readonly Denial[] =>
  PROPOSAL_CHECKS.flatMap((check) => check(facts, limits) ?? [])

export interface OrderRisk {
  readonly tradingState: TradingState
  /** As of the proposal that it carries out. */
  readonly emergency?: boolean
  readonly protective: boolean
  readonly notional: Usd
  readonly limitPrice: Price
  readonly referencePrice: Price
  readonly ordersLastMinute: number
}

const ORDER_CHECKS: readonly Check<OrderRisk>[] = [
  (facts) => (facts.tradingState === 'halted' && !facts.emergency ? { code: 'TRADING_HALTED' } : undefined),
  (facts) =>
    facts.tradingState === 'reducing' && !facts.emergency && !facts.protective
      ? { code: 'REDUCING_ONLY', netDeltaBefore: 0, netDeltaAfter: facts.notional }
      : undefined,
  (facts, limits) =>
    facts.notional > limits.maxOrderNotional
      ? { code: 'NOTIONAL_EXCEEDS_MAX_PER_ORDER', notional: facts.notional, max: limits.maxOrderNotional }
      : undefined,
  (facts, limits) =>
    facts.ordersLastMinute >= limits.maxOrdersPerMinute
      ? { code: 'ORDERS_EXCEED_MAX_PER_MINUTE', count: facts.ordersLastMinute, max: limits.maxOrdersPerMinute }
      : undefined,
  (facts, limits) => {
    const distanceBps = (Math.abs(facts.limitPrice - facts.referencePrice) / facts.referencePrice) * 1e4
    return distanceBps > limits.priceCollar
      ? { code: 'PRICE_OUTSIDE_COLLAR', distanceBps, maxBps: limits.priceCollar }
      : undefined
  },
]

export const checkOrder = (facts: OrderRisk, limits: Limits): readonly Denial[] =>
  ORDER_CHECKS.flatMap((check) => check(facts, limits) ?? [])

/** `NOTIONAL_EXCEEDS_MAX_PER_ORDER notional=31200 max=25000` */
export function formatDenial(denial: Denial): string {
  const { code, ...numbers } = denial
  return [code, ...Object.entries(numbers).map(([name, value]) => `${name}=${compact(value)}`)].join(' ')
}

const compact = (value: number): string =>
  String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(4)))
