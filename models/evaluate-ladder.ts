/**
 * Walk-forward over the ladder: every rung fitted on each fold's past, calibrated on the segment after it, asked about the
 * segment after that.
 *
 * What is done is kept in a folder, one file per fold and rung, so that a run that was stopped goes on where it was.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { canonicalJson, sha256 } from '../src/domain/hash.ts'
import { DAY, HOUR } from '../src/domain/units.ts'
import { readIfThere, writeJson } from './artifact.ts'
import { applyCalibrator, type Calibrators, fitCalibrators } from './calibrate.ts'
import type { Engine } from './engine.ts'
import { featureHash } from './features.ts'
import type { HeldOut } from './held-out.ts'
import type { Hidden } from './hiding.ts'
import { seldomKnown, withoutFeatures } from './history.ts'
import type { FitTask, FittedModel, Rung, RungName } from './rung.ts'
import { type AssetHours, instantOf, labelOf, type Sample } from './samples.ts'
import { byTarget, TARGET_COUNT, TARGETS, type Target, type TargetKey } from './targets.ts'
import { type Fold, type Segments, segmentsOf } from './walk-forward.ts'

export interface LadderOptions {
  readonly assets: readonly AssetHours[]
  /** Further assets that are learned from and not judged on. */
  readonly trainOnly?: readonly AssetHours[]
  readonly folds: readonly Fold[]
  readonly rungs: readonly Rung[]
  readonly seed: number
  /** Decisions to train on and to be judged on. */
  readonly everyHours: number
  readonly effort?: FitTask['effort']
  readonly engine: Engine
  /** Where finished folds, and the last epoch of an unfinished one, are kept. */
  readonly workFolder?: string
  readonly onProgress?: (share: number, text: string) => void
  readonly signal?: AbortSignal
}

/**
 * Every rung on every fold, folds outermost.
 *
 * Features known in less than half of a fold's train hours are hidden from it: whether one is known would tell the year.
 */
export async function evaluateLadder(options: LadderOptions): Promise<readonly HeldOut[]> {
  const { folds, rungs, onProgress = () => {} } = options
  const dataHash = hashOfHours([...options.assets, ...(options.trainOnly ?? [])])
  const all: HeldOut[] = []
  for (const [f, fold] of folds.entries()) {
    const leftOut = seldomKnown(options.assets, fold.train)
    const segments = segmentsOf(withoutFeatures(options.assets, leftOut), fold, {
      everyHours: options.everyHours,
      trainOnly: withoutFeatures(options.trainOnly ?? [], leftOut),
    })
    for (const [r, rung] of rungs.entries()) {
      const done = (share: number) => (f + (r + share) / rungs.length) / folds.length
      const say = (share: number, text: string) =>
        onProgress(done(share), `fold ${f + 1} of ${folds.length}, ${rung.title}: ${text}`)
      all.push(await heldOutOf(rung, { ...options, fold, segments, dataHash, say }))
    }
  }
  onProgress(1, 'judging')
  return all
}

interface Work extends LadderOptions {
  readonly fold: Fold
  readonly segments: Segments
  readonly dataHash: string
  readonly say: (share: number, text: string) => void
}

async function heldOutOf(rung: Rung, work: Work): Promise<HeldOut> {
  const { fold, seed, everyHours, workFolder, dataHash, effort = 'full', engine } = work
  const key = sha256(
    canonicalJson({ rung: rung.name, fold: { ...fold }, seed, everyHours, effort, dataHash, features: featureHash() }),
  ).slice(0, 16)
  const name = workFolder && path.join(workFolder, `${rung.name}-${key}`)
  const kept = name && (await readIfThere(`${name}.json`))
  if (kept) return JSON.parse(kept) as HeldOut
  work.signal?.throwIfAborted()
  work.say(0, 'fitting')
  const { train, calibration } = work.segments
  const model = await rung.fit({
    train,
    calibration,
    seed,
    effort,
    engine,
    signal: work.signal,
    checkpointFile: name && `${name}.checkpoint`,
    onProgress: work.say,
  })
  try {
    const { held } = heldOutOfModel(rung.name, model, { fold, segments: work.segments })
    if (name) await writeJson(`${name}.json`, held)
    return held
  } finally {
    model.dispose()
  }
}

export interface ModelHeldOut {
  readonly held: HeldOut
  readonly calibrators: Calibrators
}

/**
 * Calibrates a fitted model on the calibration segment and asks it about the test segment.
 *
 * @param hide - what to hide from each sample of the calibration segment, and of the test segment, as if it had not been received
 */
export function heldOutOfModel(
  rung: RungName,
  model: Pick<FittedModel, 'scores'>,
  { fold, segments }: { readonly fold: Pick<Fold, 'index'>; readonly segments: Segments },
  hide: { readonly calibration?: () => Hidden | undefined; readonly test?: () => Hidden | undefined } = {},
): ModelHeldOut {
  const scores = model.scores(segments.calibration, hide.calibration)
  const calibrators = fitCalibrators(scores, segments.calibration)
  const calibrated = calibratedAnswers(scores, calibrators)
  const answers = calibratedAnswers(model.scores(segments.test, hide.test), calibrators)
  return { held: toHeldOut(rung, { index: fold.index, segments }, { calibrated, answers }), calibrators }
}

/** Answers by target, one per sample, from uncalibrated scores row by row. */
export function calibratedAnswers(scores: Float32Array, calibrators: Calibrators): Record<TargetKey, Float64Array> {
  const count = scores.length / TARGET_COUNT
  return byTarget(({ key }, k) =>
    Float64Array.from({ length: count }, (_, row) =>
      applyCalibrator(calibrators[key], scores[row * TARGET_COUNT + k]!, key),
    ),
  )
}

interface Answers {
  readonly calibrated: Record<TargetKey, Float64Array>
  readonly answers: Record<TargetKey, Float64Array>
}

function toHeldOut(
  rung: RungName,
  { index, segments }: { index: number; segments: Segments },
  { calibrated, answers }: Answers,
): HeldOut {
  const { train, calibration, test } = segments
  const asJson = (values: ArrayLike<number>): (number | null)[] =>
    Array.from(values, (value) => (Number.isFinite(value) ? value : null))
  return {
    rung,
    fold: index,
    assets: test.map(({ hours }) => hours.asset),
    instants: test.map(instantOf),
    answers: byTarget(({ key }) => asJson(answers[key])),
    labels: byTarget(({ key }) => asJson(test.map((sample) => labelOf(sample, key)))),
    trainingMean: trainingMeans(train),
    alertThreshold: Object.fromEntries(
      TARGETS.filter(({ kind }) => kind === 'event').flatMap(({ key }) => {
        const threshold = alertThreshold(calibration, calibrated[key])
        return threshold === undefined ? [] : [[key, threshold]]
      }),
    ),
    calibrationLoss: byTarget(({ key, kind }) =>
      lossOf(
        kind,
        calibrated[key],
        calibration.map((sample) => labelOf(sample, key)),
      ),
    ),
    segments: { train: spanOf(train), calibration: spanOf(calibration), test: spanOf(test) },
    ...stakesOf(test),
  }
}

const STAKE_HOURS = [4, 24, 72] as const

/** Nothing where the hours keep no prices. */
function stakesOf(test: readonly Sample[]): Pick<HeldOut, 'stakes'> {
  if (test.some(({ hours }) => !hours.price || !hours.funding)) return {}
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
  const after = (count: number) =>
    test.map(({ hours: { price }, i }) => known((price![i + count] ?? Number.NaN) / price![i]! - 1))
  const [short, day, long] = STAKE_HOURS.map(after)
  return {
    stakes: {
      returns: { '4h': short!, '24h': day!, '72h': long! },
      funding: test.map(({ hours: { funding }, i }) => known(funding![i]!)),
    },
  }
}

const LEAST_PROBABILITY = 1e-6

function lossOf(kind: Target['kind'], answers: Float64Array, labels: readonly number[]): number | null {
  let [sum, known] = [0, 0]
  labels.forEach((label, k) => {
    const answer = answers[k]!
    if (Number.isNaN(label) || Number.isNaN(answer)) return
    const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, answer))
    sum += kind === 'value' ? (answer - label) ** 2 : -Math.log(label === 1 ? p : 1 - p)
    known++
  })
  return known > 0 ? sum / known : null
}

/** Share of positives, or mean, over the samples whose label is known; 0 where none is. */
export function trainingMeans(train: readonly Sample[]): Record<TargetKey, number> {
  return byTarget(({ key }) => {
    let [sum, known] = [0, 0]
    for (const sample of train) {
      const label = labelOf(sample, key)
      if (Number.isNaN(label)) continue
      sum += label
      known++
    }
    return known > 0 ? sum / known : 0
  })
}

const ALERTS_PER_DAY = 1
export const ALERT_COOLDOWN_HOURS = 6

/**
 * The lowest probability at which the calibration segment would have raised at most one alert a day over all assets, each asset
 * silent for six hours after one.
 *
 * @returns undefined when nothing was answered
 */
export function alertThreshold(samples: readonly Sample[], probabilities: ArrayLike<number>): number | undefined {
  const known = Array.from(probabilities).filter((p) => !Number.isNaN(p))
  if (known.length === 0) return undefined
  const instants = samples.map(instantOf)
  const days = Math.max(1, (Math.max(...minMax(instants)) - Math.min(...minMax(instants))) / DAY)
  const candidates = [...new Set(known)].sort((a, b) => a - b)
  let [low, high] = [0, candidates.length - 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (countAlerts(samples, probabilities, candidates[middle]!) > ALERTS_PER_DAY * days) low = middle + 1
    else high = middle
  }
  return candidates[low]
}

function countAlerts(samples: readonly Sample[], probabilities: ArrayLike<number>, threshold: number): number {
  const silentUntil = new Map<string, number>()
  let alerts = 0
  samples.forEach((sample, k) => {
    const at = instantOf(sample)
    if (!(probabilities[k]! >= threshold) || at < (silentUntil.get(sample.hours.asset) ?? 0)) return
    alerts++
    silentUntil.set(sample.hours.asset, at + ALERT_COOLDOWN_HOURS * HOUR)
  })
  return alerts
}

function minMax(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

const spanOf = (samples: readonly Sample[]): readonly [number, number] =>
  samples.length > 0 ? [instantOf(samples[0]!), instantOf(samples.at(-1)!)] : [Number.NaN, Number.NaN]

/** Fingerprint of rows and labels: two runs on the same data have the same one. */
export function hashOfHours(all: readonly AssetHours[]): string {
  const hash = createHash('sha256')
  for (const hours of all) {
    hash.update(`${hours.asset} ${hours.phase} ${hours.instants.length}`)
    for (const part of [hours.instants, hours.values, hours.mask]) hash.update(bytesOf(part))
    for (const venue of hours.venues) hash.update(venue.venue).update(bytesOf(venue.values)).update(bytesOf(venue.mask))
    for (const { key } of TARGETS) hash.update(bytesOf(hours.labels[key]))
  }
  return hash.digest('hex').slice(0, 16)
}

const bytesOf = (part: Float64Array | Float32Array | Uint8Array): Uint8Array =>
  new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
