/**
 * ms for one forecast of one asset, from panel to calibrated answer, beside the bare library predicting a window of the same
 * shape.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { NETWORK_INPUTS } from '../models/batches.ts'
import { loadEngine } from '../models/engine.ts'
import { WINDOW_HOURS } from '../models/features.ts'
import { createForecaster } from '../models/forecaster.ts'
import { TCN_SHAPE } from '../models/tcn/fit.ts'
import { createPanel } from '../src/domain/market/panel.ts'
import { DAY, later, MINUTE, timestamp } from '../src/domain/units.ts'
import { createSimulatedMarket } from '../src/venues/simulated/market.ts'
import { type Bench, compare, type Measured, type Skipped } from './bench.ts'
import { barePredict } from './limits/tfjs-predict.ts'

const WARM_UP = 50
const CYCLES = 300
const ARTIFACTS = fileURLToPath(new URL('../models/artifacts/simulated', import.meta.url))

async function run(): Promise<Measured | Skipped> {
  const from = timestamp(Date.UTC(2024, 0, 1))
  const to = later(from, 5 * DAY)
  const source = createSimulatedMarket({ seed: 1, assets: ['ETH'], from, to, warmupDays: 10 })
  const panel = createPanel()
  for await (const step of source.steps()) for (const tick of step.ticks) panel.apply(tick)

  const engine = await loadEngine()
  const forecaster = await createForecaster({ artifactFolder: ARTIFACTS, engine })
  if (!forecaster.model) return { skipped: 'there is no model to run: npm run train' }
  const bare = await barePredict(engine, {
    hours: WINDOW_HOURS,
    inputs: NETWORK_INPUTS,
    channels: TCN_SHAPE.channels,
  })
  const ours: number[] = []
  const limits: number[] = []
  for (let cycle = 0; cycle < WARM_UP + CYCLES; cycle++) {
    // A new instant each time: nothing may be answered from memory.
    const at = later(from, 2 * DAY + cycle * 5 * MINUTE)
    const [took, answer] = await timed(() => forecaster.predict(panel, 'ETH', at, source.feeds))
    if (answer.kind !== 'estimated') throw new Error(`Expected an estimate, was ${answer.reason}: ${answer.detail}`)
    const [bareTook] = await timed(bare)
    if (cycle < WARM_UP) continue
    ours.push(took)
    limits.push(bareTook)
  }
  return compare({ unit: 'ms', ours, limits })
}

async function timed<T>(work: () => T | Promise<T>): Promise<[number, T]> {
  const start = performance.now()
  const result = await work()
  return [performance.now() - start, result]
}

export default { name: 'forecast-predict', run } satisfies Bench
