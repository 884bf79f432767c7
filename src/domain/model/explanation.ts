/** What one input added to a score. */
export interface Contribution {
  /** A feature's name; a venue's own feature as `binance open-interest-change-4h`. */
  readonly feature: string
  /** As the model read it, in the feature's own unit; undefined where it was not known. */
  readonly value?: number
  /** To the score: log odds of an event, the target's unit of a value. */
  readonly contribution: number
}

/** Which inputs made a model's uncalibrated score of one asset at one instant. */
export interface Explanation {
  /** Key of the target, `cascade-down-24h`. */
  readonly target: string
  /** What the contributions start from: the score of an average hour. */
  readonly base: number
  /** Uncalibrated. */
  readonly score: number
  /** Largest first by size; they and the base add up to the score within 1 %. */
  readonly contributions: readonly Contribution[]
  /** Of an event: what base and score are told as, calibrated; absent where the calibrator is not at hand. */
  readonly probabilities?: { readonly base: number; readonly score: number }
  readonly method: 'exact Shapley values' | 'sampled Shapley values' | 'integrated gradients'
}
