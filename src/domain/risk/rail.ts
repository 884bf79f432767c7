import type { Asset, VenueId } from '../market/tick.ts'
import type { Fraction, TimestampMs } from '../units.ts'
import type { TradingState } from './trading-state.ts'

/** In their order of precedence, 0 to 12 (specification §6). */
export const RAILS = [
  'kill',
  'reconciliation',
  'liquidation-distance',
  'margin',
  'leverage',
  'daily-loss',
  'data',
  'venue-status',
  'funding-spike',
  'one-sided-open-interest',
  'model-health',
  'pacing',
  'min-hold',
] as const
export type RailName = (typeof RAILS)[number]

/** From easy to strict. `caution` and `degraded` lie inside the trading state `active`. */
export const RAIL_LEVELS = ['normal', 'caution', 'degraded', 'reducing', 'halted'] as const
export type RailLevel = (typeof RAIL_LEVELS)[number]

/** Where one rail stands for the desk, one venue or one asset, as it survives a restart. */
export interface RailState {
  readonly rail: RailName
  /** `desk`, a venue or an asset. */
  readonly scope: string
  readonly level: RailLevel
  /** When it came to this level. */
  readonly since: TimestampMs
  /** Since when its release condition has held without a break; undefined while it does not. */
  readonly releasedSince?: TimestampMs | undefined
  /** The hard levels of some rails are left by a person only. */
  readonly heldForPerson: boolean
  /** The number judged, what triggers the next stricter level, and what releases this one. */
  readonly value?: number | undefined
  readonly trigger?: number | undefined
  readonly release?: number | undefined
  /** In words and numbers, for people. */
  readonly text: string
  /** Which of its conditions hold it there, where a rail has several: `longs-crowded`, or more joined by `+`. */
  readonly variant?: string | undefined
}

/**
 * What all rails together let through. Caps of all rails apply; for the direction of a hedge the first rail in order decides.
 */
export interface RailEffects {
  /** The strictest that any rail asks for; what people have set comes on top. */
  readonly tradingState: TradingState
  /** Why it is not `active`, strictest rail first. */
  readonly because: readonly string[]
  /** No order may raise gross notional over equity: everywhere, or on these venues. */
  readonly noNewLeverage: 'everywhere' | readonly VenueId[]
  /** No order at all goes there. */
  readonly frozenVenues: readonly VenueId[]
  /** Hedges are to be taken off or moved away from there. */
  readonly venuesToReduce: readonly VenueId[]
  /** No price fit to trade on. */
  readonly assetsWithoutPrice: readonly Asset[]
  /** |net delta| of the book may not grow. */
  readonly netDeltaMayGrow: boolean
  /** The hedge of these may not be lowered. */
  readonly keepHedge: 'everything' | readonly Asset[]
  /** Hedge as much as the limits allow. */
  readonly hedgeToMax: readonly Asset[]
  /** No more short than there is. */
  readonly noMoreShort: readonly Asset[]
  /** What is left of the speculative overlay, 0 to 1, by asset; absent = all of it. */
  readonly overlayShare: Readonly<Record<Asset, Fraction>>
  /** In place of the policy that is set, as the model fails. */
  readonly policy: 'as-set' | 'volatility-timed' | 'static'
  /** Of one asset, as its data fail; stands before `policy`. */
  readonly policyFor: Readonly<Record<Asset, 'volatility-timed' | 'static'>>
  /** Whether a hedge may turn round within the minimum holding time: when an account or the day's loss asks for it. */
  readonly reversalAllowed: boolean
}

export const NO_RAIL_EFFECTS: RailEffects = {
  tradingState: 'active',
  because: [],
  noNewLeverage: [],
  frozenVenues: [],
  venuesToReduce: [],
  assetsWithoutPrice: [],
  netDeltaMayGrow: true,
  keepHedge: [],
  hedgeToMax: [],
  noMoreShort: [],
  overlayShare: {},
  policy: 'as-set',
  policyFor: {},
  reversalAllowed: false,
}
