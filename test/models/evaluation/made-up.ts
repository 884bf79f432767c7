/** A made-up ladder: every rung says the truth through more or less noise. */
import type { HeldOut } from '../../../models/held-out.ts'
import type { RungName } from '../../../models/rung.ts'
import { byTarget, TARGETS, type TargetKey } from '../../../models/targets.ts'
import { sigmoid } from '../../../src/domain/calibration.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { DAY, HOUR } from '../../../src/domain/units.ts'

export const START = Date.UTC(2022, 0, 3)
const BASE = -3.2
const QUARTERS = [1, 2, 3, 4]
const MEMORY = 0.93 // of the truth, from one decision to the next

export interface MadeUp {
  readonly seed?: number
  readonly folds?: number
  readonly days?: number
  readonly assets?: readonly string[]
  /** How many quarters of the truth each rung knows: with 4 it says it, with 0 it says the rate. */
  readonly rungs?: Partial<Record<RungName, number>>
  /** Added to every log odds that is said. */
  readonly shift?: number
  readonly targets?: readonly TargetKey[]
  readonly everyHours?: number
}

/** Held-out answers over test segments that follow each other, the assets of an instant beside each other. */
export function madeUpLadder(made: MadeUp = {}): readonly HeldOut[] {
  const {
    seed = 1,
    folds = 2,
    days = 60,
    assets = ['ETH', 'BTC'],
    rungs = { 'base-rate': 0, 'volatility-only': 1, 'five-feature': 4 },
    shift = 0,
    targets = ['cascade-down-24h'],
    everyHours = 4,
  } = made
  const random = createRandom(seed)
  const normal = createGaussian(random)
  const isAsked = new Set<TargetKey>(targets)
  return Array.from({ length: folds }, (_, fold) => {
    const from = START + fold * (days + 3) * DAY
    const steps = (days * 24) / everyHours
    const instants = Array.from(
      { length: steps * assets.length },
      (_, i) => from + Math.floor(i / assets.length) * everyHours * HOUR,
    )
    const assetOf = instants.map((_, i) => assets[i % assets.length]!)
    const parts = byTarget(({ key }) =>
      isAsked.has(key) ? QUARTERS.map(() => wandering(instants.length, assets.length, normal)) : [],
    )
    const knownOf = (key: TargetKey, i: number, quarters: number): number =>
      parts[key].slice(0, quarters).reduce((sum, part) => sum + part[i]! / Math.sqrt(QUARTERS.length), 0)
    const labels = byTarget(({ key, kind }) =>
      instants.map((_, i) => {
        if (!isAsked.has(key)) return null
        const known = knownOf(key, i, QUARTERS.length)
        return kind === 'event' ? (random() < sigmoid(BASE + known) ? 1 : 0) : known + normal()
      }),
    )
    const rates = byTarget(
      ({ key }) => labels[key].reduce<number>((sum, label) => sum + (label ?? 0), 0) / instants.length,
    )
    const rate = (key: TargetKey): number => rates[key]
    return Object.entries(rungs).map(
      ([rung, knowledge]): HeldOut => ({
        rung: rung as RungName,
        fold,
        assets: assetOf,
        instants,
        answers: byTarget(({ key, kind }) =>
          instants.map((_, i) => {
            if (!isAsked.has(key)) return null
            const known = knownOf(key, i, knowledge)
            if (kind === 'value') return known
            // What is not known raises the rate of what is rare, by half its variance.
            const unknown = 1 - knowledge / QUARTERS.length
            return knowledge === 0 ? rate(key) : sigmoid(BASE + unknown / 2 + known + shift)
          }),
        ),
        labels,
        trainingMean: byTarget(({ key }) => (isAsked.has(key) ? rate(key) : 0)),
        alertThreshold: Object.fromEntries(
          TARGETS.filter(({ key, kind }) => kind === 'event' && isAsked.has(key)).map(({ key }) => [key, 0.12]),
        ),
        segments: {
          train: [from - 400 * DAY, from - 63 * DAY],
          calibration: [from - 60 * DAY, from - 3 * DAY],
          test: [from, instants.at(-1)!],
        },
      }),
    )
  }).flat()
}

/** A truth of variance one that each asset drifts through, much the same at the next decision. */
function wandering(count: number, assets: number, normal: () => number): number[] {
  const values: number[] = []
  for (let i = 0; i < count; i++) {
    const before = values[i - assets]
    values.push(before === undefined ? normal() : MEMORY * before + Math.sqrt(1 - MEMORY ** 2) * normal())
  }
  return values
}
