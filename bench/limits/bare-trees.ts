const [DEPTH, NODES, BINS] = [3, 15, 64]

/** So many whole trees of depth 3 asked for one row, in bare arrays. */
export function bareTrees(count: number, width: number): () => number {
  const feature = Int32Array.from({ length: count * NODES }, (_, at) => (at * 7919) % width)
  const threshold = Float32Array.from(feature, (f) => Math.sin(f))
  const row = Float32Array.from({ length: width }, (_, f) => Math.sin(5 * f))
  return () => {
    let score = 0
    for (let first = 0; first < feature.length; first += NODES) {
      let node = 0
      for (let level = 0; level < DEPTH; level++) {
        node = 2 * node + (row[feature[first + node]!]! <= threshold[first + node]! ? 1 : 2)
      }
      score += threshold[first + node]!
    }
    return score
  }
}

/** What one tree cannot do without while it grows: each sample's residual added to a bin of each feature, once a level. */
export function bareGrowth(codes: Uint8Array, samples: number, sums = new Float64Array(BINS)): number {
  for (let level = 0; level < DEPTH; level++) {
    for (let at = 0; at < codes.length; at++) sums[codes[at]! % BINS]! += at % samples
  }
  return sums[0]!
}
