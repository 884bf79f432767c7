/**
 * Seeded uniform numbers in [0, 1): the same seed gives the same sequence on every machine.
 *
 * @param seed - any finite number; only its lowest 32 bits count
 * @throws {RangeError} when the seed is not finite
 * @see mulberry32 by Tommy Ettinger (2017): 32 bits of state, period 2³²
 */
export function createRandom(seed: number): () => number {
  if (!Number.isFinite(seed)) throw new RangeError(`Expected a finite seed, was ${seed}`)
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** One standard normal number (mean 0, sd 1); takes two uniform ones. For many, `createGaussian` takes half as many. */
export function gaussian(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(random() + TINY))
  return radius * Math.cos(2 * Math.PI * random())
}

/** A source of standard normal numbers (Box–Muller, both of each pair used), drawing from `random`. */
export function createGaussian(random: () => number): () => number {
  let spare = 0
  let hasSpare = false
  return () => {
    if (hasSpare) {
      hasSpare = false
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(random() + TINY))
    const angle = 2 * Math.PI * random()
    spare = radius * Math.sin(angle)
    hasSpare = true
    return radius * Math.cos(angle)
  }
}

const TINY = 1e-300 // keeps log(0) finite
