import type { DurationMs } from '../units.ts'
import type { RailFacts } from './facts.ts'
import type { Limits } from './limits.ts'
import { RAIL_LEVELS, type RailLevel, type RailName, type RailState } from './rail.ts'

/** What one rail makes of the facts, for the desk, one venue or one asset. */
export type RailReading = JudgedReading | UnknownReading

export interface JudgedReading {
  readonly kind: 'judged'
  readonly rail: RailName
  readonly scope: string
  /** Where the facts alone would put it; a state comes down to it step by step. */
  readonly level: RailLevel
  /** Of all its figures the one nearest to a trigger, and that trigger. */
  readonly value?: number | undefined
  readonly trigger?: number | undefined
  /** What ends the level that it stands at. */
  readonly release?: number | undefined
  /** How near: 0 is far away, 1 is at the trigger, more is beyond it. */
  readonly nearness: number
  /** Whether the condition that ends the level it stands at holds now. False while what it rests on is not known. */
  readonly releaseHolds: boolean
  /** How long that has to hold, where it is longer than for all. */
  readonly releaseAfter?: DurationMs | undefined
  /** A person put it there and has let go: neither waiting nor steps. */
  readonly comesBackAtOnce: boolean
  /** At this level only a person lets go. */
  readonly needsPerson: boolean
  readonly variants: readonly string[]
  readonly text: string
}

/** What it rests on is not known: the rail stays where it is. */
export interface UnknownReading {
  readonly kind: 'not-known'
  readonly rail: RailName
  readonly scope: string
  readonly text: string
}

/** @param state - where the rail stands for a scope; undefined when it was never judged */
export type RailCheck = (
  facts: RailFacts,
  limits: Limits,
  state: (scope: string) => RailState | undefined,
) => readonly RailReading[]

/** One figure of a rail, and from where on it asks for which level. */
export interface Condition {
  /** For people: `leverage`. */
  readonly what: string
  readonly value: number | undefined
  readonly trips: 'above' | 'below' | 'from'
  /** From easy to strict; none where the figure alone triggers nothing. */
  readonly steps: readonly (readonly [RailLevel, number])[]
  readonly format: (value: number) => string
  /** Name of the variant that it is, where the rail has several. */
  readonly variant?: string | undefined
  /** It is there or it is not. */
  readonly isFlag?: true
}

/** A condition that is there or not. */
export const flag = (
  what: string,
  value: boolean | undefined,
  { level, variant }: { level: RailLevel; variant: string },
): Condition => ({
  what,
  value: value === undefined ? undefined : value ? 1 : 0,
  trips: 'from',
  steps: [[level, 1]],
  format: (found) => (found ? 'yes' : 'no'),
  variant,
  isFlag: true,
})

export const rankOf = (level: RailLevel): number => RAIL_LEVELS.indexOf(level)
export const isAtLeast = (level: RailLevel, least: RailLevel): boolean => rankOf(level) >= rankOf(least)

interface Judging {
  readonly rail: RailName
  readonly scope: string
  readonly conditions: readonly Condition[]
  readonly releaseHolds: boolean
  readonly release?: number | undefined
  readonly releaseAfter?: DurationMs | undefined
  readonly comesBackAtOnce?: boolean
  readonly needsPersonFrom?: RailLevel | undefined
  /** Of the state's own, in place of those of the conditions. */
  readonly variants?: readonly string[] | undefined
  /** What else people should know. */
  readonly notes?: readonly string[] | undefined
}

/** Several conditions as one reading: the strictest decides the level, the nearest is shown; when none is known, that is said. */
export function judge({ conditions, notes = [], ...rest }: Judging): RailReading {
  const { rail, scope } = rest
  const known = conditions.flatMap((condition) => (condition.value === undefined ? [] : [measure(condition)]))
  const missing = conditions.filter(({ value }) => value === undefined).map(({ what }) => `${what}: not known`)
  if (known.length === 0) return { kind: 'not-known', rail, scope, text: [...missing, ...notes].join('; ') }
  const level = known.reduce<RailLevel>((worst, one) => (isAtLeast(one.level, worst) ? one.level : worst), 'normal')
  const sorted = known.toSorted((a, b) => rankOf(b.level) - rankOf(a.level) || b.nearness - a.nearness)
  const { value, trigger, nearness } = sorted[0]!
  const firing = level === 'normal' ? [] : known.filter((one) => one.level === level)
  return {
    kind: 'judged',
    rail,
    scope,
    level,
    value,
    trigger,
    nearness,
    release: rest.release,
    releaseHolds: rest.releaseHolds,
    releaseAfter: rest.releaseAfter,
    comesBackAtOnce: rest.comesBackAtOnce ?? false,
    needsPerson: rest.needsPersonFrom !== undefined && isAtLeast(level, rest.needsPersonFrom),
    variants: rest.variants ?? firing.flatMap(({ variant }) => (variant === undefined ? [] : [variant])),
    text: [...sorted.map(({ text }) => text), ...missing, ...notes].join('; '),
  }
}

export const notKnown = (rail: RailName, scope: string, text: string): UnknownReading => ({
  kind: 'not-known',
  rail,
  scope,
  text,
})

interface Measured {
  readonly level: RailLevel
  readonly value: number
  readonly trigger: number | undefined
  readonly nearness: number
  readonly variant?: string | undefined
  readonly text: string
}

function measure({ what, value, trips, steps, format, variant, isFlag }: Condition): Measured {
  const found = value!
  const isOver = (at: number): boolean => (trips === 'above' ? found > at : trips === 'from' ? found >= at : found < at)
  const passed = steps.filter(([, at]) => isOver(at))
  const next = steps[passed.length] ?? steps.at(-1)
  if (!next) return { level: 'normal', value: found, trigger: undefined, nearness: 0, text: `${what} ${format(found)}` }
  const level = passed.at(-1)?.[0] ?? 'normal'
  const words = trips === 'above' ? 'above' : trips === 'from' ? 'at' : 'below'
  const text = isFlag ? `${what}: ${format(found)}` : `${what} ${format(found)}, ${next[0]} ${words} ${format(next[1])}`
  return { level, value: found, trigger: next[1], nearness: nearnessOf(found, next[1], trips), variant, text }
}

const FAR = 1e6

function nearnessOf(value: number, trigger: number, trips: Condition['trips']): number {
  const [above, below] = trips === 'below' ? [trigger, value] : [value, trigger]
  if (below <= 0) return above > 0 || trips === 'below' ? FAR : 1
  return Math.max(0, Math.min(FAR, above / below))
}
