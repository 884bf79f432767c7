/** A feature of which much less is known than when the model was fitted. */
export interface MissingFeature {
  readonly name: string
  /** Share of recent rows in which it is known, and of training rows. */
  readonly known: number
  readonly trained: number
}

export interface Coverage {
  /** Mean share of features known over that of training; 1 where as much is known as then. */
  readonly share: number
  readonly missing: readonly MissingFeature[]
}

export const COVERAGE_LIMITS = { warn: 0.8, failed: 0.5 } as const
/** A feature has gone missing when it was known in at least half of training and now in less than a fifth of that. */
const [KNOWN_BEFORE, KNOWN_NOW] = [0.5, 0.2]

/**
 * How much of what a model was fitted on is still known.
 *
 * @param features - in the order of the rows, with the share of training rows that knew each
 * @param rows - recent ones; NaN where not known
 * @returns undefined without rows, or of a model that knew nothing
 */
export function coverageOf(
  features: readonly { readonly name: string; readonly known: number }[],
  rows: readonly ArrayLike<number>[],
): Coverage | undefined {
  const trained = features.reduce((sum, { known }) => sum + known, 0)
  if (rows.length === 0 || !(trained > 0)) return undefined
  const shares = features.map((_, f) => rows.filter((row) => Number.isFinite(row[f]!)).length / rows.length)
  return {
    share: shares.reduce((sum, share) => sum + share, 0) / trained,
    missing: features.flatMap(({ name, known }, f) =>
      known >= KNOWN_BEFORE && shares[f]! < KNOWN_NOW * known ? [{ name, known: shares[f]!, trained: known }] : [],
    ),
  }
}

/** How regularly a model has answered. */
export interface Answering {
  /** Share of the last seven days' hours with at least one answer. */
  readonly share: number
  /** Hours since the newest; undefined when it has never answered. */
  readonly ageHours?: number
}

const WEEK_HOURS = 168
const HOUR_MS = 3_600_000

/**
 * @param instants - of every answer of the last seven days, ms, any order
 * @param since - when it was first asked, ms: hours before then are not held against it
 */
export function answeringOf(instants: readonly number[], at: number, since: number): Answering {
  const hourOf = (instant: number): number => Math.floor(instant / HOUR_MS)
  const expected = Math.max(1, Math.min(WEEK_HOURS, hourOf(at) - hourOf(since)))
  const heard = new Set(
    instants
      .filter((one) => one <= at)
      .map(hourOf)
      .filter((hour) => hour > hourOf(at) - 1 - expected),
  )
  const newest = instants.reduce((last, one) => (one <= at && one > last ? one : last), Number.NEGATIVE_INFINITY)
  return {
    share: Math.min(1, heard.size / expected),
    ...(Number.isFinite(newest) && { ageHours: (at - newest) / HOUR_MS }),
  }
}
