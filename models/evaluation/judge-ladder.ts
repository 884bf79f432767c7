import { CASCADE_HORIZONS, PRICE_ONLY, TARGETS, type Target } from '../targets.ts'
import { judgeEvent } from './judge-events.ts'
import { judgeTogether } from './judge-together.ts'
import { judgeValue } from './judge-values.ts'
import { type LadderReport, scopesOf } from './ladder-report.ts'
import type { PooledLadder } from './pool.ts'
import { BLOCK_HOURS, DRAWS, movingBlocks } from './resampling.ts'

export interface JudgeOptions {
  /** Of every draw. */
  readonly seed: number
  /** How often the past is drawn anew for intervals. */
  readonly draws?: number
  readonly targets?: readonly Target[]
  readonly onProgress?: (share: number, text: string) => void
}

/**
 * Judges a ladder on its pooled test segments: by target, by asset and over all of them, always in pairs. Draws of time are the
 * same for every rung and target, so that differences are of models and not of luck.
 *
 * A target without a label or an answer has no cell.
 */
export function judgeLadder(pool: PooledLadder, options: JudgeOptions): LadderReport {
  const { seed, draws = DRAWS, targets = TARGETS, onProgress = () => {} } = options
  const blocks = movingBlocks(pool.instants, { seed, draws })
  const scopes = scopesOf(pool.assets)
  const cells = targets.flatMap((target) => scopes.map((scope) => ({ target, scope })))
  const events: LadderReport['events'][number][] = []
  const values: LadderReport['values'][number][] = []
  for (const [k, { target, scope }] of cells.entries()) {
    onProgress(k / cells.length, `judging ${target.key}`)
    const task = { target, scope, blocks, seed, draws }
    if (target.kind === 'event') {
      const cell = judgeEvent(pool, {
        ...task,
        pooled: scope === scopes[0],
        priceOnly: PRICE_ONLY.some((key) => key === target.key),
        stakesHours: CASCADE_HORIZONS.find((hours) => hours === target.horizonHours),
      })
      if (cell) events.push(cell)
    } else {
      const cell = judgeValue(pool, task)
      if (cell) values.push(cell)
    }
  }
  return {
    rungs: pool.rungs,
    assets: pool.assets,
    folds: pool.folds,
    samples: pool.instants.length,
    resampling: { blockHours: BLOCK_HOURS, draws, seed },
    together: judgeTogether(pool, PRICE_ONLY, { blocks, seed: seed + 1 }),
    events,
    values,
  }
}
