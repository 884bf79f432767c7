/**
 * Whether the ladder learns what can be learned and nothing else: fitted on some simulated markets, judged on others.
 *
 * @module
 * @see specification §7.1 (worlds), §7.5 T4–T6
 */
import { collectHours } from '../../models/dataset.ts'
import type { Engine } from '../../models/engine.ts'
import { evaluateLadder } from '../../models/evaluate-ladder.ts'
import { judgeLadder } from '../../models/evaluation/judge-ladder.ts'
import type { LadderReport } from '../../models/evaluation/ladder-report.ts'
import { poolHeldOut } from '../../models/evaluation/pool.ts'
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import type { HeldOut } from '../../models/held-out.ts'
import type { FitTask, Rung, RungName } from '../../models/rung.ts'
import type { AssetHours } from '../../models/samples.ts'
import { PRICE_ONLY, targetOf } from '../../models/targets.ts'
import { DAY, HOUR, type TimestampMs, timestamp } from '../domain/units.ts'
import type { MarketSource } from '../ports.ts'

/** `null`: liquidations cannot move the price. `placebo`: price of one market, everything else of another. */
export type LadderWorld = 'strong' | 'null' | 'placebo'

export interface LadderProofOptions {
  /** Fixed in advance, and none of them among the others. */
  readonly seeds: {
    readonly train: readonly number[]
    readonly calibration: readonly number[]
    readonly test: readonly number[]
  }
  /** A market of hourly history with one asset, the same for the same seed, over the days asked for. */
  readonly open: (seed: number, world: 'planted' | 'null', from: TimestampMs, days: number) => MarketSource
  /** Of each seed. */
  readonly days: number
  readonly rungs: readonly Rung[]
  readonly everyHours: number
  readonly effort: FitTask['effort']
  readonly engine: Engine
  readonly workFolder?: string
  readonly onProgress?: (text: string) => void
}

export interface LadderProof {
  readonly world: LadderWorld
  readonly report: LadderReport
  readonly heldOut: readonly HeldOut[]
}

/** The other market of a placebo, far from any seed that is asked for. */
const OTHER = 100_000
const FROM = Date.UTC(2000, 0, 1)
/** A year of quiet between markets, so that no window looks from one into another. */
const PAUSE_DAYS = 100

/**
 * Every seed is a market of its own time: those to train on first, then those to calibrate on, then those to be judged on, so
 * that one fold does it, and no week of two markets is drawn as one.
 */
export async function proveLadder(world: LadderWorld, options: LadderProofOptions): Promise<LadderProof> {
  const { seeds, days, onProgress } = options
  const all = [...seeds.train, ...seeds.calibration, ...seeds.test]
  const slot = (k: number): number => FROM + k * (days + PAUSE_DAYS) * DAY
  const assets: AssetHours[] = []
  for (const [k, seed] of all.entries()) {
    onProgress?.(`${world} world, reading seed ${seed}`)
    assets.push(await hoursOf(world, seed, timestamp(slot(k)), options))
  }
  const [calibrationAt, testAt] = [seeds.train.length, seeds.train.length + seeds.calibration.length]
  const fold = {
    index: 0,
    train: { from: FROM, to: slot(calibrationAt) },
    calibration: { from: slot(calibrationAt), to: slot(testAt) },
    test: { from: slot(testAt), to: slot(all.length) },
  }
  const heldOut = await evaluateLadder({
    ...options,
    assets,
    folds: [fold],
    seed: 1,
    onProgress: (_, text) => onProgress?.(`${world} world, ${text}`),
  })
  const report = judgeLadder(poolHeldOut(heldOut), { seed: 1, targets: PRICE_ONLY.map(targetOf) })
  return { world, report, heldOut }
}

/** Whichever of them lost least on the calibration seeds, over all price-only targets. */
export function chosenNetwork(heldOut: readonly HeldOut[], networks: readonly RungName[]): RungName {
  const losses = heldOut
    .filter(({ rung }) => networks.includes(rung))
    .map(({ rung, calibrationLoss }) => ({
      rung,
      loss: PRICE_ONLY.reduce((sum, key) => sum + (calibrationLoss?.[key] ?? Number.POSITIVE_INFINITY), 0),
    }))
    .sort((a, b) => a.loss - b.loss)
  if (!losses[0]) throw new RangeError(`Expected held-out answers of ${networks.join(', ')}, were none`)
  return losses[0].rung
}

async function hoursOf(
  world: LadderWorld,
  seed: number,
  from: TimestampMs,
  { open, days }: LadderProofOptions,
): Promise<AssetHours> {
  const read = async (of: number): Promise<AssetHours> => {
    const source = open(of, world === 'null' ? 'null' : 'planted', from, days)
    const [hours] = await collectHours(source, { phases: [0] })
    await source.close()
    return hours!
  }
  const own = await read(seed)
  return world === 'placebo' ? withOthers(own, await read(seed + OTHER)) : own
}

/** Features that price and time alone make, and all labels, of one market; every other feature, and the venues, of another. */
export function withOthers(own: AssetHours, other: AssetHours): AssetHours {
  const shift = Math.round((other.instants[0]! - own.instants[0]!) / HOUR)
  if (shift !== 0 || other.instants.length !== own.instants.length) {
    throw new RangeError(
      `Expected two markets of the same hours, were ${own.instants.length} and ${other.instants.length}, ${shift} h apart`,
    )
  }
  const taken = FEATURES.map(({ feeds }) => feeds.some((feed) => feed !== 'bar'))
  const pick = <T extends Float32Array | Uint8Array>(mine: T, theirs: T): T =>
    mine.map((value, at) => (taken[at % FEATURE_COUNT] ? theirs[at]! : value)) as T
  return { ...own, values: pick(own.values, other.values), mask: pick(own.mask, other.mask), venues: other.venues }
}
