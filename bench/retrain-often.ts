/**
 * A program of its own: fits networks one after the other, as a process that trains for months does, and prints as JSON what its
 * resident memory was after each, in MB.
 *
 *     node bench/retrain-often.ts 20 full    # every network in turn
 *     node bench/retrain-often.ts 20 quick   # the quickest of them, on a few batches
 *
 * @throws {Error} when a fit leaves tensors behind
 */
import { collectHours } from '../models/dataset.ts'
import { loadEngine, loadGradients } from '../models/engine.ts'
import { createNetworkRung } from '../models/fit-network.ts'
import { samplesIn } from '../models/walk-forward.ts'
import { DAY, HOUR, later, timestamp } from '../src/domain/units.ts'
import { ARCHITECTURES } from './any-model.ts'
import { createSixVenueMarket } from './six-venues.ts'

/** A month and three days of history stand before the first hour that can be asked about. */
const [TRAIN_DAYS, DAYS] = [60, 75]
const FROM = timestamp(Date.UTC(2022, 0, 1))
/** A few batches of full size: what a fit holds does not depend on how many there are. */
const PLANS = {
  full: { maxEpochs: 2, samplesPerEpoch: 512, startSamples: 200, calibrationSamples: 200 },
  quick: { maxEpochs: 1, samplesPerEpoch: 64, startSamples: 60, calibrationSamples: 60 },
}

const [count, size] = [Number(process.argv[2]), process.argv[3] as keyof typeof PLANS]
const engine = await loadEngine({ prefer: 'wasm' })
await loadGradients(engine)
const to = later(FROM, DAYS * DAY)
const market = createSixVenueMarket({ assets: ['ETH'], from: FROM, to, every: HOUR })
const hours = await collectHours(market, { phases: [0] })
const train = samplesIn(hours, { from: FROM, to: FROM + TRAIN_DAYS * DAY }, { everyHours: 4 })
const calibration = samplesIn(hours, { from: FROM + TRAIN_DAYS * DAY, to }, { everyHours: 1 })
const architectures = size === 'full' ? Object.values(ARCHITECTURES) : [ARCHITECTURES.tcn!]

const residentMb: number[] = []
const { tf } = engine
for (let fit = 0; fit < count; fit++) {
  const tensors = tf.memory().numTensors
  const rung = createNetworkRung(architectures[fit % architectures.length]!, { plan: PLANS[size] })
  const model = await rung.fit({ train, calibration, seed: fit, effort: 'quick', engine })
  model.dispose()
  const left = tf.memory().numTensors - tensors
  if (left !== 0) throw new Error(`Expected no tensors of a ${rung.name} that was disposed of, were ${left}`)
  residentMb.push(process.memoryUsage.rss() / 1e6)
}
process.stdout.write(JSON.stringify(residentMb))
