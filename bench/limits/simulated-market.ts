/** The unavoidable part of five simulated minutes: draw 38 normal and one uniform number, move the price and 30 positions. */
export function bareMarket(steps: number): number {
  let state = 1
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const positions = new Float64Array(4096)
  let logPrice = 0
  for (let step = 0; step < steps; step++) {
    for (let pair = 0; pair < 19; pair++) {
      const radius = Math.sqrt(-2 * Math.log(uniform() + 1e-300))
      const angle = 2 * Math.PI * uniform()
      const [one, two] = [radius * Math.cos(angle), radius * Math.sin(angle)]
      if (pair < 4) logPrice += 0.0005 * (one + two)
      else {
        positions[(one * 500 + 2048) & 4095]! += 1
        positions[(two * 500 + 2048) & 4095]! += 1
      }
    }
    if (uniform() < 0.0003) logPrice -= 0.004
  }
  return logPrice + positions[0]!
}
