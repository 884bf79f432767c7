import type { Random } from '../../../src/ports.ts'

/** What a request is for. `question` is any that changes nothing; `free` ones (time, markets, keys of streams) meet no faults. */
export type RequestKind = 'submit' | 'cancel' | 'question' | 'free'

/** What happens to one request. `silence` never answers; `cut` closes the connection. */
export type Fault =
  | { readonly kind: 'lose-request'; readonly how: 'silence' | 'cut' }
  /** Dealt with, and never answered. */
  | { readonly kind: 'lose-answer'; readonly how: 'silence' | 'cut' }
  /** Answered late, in real time. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Is under way for so long, in real time, and dealt with when it arrives: its sender may have given up on it. */
  | { readonly kind: 'delayed'; readonly ms: number }
  /** Arrives late by the exchange's clock. */
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'rate-limit'; readonly status: 429 | 418 }
  | { readonly kind: 'server-error'; readonly status: 500 | 502 | 503 | 504; readonly taken: boolean }
  /** What is to be cancelled is filled just before. */
  | { readonly kind: 'fill-first' }
  /** Half an answer, ended as if it were whole. */
  | { readonly kind: 'garbled' }
  /** Half an answer, and then silence. */
  | { readonly kind: 'stalled' }

/** One fault per request, or none; and in which order, and how often, what is pushed arrives. */
export interface Faults {
  next(kind: RequestKind): Fault | undefined
  /** How often each pushed message is sent, and whether the next waits for the one behind it. */
  push(): { readonly times: number; readonly isSwapped: boolean }
  /** How many of each kind were given out. */
  readonly counts: Readonly<Record<string, number>>
}

/** Faults that are asked for one by one; `plan` is what else happens. */
export interface FaultQueue extends Faults {
  add(of: RequestKind, fault: Fault): void
}

export function createFaultQueue(plan?: Faults): FaultQueue {
  const waiting = new Map<RequestKind, Fault[]>()
  const counts: Record<string, number> = {}
  return {
    counts,
    add: (of, fault) => void waiting.set(of, [...(waiting.get(of) ?? []), fault]),
    next(kind) {
      const fault = waiting.get(kind)?.shift() ?? plan?.next(kind)
      if (fault) counts[fault.kind] = (counts[fault.kind] ?? 0) + 1
      return fault
    },
    push: () => plan?.push() ?? { times: 1, isSwapped: false },
  }
}

export interface FaultRates {
  /** Share of the requests of each kind that meet one, 0 to 1. */
  readonly submit: number
  readonly cancel: number
  readonly question: number
  /** Share of the pushed messages that are sent twice, and that come after the one behind them. */
  readonly duplicated: number
  readonly swapped: number
}

const TROUBLED: FaultRates = { submit: 0.3, cancel: 0.3, question: 0.1, duplicated: 0.1, swapped: 0.1 }

/** By kind of request, what may happen to it; drawn evenly. */
const MENU: Readonly<Record<Exclude<RequestKind, 'free'>, readonly Fault[]>> = {
  submit: [
    { kind: 'lose-request', how: 'cut' },
    { kind: 'lose-request', how: 'silence' },
    { kind: 'lose-answer', how: 'cut' },
    { kind: 'lose-answer', how: 'silence' },
    { kind: 'slow', ms: 30 },
    { kind: 'rate-limit', status: 429 },
    { kind: 'server-error', status: 503, taken: false },
    { kind: 'server-error', status: 503, taken: true },
    { kind: 'server-error', status: 502, taken: true },
    { kind: 'garbled' },
  ],
  cancel: [
    { kind: 'lose-request', how: 'cut' },
    { kind: 'lose-answer', how: 'cut' },
    { kind: 'fill-first' },
    { kind: 'rate-limit', status: 429 },
    { kind: 'server-error', status: 504, taken: true },
  ],
  question: [
    { kind: 'lose-request', how: 'cut' },
    { kind: 'slow', ms: 30 },
    { kind: 'rate-limit', status: 429 },
    { kind: 'server-error', status: 500, taken: false },
    { kind: 'garbled' },
  ],
}

/** A plan drawn from a seeded source: the same seed and the same requests meet the same faults. */
export function createFaultPlan(random: Random, rates: FaultRates = TROUBLED): Faults {
  return {
    counts: {},
    next(kind) {
      if (kind === 'free' || random() >= rates[kind]) return undefined
      const menu = MENU[kind]
      return menu[Math.floor(random() * menu.length)]
    },
    push: () => ({ times: random() < rates.duplicated ? 2 : 1, isSwapped: random() < rates.swapped }),
  }
}
