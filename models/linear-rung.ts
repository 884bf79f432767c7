/**
 * Logistic and ridge regression on a few features of the last row: what the three rungs between the base rate and the trees are.
 *
 * @module
 */
import { z } from 'zod'
import { fitLogistic, solve } from '../src/domain/calibration.ts'
import { featureColumns, type Labelled, labelled, lastRows, meanOf } from './last-row.ts'
import type { Explanation, FittedModel, Rung, RungName } from './rung.ts'
import { featureOf, type Sample } from './samples.ts'
import { linearShapley } from './shapley.ts'
import { isTargetKey, TARGET_COUNT, TARGETS, type Target, type TargetKey, targetIndex } from './targets.ts'

export interface LinearRungOptions {
  readonly name: RungName
  readonly title: string
  /** Names of the features it reads for a target; the same number for every one. */
  readonly inputsOf: (target: Target) => readonly string[]
}

/**
 * A weighted sum of inputs and of whether each was unknown.
 *
 * An unknown input counts as its mean in training; its `missing` weight says what being unknown meant there.
 */
const EQUATION = z.object({
  intercept: z.number(),
  inputs: z.array(
    z.object({
      feature: z.string(),
      mean: z.number(),
      scale: z.number().positive(),
      weight: z.number(),
      /** Share of train samples in which it was unknown, and the weight of it being so; absent where too few were. */
      missing: z.object({ share: z.number(), weight: z.number() }).optional(),
    }),
  ),
})
type Equation = z.infer<typeof EQUATION>
const SETTINGS = z.object({ equations: z.record(z.string(), EQUATION) })

/** Penalty per standardised weight; a logistic one's is in units of log loss. */
const L2 = 1
/** An input known in fewer train samples is none, and one unknown in fewer has no weight for that. */
const LEAST_SAMPLES = 30
/** With fewer of one kind every weight is noise, and the answer is the rate. */
const LEAST_OF_A_KIND = 10
const FLAT = 1e-12

/** A rung that is one regression per target: logistic for events, ridge for values. */
export function linearRung({ name, title, inputsOf }: LinearRungOptions): Rung {
  const rung: Rung = {
    name,
    title,
    features: [...new Set(TARGETS.flatMap((target) => inputsOf(target)))],
    readsVenues: false,
    windowHours: 0,
    async fit({ train, signal, onProgress }) {
      if (train.length === 0) throw new RangeError('Expected at least one sample to fit on, were none')
      const equations: Partial<Record<TargetKey, Equation>> = {}
      for (const [k, target] of TARGETS.entries()) {
        signal?.throwIfAborted()
        const equation = fitEquation(train, target, inputsOf(target))
        if (equation) equations[target.key] = equation
        onProgress?.((k + 1) / TARGET_COUNT, target.key)
        await new Promise((resolve) => setImmediate(resolve))
      }
      return fitted(equations)
    },
    restore(stored) {
      if (stored.rung !== name) throw new Error(`Expected a stored model of ${name}, was one of ${stored.rung}`)
      const { equations } = SETTINGS.parse(stored.settings)
      const unknown = Object.keys(equations).find((key) => !isTargetKey(key))
      if (unknown) throw new Error(`Expected equations of targets, was one of ${unknown}`)
      return fitted(equations)
    },
  }

  function fitted(equations: Readonly<Partial<Record<TargetKey, Equation>>>): FittedModel {
    const known = Object.entries(equations) as [TargetKey, Equation][]
    const compiled = known.map(([key, equation]) => ({
      head: targetIndex(key),
      equation,
      columns: featureColumns(equation.inputs.map(({ feature }) => feature)),
    }))
    const used = [...new Set(compiled.flatMap(({ columns }) => columns))]
    return {
      rung: name,
      architecture: `${title}: ${inputsOf(TARGETS[0]!).length} features of the last row, ${known.length} of ${TARGET_COUNT} targets`,
      scores(samples, hide) {
        const rows = lastRows(samples, used, hide)
        const scores = new Float32Array(samples.length * TARGET_COUNT).fill(Number.NaN)
        for (const { head, equation, columns } of compiled) {
          const at = columns.map((f) => used.indexOf(f))
          for (let k = 0; k < samples.length; k++) {
            const values = at.map((j) => rows[k * used.length + j]!)
            scores[k * TARGET_COUNT + head] = scoreOf(equation, values)
          }
        }
        return scores
      },
      explain: (sample, key) => explain(compiled.find(({ head }) => head === targetIndex(key))?.equation, sample, key),
      store: () => ({ rung: name, settings: { equations: structuredClone(equations) }, arrays: {} }),
      dispose() {},
    }
  }
  return rung
}

/** @returns undefined where no label, or none of the inputs, is known */
function fitEquation(train: readonly Sample[], { key, kind, scale }: Target, names: readonly string[]) {
  const { rows, labels, positives } = labelled(train, key)
  if (rows.length === 0) return undefined
  const samples = Array.from(rows, (k) => train[k]!)
  const values = lastRows(samples, featureColumns(names))
  const inputs = names.flatMap((feature, j) => describe(feature, columnOf(values, names.length, j)) ?? [])
  if (inputs.length === 0) return undefined
  const design = Array.from(rows, (_, k) => inputs.flatMap((input) => standardised(input, values, k, names)))
  const [intercept, ...weights] =
    kind === 'event' ? logisticWeights(design, { rows, labels, positives }) : ridgeWeights(design, labels, scale)
  return {
    intercept: intercept!,
    inputs: inputs.map((input, j) => ({
      ...input,
      weight: weights[2 * j]!,
      ...(input.missing && { missing: { share: input.missing.share, weight: weights[2 * j + 1]! } }),
    })),
  }
}

const columnOf = (rows: Float32Array, width: number, j: number): Float32Array =>
  Float32Array.from({ length: rows.length / width }, (_, k) => rows[k * width + j]!)

type Input = Equation['inputs'][number]

/** Mean and spread over the samples in which it is known; undefined where those are too few. */
function describe(feature: string, values: Float32Array): Input | undefined {
  const known = values.filter((value) => !Number.isNaN(value))
  if (known.length < LEAST_SAMPLES) return undefined
  const mean = meanOf(known)
  const variance = meanOf(Float64Array.from(known, (value) => (value - mean) ** 2))
  const scale = variance > FLAT ? Math.sqrt(variance) : 1
  const unknown = values.length - known.length
  return {
    feature,
    mean,
    scale,
    weight: 0,
    ...(unknown >= LEAST_SAMPLES && { missing: { share: unknown / values.length, weight: 0 } }),
  }
}

function standardised(input: Input, values: Float32Array, k: number, names: readonly string[]): [number, number] {
  return terms(input, values[k * names.length + names.indexOf(input.feature)]!)
}

/** What the two weights of an input are multiplied with: both 0 on average over the train samples. */
function terms({ mean, scale, missing }: Input, value: number): [number, number] {
  const unknown = Number.isNaN(value)
  return [unknown ? 0 : (value - mean) / scale, missing ? (unknown ? 1 : 0) - missing.share : 0]
}

/** Intercept first; the score of an average hour, since every column's mean is 0. */
function logisticWeights(design: number[][], { labels, positives }: Labelled): number[] {
  const few = Math.min(positives, labels.length - positives) < LEAST_OF_A_KIND
  const model = fitLogistic(few ? design.map((row) => row.map(() => 0)) : design, Array.from(labels), { l2: L2 })
  const weights = model.weights.map((weight, j) => weight / model.scales[j]!)
  return [weights.reduce((sum, weight, j) => sum - weight * model.means[j]!, model.intercept), ...weights]
}

function ridgeWeights(design: number[][], labels: Float32Array, scale: number): number[] {
  const mean = meanOf(labels)
  const width = design[0]!.length
  const products = Array.from({ length: width }, () => new Array<number>(width).fill(0))
  const shared = new Array<number>(width).fill(0)
  for (const [k, row] of design.entries()) {
    const y = (labels[k]! - mean) / scale
    for (let a = 0; a < width; a++) {
      shared[a]! += row[a]! * y
      for (let b = 0; b <= a; b++) products[a]![b]! += row[a]! * row[b]!
    }
  }
  for (let a = 0; a < width; a++) {
    products[a]![a]! += L2
    for (let b = a + 1; b < width; b++) products[a]![b] = products[b]![a]!
  }
  return [mean, ...solve(products, shared).map((weight) => weight * scale)]
}

/** @returns NaN where none of its inputs is known */
function scoreOf({ intercept, inputs }: Equation, values: readonly number[]): number {
  if (values.every(Number.isNaN)) return Number.NaN
  return inputs.reduce((sum, input, j) => {
    const [value, missing] = terms(input, values[j]!)
    return sum + input.weight * value + (input.missing?.weight ?? 0) * missing
  }, intercept)
}

function explain(equation: Equation | undefined, sample: Sample, key: TargetKey): Explanation {
  const values = equation
    ? featureColumns(equation.inputs.map(({ feature }) => feature)).map((f) => featureOf(sample, f))
    : []
  const score = equation ? scoreOf(equation, values) : Number.NaN
  if (!equation || Number.isNaN(score)) throw new RangeError(`Expected a sample with an answer for ${key}, was none`)
  return linearShapley({
    target: key,
    intercept: equation.intercept,
    terms: equation.inputs.map((input, j) => {
      const [value, missing] = terms(input, values[j]!)
      return {
        feature: input.feature,
        value: values[j]!,
        terms: [
          { weight: input.weight, value, mean: 0 },
          { weight: input.missing?.weight ?? 0, value: missing, mean: 0 },
        ],
      }
    }),
  })
}
