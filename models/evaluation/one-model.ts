/**
 * A model that was trained before, judged on a window it has not seen.
 *
 * @module
 */
import { type Artifact, readArtifact } from '../artifact.ts'
import { applyCalibrator } from '../calibrate.ts'
import type { Engine } from '../engine.ts'
import { alertThreshold, heldOutOfModel } from '../evaluate-ladder.ts'
import { FEATURE_COUNT, FEATURES, featureHash } from '../features.ts'
import { restoreModel } from '../forecaster.ts'
import type { HeldOut } from '../held-out.ts'
import { withoutFeatures } from '../history.ts'
import { rungBelow } from '../ladder.ts'
import { listModels } from '../registry.ts'
import { RUNG_NAMES, type RungName } from '../rung.ts'
import type { AssetHours, Sample } from '../samples.ts'
import { byTarget, TARGET_COUNT, TARGETS, type TargetKey } from '../targets.ts'
import { type Fold, segmentsOf } from '../walk-forward.ts'

/**
 * A model by the folder of its `model.json`, or by its id among the shipped ones.
 *
 * @throws {Error} when there is none, or it reads other features than this code makes: value and remedy
 */
export async function findModel(name: string, artifactsFolder: string): Promise<Artifact> {
  const known = (await readArtifact(name)) ? [] : await listModels(artifactsFolder)
  const artifact = await readArtifact(known.find(({ modelId }) => modelId === name)?.folder ?? name)
  if (!artifact) {
    throw new Error(
      `Expected --model to be a folder with a model.json, or one of ${known.map(({ modelId }) => modelId).join(', ') || 'the shipped models (there are none)'}, was ${name}.`,
    )
  }
  if (artifact.featureHash !== featureHash()) {
    throw new Error(
      `Expected a model trained on the features of this version (${featureHash()}), was ${artifact.modelId} trained on ${artifact.featureHash}. Train a new one.`,
    )
  }
  return artifact
}

/** From when on a model has seen nothing. */
export const unseenFrom = ({ fittedUntil }: Artifact): number => Date.parse(fittedUntil)

/** What a model is held against, fitted anew before the window: the base rate, volatility only and the rung below. */
export function rungsBeside(rung: RungName): readonly RungName[] {
  const names: readonly (RungName | undefined)[] = ['base-rate', 'volatility-only', rungBelow(rung)]
  return RUNG_NAMES.filter((name) => names.includes(name) && name !== rung)
}

/** What the model says of the samples of a fold's test segment, calibrated as it is in use. */
export function askModel(
  artifact: Artifact,
  assets: readonly AssetHours[],
  { fold, everyHours, engine }: { fold: Fold; everyHours: number; engine: Engine },
): HeldOut {
  const segments = segmentsOf(withoutFeatures(assets, artifact.leftOut), fold, { everyHours })
  const model = restoreModel(artifact, engine)
  try {
    const { held } = heldOutOfModel(artifact.rung, model, { fold, segments })
    const answersOn = (samples: readonly Sample[]): Record<TargetKey, Float64Array> => {
      const scores = model.scores(samples)
      const profiles = samples.map((sample) => (knowsAll(artifact.expected, sample) ? 'full' : 'reduced'))
      return byTarget(({ key }, k) =>
        Float64Array.from(profiles, (profile, row) =>
          applyCalibrator(artifact.calibrators[profile][key], scores[row * TARGET_COUNT + k]!, key),
        ),
      )
    }
    const [calibration, test] = [answersOn(segments.calibration), answersOn(segments.test)]
    return {
      ...held,
      answers: byTarget(({ key }) => Array.from(test[key], (answer) => (Number.isFinite(answer) ? answer : null))),
      alertThreshold: Object.fromEntries(
        TARGETS.flatMap(({ key, kind }) => {
          const threshold = kind === 'event' ? alertThreshold(segments.calibration, calibration[key]) : undefined
          return threshold === undefined ? [] : [[key, threshold]]
        }),
      ),
    }
  } finally {
    model.dispose()
  }
}

function knowsAll(expected: readonly string[], { hours, i }: Sample): boolean {
  return FEATURES.every(({ name }, f) => !expected.includes(name) || hours.mask[i * FEATURE_COUNT + f] === 1)
}
