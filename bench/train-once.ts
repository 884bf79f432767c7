/**
 * A program of its own: fits one rung as a training run does, and prints what it took as JSON.
 *
 *     node bench/train-once.ts tcn full    # two years of two assets, decisions every four hours, six venues, half a year to stop on
 *     node bench/train-once.ts tcn quick   # a few months and a few batches: to see that it runs
 */
import { collectHours } from '../models/dataset.ts'
import { type Engine, loadEngine, loadGradients } from '../models/engine.ts'
import { FEATURE_COUNT } from '../models/features.ts'
import { FIT_PLANS } from '../models/fit-network.ts'
import { NETWORK_SHAPE } from '../models/fitted-network.ts'
import { rungOf } from '../models/ladder.ts'
import type { FitTask, RungName, StoredModel } from '../models/rung.ts'
import type { Sample } from '../models/samples.ts'
import { segmentsOf } from '../models/walk-forward.ts'
import { DAY, HOUR, later, timestamp } from '../src/domain/units.ts'
import { ARCHITECTURES } from './any-model.ts'
import { percentile } from './bench.ts'
import { bareInput, bareStep } from './limits/bare-network.ts'
import { bareGrowth } from './limits/bare-trees.ts'
import { createSixVenueMarket } from './six-venues.ts'

/** What one fit took; of the process at its end. */
export interface FitMeasured {
  readonly seconds: number
  /** Of the bare steps that the fit cannot do without, as many as it did. */
  readonly limitSeconds: number
  readonly rssMb: number
  readonly peakMb: number
  readonly samples: number
  /** Passes over them, or trees. */
  readonly rounds: number
}

/** A month and three days of history stand before the first hour that can be asked about. */
const DAYS = { full: { history: 34, train: 730, held: 183 }, quick: { history: 34, train: 60, held: 20 } } as const
const ASSETS = ['ETH', 'BTC']
const EVERY_HOURS = 4
const FROM = timestamp(Date.UTC(2022, 0, 1))
const STEPS = 7

const [rung, effort] = process.argv.slice(2) as [RungName, FitTask['effort']]
const engine = await loadEngine({ prefer: 'wasm' })
await loadGradients(engine)
const { train, calibration } = await readSamples(effort)
const started = performance.now()
const model = await rungOf(rung).fit({ train, calibration, seed: 1, effort, engine })
const seconds = (performance.now() - started) / 1000
const rssMb = process.memoryUsage.rss() / 1e6
const stored = model.store()
const measured: FitMeasured = {
  seconds,
  limitSeconds: bareSeconds(stored, train, engine),
  rssMb,
  peakMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
  samples: train.length,
  rounds: roundsOf(stored),
}
process.stdout.write(JSON.stringify(measured))

async function readSamples(size: keyof typeof DAYS): Promise<Record<'train' | 'calibration', readonly Sample[]>> {
  const days = DAYS[size]
  const [trainFrom, heldFrom] = [FROM + days.history * DAY, FROM + (days.history + days.train) * DAY]
  const to = later(timestamp(heldFrom), days.held * DAY)
  const market = createSixVenueMarket({ assets: ASSETS, from: FROM, to, every: HOUR })
  const hours = await collectHours(market, { phases: [0] })
  const fold = {
    index: 0,
    train: { from: trainFrom, to: heldFrom },
    calibration: { from: heldFrom, to },
    test: { from: to, to },
  }
  return segmentsOf(hours, fold, { everyHours: EVERY_HOURS })
}

function roundsOf({ settings, arrays }: StoredModel): number {
  const fit = settings.fit as { readonly epochs: number } | undefined
  return fit ? fit.epochs : Object.values(arrays).reduce((trees, { shape }) => trees + shape[0]!, 0)
}

/** The bare gradients of every batch; of trees every sample's residual added up, feature by feature and level by level. */
function bareSeconds(stored: StoredModel, { length }: readonly Sample[], { tf }: Engine): number {
  const rounds = roundsOf(stored)
  const architecture = ARCHITECTURES[stored.rung]
  if (!architecture) {
    const codes = new Uint8Array(length * FEATURE_COUNT)
    return rounds * middleSeconds(() => bareGrowth(codes, length))
  }
  const { batchSize, samplesPerEpoch } = FIT_PLANS[effort]
  const network = architecture.build(tf, NETWORK_SHAPE, 1)
  const input = bareInput(tf, network, batchSize)
  const batches = Math.ceil(Math.min(length, samplesPerEpoch) / batchSize)
  return rounds * batches * middleSeconds(() => bareStep(tf, network, input))
}

function middleSeconds(work: () => unknown): number {
  work()
  const took = Array.from({ length: STEPS }, () => {
    const from = performance.now()
    work()
    return (performance.now() - from) / 1000
  })
  return percentile(took, 0.5)
}
