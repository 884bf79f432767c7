import { DAY, HOUR, later, type TimestampMs, timestamp } from './units.ts'

export const ROTATIONS = ['day', 'week', 'off'] as const
export type Rotation = (typeof ROTATIONS)[number]

/** Who answers when nobody else does, by member ids, and since when the order holds. */
export interface OnCall {
  readonly order: readonly string[]
  /** How often it passes on; `off`: it stays with the first. */
  readonly every: Rotation
  /** From here on the first of the order has it, until the next handover. */
  readonly since: TimestampMs
  /** Someone took it out of turn. */
  readonly taken?: { readonly memberId: string; readonly from: TimestampMs; readonly until: TimestampMs }
}

export interface OnCallNow {
  /** Undefined where none of the order can be on call. */
  readonly now?: string | undefined
  /** Who has it after `now`, or would have it had nobody taken it. */
  readonly next?: string | undefined
  /** When it passes on; undefined = never by itself. */
  readonly until?: TimestampMs | undefined
  readonly taken: boolean
}

const HANDOVER_HOUR = 8 // UTC
const MONDAY = 4 // days from 1970-01-01, a Thursday

/**
 * Who is on call at an instant and who is next. It passes on at 08:00 UTC, every day or every Monday.
 *
 * @param canBe - whether a member can be on call; whoever cannot is passed over, and their turn goes to the next in order
 */
export function onCallAt(
  { order, every, since, taken }: OnCall,
  canBe: (memberId: string) => boolean,
  at: TimestampMs,
): OnCallNow {
  const turn = every === 'off' ? 0 : handovers(every, at) - handovers(every, since)
  const inOrder = order.map((_, i) => order[(i + Math.max(0, turn)) % order.length]!).filter(canBe)
  const [scheduled, after] = [...new Set(inOrder)]
  if (taken && taken.from <= at && at < taken.until && canBe(taken.memberId)) {
    const next = scheduled === taken.memberId ? after : scheduled
    return { now: taken.memberId, next, until: taken.until, taken: true }
  }
  return { now: scheduled, next: after, until: nextHandover(every, at), taken: false }
}

/** The first handover after an instant; undefined where it never passes on. */
export function nextHandover(every: Rotation, at: TimestampMs): TimestampMs | undefined {
  if (every === 'off') return undefined
  const { length, phase } = calendarOf(every)
  return timestamp((handovers(every, at) + 1) * length + phase)
}

/** The same order from now on, begun by whoever has it now, so that nobody is swapped in the middle of their turn. */
export function withRotation(
  onCall: OnCall,
  every: Rotation,
  { canBe, at }: { canBe: (memberId: string) => boolean; at: TimestampMs },
): OnCall {
  const { taken, ...rest } = onCall
  const { now } = onCallAt(rest, canBe, at)
  const first = Math.max(0, now === undefined ? 0 : onCall.order.indexOf(now))
  const order = [...onCall.order.slice(first), ...onCall.order.slice(0, first)]
  return { order, every, since: at, ...(taken && { taken }) }
}

export const takenBy = (
  onCall: OnCall,
  memberId: string,
  { at, hours }: { at: TimestampMs; hours: number },
): OnCall => ({
  ...onCall,
  taken: { memberId, from: at, until: later(at, hours * HOUR) },
})

/** How many handovers there were up to an instant, counted from a fixed one. */
function handovers(every: Exclude<Rotation, 'off'>, at: TimestampMs): number {
  const { length, phase } = calendarOf(every)
  return Math.floor((at - phase) / length)
}

const calendarOf = (every: Exclude<Rotation, 'off'>): { length: number; phase: number } =>
  every === 'day'
    ? { length: DAY, phase: HANDOVER_HOUR * HOUR }
    : { length: 7 * DAY, phase: MONDAY * DAY + HANDOVER_HOUR * HOUR }
