import type { FeedFreshness } from './market/freshness.ts'
import type { Asset } from './market/tick.ts'
import type { BaseQty, Bps, DurationMs, Fraction, FundingPer8h, Price, TimestampMs, Usd } from './units.ts'

/** Calibrated probability of a price tail within the horizon, down and up; small by nature (0.5–6 %). */
export interface CascadeProbabilities {
  readonly pCascadeDown: Fraction
  readonly pCascadeUp: Fraction
}

export interface ModelIdentity {
  readonly modelId: string
  /** What the probabilities were calibrated on; `simulated` must be said wherever they are shown. */
  readonly calibratedOn: 'simulated' | 'recorded'
}

export type Prediction =
  | ({
      readonly kind: 'estimated'
      readonly horizon: DurationMs
      /** Calibrated probability that adding hedge over the horizon pays net of cost (specification §4.5); base 0.4–0.5. */
      readonly overlayConfidence: Fraction
      /** Whether overlayConfidence passed the calibration gate of §2.5 on held-out data; if not, Kelly's share is capped. */
      readonly overlayGatePassed: boolean
      /** The volatility-only model's answer for the same instant: both numbers are always shown side by side. */
      readonly baseline: CascadeProbabilities
      /**
       * What the model answered without: feeds from which nothing fresh had been received, and features hidden because they
       * stood outside what training saw (`… (outside training)`).
       */
      readonly maskedFeeds: readonly string[]
    } & CascadeProbabilities &
      ModelIdentity)
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
  readonly freshness: readonly FeedFreshness[]
}

export interface Forecast {
  readonly asset: Asset
  readonly at: TimestampMs
  readonly prediction: Prediction
  readonly market: MarketContext
}

export interface Cluster {
  /** Stable from bar to bar: one cluster is one episode. */
  readonly clusterId: string
  readonly asset: Asset
  /** Side of the closing order: `sell` closes longs below the price, `buy` closes shorts above it. */
  readonly side: 'buy' | 'sell'
  readonly lowPrice: Price
  readonly peakPrice: Price
  readonly highPrice: Price
  readonly notional: Usd
  readonly shareOfOpenInterest: Fraction
  readonly distance: Bps
  /** |ln(peak/price)| over the standard deviation of the horizon. */
  readonly distanceSigma: number
  /** Cascade gain: density over depth; undefined where no depth is known. */
  readonly gain?: number
  readonly age: DurationMs
  readonly venueShares: Readonly<Record<string, Fraction>>
  readonly confidence: ClusterConfidence
}

/** Calibrated probability that price touches the cluster within the horizon and open interest then falls (§1.6). */
export type ClusterConfidence =
  | {
      readonly kind: 'estimated'
      readonly confidence: Fraction
      readonly low: Fraction
      readonly high: Fraction
      readonly pTouch: Fraction
      readonly pEventGivenTouch: Fraction
      readonly horizon: DurationMs
      readonly quality: 'good' | 'reduced' | 'poor'
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
    }
