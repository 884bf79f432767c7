import type { FeedFreshness } from './market/freshness.ts'
import type { Asset } from './market/tick.ts'
import type { Explanation } from './model/explanation.ts'
import {
  type BaseQty,
  type Bps,
  type DurationMs,
  duration,
  type Fraction,
  type FundingPer8h,
  HOUR,
  type Price,
  type TimestampMs,
  type Usd,
} from './units.ts'

/** What is asked of the future everywhere: whether it happens within this long. */
export const HORIZONS = ['4h', '24h', '72h'] as const
export type Horizon = (typeof HORIZONS)[number]
export const HORIZON_LENGTH: Readonly<Record<Horizon, DurationMs>> = {
  '4h': duration(4 * HOUR),
  '24h': duration(24 * HOUR),
  '72h': duration(72 * HOUR),
}

/** Calibrated probability of a price tail within the horizon, down and up; small by nature (0.5–6 %). */
export interface CascadeProbabilities {
  readonly pCascadeDown: Fraction
  readonly pCascadeUp: Fraction
}

/** The cascade probabilities of one horizon. */
export interface CascadeForecast extends CascadeProbabilities {
  /** The volatility-only model's answer for the same instant: both numbers are always shown side by side. */
  readonly baseline: CascadeProbabilities
  /**
   * Whether each probability passed the calibration gate of §2.5 on held-out data; where not, that is said beside the
   * number. Absent on records from before it was kept.
   */
  readonly gatePassed: { readonly down?: boolean; readonly up?: boolean }
}

/**
 * One forecast per horizon, each calibrated for itself.
 *
 * They need not rise with the horizon: a cascade within H is a move beyond k·σ·√H, a larger one the longer H is, so that
 * none of the events contains another, and nothing forces an order on their probabilities.
 *
 * The day is always there; the others are absent on records made when only the day was asked for.
 */
export type Cascades = Readonly<Record<'24h', CascadeForecast> & Partial<Record<Horizon, CascadeForecast>>>

export interface ModelIdentity {
  readonly modelId: string
  /** What the probabilities were calibrated on; `simulated` must be said wherever they are shown. */
  readonly calibratedOn: 'simulated' | 'recorded'
}

export type Prediction =
  | ({
      readonly kind: 'estimated'
      readonly cascades: Cascades
      readonly overlayHorizon: DurationMs
      /** Calibrated probability that adding hedge over its horizon pays net of cost (specification §4.5); base 0.4–0.5. */
      readonly overlayConfidence: Fraction
      /** The volatility-only model's answer to the same; absent on records from before it was kept. */
      readonly overlayBaseline?: Fraction
      /** Whether overlayConfidence passed the calibration gate of §2.5 on held-out data; if not, Kelly's share is capped. */
      readonly overlayGatePassed: boolean
      /**
       * What the model answered without: feeds from which nothing fresh had been received, and features hidden because they
       * stood outside what training saw (`… (outside training)`).
       */
      readonly maskedFeeds: readonly string[]
      /**
       * Which inputs made the answers that a desk acts on, largest first; absent where it takes too long to say every time, and
       * on records from before it was kept.
       */
      readonly why?: readonly Explanation[]
    } & ModelIdentity)
  | { readonly kind: 'undetermined'; readonly reason: UndeterminedReason; readonly detail: string }

export type UndeterminedReason = 'STALE_PRICE' | 'TOO_LITTLE_HISTORY' | 'NO_MODEL' | 'NOT_FINITE'

/** What the market looked like when a forecast was made: everything a proposal is later judged on. */
export interface MarketContext {
  readonly price: Price
  readonly priceAt: TimestampMs
  /** EWMA standard deviation of hourly log returns, half-life 48 h. */
  readonly hourlyVolatility: Fraction
  readonly fundingRate?: FundingPer8h
  /** Open interest over the venues heard from, in coins and at the current price. */
  readonly openInterest?: BaseQty
  /** The hedge ratio of the volatility-timed policy at this instant. */
  readonly volatilityTimedRatio?: Fraction
  /** Correlation of daily funding changes with daily returns, shrunk (specification §4.3); 0 when unknown. */
  readonly fundingCorrelation: Fraction
  /** Median share of a day's volume in each hour of the UTC day, over 30 days; undefined with less than a week of volumes. */
  readonly volumeProfile?: readonly number[]
  readonly freshness: readonly FeedFreshness[]
}

export interface Forecast {
  readonly asset: Asset
  readonly at: TimestampMs
  readonly prediction: Prediction
  readonly market: MarketContext
}

/** Positions of one leverage inside a cluster: where they were entered and when. */
export interface LeverageShare {
  readonly leverage: number
  /** Of the cluster's notional. */
  readonly share: Fraction
  readonly lowEntryPrice: Price
  readonly highEntryPrice: Price
  /** Mean over its positions, by size. */
  readonly openedAt: TimestampMs
}

export interface Cluster {
  /** Stable from bar to bar: one cluster is one episode. */
  readonly clusterId: string
  readonly firstSeenAt: TimestampMs
  readonly asset: Asset
  /** Side of the closing order: `sell` closes longs below the price, `buy` closes shorts above it. */
  readonly side: 'buy' | 'sell'
  readonly lowPrice: Price
  readonly peakPrice: Price
  readonly highPrice: Price
  readonly notional: Usd
  readonly shareOfOpenInterest: Fraction
  readonly distance: Bps
  /** |ln(peak/price)| over the standard deviation of a day. */
  readonly distanceSigma: number
  /** Cascade gain: density over depth; undefined where no depth is known. */
  readonly gain?: number
  /** Median time since its positions were opened, by size. */
  readonly age: DurationMs
  readonly venueShares: Readonly<Record<string, Fraction>>
  /** Smallest leverage first; shares sum to 1. */
  readonly leverage: readonly LeverageShare[]
  readonly confidence: Readonly<Record<Horizon, ClusterConfidence>>
}

/** Calibrated probability that price touches the cluster within the horizon and open interest then falls (§1.6). */
export type ClusterConfidence =
  | {
      readonly kind: 'estimated'
      readonly confidence: Fraction
      /** 90 % interval, wider where data are missing, coarse or old. */
      readonly low: Fraction
      readonly high: Fraction
      readonly pTouch: Fraction
      readonly pEventGivenTouch: Fraction
      /** The same question answered from distance and volatility alone: always shown beside it. */
      readonly baseline: Fraction
      readonly horizon: DurationMs
      readonly quality: 'good' | 'reduced' | 'poor'
      /** Share of open interest from which something fresh had been heard. */
      readonly coverage: Fraction
      /** Age of the open interest it rests on, the mean over venues by size. */
      readonly dataAge: DurationMs
      readonly calibratedOn: ModelIdentity['calibratedOn']
    }
  | {
      readonly kind: 'undetermined'
      readonly reason:
        | 'STALE_OPEN_INTEREST'
        | 'NO_OPEN_INTEREST'
        | 'STALE_PRICE'
        | 'TOO_LITTLE_HISTORY'
        | 'NO_CALIBRATION'
        /** What it would be calibrated on happened too seldom to say anything. */
        | 'TOO_FEW_OUTCOMES'
    }
