/**
 * Whether the ladder learns what can be learned and nothing else: fitted on some simulated markets, judged on others.
 *
 * @module
 * @see specification §7.1 (worlds), §7.5 T4–T6
 */
import type { Engine } from '../../models/engine.ts'
import { evaluateLadder } from '../../models/evaluate-ladder.ts'
import { judgeLadder } from '../../models/evaluation/judge-ladder.ts'
import { pooledCell } from '../../models/evaluation/ladder-report.ts'
import { poolHeldOut } from '../../models/evaluation/pool.ts'
import { pooledSkill } from '../../models/evaluation/pooled-skill.ts'
import type { Intervals } from '../../models/evaluation/resampling.ts'
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import type { Interval } from '../../models/gate.ts'
import type { HeldOut } from '../../models/held-out.ts'
import { withoutFeatures } from '../../models/history.ts'
import type { Rung, RungName } from '../../models/rung.ts'
import type { AssetHours } from '../../models/samples.ts'
import { type EventKey, PRICE_ONLY, targetOf } from '../../models/targets.ts'
import { volatilityOnlyRung } from '../../models/volatility-only/rung.ts'
import { DAY, HOUR, type TimestampMs, timestamp } from '../domain/units.ts'

/** `null`: liquidations cannot move the price. `placebo`: price of one market, everything else of another. */
export type LadderWorld = 'strong' | 'null' | 'placebo'

export interface LadderProofOptions {
  /** Fixed in advance, and none of them among the others. */
  readonly seeds: LadderSeeds
  /** Hours of a market with one asset, the same for the same seed, over so many days from an instant on. */
  readonly read: (seed: number, world: 'planted' | 'null', from: TimestampMs, days: number) => Promise<AssetHours>
  /** Of each seed. */
  readonly days: number
  readonly rungs: readonly Rung[]
  /** Those of the rungs among which one is chosen, and fitted again on parts of what it reads; default none. */
  readonly networks?: readonly RungName[]
  readonly everyHours: number
  readonly engine: Engine
  /** Where finished rungs, and the last epoch of an unfinished one, are kept. */
  readonly workFolder?: string
  readonly onProgress?: (text: string) => void
}

export interface LadderSeeds {
  readonly train: readonly number[]
  readonly calibration: readonly number[]
  readonly test: readonly number[]
}

export interface LadderProof {
  readonly world: LadderWorld
  /** Decisions that were judged, over all seeds. */
  readonly samples: number
  readonly targets: readonly ProofTarget[]
  readonly rows: readonly ProofRow[]
  readonly chosen?: RungName
  readonly parts?: NetworkParts
}

/** The chosen network, fitted again on the same markets with part of what it reads hidden. */
export interface NetworkParts {
  /** With everything, over itself by price and book alone: what positions told it. */
  readonly overBare: Judged
  /** By price and book alone, over volatility alone: what days of price tell that two figures do not. */
  readonly bare: Judged
  /** By positions, with no more of price than volatility alone reads, over volatility alone. */
  readonly positions: Judged
}

export type Judged = Pick<ProofRow, 'skill' | 'targets'>

export interface ProofTarget {
  readonly key: EventKey
  readonly base: number
  readonly episodes: number
}

export interface ProofRow {
  readonly rung: RungName
  /** Log losses on the calibration seeds, added up over the price-only targets. */
  readonly calibrationLoss: number
  /** How much less it errs than volatility alone, over all price-only targets and seeds at once. */
  readonly skill?: Gain
  readonly targets: readonly { readonly key: EventKey; readonly lift: number; readonly gain?: Gain }[]
}

/** Over volatility alone, or what stands in its place, paired on the same decisions; interval of 95 % by week-long blocks over all seeds. */
export interface Gain {
  readonly value: number
  readonly interval: Interval
}

/** The other market of a placebo, far from any seed that is asked for. */
const OTHER = 100_000
const FROM = Date.UTC(2000, 0, 1)
/** Of quiet between markets, so that no window looks from one into another. */
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
  const ask = (rungs: readonly Rung[], hours: readonly AssetHours[], what: string): Promise<readonly HeldOut[]> =>
    evaluateLadder({
      ...options,
      assets: hours,
      folds: [fold],
      rungs,
      seed: 1,
      onProgress: (_, text) => onProgress?.(`${world} world${what}, ${text}`),
    })
  const heldOut = await ask(options.rungs, assets, '')
  const proof = judged(world, heldOut)
  if (!options.networks) return proof
  const chosen = chosenNetwork(proof, options.networks)
  const again = async (part: (hours: AssetHours) => AssetHours, what: string): Promise<HeldOut> => {
    const rungs = options.rungs.filter(({ name }) => name === chosen)
    return (await ask(rungs, assets.map(part), what))[0]!
  }
  const whole = heldOut.find(({ rung }) => rung === chosen)!
  const volatility = heldOut.find(({ rung }) => rung === 'volatility-only')!
  const bare = await again(priceAndBook, ' by price and book alone')
  const positions = await again(allButPrice, ' by positions and volatility alone')
  const over = (one: HeldOut, against: HeldOut): Judged => {
    // In the place of what everything is held against.
    const { rows } = judged(world, [
      { ...against, rung: 'volatility-only' },
      { ...one, rung: chosen },
    ])
    const { skill, targets } = rows.find(({ rung }) => rung === chosen)!
    return { ...(skill ? { skill } : {}), targets }
  }
  const parts = { overBare: over(whole, bare), bare: over(bare, volatility), positions: over(positions, volatility) }
  return { ...proof, chosen, parts }
}

function judged(world: LadderWorld, heldOut: readonly HeldOut[]): LadderProof {
  const pool = poolHeldOut(heldOut)
  const report = judgeLadder(pool, { seed: 1, targets: PRICE_ONLY.map(targetOf) })
  const cells = PRICE_ONLY.flatMap((key) => pooledCell(report, key) ?? [])
  const gainOf = ({ value, intervals }: { value: number; intervals: Intervals }): Gain => ({
    value,
    interval: intervals[95],
  })
  return {
    world,
    samples: report.samples,
    targets: cells.map(({ target, base, episodes }) => ({ key: target as EventKey, base, episodes })),
    rows: pool.rungs.map((rung): ProofRow => {
      const skill = pooledSkill(pool, [rung, 'volatility-only'], { targets: PRICE_ONLY, seed: 1 })
      return {
        rung,
        calibrationLoss: calibrationLossOf(heldOut.find((piece) => piece.rung === rung)!),
        ...(skill && rung !== 'volatility-only' ? { skill: gainOf(skill) } : {}),
        targets: cells.map(({ target, rows }) => {
          const row = rows.find((one) => one.rung === rung)!
          const found = row.comparisons.find(({ against }) => against === 'volatility-only')?.averagePrecision
          return { key: target as EventKey, lift: row.scores.lift, ...(found ? { gain: gainOf(found) } : {}) }
        }),
      }
    }),
  }
}

const calibrationLossOf = ({ calibrationLoss }: HeldOut): number =>
  PRICE_ONLY.reduce((sum, key) => sum + (calibrationLoss?.[key] ?? Number.POSITIVE_INFINITY), 0)

/** Whichever of them lost least on the calibration seeds, over all price-only targets: no test seed is looked at. */
export function chosenNetwork({ rows }: Pick<LadderProof, 'rows'>, networks: readonly RungName[]): RungName {
  const [best] = rows
    .filter(({ rung }) => networks.includes(rung))
    .toSorted((a, b) => a.calibrationLoss - b.calibrationLoss)
  if (!best) throw new RangeError(`Expected held-out answers of ${networks.join(', ')}, were none`)
  return best.rung
}

async function hoursOf(
  world: LadderWorld,
  seed: number,
  from: TimestampMs,
  { read, days }: LadderProofOptions,
): Promise<AssetHours> {
  const own = await read(seed, world === 'null' ? 'null' : 'planted', from, days)
  return world === 'placebo' ? withOthers(own, await read(seed + OTHER, 'planted', from, days)) : own
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

/** The same hours of which only price and book are known: what tells of volatility, and not where positions are. */
export function priceAndBook(hours: AssetHours): AssetHours {
  const hidden = FEATURES.filter(({ feeds }) => feeds.some((feed) => feed !== 'bar' && feed !== 'book-depth'))
  return { ...without(hours, hidden), venues: [] }
}

/**
 * The same hours of which, beside positions and all that people do, only that of price and book is known which volatility alone
 * reads: in a placebo, where price is of another market, the rest of price would still tell what liquidations have done to it.
 */
export function allButPrice(hours: AssetHours): AssetHours {
  const kept = volatilityOnlyRung.features
  const hidden = FEATURES.filter(
    ({ name, feeds }) =>
      feeds.length > 0 && feeds.every((feed) => feed === 'bar' || feed === 'book-depth') && !kept.includes(name),
  )
  return { ...without(hours, hidden), venues: [] }
}

const without = (hours: AssetHours, hidden: readonly { readonly name: string }[]): AssetHours =>
  withoutFeatures(
    [hours],
    hidden.map(({ name }) => name),
  )[0]!
