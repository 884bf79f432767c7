/**
 * How a synthetic world behaves. Amounts are in multiples of the long-run open interest (1.0), times in hours.
 *
 * @see specification §7.1
 */
export interface WorldParameters {
  /** Price impact of liquidations: 1 plants the effect, 0 is the null world, where they cannot move the price. */
  readonly kappa: number
  /** Standard deviation of daily log returns at the median of volatility. */
  readonly dailyVolatility: number
  /** Log volatility: standard deviation and half-life of its slow part, half-life of its self-excited part. */
  readonly volatilitySpread: number
  readonly volatilityHalfLife: number
  readonly excitementHalfLife: number
  readonly jumpsPerDay: number
  readonly jumpMean: number
  readonly jumpSpread: number
  /** Notional that moves the price by a factor e at median volatility, selling; buying has `upDepth` times as much. */
  readonly depth: number
  readonly upDepth: number
  /** Depth falls as volatility to this power rises. */
  readonly depthElasticity: number
  /** Depth thins with what a cascade has already sold, and thickens with how far the price has been pushed. */
  readonly thinning: number
  readonly thickening: number
  /** Share of a liquidation's impact that stays; the rest decays with this half-life. */
  readonly permanentImpact: number
  readonly impactHalfLife: number
  /** Share of a liquidated position whose counterparty closes too; the rest is taken over without leverage. */
  readonly closedShare: number
  /** Hours in which a venue opens as many positions as the long-run open interest. */
  readonly turnover: number
  /** Leveraged share of new longs and shorts at neutral sentiment, and how far sentiment moves both. */
  readonly leveragedLongs: number
  readonly leveragedShorts: number
  readonly sentimentLeverage: number
  /** Sentiment: how strongly it follows the trend, and where it sits on average. */
  readonly trendFollowing: number
  readonly sentimentMean: number
}

const DEFAULT: WorldParameters = {
  kappa: 1,
  dailyVolatility: 0.0175,
  volatilitySpread: 0.32,
  volatilityHalfLife: 120,
  excitementHalfLife: 8,
  jumpsPerDay: 0.08,
  jumpMean: -0.004,
  jumpSpread: 0.012,
  depth: 6,
  upDepth: 1,
  depthElasticity: 0.8,
  thinning: 3,
  thickening: 30,
  permanentImpact: 0.35,
  impactHalfLife: 2,
  closedShare: 0.85,
  turnover: 70,
  leveragedLongs: 0.5,
  leveragedShorts: 0.38,
  sentimentLeverage: 0.3,
  trendFollowing: 1.2,
  sentimentMean: 0,
}

const REALISTIC: WorldParameters = {
  ...DEFAULT,
  upDepth: 2.2,
  sentimentMean: 0.8,
  leveragedLongs: 0.42,
  leveragedShorts: 0.5,
  depth: 4,
}

/** Worlds by name. `strong` is harsher than reality, so that a test of learning has power; the nulls carry no signal. */
export const PRESETS = {
  default: DEFAULT,
  realistic: REALISTIC,
  strong: { ...DEFAULT, depth: 3.5, thickening: 20 },
  null: { ...DEFAULT, kappa: 0 },
  'realistic-null': { ...REALISTIC, kappa: 0 },
  'strong-null': { ...DEFAULT, depth: 3.5, thickening: 20, kappa: 0 },
} as const satisfies Record<string, WorldParameters>

export type PresetName = keyof typeof PRESETS
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[]

/** Venues of every world, in this order everywhere. */
export const VENUES = ['sim-a', 'sim-b', 'sim-c'] as const
export const VENUE_SHARES = [0.5, 0.3, 0.2] as const
/** How much more leverage a venue's customers take. */
export const VENUE_TILT = [0, 0.3, -0.3] as const

export const LEVERAGES = [5, 10, 20, 50, 100] as const
export const MAINTENANCE_RATES = [0.01, 0.01, 0.005, 0.005, 0.004] as const
/** Mean holding time of a position, hours, by leverage. */
export const HOLDING_HOURS = [120, 72, 24, 10, 4] as const
export const LEVERAGE_MIX = [0.3, 0.3, 0.22, 0.13, 0.05] as const
/** Shorts take less leverage than longs. */
export const SHORT_TILT = -0.35

export const STEPS_PER_HOUR = 12
export const STEPS_PER_DAY = 288
/** Width of a bin of the position book in log price: 25 basis points. */
export const BIN_WIDTH = 0.0025
