/**
 * How good probabilities were on samples nobody fitted on: always a model, the volatility-only baseline and the base rate.
 *
 * @module
 * @see specification §2.5
 */
import { averagePrecision, brierSkill, calibrationError, reliability, rocAuc } from '../src/domain/calibration.ts'
import { createRandom } from '../src/domain/random.ts'
import { HOUR } from '../src/domain/units.ts'
import { type Head, HORIZON_HOURS, type Sample } from './dataset.ts'
import { calibrationGate, type Gate, type Interval } from './gate.ts'

export interface Scores {
  readonly averagePrecision: number
  /** Average precision over the base rate of the test segment: 1 is no skill. */
  readonly lift: number
  readonly rocAuc: number
  /** Against always saying the training segment's base rate. */
  readonly brierSkill: number
  readonly ece: number
  /** Mean forecast over the rate that came: 1 is right on average. */
  readonly meanOverBase: number
}

export interface ReliabilityRow {
  readonly meanProbability: number
  readonly rate: number
  readonly rateInterval: Interval
  readonly count: number
}

export interface HeadReport {
  readonly head: Head
  readonly samples: number
  /** Runs of positive hours over all assets, merged when closer than 24 h: the number that counts for significance. */
  readonly episodes: number
  readonly base: number
  readonly model: Scores
  readonly baseline: Scores
  readonly baseRate: Scores
  /** 90 % intervals by week-long blocks: the model's own, and paired differences against the baseline. */
  readonly intervals: {
    readonly lift: Interval
    readonly brierSkill: Interval
    readonly liftOverBaseline: Interval
    readonly brierSkillOverBaseline: Interval
  }
  readonly reliability: readonly ReliabilityRow[]
  readonly gate: Gate
}

export interface Forecasts {
  readonly head: Head
  readonly samples: readonly Sample[]
  readonly model: readonly number[]
  readonly baseline: readonly number[]
  /** Share of positives in the training segment. */
  readonly trainingBase: number
}

const BLOCK_HOURS = 168
const RESAMPLES = 200
/** Neighbouring hours say nearly the same; the slope is fitted on one in so many. */
const SLOPE_EVERY = 4
const EPISODE_GAP_HOURS = 24
const SEED = 20_250_203

/** Scores one head's forecasts on held-out samples. */
export function evaluateHead(forecasts: Forecasts): HeadReport {
  const { head, samples, model, baseline, trainingBase } = forecasts
  const labels = samples.map(({ hours, i }) => hours.labels[head][i]!)
  const base = labels.reduce((sum, label) => sum + label, 0) / labels.length
  const scores = (probabilities: readonly number[]): Scores => {
    const precision = averagePrecision(probabilities, labels)
    return {
      averagePrecision: precision,
      lift: precision / base,
      rocAuc: rocAuc(probabilities, labels),
      brierSkill: brierSkill(probabilities, labels, trainingBase),
      ece: calibrationError(probabilities, labels).ece,
      meanOverBase: probabilities.reduce((sum, p) => sum + p, 0) / probabilities.length / base,
    }
  }
  const constant = labels.map(() => trainingBase)
  return {
    head,
    samples: labels.length,
    episodes: countEpisodes(samples, labels),
    base,
    model: scores(model),
    baseline: scores(baseline),
    baseRate: scores(constant),
    ...resample(forecasts, labels),
    gate: gateOf(forecasts, labels),
  }
}

/** Positive hours of any asset, those closer than a day taken as one. */
function countEpisodes(samples: readonly Sample[], labels: readonly number[]): number {
  const instants = samples
    .flatMap(({ hours, i }, k) => (labels[k] === 1 ? [hours.instants[i]!] : []))
    .sort((a, b) => a - b)
  return instants.filter((at, k) => k === 0 || at - instants[k - 1]! > EPISODE_GAP_HOURS * HOUR).length
}

function resample(
  { samples, model, baseline, trainingBase }: Forecasts,
  labels: readonly number[],
): Pick<HeadReport, 'intervals' | 'reliability'> {
  const random = createRandom(SEED)
  const first = Math.min(...samples.map(({ hours, i }) => hours.instants[i]!))
  const blockOf = samples.map(({ hours, i }) => Math.floor((hours.instants[i]! - first) / (BLOCK_HOURS * HOUR)))
  const blocks = Math.max(...blockOf) + 1
  const [modelOrder, baselineOrder] = [descending(model), descending(baseline)]
  const table = reliability(model, labels)
  const edges = binEdges(model, table.length)
  const binOf = model.map((p) => edges.filter((edge) => p > edge).length)
  const drawn = {
    lift: [] as number[],
    brierSkill: [] as number[],
    liftOverBaseline: [] as number[],
    brierSkillOverBaseline: [] as number[],
    rates: table.map(() => [] as number[]),
  }
  for (let draw = 0; draw < RESAMPLES; draw++) {
    const times = new Array<number>(blocks).fill(0)
    for (let k = 0; k < blocks; k++) times[Math.floor(random() * blocks)]!++
    const weights = blockOf.map((block) => times[block]!)
    const ours = weightedScores(model, modelOrder, labels, weights, trainingBase)
    const theirs = weightedScores(baseline, baselineOrder, labels, weights, trainingBase)
    if (!Number.isFinite(ours.lift)) continue // no positive was drawn
    drawn.lift.push(ours.lift)
    drawn.brierSkill.push(ours.brierSkill)
    drawn.liftOverBaseline.push(ours.lift - theirs.lift)
    drawn.brierSkillOverBaseline.push(ours.brierSkill - theirs.brierSkill)
    const [hits, counts] = [table.map(() => 0), table.map(() => 0)]
    weights.forEach((weight, k) => {
      hits[binOf[k]!]! += weight * labels[k]!
      counts[binOf[k]!]! += weight
    })
    drawn.rates.forEach((rates, bin) => {
      if (counts[bin]! > 0) rates.push(hits[bin]! / counts[bin]!)
    })
  }
  return {
    intervals: {
      lift: middle90(drawn.lift),
      brierSkill: middle90(drawn.brierSkill),
      liftOverBaseline: middle90(drawn.liftOverBaseline),
      brierSkillOverBaseline: middle90(drawn.brierSkillOverBaseline),
    },
    reliability: table.map(({ meanProbability, rate, count }, bin) => ({
      meanProbability,
      rate,
      count,
      rateInterval: middle90(drawn.rates[bin]!),
    })),
  }
}

const descending = (scores: readonly number[]): number[] =>
  scores.map((_, k) => k).sort((a, b) => scores[b]! - scores[a]!)

function binEdges(scores: readonly number[], bins: number): number[] {
  const sorted = [...scores].sort((a, b) => a - b)
  return Array.from({ length: bins - 1 }, (_, bin) => sorted[Math.round(((bin + 1) * sorted.length) / bins) - 1]!)
}

/** Lift and Brier skill where each sample counts `weights` times; one pass over scores sorted once. */
function weightedScores(
  probabilities: readonly number[],
  order: readonly number[],
  labels: readonly number[],
  weights: readonly number[],
  base: number,
): { lift: number; brierSkill: number } {
  let [hits, seen, precision, error, reference] = [0, 0, 0, 0, 0]
  for (const k of order) {
    const weight = weights[k]!
    if (weight === 0) continue
    const label = labels[k]!
    seen += weight
    hits += weight * label
    if (label === 1) precision += (weight * hits) / seen
    error += weight * (probabilities[k]! - label) ** 2
    reference += weight * (base - label) ** 2
  }
  return { lift: precision / hits / (hits / seen), brierSkill: 1 - error / reference }
}

/**
 * Judged on one sample per horizon, assets in turn, so that labels do not overlap; the slope on all the hours, drawn in
 * week-long blocks, longer than any label.
 */
function gateOf({ head, samples, model, trainingBase }: Forecasts, labels: readonly number[]): Gate {
  const pick = (chosen: readonly number[]) => ({
    probabilities: chosen.map((k) => model[k]!),
    labels: chosen.map((k) => labels[k]!),
  })
  const often = samples.flatMap((_, k) => (k % SLOPE_EVERY === 0 ? [k] : []))
  const blocks = often.map((k) => Math.floor(samples[k]!.hours.instants[samples[k]!.i]! / (BLOCK_HOURS * HOUR)))
  return calibrationGate(
    pick(onePerHorizon(samples, HORIZON_HOURS[head])),
    { ...pick(often), blocks },
    { seed: SEED + 1, skill: brierSkill(model, labels, trainingBase) },
  )
}

/** Indices of one sample per horizon: the first in it of one asset, the assets taking turns. */
function onePerHorizon(samples: readonly Sample[], horizonHours: number): number[] {
  const assets = [...new Set(samples.map(({ hours }) => hours.asset))]
  const taken = new Set<number>()
  const chosen: number[] = []
  samples.forEach(({ hours, i }, k) => {
    const turn = Math.floor(hours.instants[i]! / (horizonHours * HOUR))
    if (hours.asset !== assets[turn % assets.length] || taken.has(turn)) return
    taken.add(turn)
    chosen.push(k)
  })
  return chosen
}

function middle90(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { low: at(0.05), high: at(0.95) }
}
