/**
 * What a chain of options says of the days ahead: how volatility is priced by tenor, and on which side it is dearer.
 *
 * @module
 * @see specification §3 (options)
 */
import { normalCdf } from '../calibration.ts'
import { DAY, elapsed, type Price, type TimestampMs } from '../units.ts'

/** One option as the venue marks it. */
export interface OptionMark {
  readonly side: 'call' | 'put'
  readonly strikePrice: Price
  readonly expiresAt: TimestampMs
  /** Of what it is settled on, at its expiry. */
  readonly forwardPrice: Price
  /** Fraction a year. */
  readonly impliedVolatility: number
}

/** At a fixed tenor, between the expiries before and after it; all fractions a year. */
export interface TenorVolatility {
  /** At the forward. */
  readonly atTheMoney: number
  /** Of the call less that of the put whose delta is a quarter; below zero = protection against falls is the dearer. */
  readonly skew: number
}

/** On its last day an option's volatility says how the venue rounds its price. */
const NEAREST = DAY
const [CALL_WING, PUT_WING] = [0.25, 0.75] // deltas of the call at either strike
const YEAR = 365 * DAY

/**
 * Volatility at a tenor. The smile of each expiry is made of the options out of the money and read between neighbouring strikes;
 * from one expiry to the next total variance grows in a straight line with time.
 *
 * @param tenor - days
 * @returns undefined where no expiry with both wings lies at or before the tenor, or none at or after it: nothing is extrapolated
 */
export function volatilityAt(
  marks: readonly OptionMark[],
  { tenor, at }: { tenor: number; at: TimestampMs },
): TenorVolatility | undefined {
  const smiles = [...Map.groupBy(marks, ({ expiresAt }) => expiresAt)]
    .filter(([expiresAt]) => elapsed(at, expiresAt) >= NEAREST)
    .toSorted(([one], [other]) => one - other)
    .flatMap(([expiresAt, ofExpiry]) => smileOf(ofExpiry, elapsed(at, expiresAt)) ?? [])
  const wanted = tenor * DAY
  const before = smiles.findLast(({ left }) => left <= wanted)
  const after = smiles.find(({ left }) => left >= wanted)
  if (!before || !after) return undefined
  const atTenor = (read: (smile: Smile) => number): number => {
    const [first, last] = [before, after].map((smile) => read(smile) ** 2 * smile.left) as [number, number]
    const share = after.left === before.left ? 0 : (wanted - before.left) / (after.left - before.left)
    return Math.sqrt((first + share * (last - first)) / wanted)
  }
  return {
    atTheMoney: atTenor(({ atTheMoney }) => atTheMoney),
    skew: atTenor(({ call }) => call) - atTenor(({ put }) => put),
  }
}

interface Smile {
  /** Milliseconds. */
  readonly left: number
  readonly atTheMoney: number
  readonly call: number
  readonly put: number
}

function smileOf(marks: readonly OptionMark[], left: number): Smile | undefined {
  const points = marks
    .filter(
      ({ side, strikePrice, forwardPrice, impliedVolatility }) =>
        impliedVolatility > 0 && (side === 'call') === strikePrice >= forwardPrice,
    )
    .toSorted((one, other) => one.strikePrice - other.strikePrice)
    .map((mark) => ({
      volatility: mark.impliedVolatility,
      moneyness: Math.log(mark.strikePrice / mark.forwardPrice),
      delta: callDelta(mark, left),
    }))
  const atTheMoney = onLine(
    points.map(({ moneyness, volatility }) => [moneyness, volatility]),
    0,
  )
  const byDelta = points.map(({ delta, volatility }) => [-delta, volatility] as const)
  const [call, put] = [onLine(byDelta, -CALL_WING), onLine(byDelta, -PUT_WING)]
  return atTheMoney === undefined || call === undefined || put === undefined
    ? undefined
    : { left, atTheMoney, call, put }
}

/**
 * Delta of the call at an option's strike, N(d₁) of Black (1976): of the put it is one less.
 *
 * @param left - milliseconds to its expiry
 */
export function callDelta(
  { strikePrice, forwardPrice, impliedVolatility }: Omit<OptionMark, 'side' | 'expiresAt'>,
  left: number,
): number {
  const spread = impliedVolatility * Math.sqrt(left / YEAR)
  return normalCdf(Math.log(forwardPrice / strikePrice) / spread + spread / 2)
}

/** On the straight line between the neighbours of `x`; undefined beyond the first and the last. */
function onLine(points: readonly (readonly [x: number, y: number])[], x: number): number | undefined {
  const k = points.findIndex(([at]) => at >= x)
  const after = points[k]
  if (!after) return undefined
  if (after[0] === x) return after[1]
  const before = points[k - 1]
  return before && before[1] + ((x - before[0]) / (after[0] - before[0])) * (after[1] - before[1])
}
