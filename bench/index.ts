import type { Bench } from './bench.ts'
import { queuePostgres, queueRedis } from './queue.ts'
import simulatedMarket from './simulated-market.ts'

/** Every benchmark, in the order in which they are printed. */
export const benches: readonly Bench[] = [queuePostgres, queueRedis, simulatedMarket]
