import type { Asset, VenueId } from '../market/tick.ts'
import type { DurationMs, Fraction, Price, Usd } from '../units.ts'
import { crossesAccountLimit, isRelief, leverageAfter, leverageBefore, type VenueRisk } from './account-checks.ts'
import type { Denial } from './denial.ts'
import type { Limits } from './limits.ts'
import { MIN_HOLD, pacingRoom } from './pacing.ts'
import type { RailEffects } from './rail.ts'
import type { TradingState } from './trading-state.ts'

export type { AccountMargins, VenueRisk } from './account-checks.ts'
export { type Denial, formatDenial } from './denial.ts'
export { type ClippedRatio, clipRatio, type RatioPace } from './pacing.ts'

/** What proposals and orders are both judged on; assembled by the app, so that every check is a pure function. */
export interface TradeRisk {
  readonly asset: Asset
  readonly side: 'buy' | 'sell'
  /** The stricter of what people have set and what the rails ask for. */
  readonly tradingState: TradingState
  readonly effects: RailEffects
  /** An admin takes every hedge off: neither the trading state nor what rails keep stands against it; every limit does. */
  readonly emergency?: boolean
  readonly money: 'paper' | 'real'
  /** Asked of real money only. */
  readonly livePermission: 'none' | 'granted' | 'revoked'
  readonly notional: Usd
  /** Of all orders sent since 00:00 UTC; this one not. */
  readonly dayNotional: Usd
  /** Gross hedge notional over all assets and venues, now and once this is done. */
  readonly grossNotionalBefore: Usd
  readonly grossNotionalAfter: Usd
  /** |exposure − hedge| in USD, of this asset. */
  readonly netDeltaBefore: Usd
  readonly netDeltaAfter: Usd
  /** Σ |exposure − hedge| in USD of the other assets of the book. */
  readonly otherNetDelta: Usd
  /** Short hedge over exposure, over all venues. */
  readonly hedgeRatioBefore: Fraction
  readonly hedgeRatioAfter: Fraction
  /** Where it trades, each venue once: all legs of a proposal, the one of an order. */
  readonly venues: readonly VenueRisk[]
}

export interface ProposalRisk extends TradeRisk {
  /** A person asked for this size, and another approves it: the pace is for what the desk does unasked. */
  readonly askedFor: boolean
  /** As asked for, before any clipping. */
  readonly requestedRatio: Fraction
  readonly priceAge: DurationMs
  readonly maxPriceAge: DurationMs
  readonly proposalsToday: number
  /** Σ |change of the hedge ratio| by trades of the last 60 minutes and 24 hours; this one not. */
  readonly ratioChangeLastHour: Fraction
  readonly ratioChangeLastDay: Fraction
  /** The newest trade of a proposal in this asset; undefined when there is none. */
  readonly lastTrade?: { readonly side: 'buy' | 'sell'; readonly age: DurationMs } | undefined
}

export interface OrderRisk extends TradeRisk {
  readonly limitPrice: Price
  /** Mid of the book that it goes to. */
  readonly referencePrice: Price
  /** Undefined where the venue tells none; the collar then holds against the mid alone. */
  readonly markPrice?: Price | undefined
  /** Mid when the execution began; undefined for what belongs to none, a stop. */
  readonly arrivalPrice?: Price | undefined
  readonly ordersLastMinute: number
  /** Gross hedge notional of all venues once the whole of what it carries out is done: what its venue's share is of. */
  readonly plannedGrossNotional: Usd
  /** The hedge that the proposal began from, so that a hedge may move between venues while rails keep it. */
  readonly hedgeRatioToKeep?: Fraction | undefined
}

type Check<Facts> = (facts: Facts, limits: Limits) => Denial | readonly Denial[] | undefined

/** Ratios and money are sums of floats: that much more is not more. */
const DUST = 1e-9

const grows = (before: number, after: number): boolean => after > before + DUST * Math.max(1, Math.abs(before))

/**
 * Protective: |net delta| of the book falls and no leverage or margin limit is crossed (specification §6). Opening a short can be
 * protective; the venue's reduce-only flag has nothing to do with it.
 */
export const isProtective = (
  facts: Pick<TradeRisk, 'netDeltaBefore' | 'netDeltaAfter' | 'venues'>,
  limits: Limits,
): boolean =>
  facts.netDeltaAfter < facts.netDeltaBefore && !facts.venues.some((venue) => crossesAccountLimit(venue, limits))

const TRADE_CHECKS: readonly Check<TradeRisk>[] = [
  ({ tradingState, emergency }) => (tradingState === 'halted' && !emergency ? { code: 'TRADING_HALTED' } : undefined),
  (facts, limits) =>
    facts.tradingState === 'reducing' && !facts.emergency && !isProtective(facts, limits) && !isRelief(facts)
      ? { code: 'REDUCING_ONLY', netDeltaBefore: facts.netDeltaBefore, netDeltaAfter: facts.netDeltaAfter }
      : undefined,
  (facts, limits) => {
    if (facts.money === 'paper' || facts.livePermission === 'granted') return undefined
    const shrinksRisk = facts.emergency || isProtective(facts, limits) || isRelief(facts)
    return facts.livePermission === 'revoked' && shrinksRisk
      ? undefined
      : { code: 'LIVE_NOT_PERMITTED', permission: facts.livePermission }
  },
  ({ venues, effects }) =>
    venues
      .filter(({ venue }) => effects.frozenVenues.includes(venue))
      .map(({ venue }) => ({ code: 'VENUE_FROZEN', venue })),
  ({ asset, effects }) => (effects.assetsWithoutPrice.includes(asset) ? { code: 'PRICE_MISSING', asset } : undefined),
  (facts) =>
    !facts.effects.netDeltaMayGrow &&
    !facts.emergency &&
    !isRelief(facts) &&
    grows(facts.netDeltaBefore, facts.netDeltaAfter)
      ? { code: 'NET_DELTA_GROWS', netDeltaBefore: facts.netDeltaBefore, netDeltaAfter: facts.netDeltaAfter }
      : undefined,
  (facts) =>
    facts.effects.noMoreShort.includes(facts.asset) && grows(facts.hedgeRatioBefore, facts.hedgeRatioAfter)
      ? { code: 'HEDGE_RATIO_RISES', ratio: facts.hedgeRatioAfter, most: facts.hedgeRatioBefore }
      : undefined,
  (facts, limits) => {
    const after = facts.otherNetDelta + facts.netDeltaAfter
    const isOver = after > limits.maxNetNotional && grows(facts.netDeltaBefore, facts.netDeltaAfter)
    return isOver && !facts.emergency && !isRelief(facts)
      ? { code: 'NET_DELTA_EXCEEDS_MAX', netDelta: after, max: limits.maxNetNotional }
      : undefined
  },
  (facts, limits) =>
    facts.grossNotionalAfter > limits.maxGrossNotional && grows(facts.grossNotionalBefore, facts.grossNotionalAfter)
      ? { code: 'NOTIONAL_EXCEEDS_MAX_GROSS', notional: facts.grossNotionalAfter, max: limits.maxGrossNotional }
      : undefined,
  ({ dayNotional, notional }, limits) =>
    dayNotional + notional > limits.maxDayNotional
      ? { code: 'NOTIONAL_EXCEEDS_MAX_PER_DAY', notional: dayNotional + notional, max: limits.maxDayNotional }
      : undefined,
  ({ venues, effects }, limits) => venues.flatMap((venue) => checkAccount(venue, { effects, limits })),
]

/** Leverage and margin of one venue: only what adds to it is held against them. */
function checkAccount(
  risk: VenueRisk,
  { effects, limits }: { effects: RailEffects; limits: Limits },
): readonly Denial[] {
  const { venue, account } = risk
  if (!grows(risk.grossNotionalBefore, risk.grossNotionalAfter)) return []
  if (!account) return [{ code: 'ACCOUNT_NOT_KNOWN', venue }]
  const [before, after] = [leverageBefore(risk)!, leverageAfter(risk)!]
  const denials: Denial[] = []
  const { maxLeverage, hardLeverage, maxMarginUse, minMarginRatio } = limits
  if (after > hardLeverage) denials.push({ code: 'LEVERAGE_EXCEEDS_HARD', venue, leverage: after, max: hardLeverage })
  else if (after > maxLeverage) denials.push({ code: 'LEVERAGE_EXCEEDS_MAX', venue, leverage: after, max: maxLeverage })
  if (mayNotRaiseLeverage(effects, venue)) denials.push({ code: 'LEVERAGE_RISES', venue, before, after })
  const use = account.equity > 0 ? account.initialMarginAfter / account.equity : Number.MAX_VALUE
  if (use > maxMarginUse) denials.push({ code: 'MARGIN_USE_EXCEEDS_MAX', venue, use, max: maxMarginUse })
  const ratio = account.maintenanceMarginAfter > 0 ? account.equity / account.maintenanceMarginAfter : Number.MAX_VALUE
  if (ratio < minMarginRatio) denials.push({ code: 'MARGIN_RATIO_BELOW_MIN', venue, ratio, min: minMarginRatio })
  return denials
}

const mayNotRaiseLeverage = ({ noNewLeverage }: RailEffects, venue: VenueId): boolean =>
  noNewLeverage === 'everywhere' || noNewLeverage.includes(venue)

/** The share of what adds to a venue, once other venues hold some of it too. */
function checkVenueShare(facts: TradeRisk, { of, limits }: { of: number; limits: Limits }): readonly Denial[] {
  return facts.venues.flatMap(({ venue, grossNotionalBefore, grossNotionalAfter }) => {
    const share = grossNotionalAfter / of
    const isSpread = grossNotionalAfter < of - DUST * of
    return of > 0 && isSpread && share > limits.maxVenueShare + DUST && grows(grossNotionalBefore, grossNotionalAfter)
      ? [{ code: 'VENUE_SHARE_EXCEEDS_MAX' as const, venue, share, max: limits.maxVenueShare }]
      : []
  })
}

function checkHedgeKept(facts: TradeRisk, least: number): Denial | undefined {
  const { keepHedge } = facts.effects
  const isKept = keepHedge === 'everything' || keepHedge.includes(facts.asset)
  return isKept && !facts.emergency && facts.hedgeRatioAfter < Math.min(least, facts.hedgeRatioBefore) - DUST
    ? { code: 'HEDGE_RATIO_FALLS', ratio: facts.hedgeRatioAfter, least }
    : undefined
}

const PROPOSAL_CHECKS: readonly Check<ProposalRisk>[] = [
  ...TRADE_CHECKS,
  (facts) => checkHedgeKept(facts, facts.hedgeRatioBefore),
  (facts, limits) => checkVenueShare(facts, { of: facts.grossNotionalAfter, limits }),
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
    facts.proposalsToday >= limits.maxDailyProposals
      ? { code: 'PROPOSALS_EXCEED_MAX_PER_DAY', count: facts.proposalsToday, max: limits.maxDailyProposals }
      : undefined,
  checkPace,
  ({ side, lastTrade, effects, emergency, askedFor }) =>
    lastTrade &&
    lastTrade.side !== side &&
    lastTrade.age < MIN_HOLD &&
    !effects.reversalAllowed &&
    !emergency &&
    !askedFor
      ? { code: 'REVERSAL_TOO_SOON', ageMs: lastTrade.age, minMs: MIN_HOLD }
      : undefined,
]

/** Sizing clips to what is left (`clipRatio`); here is what was used up meanwhile. Relief of an account does not wait. */
function checkPace(facts: ProposalRisk, limits: Limits): Denial | undefined {
  if (facts.askedFor || facts.emergency || isRelief(facts)) return undefined
  const change = Math.abs(facts.hedgeRatioAfter - facts.hedgeRatioBefore)
  const room = pacingRoom(facts, limits)
  if (change > room.hour + DUST) {
    const total = facts.ratioChangeLastHour + change
    return { code: 'RATIO_CHANGE_EXCEEDS_MAX_PER_HOUR', change: total, max: limits.maxRatioChangePerHour }
  }
  return change > room.day + DUST
    ? {
        code: 'RATIO_CHANGE_EXCEEDS_MAX_PER_DAY',
        change: facts.ratioChangeLastDay + change,
        max: limits.maxRatioChangePerDay,
      }
    : undefined
}

/** Every reason to deny a proposal; empty when it may go on. Run at proposal and again, freshly, at approval. */
export const checkProposal = (facts: ProposalRisk, limits: Limits): readonly Denial[] =>
  PROPOSAL_CHECKS.flatMap((check) => check(facts, limits) ?? [])

const ORDER_CHECKS: readonly Check<OrderRisk>[] = [
  ...TRADE_CHECKS,
  (facts) => checkHedgeKept(facts, facts.hedgeRatioToKeep ?? facts.hedgeRatioBefore),
  (facts, limits) =>
    checkVenueShare(facts, { of: Math.max(facts.plannedGrossNotional, facts.grossNotionalAfter), limits }),
  (facts, limits) =>
    facts.notional > limits.maxOrderNotional
      ? { code: 'NOTIONAL_EXCEEDS_MAX_PER_ORDER', notional: facts.notional, max: limits.maxOrderNotional }
      : undefined,
  (facts, limits) =>
    facts.ordersLastMinute >= limits.maxOrdersPerMinute
      ? { code: 'ORDERS_EXCEED_MAX_PER_MINUTE', count: facts.ordersLastMinute, max: limits.maxOrdersPerMinute }
      : undefined,
  ({ limitPrice, referencePrice, markPrice }, limits) => {
    const against = markPrice === undefined ? [referencePrice] : [referencePrice, markPrice]
    const distanceBps = Math.max(...against.map((market) => Math.abs(limitPrice / market - 1) * 1e4))
    return distanceBps > limits.priceCollar
      ? { code: 'PRICE_OUTSIDE_COLLAR', distanceBps, maxBps: limits.priceCollar }
      : undefined
  },
  ({ side, limitPrice, arrivalPrice }, limits) => {
    if (arrivalPrice === undefined) return undefined
    const slippageBps = (side === 'buy' ? 1 : -1) * (limitPrice / arrivalPrice - 1) * 1e4
    return slippageBps > limits.maxSlippage + SLIPPAGE_ROUNDING
      ? { code: 'SLIPPAGE_EXCEEDS_MAX', slippageBps, maxBps: limits.maxSlippage }
      : undefined
  },
]

/** A limit put exactly at the bound is not past it. */
const SLIPPAGE_ROUNDING = 1e-6

export const checkOrder = (facts: OrderRisk, limits: Limits): readonly Denial[] =>
  ORDER_CHECKS.flatMap((check) => check(facts, limits) ?? [])
