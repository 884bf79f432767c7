/**
 * ms for one forecast of one asset on six venues, from panel to calibrated answer, a bench a rung: features of an instant that
 * nobody has asked for, the model on WebAssembly one sample at a time, calibration, and its reasons where they are due. Beside it
 * the bare model on an input of the same shape, and the newest of each series looked up hour by hour in bare arrays.
 *
 * @module
 */
import { type Engine, loadEngine, loadGradients } from '../models/engine.ts'
import { FEATURE_COUNT, featureWindow, LOOKBACK_HOURS } from '../models/features.ts'
import { NETWORK_SHAPE } from '../models/fitted-network.ts'
import { createForecasterOf } from '../models/forecaster.ts'
import { rungOf } from '../models/ladder.ts'
import { RUNG_NAMES, type RungName } from '../models/rung.ts'
import { TARGETS } from '../models/targets.ts'
import { createPanel } from '../src/domain/market/panel.ts'
import { DAY, duration, later, MINUTE, timestamp } from '../src/domain/units.ts'
import { ARCHITECTURES, anyArtifact, TREES } from './any-model.ts'
import { type Bench, compare, type Measured, percentile } from './bench.ts'
import { bareForward, bareInput } from './limits/bare-network.ts'
import { bareTrees } from './limits/bare-trees.ts'
import { bareReads } from './limits/feature-reads.ts'
import { isBrief, roundsOr } from './rounds.ts'
import { createSixVenues } from './six-venues.ts'

const [WARM_UP, CYCLES] = [50, 500]
const START = timestamp(Date.UTC(2025, 0, 1))
const EVERY = duration(5 * MINUTE)
/** As the app remembers: sixty-one days, twenty of them as fine as they came. */
const [REMEMBERED, FINE] = isBrief ? [35 * DAY, DAY] : [61 * DAY, 20 * DAY]
const ASSET = 'ETH'

/** Every rung that reads something. */
export const inferences: readonly Bench[] = RUNG_NAMES.filter((rung) => rung !== 'base-rate').map((rung) => ({
  name: `inference-${rung}`,
  run: () => measure(rung),
}))

async function measure(name: RungName): Promise<Measured> {
  const engine = await loadEngine({ prefer: 'wasm' })
  if (engine.name !== 'wasm') throw new Error(`Expected the engine wasm, was ${engine.name}: ${engine.passedOver}`)
  if (ARCHITECTURES[name]) await loadGradients(engine) // its reasons are made of them
  const forecaster = await createForecasterOf(await anyArtifact(name, engine), engine)
  const rung = rungOf(name)
  const window = { hours: Math.max(1, rung.windowHours), venues: rung.readsVenues }
  const makers = [ASSET, 'BTC'].map((asset, k) => createSixVenues({ asset, seed: k + 1, every: EVERY }))
  const feeds = makers.flatMap((maker) => maker.feeds)
  const series = feeds.filter(({ asset }) => asset === ASSET).length
  const panel = createPanel()
  let at = START
  const step = (): void => {
    for (const maker of makers) for (const tick of maker.step(at)) panel.apply(tick)
  }
  for (const end = START + REMEMBERED; at < end; at = later(at, EVERY)) step()
  panel.condense(later(at, -FINE))

  const bare = bareAnswer(name, engine)
  const reads = bareReads({ series, observations: FINE / EVERY, hours: window.hours + LOOKBACK_HOURS })
  const [ours, limits, features, explaining]: [number[], number[], number[], number[]] = [[], [], [], []]
  const warmUp = isBrief ? 0 : WARM_UP
  for (let cycle = 0; cycle < warmUp + roundsOr(CYCLES); cycle++, at = later(at, EVERY)) {
    step()
    const started = performance.now()
    const answer = await forecaster.predict(panel, ASSET, at, feeds)
    const answered = performance.now()
    reads()
    bare()
    const ended = performance.now()
    // Half a minute on, so that nothing of the answer above is at hand.
    featureWindow(panel, ASSET, later(at, 30_000), feeds, window)
    const read = performance.now()
    if (answer.kind !== 'estimated') throw new Error(`Expected an estimate, was ${answer.reason}: ${answer.detail}`)
    if (cycle < warmUp) continue
    ours.push(answered - started)
    limits.push(ended - answered)
    features.push(read - ended)
    if (answer.why) explaining.push(answered - started)
  }
  const apart = {
    'features alone': percentile(features, 0.5),
    ...(explaining.length > 0 && { 'with reasons': percentile(explaining, 0.5) }),
  }
  return compare({ unit: 'ms', ours, limits, apart })
}

/** A regression is nothing beside its features. */
function bareAnswer(rung: RungName, { tf }: Engine): () => unknown {
  if (rung === 'boosted-trees') return bareTrees(TREES * TARGETS.length, FEATURE_COUNT)
  const network = ARCHITECTURES[rung]?.build(tf, NETWORK_SHAPE, 1)
  return network ? bareForward(tf, network, bareInput(tf, network, 1)) : () => undefined
}
