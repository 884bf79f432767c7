export type CalibrationDrift =
  | {
      readonly kind: 'measured'
      readonly forecasts: number
      readonly observed: number
      readonly expected: number
      /** Observed over expected; 1 where what was said came. */
      readonly ratio: number
      /** 95 % exact Poisson interval of the ratio. */
      readonly low: number
      readonly high: number
      /** Outside [0.5, 2] by more than chance: what is said wants scaling. */
      readonly drifted: boolean
    }
  | { readonly kind: 'too-few'; readonly forecasts: number; readonly needed: number }

/** The last so many alerts or forecasts that do not overlap (specification §6). */
export const CALIBRATION_FORECASTS = 200
/** A month of days of one asset. */
const LEAST_FORECASTS = 30
export const CALIBRATION_LIMITS = { low: 0.5, high: 2 } as const
const TAIL = 0.025
/** Nothing is impossible; a sum of nothing could not be divided by. */
const LEAST_PROBABILITY = 1e-6

/**
 * Whether events come as often as was said: observed over expected of the last 200 forecasts, with an exact interval.
 *
 * Both must hold for it to have drifted: the ratio lies outside [0.5, 2], and its interval leaves out 1. Three events where
 * 1.2 were expected are a ratio of 2.5 and no news.
 *
 * @param forecasts - oldest first, with outcomes that do not overlap in time: of overlapping ones a single event counts many times
 * @see Garwood (1936), Biometrika 28, for the interval; specification §6
 */
export function calibrationDrift(
  forecasts: readonly { readonly probability: number; readonly happened: boolean }[],
): CalibrationDrift {
  const last = forecasts.slice(-CALIBRATION_FORECASTS)
  if (last.length < LEAST_FORECASTS) return { kind: 'too-few', forecasts: last.length, needed: LEAST_FORECASTS }
  const expected = last.reduce((sum, { probability }) => sum + Math.max(LEAST_PROBABILITY, probability), 0)
  const observed = last.filter(({ happened }) => happened).length
  const interval = poissonInterval(observed)
  const ratio = observed / expected
  const [low, high] = [interval.low / expected, interval.high / expected]
  const isOutside = ratio < CALIBRATION_LIMITS.low || ratio > CALIBRATION_LIMITS.high
  return {
    kind: 'measured',
    forecasts: last.length,
    observed,
    expected,
    ratio,
    low,
    high,
    drifted: isOutside && (low > 1 || high < 1),
  }
}

/** Exact 95 % interval of a Poisson mean, given one count of it. */
export function poissonInterval(count: number): { readonly low: number; readonly high: number } {
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`Expected a count, was ${count}`)
  const most = count + 10 * Math.sqrt(count + 1) + 10
  return {
    low: count === 0 ? 0 : bisect(0, most, (mean) => 1 - poissonCdf(count - 1, mean) < TAIL),
    high: bisect(0, most, (mean) => poissonCdf(count, mean) > TAIL),
  }
}

/** Where `isBelow` turns false. */
function bisect(from: number, to: number, isBelow: (x: number) => boolean): number {
  let [low, high] = [from, to]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (isBelow(middle)) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function poissonCdf(count: number, mean: number): number {
  let term = Math.exp(-mean)
  let sum = term
  for (let k = 1; k <= count; k++) {
    term *= mean / k
    sum += term
  }
  return Math.min(1, sum)
}
