/**
 * Five-minute bars per second of the synthetic market as the product reads it (two assets, all ticks), beside a loop that
 * only draws the same random numbers and moves a price.
 *
 * @module
 */
import { DAY, later, timestamp } from '../src/domain/units.ts'
import { createSimulatedMarket } from '../src/venues/simulated/market.ts'
import { bareMarket } from './limits/simulated-market.ts'

const ROUNDS = 60
const DAYS = 2
const ASSETS = ['ETH', 'BTC']
const BARS = DAYS * 288 * ASSETS.length
const FROM = timestamp(Date.UTC(2026, 0, 5))

interface Figures {
  readonly unit: 'bars/s'
  readonly p50: number
  /** The slowest round in a hundred. */
  readonly p99: number
  /** Rounds of two days each. */
  readonly n: number
  /** The bare loop's p50 in the same run. */
  readonly limit: number
  /** Limit over p50: how many times slower than the bare loop. */
  readonly ratio: number
}

export default {
  name: 'simulated-market',
  unit: 'bars/s',
  async run(): Promise<Figures> {
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
    const [p50, limit] = [percentile(speeds, 0.5), percentile(limits, 0.5)]
    return { unit: 'bars/s', p50, p99: percentile(speeds, 0.01), n: ROUNDS, limit, ratio: limit / p50 }
  },
}

async function readDays(steps: AsyncIterator<unknown>): Promise<void> {
  for (let step = 0; step < DAYS * 288; step++) await steps.next()
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))]!
