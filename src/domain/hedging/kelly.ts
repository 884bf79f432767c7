import { clamp, type Fraction, fraction } from '../units.ts'

/** Share of the maximum overlay by confidence: the desk's anchors 0.5 → 25 % and 0.8 → 60 %, never more than 75 %. */
const ANCHORS: readonly (readonly [confidence: number, share: number])[] = [
  [0, 0],
  [0.5, 0.25],
  [0.8, 0.6],
  [1, 0.75],
]
const UNPROVEN_CAP = 0.25 // a confidence that has not passed the calibration gate may not size like one that has
const MEAN_ABS_NORMAL = Math.sqrt(2 / Math.PI)

/**
 * Fractional-Kelly multiplier m(C), piecewise linear through the anchors.
 *
 * @returns share of the maximum overlay, e.g. m(0.8) = 0.6, m(0.65) = 0.425, m(0.5) = 0.25
 * @throws {RangeError} when the confidence is outside [0, 1]
 * @see specification §4.5
 */
export function kellyShare(confidence: Fraction): Fraction {
  if (!(confidence >= 0 && confidence <= 1))
    throw new RangeError(`Expected a confidence from 0 to 1, was ${confidence}`)
  const upper = ANCHORS.findIndex(([anchor]) => confidence <= anchor)
  if (upper <= 0) return fraction(0)
  const [[c0, m0], [c1, m1]] = [ANCHORS[upper - 1]!, ANCHORS[upper]!]
  return fraction(m0 + ((confidence - c0) / (c1 - c0)) * (m1 - m0))
}

export interface OverlayInputs {
  readonly confidence: Fraction
  readonly gatePassed: boolean
  readonly baseRatio: Fraction
  readonly maxRatio: Fraction
  /** Standard deviation of the return over the horizon. */
  readonly horizonVolatility: Fraction
  /** Funding the short receives over the horizon (negative when it pays). */
  readonly carry: Fraction
  /** Cost of one change of hedge, as a fraction. */
  readonly cost: Fraction
}

export interface Overlay {
  /** Added to the base ratio, ≥ 0. */
  readonly ratio: Fraction
  readonly share: Fraction
  /** Full Kelly on the overlay; below zero the bet does not pay. */
  readonly kelly: number
  readonly boundBy: 'KELLY' | 'MAX_RATIO'
  readonly capped: boolean
}

/**
 * Hedge added over the base ratio: Δh = m(C) · min(f*, maxRatio − baseRatio), f* = C/A − (1 − C)/G.
 *
 * Gain if adverse G = E|r| + carry − 2·cost, loss if not A = E|r| − carry + 2·cost, with E|r| of a driftless normal
 * return, since the product does not claim to know the drift.
 *
 * @see specification §4.5
 */
export function kellyOverlay(inputs: OverlayInputs): Overlay {
  const meanAbsoluteReturn = MEAN_ABS_NORMAL * inputs.horizonVolatility
  const gain = meanAbsoluteReturn + inputs.carry - 2 * inputs.cost
  const loss = meanAbsoluteReturn - inputs.carry + 2 * inputs.cost
  // A gain or a loss at or below zero means costs or carry alone decide the bet: never, or up to the cap.
  const kelly =
    gain <= 0
      ? 0
      : loss <= 0
        ? Number.MAX_VALUE
        : Math.max(0, inputs.confidence / loss - (1 - inputs.confidence) / gain)
  const room = Math.max(0, inputs.maxRatio - inputs.baseRatio)
  const share = inputs.gatePassed
    ? kellyShare(inputs.confidence)
    : fraction(Math.min(UNPROVEN_CAP, kellyShare(inputs.confidence)))
  return {
    ratio: fraction(clamp(share * Math.min(kelly, room), 0, room)),
    share,
    kelly,
    boundBy: kelly < room ? 'KELLY' : 'MAX_RATIO',
    capped: !inputs.gatePassed && kellyShare(inputs.confidence) > UNPROVEN_CAP,
  }
}
