import { seedFrom } from '../../src/domain/hash.ts'
import { createRandom } from '../../src/domain/random.ts'
import type { RunPlan } from './plan.ts'

export const ASSET = 'ETH'
export const BASE_PRICE = 3000
const TICK = 0.01

export interface MarketMoment {
  readonly bestBid: number
  readonly bestAsk: number
  /** Base coins at each level. */
  readonly size: number
}

/**
 * Where the market stands so many ms after the start of a run: a path that waves by a few basis points, so that what rests at the
 * touch is filled now and then, and jumps where the plan says so. The exchange and the process under test both follow it.
 */
export function marketOf({ seed, jump }: Pick<RunPlan, 'seed' | 'jump'>): (sinceStartMs: number) => MarketMoment {
  const random = createRandom(seedFrom(`${seed}/market`))
  const waves = [
    { length: 1500 + 1500 * random(), phase: random(), height: 0.0005 },
    { length: 150 + 300 * random(), phase: random(), height: 0.0002 },
  ]
  const size = Number((0.02 + 0.2 * random() ** 2).toFixed(3))
  const half = 1 + Math.floor(5 * random())
  return (at) => {
    const share = waves.reduce(
      (sum, { length, phase, height }) => sum + height * Math.sin(2 * Math.PI * (at / length + phase)),
      jump && at >= jump.atMs && at < jump.atMs + jump.forMs ? jump.share : 0,
    )
    const mid = Math.round((BASE_PRICE * (1 + share)) / TICK)
    return { bestBid: toPrice(mid - half), bestAsk: toPrice(mid + half), size }
  }
}

const toPrice = (ticks: number): number => Number((ticks * TICK).toFixed(2))
