const RESUM_EVERY = 10_000 // pushes: takes out the rounding dust of adding and subtracting

/** Mean and standard deviation of the last `capacity` numbers pushed, in constant time. */
export function createRolling(capacity: number) {
  const values = new Float64Array(capacity)
  let [pushed, sum, squares] = [0, 0, 0]
  const count = (): number => Math.min(pushed, capacity)
  const mean = (): number => (pushed > 0 ? sum / count() : 0)
  return {
    count,
    mean,
    deviation: (): number => (pushed > 0 ? Math.sqrt(Math.max(0, squares / count() - mean() ** 2)) : 0),
    push(value: number): void {
      const slot = pushed % capacity
      const dropped = pushed >= capacity ? values[slot]! : 0
      values[slot] = value
      pushed++
      sum += value - dropped
      squares += value * value - dropped * dropped
      if (pushed % RESUM_EVERY !== 0) return
      sum = squares = 0
      for (let i = 0; i < count(); i++) {
        sum += values[i]!
        squares += values[i]! ** 2
      }
    },
  }
}
