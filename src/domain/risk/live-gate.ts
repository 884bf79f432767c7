import type { Fraction } from '../units.ts'

/** What a paper record has to show before real money is traded, and has to go on showing. */
export interface LiveGateRules {
  readonly minPaperDays: number
  /** HER, the share of losses avoided, of the paper book. */
  readonly minLossesAvoided: Fraction
  /** UGU, the share of gains given up. */
  readonly maxUpsideGivenUp: Fraction
  /** Volatility against a static hedge of the same mean: equal-notional ratio (specification §4.6). */
  readonly maxVolatilityRatio: number
  /** Expected calibration error of the confidence that is acted on. */
  readonly maxCalibrationError: Fraction
}
