import path from 'node:path'
import { z } from 'zod'
import { HORIZONS, type Horizon } from '../src/domain/forecast.ts'
import type { EventRuleName } from '../src/domain/liquidation/cluster-outcome.ts'
import type { ConfidenceCalibrations } from '../src/domain/liquidation/confidence.ts'
import type { ConfidenceFacts, ConfidenceReport as Shown } from '../src/ports.ts'
import { readIfThere, writeJson } from './artifact.ts'
import type { HorizonReport } from './confidence-report.ts'

const CONFIDENCE_FILE = 'confidence.json'
const FORMAT = 'breakwater-confidence/2'

/** The confidence of liquidation clusters as it was fitted, and how it did on days that nothing was fitted on. */
export interface ConfidenceArtifact {
  readonly horizons: ConfidenceCalibrations
  readonly report: Readonly<Partial<Record<Horizon, HorizonReport>>>
  /** By which rule a touch was judged. */
  readonly rule: EventRuleName
  /** At which confidence within 24 h alerts keep to their budget under this calibration; a desk may set its own. */
  readonly alertThreshold: number
  /** No outcome after this instant was fitted on or looked at: a replay that begins earlier must not use it. */
  readonly fittedUntil?: string
}

const logistic = z.object({
  intercept: z.number(),
  weights: z.array(z.number()),
  means: z.array(z.number()),
  scales: z.array(z.number()),
})
const blocks = z.array(z.object({ low: z.number(), high: z.number(), count: z.number(), positives: z.number() })).min(1)
const calibrator = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('isotonic'), blocks }),
  z.object({ kind: z.literal('platt'), blocks, a: z.number(), b: z.number() }),
])
const common = {
  calibratedOn: z.enum(['simulated', 'recorded']),
  trainedOn: z.string(),
  horizon: z.enum(HORIZONS),
  counts: z.object({
    samples: z.number(),
    days: z.number(),
    touched: z.number(),
    events: z.number(),
    episodes: z.number(),
  }),
}
const calibration = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('fitted'),
    touch: logistic,
    event: logistic,
    baselineEvent: logistic,
    final: calibrator,
    baselineFinal: calibrator,
    independence: z.number(),
  }),
  z.object({ ...common, kind: z.literal('too-few-outcomes'), needed: z.number() }),
])
const ARTIFACT = z.object({
  format: z.literal(FORMAT),
  horizons: z.partialRecord(z.enum(HORIZONS), calibration),
  report: z.partialRecord(z.enum(HORIZONS), z.looseObject({})),
  rule: z.enum(['cascade', 'recorded']),
  alertThreshold: z.number().gt(0).lt(1),
  fittedUntil: z.iso.datetime().optional(),
})

/** Writes it whole or not at all. */
export const writeConfidence = (folder: string, artifact: ConfidenceArtifact): Promise<void> =>
  writeJson(path.join(folder, CONFIDENCE_FILE), { format: FORMAT, ...artifact })

/**
 * @returns undefined when the folder holds none
 * @throws {Error} when the file is not one of this version: value and remedy
 */
export async function readConfidence(folder: string): Promise<ConfidenceArtifact | undefined> {
  const file = path.join(folder, CONFIDENCE_FILE)
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  const parsed = ARTIFACT.safeParse(parseJson(text))
  if (parsed.success) return parsed.data as unknown as ConfidenceArtifact
  throw new Error(
    `Expected a cluster confidence of format ${FORMAT} in ${file}, was not: ${z.prettifyError(parsed.error)}. Fit a new one with npm run train.`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The report as chat shows it. */
export const confidenceFacts = ({ horizons, report }: ConfidenceArtifact): Shown =>
  Object.fromEntries(
    HORIZONS.flatMap((horizon) => {
      const [row, calibration] = [report[horizon], horizons[horizon]]
      if (!row || !calibration) return []
      const facts: ConfidenceFacts = {
        samples: row.samples,
        days: row.days,
        events: row.events,
        episodes: row.episodes,
        ece: row.ece,
        brierSkill: row.brierSkill,
        baselineBrierSkill: row.brierClimatology > 0 ? 1 - row.brierDistanceOnly / row.brierClimatology : 0,
        skillOverBaseline: { value: row.brierSkillOverDistance, ...row.brierSkillInterval },
        reliability: row.reliability,
        baselineReliability: row.reliabilityDistanceOnly,
        calibratedOn: calibration.calibratedOn,
        trainedOn: calibration.trainedOn,
      }
      return [[horizon, facts]]
    }),
  )
