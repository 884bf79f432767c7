import { canonicalJson, sha256 } from '../hash.ts'
import { type DurationMs, duration, elapsed, MINUTE, type TimestampMs } from '../units.ts'
import { effectsOf } from './effects.ts'
import type { RailFacts } from './facts.ts'
import type { Limits } from './limits.ts'
import { RAIL_LEVELS, RAILS, type RailEffects, type RailLevel, type RailName, type RailState } from './rail.ts'
import { RAIL_CHECKS } from './rails.ts'
import { isAtLeast, type JudgedReading, type RailReading, rankOf } from './reading.ts'

/** How long a release has to hold without a break, and how far apart two steps back are. */
const STEP_BACK: DurationMs = duration(15 * MINUTE)

/** One change of where a rail stands, with what it was decided on. */
export interface RailDecision {
  readonly at: TimestampMs
  readonly rail: RailName
  /** `desk`, a venue or an asset. */
  readonly scope: string
  readonly before: RailLevel
  readonly after: RailLevel
  readonly inputs: Readonly<Record<string, unknown>>
  /** SHA-256 of the canonical JSON of all facts of that moment. */
  readonly inputsHash: string
}

export interface AdvancedRails {
  /** In order of precedence, then of scope. */
  readonly states: readonly RailState[]
  readonly effects: RailEffects
  readonly decisions: readonly RailDecision[]
}

/**
 * Every rail after the facts of one instant. Towards stricter at once and as far as it goes; back one level at a time, once its
 * release has held for 15 minutes (longer where the rail asks for it) without a break, at most one level in 15 minutes, and from
 * the levels that wait for a person only after `rearm`. What is not known, or no longer in sight, moves nothing. Only what a person
 * alone has stopped comes back at once when a person lets go.
 */
export function advanceRails(states: readonly RailState[], facts: RailFacts, limits: Limits): AdvancedRails {
  const before = new Map(states.map((state) => [keyOf(state), state]))
  const after = new Map<string, RailState>(
    states.map((state) => [keyOf(state), { ...state, releasedSince: undefined }]),
  )
  const decisions: Omit<RailDecision, 'inputsHash'>[] = []
  for (const reading of readRails(states, facts, limits)) {
    const old = before.get(keyOf(reading))
    const next = advance(old, reading, facts.at)
    after.set(keyOf(reading), next)
    const from = old?.level ?? 'normal'
    if (next.level === from && (next.variant ?? '') === (old?.variant ?? '')) continue
    const { value, trigger, release, variant, text, heldForPerson } = next
    const inputs = { value, trigger, release, variant, text, heldForPerson }
    const { rail, scope } = next
    decisions.push({ at: facts.at, rail, scope, before: from, after: next.level, inputs })
  }
  const advanced = [...after.values()].toSorted(inOrder)
  const inputsHash = decisions.length > 0 ? sha256(canonicalJson(facts)) : ''
  return {
    states: advanced,
    effects: effectsOf(advanced, facts, limits),
    decisions: decisions.map((decision) => ({ ...decision, inputsHash })),
  }
}

/** What every rail makes of the facts, in order of precedence. */
export const readRails = (states: readonly RailState[], facts: RailFacts, limits: Limits): readonly RailReading[] => {
  const known = new Map(states.map((state) => [keyOf(state), state]))
  return RAIL_CHECKS.flatMap((check, i) =>
    check(facts, limits, (scope) => known.get(keyOf({ rail: RAILS[i]!, scope }))),
  )
}

function advance(old: RailState | undefined, reading: RailReading, at: TimestampMs): RailState {
  const { rail, scope, text } = reading
  const state: RailState = old ?? { rail, scope, level: 'normal', since: at, heldForPerson: false, text }
  if (reading.kind === 'not-known')
    return { ...state, value: undefined, trigger: undefined, releasedSince: undefined, text }
  const { value, trigger, release } = reading
  const shown: RailState = { ...state, value, trigger, release, text }
  if (rankOf(reading.level) > rankOf(state.level)) {
    return {
      ...shown,
      level: reading.level,
      since: at,
      releasedSince: undefined,
      heldForPerson: state.heldForPerson || reading.needsPerson,
      variant: joined([...variantsOf(state), ...reading.variants]),
    }
  }
  if (reading.level === state.level) return stay(shown, reading, at)
  const releasedSince = reading.releaseHolds ? (state.releasedSince ?? at) : undefined
  return comeBack({ ...shown, releasedSince }, reading, at)
}

/** At the level that the facts ask for. A condition beside others joins at once; one that has passed leaves as a level would. */
function stay(state: RailState, reading: JudgedReading, at: TimestampMs): RailState {
  const heldForPerson = state.heldForPerson || reading.needsPerson
  const variant = joined([...variantsOf(state), ...reading.variants])
  const isShrinking = variant !== joined(reading.variants)
  if (!isShrinking) return { ...state, heldForPerson, variant, releasedSince: undefined }
  const releasedSince = variant === state.variant ? (state.releasedSince ?? at) : at
  return isDue({ ...state, releasedSince }, reading, at)
    ? { ...state, heldForPerson, since: at, releasedSince: undefined, variant: joined(reading.variants) }
    : { ...state, heldForPerson, releasedSince, variant }
}

function comeBack(state: RailState, reading: JudgedReading, at: TimestampMs): RailState {
  if (state.heldForPerson) return state
  if (reading.comesBackAtOnce && reading.releaseHolds) {
    return { ...state, level: reading.level, since: at, releasedSince: undefined, variant: joined(reading.variants) }
  }
  if (!isDue(state, reading, at)) return state
  const level = RAIL_LEVELS[rankOf(state.level) - 1]!
  return {
    ...state,
    level,
    since: at,
    variant: level === reading.level ? joined(reading.variants) : state.variant,
  }
}

/** Whether the release has held for long enough, and the last step lies far enough back. */
function isDue({ releasedSince, since }: RailState, { releaseAfter }: JudgedReading, at: TimestampMs): boolean {
  const needed = Math.max(STEP_BACK, releaseAfter ?? 0)
  return releasedSince !== undefined && elapsed(releasedSince, at) >= needed && elapsed(since, at) >= STEP_BACK
}

export type Rearmed =
  | { readonly kind: 'rearmed'; readonly states: readonly RailState[]; readonly state: RailState }
  /** There is nothing at this place that waits for a person. */
  | { readonly kind: 'not-held' }

/**
 * A person lets go of a rail that waits for one. It comes back by the same steps as any other from then on, and is held again at the
 * next judgement if what brought it there is still so.
 */
export function rearm(states: readonly RailState[], place: Pick<RailState, 'rail' | 'scope'>): Rearmed {
  const held = states.find((state) => keyOf(state) === keyOf(place) && state.heldForPerson)
  if (!held) return { kind: 'not-held' }
  const state: RailState = { ...held, heldForPerson: false }
  return { kind: 'rearmed', states: states.map((one) => (one === held ? state : one)), state }
}

/** How far one rail is from its trigger, and what it waits for. */
export interface RailDistance {
  readonly rail: RailName
  readonly scope: string
  readonly level: RailLevel
  /** What the facts alone would ask for; undefined when what it rests on is not known. */
  readonly wanted?: RailLevel | undefined
  readonly value?: number | undefined
  readonly trigger?: number | undefined
  readonly release?: number | undefined
  /** 0 is far from the trigger, 1 at it, more beyond it; undefined when not known. */
  readonly nearness?: number | undefined
  readonly waitsFor: 'nothing' | 'release' | 'time' | 'person'
  /** The earliest instant of the next step back, if the release goes on holding and no person is waited for. */
  readonly nextStepAt?: TimestampMs | undefined
  readonly text: string
}

/** Every rail as it stands on these facts, without moving any: in order of precedence. */
export function distances(states: readonly RailState[], facts: RailFacts, limits: Limits): readonly RailDistance[] {
  const known = new Map(states.map((state) => [keyOf(state), state]))
  const read = readRails(states, facts, limits).map((reading) => distanceOf(known.get(keyOf(reading)), reading))
  const seen = new Set(read.map(keyOf))
  const outOfSight = states
    .filter((state) => !seen.has(keyOf(state)))
    .map(({ rail, scope, level }) => ({ rail, scope, level, waitsFor: 'release' as const, text: 'not in sight' }))
  return [...read, ...outOfSight].toSorted(inOrder)
}

function distanceOf(state: RailState | undefined, reading: RailReading): RailDistance {
  const { rail, scope, text } = reading
  const level = state?.level ?? 'normal'
  if (reading.kind === 'not-known')
    return { rail, scope, level, waitsFor: level === 'normal' ? 'nothing' : 'release', text }
  const { level: wanted, value, trigger, release, nearness } = reading
  const shown = { rail, scope, level, wanted, value, trigger, release, nearness, text }
  if (isAtLeast(wanted, level)) return { ...shown, waitsFor: wanted === 'normal' ? 'nothing' : 'release' }
  if (!reading.releaseHolds || !state || state.releasedSince === undefined) return { ...shown, waitsFor: 'release' }
  const needed = Math.max(STEP_BACK, reading.releaseAfter ?? 0)
  const nextStepAt = Math.max(state.releasedSince + needed, state.since + STEP_BACK) as TimestampMs
  return { ...shown, waitsFor: state.heldForPerson ? 'person' : 'time', nextStepAt }
}

const keyOf = ({ rail, scope }: Pick<RailState, 'rail' | 'scope'>): string => `${rail}/${scope}`

const inOrder = (a: Pick<RailState, 'rail' | 'scope'>, b: Pick<RailState, 'rail' | 'scope'>): number =>
  RAILS.indexOf(a.rail) - RAILS.indexOf(b.rail) || (a.scope < b.scope ? -1 : a.scope > b.scope ? 1 : 0)

export const variantsOf = ({ variant }: Pick<RailState, 'variant'>): readonly string[] =>
  variant === undefined ? [] : variant.split('+')

const joined = (variants: readonly string[]): string | undefined =>
  variants.length === 0 ? undefined : [...new Set(variants)].toSorted().join('+')
