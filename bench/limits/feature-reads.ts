/**
 * The unavoidable part of features: of every series the newest of its observations at each of so many hourly instants, found in
 * bare sorted arrays and added up.
 */
export function bareReads(of: { readonly series: number; readonly observations: number; readonly hours: number }) {
  const { series, observations, hours } = of
  const times = Float64Array.from({ length: observations }, (_, j) => j)
  const values = Array.from({ length: series }, () => new Float64Array(observations).fill(1.5))
  const step = observations / (hours + 1)
  return (): number => {
    let sum = 0
    for (const value of values) {
      for (let hour = 1; hour <= hours; hour++) {
        let [low, high] = [0, observations]
        while (low < high) {
          const middle = (low + high) >> 1
          if (times[middle]! <= hour * step) low = middle + 1
          else high = middle
        }
        sum += value[low - 1]!
      }
    }
    return sum
  }
}
