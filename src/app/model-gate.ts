import type { TimestampMs } from '../domain/units.ts'
import type { ModelHealth, ModelRecord, ModelState, ShadowRecord } from '../ports.ts'

/** Why a model may not be put in force, with its numbers. */
export type PromotionRefusal =
  | { readonly code: 'NOT_A_CHALLENGER'; readonly state: ModelState }
  | { readonly code: 'OF_ANOTHER_MARKET'; readonly market: string; readonly needed: string }
  /** It reads features that this code does not make. */
  | { readonly code: 'OF_OTHER_FEATURES'; readonly featureHash: string; readonly needed: string }
  | { readonly code: 'NOT_COMPARED_WITH_RUNG_BELOW'; readonly rung: string }
  /** The interval of its skill over the rung below reaches to zero or under it. */
  | {
      readonly code: 'NOT_BETTER_THAN_RUNG_BELOW'
      readonly below: string
      readonly value: number
      readonly low: number
      readonly high: number
    }
  /** Targets on which it claims skill, and the calibration gate was not passed. */
  | { readonly code: 'NOT_CALIBRATED'; readonly targets: readonly string[] }
  | { readonly code: 'TOO_FEW_DAYS_IN_SHADOW'; readonly days: number; readonly needed: number }
  /** Its last judgement. */
  | { readonly code: 'HEALTH_FAILED'; readonly day: TimestampMs }

export interface PromotionFacts {
  readonly model: ModelRecord
  readonly shadow: ShadowRecord
  readonly health: ModelHealth | undefined
}

/** What a desk asks of a model that is to be put in force. */
export interface PromotionRules {
  readonly market: string
  readonly featureHash: string
  readonly shadowDays: number
}

/**
 * Everything that stands against putting a model in force, on what is on record of it; empty = nothing.
 *
 * It has to beat the rung below with the whole 95 % interval of its paired Brier skill above zero, and to be calibrated on every
 * target of that comparison. Days in shadow are days on which it has said something: a desk that was off has seen nothing.
 *
 * @see specification §2.5
 */
export function judgePromotion(facts: PromotionFacts, rules: PromotionRules): readonly PromotionRefusal[] {
  return CONDITIONS.flatMap((condition) => condition(facts, rules) ?? [])
}

type Condition = (facts: PromotionFacts, rules: PromotionRules) => PromotionRefusal | undefined

const CONDITIONS: readonly Condition[] = [
  ({ model: { state } }) => (state === 'challenger' ? undefined : { code: 'NOT_A_CHALLENGER', state }),
  ({ model: { market } }, { market: needed }) =>
    market === needed ? undefined : { code: 'OF_ANOTHER_MARKET', market, needed },
  ({ model: { featureHash } }, { featureHash: needed }) =>
    featureHash === needed ? undefined : { code: 'OF_OTHER_FEATURES', featureHash, needed },
  ({ model: { rung, metrics } }) => {
    if (!metrics.overBelow) return { code: 'NOT_COMPARED_WITH_RUNG_BELOW', rung }
    const { rung: below, value, low, high } = metrics.overBelow
    return low > 0 ? undefined : { code: 'NOT_BETTER_THAN_RUNG_BELOW', below, value, low, high }
  },
  ({ model: { metrics, gates } }) => {
    const targets = (metrics.overBelow?.targets ?? []).filter((target) => gates[target] !== true)
    return targets.length === 0 ? undefined : { code: 'NOT_CALIBRATED', targets }
  },
  ({ shadow: { days } }, { shadowDays: needed }) =>
    days >= needed ? undefined : { code: 'TOO_FEW_DAYS_IN_SHADOW', days, needed },
  ({ health }) => (health?.verdict === 'failed' ? { code: 'HEALTH_FAILED', day: health.day } : undefined),
]
