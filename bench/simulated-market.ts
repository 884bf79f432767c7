/**
 * Five-minute bars per second of the synthetic market as the product reads it (two assets, all ticks), beside a loop that
 * only draws the same random numbers and moves a price.
 *
 * @module
 */
import { DAY, later, timestamp } from '../src/domain/units.ts'
import { createSimulatedMarket } from '../src/venues/simulated/market.ts'
import { type Bench, compare } from './bench.ts'
import { bareMarket } from './limits/simulated-market.ts'

const ROUNDS = 60
const DAYS = 2
const ASSETS = ['ETH', 'BTC']
const BARS = DAYS * 288 * ASSETS.length
const FROM = timestamp(Date.UTC(2026, 0, 5))

const simulatedMarket: Bench = {
  name: 'simulated-market',
  async run() {
    const market = createSimulatedMarket({ seed: 1, assets: ASSETS, from: FROM, warmupDays: 0 })
    const steps = market.steps({ after: later(FROM, DAY) })[Symbol.asyncIterator]()
    const [speeds, limits]: [number[], number[]] = [[], []]
    await readDays(steps)
    bareMarket(BARS)
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now()
      await readDays(steps)
      const between = performance.now()
      bareMarket(BARS)
      limits.push((BARS * 1000) / (performance.now() - between))
      speeds.push((BARS * 1000) / (between - started))
    }
    await market.close()
    return compare({ unit: 'bars/s', ours: speeds, limits, better: 'more' })
  },
}
export default simulatedMarket

async function readDays(steps: AsyncIterator<unknown>): Promise<void> {
  for (let step = 0; step < DAYS * 288; step++) await steps.next()
}
