const [BUCKETS, BINS, KEPT_HOURS] = [5, 401, 61 * 24]

interface Hour {
  readonly ticks: readonly { readonly type: string; readonly closePrice?: number; readonly openInterest?: number }[]
}

/** The unavoidable part: each bar and reading kept as numbers for 61 days, each venue's buckets decayed, swept and opened. */
export function bareRebuild(record: Iterable<Hour>): unknown {
  const kept = new Float64Array(KEPT_HOURS * 32)
  const books = Array.from({ length: 6 * 2 * BUCKETS }, () => new Float64Array(2 * BINS))
  let [hour, next, level] = [0, 0, 0]
  for (const { ticks } of record) {
    for (const { closePrice, openInterest } of ticks) {
      kept[next++ % kept.length] = closePrice ?? openInterest ?? 0
      if (closePrice !== undefined) level = Math.round(Math.log(closePrice) / 0.0025)
    }
    hour++
    for (const [i, coins] of books.entries()) {
      const decay = Math.exp(-hour / (10 + i))
      coins.fill(0, 0, Math.abs(level) % BINS)
      for (let point = 0; point < 5; point++) coins[(level + i * 7 + point) % BINS]! += decay
    }
  }
  return [kept, books]
}
