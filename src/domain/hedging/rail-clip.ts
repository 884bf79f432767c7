import type { Asset } from '../market/tick.ts'
import type { RailEffects } from '../risk/rail.ts'
import { clamp, type Fraction, fraction } from '../units.ts'

/** Within what the rails let a policy move one hedge, and why. */
export interface RailClip {
  /** In place of the policy that is set. */
  readonly policy: RailEffects['policy']
  /** Of the speculative overlay, 0 to 1. */
  readonly overlayShare: Fraction
  /** The policy steps aside: as much as the limits allow. */
  readonly toMax: boolean
  readonly least: Fraction
  readonly most: Fraction
  /** How far the ratio may still move, up or down, in this hour and day; undefined: pace does not bind. */
  readonly mostChange?: Fraction | undefined
  readonly notes: readonly string[]
}

/** Room that the pacing limits leave from the ratio held now. */
export interface RatioRoom {
  readonly lastHour: Fraction
  readonly lastDay: Fraction
  readonly maxPerHour: Fraction
  readonly maxPerDay: Fraction
}

/**
 * What the effects of all rails mean for the ratio of one asset. Caps of all rails apply; where a floor and a cap contradict each
 * other, the floor gives way: what may not be sold more is not sold more.
 *
 * @param held - the ratio now
 * @param room - undefined: pacing does not bind
 */
export function railClip(
  effects: RailEffects,
  { asset, held, maxRatio, room }: { asset: Asset; held: Fraction; maxRatio: Fraction; room?: RatioRoom | undefined },
): RailClip {
  const notes: string[] = []
  let [least, most] = [0, maxRatio as number]
  const toMax = effects.hedgeToMax.includes(asset)
  if (toMax) notes.push('one-sided open interest: as much as the limits allow')
  if (effects.keepHedge === 'everything' || effects.keepHedge.includes(asset)) {
    least = Math.min(held, maxRatio)
    notes.push('no rail sells protection now')
  }
  if (effects.noMoreShort.includes(asset)) {
    most = Math.min(most, Math.max(0, held))
    notes.push('no more short than there is')
  }
  return {
    policy: effects.policy,
    overlayShare: fraction(clamp(effects.overlayShare[asset] ?? 1, 0, 1)),
    toMax,
    least: fraction(Math.min(least, most)),
    most: fraction(most),
    ...(room && {
      mostChange: fraction(Math.max(0, Math.min(room.maxPerHour - room.lastHour, room.maxPerDay - room.lastDay))),
    }),
    notes,
  }
}
