/** A local maximum of a profile; positions are indices into it. */
export interface Peak {
  readonly at: number
  readonly height: number
  /** Height above the higher of the two valleys that separate it from anything higher. */
  readonly prominence: number
}

const MERGE_ABOVE = 0.8
const EDGE_OF_EXTENT = 0.5

/** Gaussian smoothing that keeps the sum (but for what leaves at the ends); `width` is the standard deviation in bins. */
export function smooth(values: ArrayLike<number>, width: number): Float64Array {
  const reach = Math.ceil(4 * width)
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / width) ** 2))
  const sum = kernel.reduce((total, weight) => total + weight, 0)
  const out = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue
    const [from, to] = [Math.max(0, i - reach), Math.min(values.length - 1, i + reach)]
    for (let j = from; j <= to; j++) out[j]! += (values[i]! * kernel[j - i + reach]!) / sum
  }
  return out
}

/**
 * The peaks of a profile, in order of position: two whose valley is above 80 % of the smaller are one.
 *
 * @see specification §1.5
 */
export function findPeaks(profile: Float64Array): readonly Peak[] {
  const tops: number[] = []
  for (let i = 0; i < profile.length; i++) {
    if (profile[i]! > (profile[i - 1] ?? 0) && profile[i]! >= (profile[i + 1] ?? 0)) tops.push(i)
  }
  for (;;) {
    let best = -1
    let highest = MERGE_ABOVE
    for (let i = 0; i + 1 < tops.length; i++) {
      const [left, right] = [tops[i]!, tops[i + 1]!]
      const ratio = lowest(profile, left, right) / Math.min(profile[left]!, profile[right]!)
      if (ratio > highest) [best, highest] = [i, ratio]
    }
    if (best < 0) break
    tops.splice(profile[tops[best]!]! >= profile[tops[best + 1]!]! ? best + 1 : best, 1)
  }
  return tops.map((at) => ({ at, height: profile[at]!, prominence: prominenceOf(profile, at) }))
}

/** From where to where a peak reaches: to half its height, and not past the valley to a neighbour. */
export function extentOfPeak(
  profile: Float64Array,
  at: number,
  neighbours: readonly number[],
): { low: number; high: number } {
  const floor = EDGE_OF_EXTENT * profile[at]!
  const below = Math.max(-1, ...neighbours.filter((other) => other < at))
  const above = Math.min(profile.length, ...neighbours.filter((other) => other > at))
  const bottom = below < 0 ? 0 : valleyBetween(profile, below, at)
  const top = above >= profile.length ? profile.length - 1 : valleyBetween(profile, at, above)
  let [low, high] = [at, at]
  while (low > bottom && profile[low - 1]! >= floor) low--
  while (high < top && profile[high + 1]! >= floor) high++
  return { low, high }
}

function prominenceOf(profile: Float64Array, at: number): number {
  const height = profile[at]!
  const saddle = (step: -1 | 1): number => {
    let least = height
    for (let i = at + step; i >= 0 && i < profile.length; i += step) {
      if (profile[i]! > height) return least
      least = Math.min(least, profile[i]!)
    }
    return 0 // past the end of the profile there is nothing
  }
  return height - Math.max(saddle(-1), saddle(1))
}

function valleyBetween(profile: Float64Array, left: number, right: number): number {
  let at = left
  for (let i = left; i <= right; i++) if (profile[i]! < profile[at]!) at = i
  return at
}

const lowest = (profile: Float64Array, left: number, right: number): number =>
  profile[valleyBetween(profile, left, right)]!
