import { brierSkill, calibrationError, fitPlatt } from '../src/domain/calibration.ts'
import { createRandom } from '../src/domain/random.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Gate {
  readonly passed: boolean
  readonly ece: number
  /** 95 % bound of the same figure for a perfectly calibrated model with these forecasts. */
  readonly eceBound: number
  readonly slope: Interval
  readonly brierSkill: number
}

export interface GateOptions {
  readonly seed: number
  /** Brier skill over all outcomes; default that of the ones given, against their own rate. */
  readonly skill?: number
  /** More outcomes to fit the slope on, which may overlap within a block: whole blocks are drawn. */
  readonly overlapping?: SlopeSamples
}

export interface SlopeSamples {
  readonly probabilities: readonly number[]
  readonly labels: readonly number[]
  /** What each sample is drawn together with; default itself alone. */
  readonly blockOf?: readonly number[]
}

const DRAWS = 400
const RESAMPLES = 200

/**
 * The calibration gate: ECE under the 95 % bound of a perfect model with the same forecasts, an interval of the calibration
 * slope that contains 1 and not 0 (an interval so wide that it holds both proves nothing), and Brier skill above 0.
 *
 * @param probabilities - of outcomes that do not overlap: a bound that took 24 overlapping hours for 24 outcomes would fail
 *   every honest model
 * @see specification §2.5
 */
export function calibrationGate(
  probabilities: readonly number[],
  labels: readonly number[],
  { seed, skill = brierSkill(probabilities, labels), overlapping }: GateOptions,
): Gate {
  const random = createRandom(seed)
  const { ece } = calibrationError(probabilities, labels)
  const perfect = Array.from(
    { length: DRAWS },
    () =>
      calibrationError(
        probabilities,
        probabilities.map((probability) => (random() < probability ? 1 : 0)),
      ).ece,
  ).sort((a, b) => a - b)
  const eceBound = perfect[Math.floor(0.95 * DRAWS)]!
  const slope = slopeInterval(overlapping ?? { probabilities, labels }, random)
  return {
    passed: ece <= eceBound && slope.low > 0 && slope.low <= 1 && slope.high >= 1 && skill > 0,
    ece,
    eceBound,
    slope,
    brierSkill: skill,
  }
}

/** The 95 % interval of the calibration slope. */
function slopeInterval({ probabilities, labels, blockOf }: SlopeSamples, random: () => number): Interval {
  const blocks = [...Map.groupBy(probabilities.keys(), (k) => blockOf?.[k] ?? k).values()]
  const slopes = Array.from({ length: RESAMPLES }, () => {
    const draw = blocks.flatMap(() => blocks[Math.floor(random() * blocks.length)]!)
    return fitPlatt(
      draw.map((k) => probabilities[k]!),
      draw.map((k) => labels[k]!),
    ).b
  }).sort((a, b) => a - b)
  return { low: slopes[Math.floor(0.025 * RESAMPLES)]!, high: slopes[Math.floor(0.975 * RESAMPLES)]! }
}
