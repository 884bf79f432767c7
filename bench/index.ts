import type { Bench } from './bench.ts'
import firstPicture from './first-picture.ts'
import { forecastCycle2, forecastCycle50 } from './forecast-cycle.ts'
import hedgeStatus from './hedge-status.ts'
import hedgeStatusDiscord from './hedge-status-discord.ts'
import hedgeStatusTelegram from './hedge-status-telegram.ts'
import { inferences } from './inference.ts'
import { liqMapBar, liqMapMinute } from './liq-map-bar.ts'
import { liqMapLinear, liqMapMemory, liqMapRebuild } from './liq-map-rebuild.ts'
import memoryIdle from './memory-idle.ts'
import { queuePostgres, queueRedis } from './queue.ts'
import setupCold from './setup-cold.ts'
import signalToOrderPostgres from './signal-to-order-postgres.ts'
import signalToOrderRedis from './signal-to-order-redis.ts'
import simulatedMarket from './simulated-market.ts'
import startWarm from './start-warm.ts'
import tapToOrder from './tap-to-order.ts'
import { retrainMemory, trainings } from './train.ts'

/** Every benchmark, in the order in which they run and are printed: the slowest last. */
export const benches: readonly Bench[] = [
  hedgeStatus,
  hedgeStatusDiscord,
  hedgeStatusTelegram,
  firstPicture,
  forecastCycle2,
  forecastCycle50,
  ...inferences,
  queuePostgres,
  queueRedis,
  signalToOrderRedis,
  signalToOrderPostgres,
  tapToOrder,
  simulatedMarket,
  liqMapBar,
  liqMapMinute,
  liqMapRebuild,
  liqMapLinear,
  liqMapMemory,
  startWarm,
  memoryIdle,
  setupCold,
  retrainMemory,
  ...trainings,
]
