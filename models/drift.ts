/**
 * What a model was fitted on, kept small beside it, so that later rows can be held against it.
 *
 * @module
 */
import {
  type DriftLimits,
  type DriftReference,
  type FeatureReference,
  measureDrift,
} from '../src/domain/model/drift.ts'
import { distanceOf, distanceReference } from '../src/domain/model/out-of-distribution.ts'
import { binReference, PSI_ACT, PSI_WARN, populationStability } from '../src/domain/model/psi.ts'
import { DAY, HOUR } from '../src/domain/units.ts'
import { FEATURE_COUNT, FEATURES } from './features.ts'
import { featureOf, instantOf, type Sample } from './samples.ts'
import { TARGET_COUNT, TARGETS } from './targets.ts'

export { measureDrift }

/** What is held against the reference later on: as long a stretch, as densely. */
const WINDOW = 30 * DAY
/** Windows overlap by half: two years of an asset hold 48 of them. */
const STEP = WINDOW / 2
/** With fewer, a window says nothing of what is usual. */
const LEAST_IN_WINDOW = 220
/** Scores may be sampled every four hours. */
const LEAST_SCORES_IN_WINDOW = 150
/** Above the furthest training month by this much is no longer one like it. */
const MARGIN = 1.25
const OUTSIDE_WARN = 0.05
const OUTSIDE_ACT = 0.2
/** What one row in a hundred of training exceeds, held against the rest of it. */
const OUTSIDE_SHARE = 0.99
const FOLDS = 4
/** Hours between the rows that are read at all: neighbours say nearly the same, and a month still has 360. */
const READ_EVERY = 2
/** Of those rows, how many stand behind bins and covariance. */
const REFERENCE_EVERY = 2
/** Of those rows, whose distance is measured: one in six hours is enough of a month. */
const DISTANCE_EVERY = 3
const DISTANCES_A_MONTH = WINDOW / HOUR / (READ_EVERY * DISTANCE_EVERY)
/** Those with the most samples: more say little more, and each takes some ten megabytes while the reference is made. */
const MOST_ASSETS = 8

export interface ScoredSamples {
  readonly samples: readonly Sample[]
  /**
   * Calibrated answers as forecasts are stored, row-major [samples × TARGETS]; NaN where there is none. Best of samples the model
   * was not fitted on: on its own it is surer of itself.
   */
  readonly answers: ArrayLike<number>
}

/**
 * The reference of a model: how its features and scores were spread, and how far months of that very time stood from the whole.
 *
 * A month of slow features (volatility, open interest) is a handful of independent values, whatever the number of its rows: its
 * stability index is often far above 0.25 although nothing has changed. So limits are measured: a feature warns above 0.1 and
 * above what the furthest month showed, of all features together, and acts above 0.25 and a quarter beyond that. About one month
 * in a hundred like those of training is then taken for drift by any of a hundred features.
 *
 * @param samples - what the model was fitted on; of each asset every other hour between its first and its last sample is read
 */
export function driftReference(samples: readonly Sample[], scored: ScoredSamples): DriftReference {
  const series = seriesOf(samples)
  const rows = series.flatMap(({ rows }) => rows)
  if (rows.length === 0) throw new RangeError('Expected samples to refer to, were none')
  const kept = series
    .flatMap(({ rows: all }) => all.filter((_, i) => i % REFERENCE_EVERY === 0))
    .map(({ values }) => values)
  const bins = FEATURES.map((_, f) => binReference(column(kept, f)))
  const windows = series.flatMap((one) => windowsOf(one.rows, LEAST_IN_WINDOW))
  const indices = bins.map((bin, f) =>
    windows.map((window) => {
      const reading = bin && populationStability(bin, column(window, f))
      return reading?.kind === 'measured' ? reading.psi : Number.NaN
    }),
  )
  const limits = limitsOf(indices)
  const apart = heldOutDistances(series)
  const distance = { ...distanceReference(kept), limit: tidy(quantile(apart.flat(), OUTSIDE_SHARE)) }
  const outside = apart.flatMap((distances) =>
    stretches(distances.length, DISTANCES_A_MONTH).map((from) => {
      const month = distances.slice(from, from + DISTANCES_A_MONTH).filter(Number.isFinite)
      return month.length === 0 ? Number.NaN : month.filter((d) => d > distance.limit).length / month.length
    }),
  )
  return {
    features: FEATURES.map(({ name }, f): FeatureReference => {
      const bin = bins[f]
      return { name, ...(bin && { bins: bin }), known: tidy(shareKnown(kept, f)), limits: limits[f]! }
    }),
    scores: scoresOf(scored),
    distance,
    distanceLimits: {
      warn: tidy(Math.max(OUTSIDE_WARN, quantile(outside, 0.95))),
      act: tidy(Math.max(OUTSIDE_ACT, MARGIN * greatest(outside))),
    },
    months: windows.length,
    rows: rows.length,
  }
}

interface Row {
  readonly at: number
  readonly values: ArrayLike<number>
}

/** Every other hour of each asset between its first and its last sample, in one phase. */
function seriesOf(samples: readonly Sample[]): { readonly rows: readonly Row[] }[] {
  const spans = new Map<Sample['hours'], { first: number; last: number; samples: number }>()
  for (const { hours, i } of samples) {
    const span = spans.get(hours)
    if (!span) spans.set(hours, { first: i, last: i, samples: 1 })
    else {
      span.first = Math.min(i, span.first)
      span.last = Math.max(i, span.last)
      span.samples++
    }
  }
  const largest = [...spans].sort(([, a], [, b]) => b.samples - a.samples)
  const byAsset = new Map(largest.toReversed().map((one) => [one[0].asset, one]))
  return [...byAsset.values()]
    .toSorted(([, a], [, b]) => b.samples - a.samples)
    .slice(0, MOST_ASSETS)
    .map(([hours, { first, last }]) => ({
      rows: Array.from({ length: Math.floor((last - first) / READ_EVERY) + 1 }, (_, k): Row => {
        const sample = { hours, i: first + k * READ_EVERY }
        const values = Float32Array.from({ length: FEATURE_COUNT }, (_, f) => featureOf(sample, f))
        return { at: instantOf(sample), values }
      }),
    }))
}

/** Stretches of thirty days, every fifteen. */
function windowsOf(rows: readonly Row[], least: number): ArrayLike<number>[][] {
  if (rows.length === 0) return []
  const windows: ArrayLike<number>[][] = []
  const end = rows.at(-1)!.at
  let [from, to] = [0, 0]
  for (let start = rows[0]!.at; start + WINDOW <= end + READ_EVERY * HOUR; start += STEP) {
    while (from < rows.length && rows[from]!.at < start) from++
    while (to < rows.length && rows[to]!.at < start + WINDOW) to++
    if (to - from >= least) windows.push(rows.slice(from, to).map(({ values }) => values))
  }
  return windows
}

/**
 * Limits by feature from the indices of training windows, NaN where too few rows knew it.
 *
 * Each feature's own 90th percentile says how it moves; the furthest that any feature ever stood beyond its own is the margin of
 * all: with a hundred features, the one that happens to stand furthest is what raises an alarm.
 */
function limitsOf(indices: readonly (readonly number[])[]): DriftLimits[] {
  const usual = indices.map((series) => quantile(series, 0.9))
  const windows = Math.max(0, ...indices.map((series) => series.length))
  const beyond = (floor: number): number[] =>
    Array.from({ length: windows }, (_, w) =>
      greatest(indices.map((series, f) => series[w]! / Math.max(floor, usual[f]!))),
    )
  const warn = Math.max(1, greatest(beyond(PSI_WARN)))
  const act = Math.max(1, MARGIN * greatest(beyond(PSI_ACT)))
  return usual.map((one) => {
    const acting = tidy(Math.max(PSI_ACT, one) * act)
    return { warn: tidy(Math.min(Math.max(PSI_WARN, one) * warn, 0.8 * acting)), act: acting }
  })
}

function scoresOf({ samples, answers }: ScoredSamples): Record<string, FeatureReference> {
  const order = samples.map((_, k) => k).sort((a, b) => instantOf(samples[a]!) - instantOf(samples[b]!))
  const assets = [...new Set(samples.map(({ hours }) => hours.asset))]
  const windows = assets.flatMap((asset) =>
    windowsOf(
      order
        .filter((k) => samples[k]!.hours.asset === asset)
        .map((k): Row => ({ at: instantOf(samples[k]!), values: rowOf(answers, k) })),
      LEAST_SCORES_IN_WINDOW,
    ),
  )
  const events = TARGETS.flatMap((target, t) => {
    if (target.kind !== 'event') return []
    const all = samples.map((_, k) => answers[k * TARGET_COUNT + t]!)
    const bins = binReference(all)
    return bins ? [{ target, t, bins, known: all.filter(Number.isFinite).length / all.length }] : []
  })
  const limits = limitsOf(
    events.map(({ t, bins }) =>
      windows.map((window) => {
        const reading = populationStability(bins, column(window, t), LEAST_SCORES_IN_WINDOW)
        return reading.kind === 'measured' ? reading.psi : Number.NaN
      }),
    ),
  )
  return Object.fromEntries(
    events.map(({ target, bins, known }, e) => [
      target.key,
      { name: target.key, bins, known: tidy(known), limits: limits[e]! },
    ]),
  )
}

const rowOf = (answers: ArrayLike<number>, k: number): Float64Array =>
  Float64Array.from({ length: TARGET_COUNT }, (_, t) => answers[k * TARGET_COUNT + t]!)

/**
 * Distance of a row of every sixth hour of each asset from the rows of all other quarters of the record, NaN where nothing is known.
 *
 * On the rows it was made of a covariance looks better than it is: slow features hold few independent values, and the directions
 * found in them are partly chance.
 */
function heldOutDistances(series: readonly { readonly rows: readonly Row[] }[]): readonly (readonly number[])[] {
  const all = series.map(({ rows }) => rows.filter((_, i) => i % DISTANCE_EVERY === 0))
  const instants = all.flatMap((rows) => rows.map(({ at }) => at))
  const first = instants.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY)
  const length = (instants.reduce((most, at) => Math.max(most, at), first) - first + 1) / FOLDS
  const foldOf = ({ at }: Row): number => Math.floor((at - first) / length)
  const references = Array.from({ length: FOLDS }, (_, fold) => {
    const others = all.flatMap((rows) => rows.filter((row) => foldOf(row) !== fold)).map(({ values }) => values)
    return others.length > 0 ? distanceReference(others) : undefined
  })
  return all.map((rows) =>
    rows.map((row) => {
      const reference = references[foldOf(row)]
      return (reference && distanceOf(reference, row.values)?.distance) ?? Number.NaN
    }),
  )
}

/** Where stretches of `length` begin that overlap by half. */
const stretches = (count: number, length: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor((2 * (count - length)) / length) + 1) }, (_, k) => (k * length) / 2)

const column = (rows: readonly ArrayLike<number>[], f: number): Float64Array =>
  Float64Array.from(rows, (row) => row[f]!)
const shareKnown = (rows: readonly ArrayLike<number>[], f: number): number =>
  rows.filter((row) => Number.isFinite(row[f]!)).length / rows.length
const greatest = (values: readonly number[]): number => Math.max(0, ...values.filter(Number.isFinite))

/** 0 where nothing is known. */
function quantile(values: readonly number[], share: number): number {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b)
  return known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? 0
}

const tidy = (value: number): number => Number(value.toPrecision(4))
