/**
 * What learning from further assets adds: one rung fitted on more and more of them and judged on the same decisions.
 *
 * @module
 */
import type { HeldOut } from '../held-out.ts'
import type { RungName } from '../rung.ts'
import { instantOf, labelOf, type Sample } from '../samples.ts'
import { CLAIMED, TARGETS, type TargetKey } from '../targets.ts'
import { marketEpisodesOf } from './episodes.ts'
import { judgeLadder } from './judge-ladder.ts'
import { type Difference, type EventCell, type EventRow, pooledCell } from './ladder-report.ts'
import { poolHeldOut } from './pool.ts'

/** One way to fit the rung. */
export interface PoolingStep {
  /** In words: "ETH and BTC", "with ten further coins". */
  readonly name: string
  /** What the last fold learned from. */
  readonly train: readonly Sample[]
  /** Of every fold. */
  readonly held: readonly HeldOut[]
}

export interface PoolingRow {
  readonly name: string
  /** Learned from: samples, and crashes of the whole market among them, since coins crash in the same hours. */
  readonly trainedOn: { readonly samples: number; readonly marketEpisodes: number }
  readonly cell: Pick<EventCell, 'target' | 'samples' | 'base' | 'marketEpisodes'>
  readonly row: EventRow
  /** Less the same rung fitted as the first step was, on the same decisions; undefined for the first step itself. */
  readonly over?: { readonly averagePrecision: Difference; readonly brierSkill: Difference }
}

/** In the table of one rung the first step stands where the rung below usually does. */
const FIRST_STEP: RungName = 'base-rate'

/**
 * @param steps - the first is what the others are held against
 * @returns by target that skill is claimed on, then by step
 * @throws {RangeError} when the steps were not judged on the same samples
 */
export function judgePooling(
  steps: readonly PoolingStep[],
  { rung, seed, draws }: { readonly rung: RungName; readonly seed: number; readonly draws?: number },
): readonly PoolingRow[] {
  const [first, ...others] = steps
  if (!first) throw new RangeError('Expected at least one way to fit, was none')
  if (rung === FIRST_STEP) throw new RangeError('Expected a rung that learns from its samples, was the base rate')
  const targets = TARGETS.filter(({ key }) => CLAIMED.some((claimed) => claimed === key))
  const standing = first.held.map((held) => ({ ...held, rung: FIRST_STEP }))
  const judged = [
    { step: first, report: judgeLadder(poolHeldOut(first.held), { seed, draws, targets }) },
    ...others.map((step) => ({
      step,
      report: judgeLadder(poolHeldOut([...standing, ...step.held]), { seed, draws, targets }),
    })),
  ]
  return CLAIMED.flatMap((key) =>
    judged.flatMap(({ step, report }) => {
      const cell = pooledCell(report, key)
      const row = cell?.rows.find((one) => one.rung === rung)
      if (!cell || !row) return []
      const over = row.comparisons.find(({ against }) => against === FIRST_STEP)
      const { target, samples, base, marketEpisodes } = cell
      return [
        {
          name: step.name,
          trainedOn: trainedOn(step.train, key),
          cell: { target, samples, base, marketEpisodes },
          row,
          ...(over && { over }),
        },
      ]
    }),
  )
}

function trainedOn(train: readonly Sample[], key: TargetKey): PoolingRow['trainedOn'] {
  const positives = train
    .filter((sample) => labelOf(sample, key) === 1)
    .map((sample) => ({ asset: sample.hours.asset, at: instantOf(sample) }))
  return { samples: train.length, marketEpisodes: marketEpisodesOf(positives).length }
}
