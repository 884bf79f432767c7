/**
 * What a training run made, as the artifact that is asked afterwards: with its calibrators, what it was worth, and what training
 * looked like.
 *
 * @module
 */
import type { ModelMetrics } from '../src/ports/models.ts'
import { type Artifact, hashOfMembers } from './artifact.ts'
import { driftReference } from './drift.ts'
import { calibratedAnswers, hashOfHours, type ModelHeldOut, trainingMeans } from './evaluate-ladder.ts'
import {
  type Difference,
  type EventRow,
  type LadderReport,
  pooledCell,
  type TogetherComparison,
} from './evaluation/ladder-report.ts'
import { FEATURES, featureHash } from './features.ts'
import { usuallyKnown } from './history.ts'
import { rungBelow } from './ladder.ts'
import type { FittedModel, Rung, RungName } from './rung.ts'
import type { AssetHours } from './samples.ts'
import { CLAIMED, TARGETS, type TargetKey } from './targets.ts'
import type { TrainingHours, TrainOptions } from './train.ts'
import type { Fold, Segments } from './walk-forward.ts'

/** A rung that stands beside the one that is trained. */
export interface Beside {
  readonly rung: RungName
  readonly model: FittedModel
}

/** A model asked about the test segment, with or without everything there. */
export interface Judged {
  readonly held: ModelHeldOut
  /** Of volatility only; undefined where that is the model itself. */
  readonly baseline: ModelHeldOut | undefined
  /** Over the targets that skill is claimed on. */
  readonly together: readonly TogetherComparison[]
  readonly report: LadderReport
}

/** Everything a training run made. */
export interface Trained {
  readonly rung: Rung
  readonly model: FittedModel
  readonly members: readonly FittedModel[]
  readonly judged: { readonly full: Judged; readonly reduced: Judged }
  readonly beside: readonly Beside[]
  readonly segments: Segments
  readonly fold: Fold
  readonly assets: readonly AssetHours[]
  readonly leftOut: readonly string[]
  readonly read: TrainingHours
  readonly options: TrainOptions
  /** Whether there was less history than is asked for. */
  readonly short: boolean
}

/** The model as a file keeps it: a plain mutable copy. */
export function toArtifact(trained: Trained) {
  const { rung, model, members, judged, beside, segments, fold, assets, leftOut, read, options, short } = trained
  const stored = members.map((member) => member.store())
  const weightsHash = hashOfMembers(stored)
  const baseline = beside.find((other) => other.rung === 'volatility-only')?.model ?? model
  const scores = model.scores(segments.calibration)
  const artifact = {
    format: 'breakwater-model/3' as const,
    modelId: `${rung.name}-${options.market}-${weightsHash.slice(0, 8)}`,
    rung: rung.name,
    architecture: model.architecture,
    calibratedOn: options.market,
    trainedAt: new Date(options.now()).toISOString(),
    trainedOn: `${read.described}; calibrated from ${day(fold.calibration.from)}, tested from ${day(fold.test.from)}`,
    fittedUntil: new Date(fold.calibration.to).toISOString(),
    seeds: [...options.seeds],
    dataHash: hashOfHours([...assets, ...(read.trainOnly ?? [])]),
    codeVersion: options.codeVersion,
    ...(short && options.override !== undefined && { override: options.override }),
    featureHash: featureHash(),
    features: FEATURES.map(({ name }) => name),
    leftOut: [...leftOut],
    expected: [...usuallyKnown(assets, fold.train)],
    members: stored,
    weightsHash,
    calibrators: { full: judged.full.held.calibrators, reduced: judged.reduced.held.calibrators },
    baseline: { model: baseline.store(), calibrators: (judged.full.baseline ?? judged.full.held).calibrators },
    trainingMean: trainingMeans(segments.train),
    gates: { full: gatesOf(judged.full.report, rung.name), reduced: gatesOf(judged.reduced.report, rung.name) },
    metrics: metricsOf(judged.full.report, rung.name),
    record: recordOf(judged.full, rung, fold),
    drift: driftReference(segments.train, {
      samples: segments.calibration,
      answers: interleave(calibratedAnswers(scores, judged.full.held.calibrators)),
    }),
  }
  // A plain mutable copy, as its file would give it back.
  return structuredClone(artifact) as unknown as Artifact
}

/** Row-major [samples × TARGETS] of what is kept by target. */
function interleave(answers: Readonly<Record<TargetKey, Float64Array>>): Float64Array {
  const count = answers[TARGETS[0]!.key].length
  const out = new Float64Array(count * TARGETS.length)
  TARGETS.forEach(({ key }, k) => {
    for (let row = 0; row < count; row++) out[row * TARGETS.length + k] = answers[key][row]!
  })
  return out
}

const eventKeys = TARGETS.filter(({ kind }) => kind === 'event').map(({ key }) => key)
const rowOf = (report: LadderReport, key: TargetKey, rung: RungName): EventRow | undefined =>
  pooledCell(report, key)?.rows.find((row) => row.rung === rung)

const gatesOf = (report: LadderReport, rung: RungName): Record<string, boolean> =>
  Object.fromEntries(
    eventKeys.flatMap((key) => {
      const gate = rowOf(report, key, rung)?.gate
      return gate ? [[key, gate.passed]] : []
    }),
  )

const SHOWN = ['averagePrecision', 'lift', 'brierSkill', 'ece'] as const

/** Beside volatility only and the base rate; a target that one of them does not answer has no figures. */
function metricsOf(report: LadderReport, rung: RungName): Artifact['metrics'] {
  const figures = eventKeys.flatMap((key) => {
    const rows = [rung, 'volatility-only', 'base-rate'].map((name) => rowOf(report, key, name as RungName)?.scores)
    const [model, baseline, base] = rows
    if (!model || !baseline || !base) return []
    return SHOWN.map(
      (name) => [`${key}.${name}`, { model: model[name], baseline: baseline[name], base: base[name] }] as const,
    )
  })
  return Object.fromEntries(figures.filter(([, figure]) => Object.values(figure).every(Number.isFinite)))
}

const figureOf = ({ value, intervals }: Difference) => ({ value, ...intervals[95] })

/** What a promotion is judged by: skill is claimed on the price-only targets alone. */
function recordOf({ report, together }: Judged, rung: Rung, fold: Fold): ModelMetrics {
  const targets = eventKeys.flatMap((key) => {
    const [cell, row] = [pooledCell(report, key), rowOf(report, key, rung.name)]
    if (!cell || !row || !Number.isFinite(row.scores.lift)) return []
    const { scores, intervals } = row
    const figures = {
      base: cell.base,
      episodes: cell.marketEpisodes,
      lift: { value: scores.lift, ...intervals.lift[95] },
      brierSkill: { value: scores.brierSkill, ...intervals.brierSkill[95] },
      ece: scores.ece,
    }
    return [[key, figures] as const]
  })
  const below = rungBelow(rung.name)
  const skill = together.find((one) => one.rung === rung.name && one.against === below)
  return {
    targets: Object.fromEntries(targets),
    ...(below && skill && { overBelow: { ...figureOf(skill.brierSkill), rung: below, targets: CLAIMED } }),
    heldOut: `${day(fold.test.from)} to ${day(fold.test.to)}, ${report.assets.join(' and ')}`,
  }
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
