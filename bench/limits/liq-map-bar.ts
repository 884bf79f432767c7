const [VENUES, BUCKETS, BINS, PUBLIC_BINS, REACH] = [6, 5, 401, 121, 60]
const books = Array.from({ length: VENUES * 2 * BUCKETS }, () => new Float64Array(BINS).fill(1))
const sums = [new Float64Array(BINS), new Float64Array(BINS)]

/** The unavoidable part of a bar: every bin of every venue decays and is summed, 50 openings each, two profiles smoothed. */
export function bareBar(): number {
  for (const sum of sums) sum.fill(0)
  for (const [i, coins] of books.entries()) {
    const sum = sums[i % 2]!
    for (let bin = 0; bin < BINS; bin++) {
      coins[bin]! *= 0.999
      sum[bin]! += coins[bin]!
    }
    for (let opened = 0; opened < 5; opened++) coins[(i * 37 + opened * 11) % BINS]! += Math.exp(-opened)
  }
  let most = 0
  for (const sum of sums) {
    for (let i = 0; i < PUBLIC_BINS; i++) {
      let smoothed = 0
      for (let j = -REACH; j <= REACH; j++) smoothed += sum[i + 140 + j]! * Math.exp(-j * j * 0.01)
      most = Math.max(most, smoothed)
    }
  }
  return most
}
