import { loadEngine, loadGradients } from '../../models/engine.ts'
import { evaluateLadder, type LadderOptions } from '../../models/evaluate-ladder.ts'
import { judgeLadder } from '../../models/evaluation/judge-ladder.ts'
import { checkLook, enterLook, figuresOf, readLedger, seenBefore } from '../../models/evaluation/ledger.ts'
import { askModel } from '../../models/evaluation/one-model.ts'
import { poolHeldOut } from '../../models/evaluation/pool.ts'
import { judgePooling, type PoolingRow, type PoolingStep } from '../../models/evaluation/pooling.ts'
import type { HeldOut } from '../../models/held-out.ts'
import { rungOf } from '../../models/ladder.ts'
import type { RungName } from '../../models/rung.ts'
import { type Fold, segmentsOf } from '../../models/walk-forward.ts'
import { DAY, timestamp } from '../domain/units.ts'
import { codeVersion } from './build-facts.ts'
import { type EvaluateOptions, type EvaluationPlan, judgedRungs, planOf } from './evaluate-plan.ts'
import { commandOf, writeEvaluation } from './evaluate-report.ts'
import { recordedHours, type Say } from './hours.ts'
import { pooledHours } from './pooled-hours.ts'
import { createProgress } from './progress.ts'
import { hashOfPanels } from './recorded-assets.ts'
import { onStop } from './terminal.ts'

const [READING, JUDGING] = [0.08, 0.92]

/**
 * `evaluate`: fits rungs on the past of each fold and judges them on what came, or judges one model that was trained before.
 * Ctrl-C keeps finished folds; the same command goes on from there.
 */
export async function runEvaluate(options: EvaluateOptions): Promise<void> {
  const plan = await planOf(options)
  const ledger = await readLedger(options.ledger)
  const looking = plan.reserved && { rungs: judgedRungs(plan), assets: options.symbol, window: plan.reserved }
  if (looking) checkLook(ledger, looking, { again: options.again })
  const seen = looking ? seenBefore(ledger, { ...looking, rungs: [...plan.rungs, ...looking.rungs] }) : []
  const stop = onStop()
  const progress = createProgress()
  try {
    const { held, pooling } = await ask(plan, options, { say: progress.say, signal: stop.signal })
    const report = judgeLadder(poolHeldOut(held), {
      seed: options.seed,
      onProgress: (share) => progress.say(JUDGING + share * (1 - JUDGING), 'judging'),
    })
    progress.stop()
    const command = commandOf(options)
    if (looking) {
      await enterLook(ledger, {
        evaluatedAt: new Date().toISOString(),
        command,
        codeVersion: await codeVersion(),
        dataHash: await hashOfPanels(plan.folder, options.symbol),
        rungs: looking.rungs,
        assets: options.symbol,
        seed: options.seed,
        window: [new Date(looking.window[0]).toISOString(), new Date(looking.window[1]).toISOString()],
        figures: figuresOf(report, looking.rungs),
        ...(options.again === undefined ? {} : { again: options.again }),
      })
    }
    await writeEvaluation(report, plan, options, { pooling, seen })
  } catch (error) {
    progress.stop()
    if (!stop.signal.aborted) throw error
    throw new Error(
      `Evaluation was stopped. What is finished lies in ${options.work}: the same command goes on from there.`,
    )
  }
}

async function ask(
  plan: EvaluationPlan,
  options: EvaluateOptions,
  { say, signal }: { say: Say; signal: AbortSignal },
): Promise<{ readonly held: readonly HeldOut[]; readonly pooling?: readonly PoolingRow[] }> {
  const reading: Say = (share, text) => say(share * READING, text)
  const lastLabel = Math.max(...plan.folds.map(({ test }) => test.to)) + LABELS_AFTER
  const { assets } = await recordedHours(options.data, {
    symbols: options.symbol,
    to: timestamp(Math.min(plan.end, lastLabel)),
    say: reading,
    signal,
  })
  const trainOnly = options.pool
    ? await pooledHours(options.data, { count: options.pool, besides: options.symbol, say: reading, signal })
    : []
  const engine = await loadEngine()
  await loadGradients(engine)
  const { folds, everyHours, artifact } = plan
  const ladder: LadderOptions = {
    assets,
    trainOnly,
    folds,
    rungs: plan.rungs.map(rungOf),
    seed: options.seed,
    everyHours,
    engine,
    effort: options.quick ? 'quick' : 'full',
    workFolder: options.work,
    signal,
  }
  // As if what pooling adds took as long as the ladder: of the networks it is less, of the others more.
  const fitting = (from: number, to: number): Say => {
    const [first, last] = [from, to].map((share) => READING + share * (JUDGING - READING)) as [number, number]
    return (share, text) => say(first + share * (last - first), text)
  }
  const half = options.pooling ? 0.5 : 1
  const held = await evaluateLadder({ ...ladder, onProgress: fitting(0, half) })
  const pooling =
    options.pooling &&
    (await whatPoolingAdds(ladder, held, { ...options, counts: options.pooling, say: fitting(half, 1) }))
  if (!artifact) return { held, pooling }
  return { held: [...held, ...folds.map((fold) => askModel(artifact, assets, { fold, everyHours, engine }))], pooling }
}

const POOLED_RUNG = 'boosted-trees' satisfies RungName

/** Boosted trees, or where they are not judged the highest rung that is, fitted again with further coins. */
async function whatPoolingAdds(
  ladder: LadderOptions,
  held: readonly HeldOut[],
  {
    data,
    symbol,
    seed,
    counts,
    say,
  }: Pick<EvaluateOptions, 'data' | 'symbol' | 'seed'> & { counts: readonly number[]; say: Say },
): Promise<readonly PoolingRow[]> {
  const rung = ladder.rungs.find(({ name }) => name === POOLED_RUNG) ?? ladder.rungs.at(-1)!
  const [fold] = ladder.folds.slice(-1) as [Fold]
  const trainOf = (trainOnly: LadderOptions['trainOnly']) =>
    segmentsOf(ladder.assets, fold, { everyHours: ladder.everyHours, trainOnly }).train
  const steps: PoolingStep[] = [
    { name: symbol.join(' and '), train: trainOf([]), held: held.filter((one) => one.rung === rung.name) },
  ]
  const coins = await pooledHours(data, {
    count: Math.max(...counts),
    besides: symbol,
    say: (share, text) => say(share * READING, text),
    signal: ladder.signal,
  })
  for (const [k, count] of counts.entries()) {
    const trainOnly = coins.slice(0, count)
    steps.push({
      name: `with ${count} further coins`,
      train: trainOf(trainOnly),
      held: await evaluateLadder({
        ...ladder,
        rungs: [rung],
        trainOnly,
        onProgress: (share, text) => say(READING + ((k + share) / counts.length) * (1 - READING), text),
      }),
    })
  }
  return judgePooling(steps, { rung: rung.name, seed })
}

/** The longest label of the last decision. */
const LABELS_AFTER = 4 * DAY
