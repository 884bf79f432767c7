/**
 * Whether networks find patterns that simpler models cannot, in worlds where there is nothing else to find.
 *
 * @module
 */
import type { Engine } from '../../models/engine.ts'
import { evaluateLadder } from '../../models/evaluate-ladder.ts'
import { judgeLadder } from '../../models/evaluation/judge-ladder.ts'
import { poolHeldOut } from '../../models/evaluation/pool.ts'
import { FEATURES } from '../../models/features.ts'
import type { Interval } from '../../models/gate.ts'
import { linearRung } from '../../models/linear-rung.ts'
import type { Rung, RungName } from '../../models/rung.ts'
import { targetOf } from '../../models/targets.ts'
import { HOUR } from '../domain/units.ts'
import type { Gain } from './ladder-proof.ts'
import { type Pattern, PLANTED_TARGET, plantedHours, WINDOW } from './planted-worlds.ts'

export interface PatternProofOptions {
  readonly seed: number
  /** Of each segment, one after the other. */
  readonly hours: { readonly train: number; readonly calibration: number; readonly test: number }
  readonly networks: readonly Rung[]
  readonly engine: Engine
  readonly onProgress?: (text: string) => void
}

export interface PatternProof {
  readonly pattern: Pattern
  readonly hours: PatternProofOptions['hours']
  /** Share of the test hours in which the event came. */
  readonly base: number
  /** The regression first, then networks as the ladder has them. */
  readonly rows: readonly PatternRow[]
}

export interface PatternRow {
  readonly rung: RungName
  readonly lift: number
  readonly liftInterval: Interval
  readonly rocAuc: number
  /** Average precision less that of the regression on the last hour, and less that of the network before it, paired. */
  readonly overRegression?: Gain
  readonly overNetwork?: Gain
}

/**
 * Logistic regression on every feature of the last hour: the most that the lower rungs could see here. It stands in the place of
 * volatility alone, so that every network is held against it.
 */
export const lastHourRung: Rung = linearRung({
  name: 'volatility-only',
  title: 'logistic regression on the last hour',
  inputsOf: () => FEATURES.map(({ name }) => name),
})

/** Fits the regression and the networks on the beginning of one world and judges them on its end. */
export async function provePattern(pattern: Pattern, options: PatternProofOptions): Promise<PatternProof> {
  const { seed, hours, engine, onProgress } = options
  const ends = [WINDOW + hours.train, WINDOW + hours.train + hours.calibration]
  const world = plantedHours({ seed, hours: ends[1]! + hours.test, pattern })
  const from = world.instants[0]!
  const [calibrationFrom, testFrom] = ends.map((end) => from + end * HOUR) as [number, number]
  const heldOut = await evaluateLadder({
    assets: [world],
    folds: [
      {
        index: 0,
        train: { from, to: calibrationFrom },
        calibration: { from: calibrationFrom, to: testFrom },
        test: { from: testFrom, to: testFrom + hours.test * HOUR },
      },
    ],
    rungs: [lastHourRung, ...options.networks],
    seed,
    everyHours: 1,
    engine,
    onProgress: (_, text) => onProgress?.(`${pattern} pattern, ${text}`),
  })
  const report = judgeLadder(poolHeldOut(heldOut), { seed, targets: [targetOf(PLANTED_TARGET)] })
  const [cell] = report.events
  if (!cell) throw new RangeError(`Expected judged hours of the ${pattern} pattern, were none`)
  const rows = cell.rows.map((row, k): PatternRow => {
    const over = (rung: RungName | undefined): Gain | undefined => {
      const found = row.comparisons.find(({ against }) => against === rung)?.averagePrecision
      return found && { value: found.value, interval: found.intervals[95] }
    }
    const overRegression = over(lastHourRung.name)
    const overNetwork = k > 1 ? over(cell.rows[k - 1]!.rung) : undefined
    return {
      rung: row.rung,
      lift: row.scores.lift,
      liftInterval: row.intervals.lift[95],
      rocAuc: row.scores.rocAuc,
      ...(overRegression ? { overRegression } : {}),
      ...(overNetwork ? { overNetwork } : {}),
    }
  })
  return { pattern, hours, base: cell.base, rows }
}
