import type { MapSnapshot } from './liquidation/snapshot.ts'
import type { Price, Usd } from './units.ts'

interface Titled {
  readonly title: string
  /** What the numbers rest on and how far to trust them: coverage, age of data, what they were calibrated on. */
  readonly subtitle: string
  /** The same in words, for those who cannot see it. */
  readonly alt: string
}

export interface LabelledCluster {
  readonly clusterId: string
  readonly side: 'buy' | 'sell'
  readonly lowPrice: Price
  readonly peakPrice: Price
  readonly highPrice: Price
  readonly notional: Usd
  /** Calibrated confidence within 24 h, where there is one. */
  readonly confidence?: number
}

/** Where positions waited to be liquidated over time, with the path price took. */
export interface LiquidationMapPicture extends Titled {
  readonly kind: 'liquidation-map'
  readonly asset: string
  /** Oldest first, one a column. */
  readonly snapshots: readonly MapSnapshot[]
  readonly clusters: readonly LabelledCluster[]
}

/** What waits at each price right now. */
export interface LiquidationProfilePicture extends Titled {
  readonly kind: 'liquidation-profile'
  readonly asset: string
  readonly snapshot: MapSnapshot
  readonly clusters: readonly LabelledCluster[]
}

/** Forecast probability against what came, with the interval of each bin. */
export interface ReliabilityPicture extends Titled {
  readonly kind: 'reliability'
  /** Several forecasts of the same outcomes: the model first, then what it has to beat. */
  readonly curves: readonly {
    readonly name: string
    readonly bins: readonly {
      readonly meanProbability: number
      readonly rate: number
      readonly low: number
      readonly high: number
      readonly count: number
    }[]
  }[]
}

/** A picture as data: drawn by whoever shows it, as PNG for chat and with the same options on a page. */
export type Picture = LiquidationMapPicture | LiquidationProfilePicture | ReliabilityPicture
