import type { MapSnapshot } from './liquidation/snapshot.ts'
import type { Price, TimestampMs, Usd } from './units.ts'

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

/** Precision at rising recall, and the rate that anyone has who alerts all the time. */
export interface PrecisionRecallPicture extends Titled {
  readonly kind: 'precision-recall'
  /** The model first, then what it has to beat. */
  readonly curves: readonly {
    readonly name: string
    /** In order of recall. */
    readonly points: readonly (readonly [recall: number, precision: number])[]
  }[]
  readonly base: number
}

/** How early alerts came, beside as many alerts at hours that mean nothing. */
export interface LeadTimePicture extends Titled {
  readonly kind: 'lead-time'
  /** The model first, then what it has to beat. */
  readonly curves: readonly {
    readonly name: string
    /** Share of episodes that had their first alert at least so many hours before, most hours first. */
    readonly points: readonly (readonly [hoursBefore: number, share: number])[]
  }[]
  /** The same of the first curve's alerts at random hours. */
  readonly byChance: readonly (readonly [hoursBefore: number, share: number])[]
}

/** What a book has made since the first point, with its hedge and as if it had none, in USD. */
export interface PnlPoint {
  readonly at: TimestampMs
  readonly unhedged: number
  readonly hedged: number
}

/** One asset of a book as it stands. */
export interface StatusRow {
  readonly asset: string
  /** In words, short: `10 ETH, $30.0 k`. */
  readonly held: string
  /** Share of the exposure that is hedged; below 0 for a long perp, above 1 for more than is held. */
  readonly hedgeRatio: number
  /** Undefined before the first price. */
  readonly price?: Price
  /** Where the hedge would be liquidated with the margin that is assumed for it. */
  readonly liquidation?: { readonly price: Price; readonly assumption: string }
  /** The nearest on each side of the price. */
  readonly clusters: readonly LabelledCluster[]
}

/** What is held, what hedges it, what it made and what waits near the price, on one card. */
export interface StatusPicture extends Titled {
  readonly kind: 'status'
  readonly rows: readonly StatusRow[]
  /** Oldest first; fewer than two points say nothing. */
  readonly pnl: readonly PnlPoint[]
}

/** What the hedge did to the value of a book, and the share of losses it avoided over a window that moves. */
export interface EffectivenessPicture extends Titled {
  readonly kind: 'effectiveness'
  readonly pnl: readonly PnlPoint[]
  /** With the 90 % interval. */
  readonly rolling: readonly {
    readonly at: TimestampMs
    readonly value: number
    readonly low: number
    readonly high: number
  }[]
  /** Over the whole: what a static hedge of this size would have avoided. */
  readonly meanHedgeRatio: number
  /** In words: `168 h`. */
  readonly window: string
}

/** What a score is made of: from the score of an average hour, feature by feature, to the one asked for. */
export interface WaterfallPicture extends Titled {
  readonly kind: 'waterfall'
  readonly base: number
  readonly score: number
  /** Of base, score and contributions: `log odds`, or the unit of a value. */
  readonly unit: string
  /** Of an event: what base and score are told as. */
  readonly probabilities?: { readonly base: number; readonly score: number }
  /** Largest first by size; the picture puts the smallest together, and what stands for several `features` with them. */
  readonly bars: readonly { readonly name: string; readonly contribution: number; readonly features?: number }[]
}

/** How a model in use does. */
export interface ModelHealthPicture extends Titled {
  readonly kind: 'model-health'
  /** Oldest first. */
  readonly days: readonly { readonly at: number; readonly logLoss: number; readonly baselineLogLoss?: number }[]
  /** The most moved first: population stability index against the limit above which it is acted on. */
  readonly moved: readonly {
    readonly name: string
    readonly psi: number
    readonly limit: number
    readonly level: 'fine' | 'warn' | 'act'
  }[]
  /** The model, then volatility alone. */
  readonly reliability: ReliabilityPicture['curves']
}

/** A picture as data: drawn by whoever shows it, as PNG for chat and with the same options on a page. */
export type Picture =
  | LiquidationMapPicture
  | LiquidationProfilePicture
  | ReliabilityPicture
  | PrecisionRecallPicture
  | LeadTimePicture
  | StatusPicture
  | EffectivenessPicture
  | WaterfallPicture
  | ModelHealthPicture
