export interface Placeable {
  /** Where its middle would best stand, px. */
  readonly wanted: number
  readonly height: number
}

/**
 * Moves labels of one column apart so that none overlap and all stay between `top` and `bottom`, each as near as can be (least
 * squares) to where it would best stand, in the order given, which must be the order of `wanted`.
 *
 * @returns the middle of each; where they cannot all fit, they run past `bottom`
 */
export function placeLabels(
  labels: readonly Placeable[],
  { top, bottom }: { readonly top: number; readonly bottom: number },
): readonly number[] {
  // With the heights of those above taken off, "no overlap" says "not decreasing", and pooling neighbours solves it.
  const offsets: number[] = []
  let above = 0
  for (const { height } of labels) {
    offsets.push(above + height / 2)
    above += height
  }
  const pools: { sum: number; count: number }[] = []
  for (const [i, { wanted }] of labels.entries()) {
    let pool = { sum: wanted - offsets[i]!, count: 1 }
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pool = { sum: pool.sum + last.sum, count: pool.count + last.count }
      pools.pop()
    }
    pools.push(pool)
  }
  const highest = Math.max(top, bottom - above)
  return pools
    .flatMap(({ sum, count }) => new Array<number>(count).fill(Math.min(highest, Math.max(top, sum / count))))
    .map((start, i) => start + offsets[i]!)
}
