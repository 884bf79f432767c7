import type { Tick } from '../../domain/market/tick.ts'
import { createGaussian, createRandom } from '../../domain/random.ts'
import { DAY, later, type TimestampMs, timestamp } from '../../domain/units.ts'
import type { PresetName } from './presets.ts'
import { createPublisher, STEP } from './publication.ts'
import { createWorld, type WorldTruth } from './world.ts'

const ASSET = 'ETH'

export interface TruthfulStep {
  readonly at: TimestampMs
  readonly ticks: readonly Tick[]
  /** What nobody on the market can see. */
  readonly truth: () => WorldTruth
}

/** A year of hourly public data of one simulated asset together with the truth behind it: what estimators are judged on. */
export function* truthfulYear(
  seed: number,
  { preset = 'default', days = 365 }: { preset?: PresetName; days?: number } = {},
): Generator<TruthfulStep> {
  const start = timestamp(Date.UTC(2024, 0, 1))
  const world = createWorld({ seed, preset, asset: ASSET, startPrice: 3_000, openInterestUsd: 8e9 })
  // A window that opens after the end: everything is published at the hourly cadence of history.
  const publish = createPublisher({
    asset: ASSET,
    from: later(start, (days + 1) * DAY),
    normal: createGaussian(createRandom(seed)),
  })
  for (let at = later(start, STEP); at <= start + days * DAY; at = later(at, STEP)) {
    yield { at, ticks: publish(world.step(), at), truth: () => world.truth() }
  }
}
