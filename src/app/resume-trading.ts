import type { Member } from '../domain/member.ts'
import type { RailState } from '../domain/risk/rail.ts'
import { isAtLeast } from '../domain/risk/reading.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import type { Store } from '../ports.ts'
import { asAdmin } from './admin-requests.ts'
import { wakeDelivery } from './announce.ts'
import { moveTradingState, type TradingStateChange } from './change-trading-state.ts'
import { endFlattening } from './flatten.ts'
import type { Ports } from './ports.ts'
import type { Reconciliation } from './reconcile.ts'
import { tradingStateNow } from './risk-in-force.ts'
import { wakeAll } from './wake-execution.ts'
import { wakeRiskWatch } from './wake-risk-watch.ts'

export type Resumption =
  | {
      readonly kind: 'resumed'
      readonly from: TradingState
      /** What trading is held to now, rails included, and why. */
      readonly state: TradingState
      readonly holds: readonly string[]
      /** Nothing holds it but the person's own brake, which a round that had begun put on record: the next one lets go of it. */
      readonly isLifting: boolean
      /** Rails that waited for a person, and are let go of by this. */
      readonly rearmed: readonly RailState[]
    }
  | { readonly kind: 'nothing-to-resume'; readonly state: TradingState; readonly holds: readonly string[] }
  | Extract<TradingStateChange, { kind: 'overtaken' }>
  /** What is at the venues could not be told, so nothing goes on. */
  | { readonly kind: 'not-reconciled'; readonly why: string }
  | { readonly kind: 'forbidden' }

/** Who asked that rails which wait for a person be let go of; done by whoever watches, which alone writes them. */
export interface RearmRequest {
  readonly by: string
  readonly at: number
}

const KEY = 'rails/rearm'

export async function readRearm(store: Store): Promise<RearmRequest | undefined> {
  const text = await store.settings.get(KEY)
  return text ? (JSON.parse(text) as RearmRequest) : undefined
}

/** Only the request that was carried out: one that came meanwhile stays. */
export async function endRearm(tx: Store, done: RearmRequest): Promise<void> {
  const now = await readRearm(tx)
  if (now?.by === done.by && now.at === done.at) await tx.settings.set(KEY, '')
}

/**
 * `/risk resume`: looks at the venues first, then moves what people set back to active, lets go of the rails that wait for a person,
 * and wakes what was held. Rails whose reason still stands, or stood a moment ago, hold the desk back all the same: what they are is
 * in the answer.
 */
export const createResumeTrading =
  (ports: Ports, reconcile: () => Promise<Reconciliation>) =>
  async ({ by, reason }: { by: Member; reason: string }): Promise<Resumption> => {
    const { store, clock, queue } = ports
    const { state: from } = await store.settings.tradingState()
    const before = await store.rails.read()
    const held = before?.states.filter(({ heldForPerson }) => heldForPerson) ?? []
    if (from === 'active' && held.length === 0) {
      const { state, because } = await tradingStateNow(ports)
      return { kind: 'nothing-to-resume', state, holds: because }
    }
    const { legs } = await reconcile()
    const silent = legs.flatMap((leg) => (leg.kind === 'unreachable' ? [`${leg.instrumentId}: ${leg.reason}`] : []))
    if (silent.length > 0) return { kind: 'not-reconciled', why: silent.join('; ') }
    // Reconciling lets go of its own brake; whatever else has moved it meanwhile was somebody else.
    if (from !== 'active' && (await store.settings.tradingState()).state !== 'active') {
      const moved = await moveTradingState(ports, { from, to: 'active', by, reason })
      if (moved.kind === 'overtaken') return moved
    }
    const rearmed = await asAdmin(store, by, async (tx) => {
      const at = clock.now()
      await endFlattening(tx)
      // A round that began before may still put on record that somebody has halted: it is let go of by the next.
      if (held.length > 0 || from === 'halted')
        await tx.settings.set(KEY, JSON.stringify({ by: by.memberId, at } satisfies RearmRequest))
      return held
    })
    if (!rearmed) return { kind: 'forbidden' }
    await wakeAll(ports)
    await wakeRiskWatch(queue)
    await wakeDelivery(queue)
    const [{ state, because, set }, after] = [await tradingStateNow(ports), await store.rails.read()]
    return {
      kind: 'resumed',
      from,
      state,
      // One reason: that nobody watches the rails would be one more, and then nothing lets go.
      isLifting: set.state === 'active' && because.length === 1 && isOwnBrakeAlone(after?.states ?? []),
      holds: state === 'active' ? stillHeld(before?.states ?? []) : because,
      rearmed,
    }
  }

const isOwnBrakeAlone = (states: readonly RailState[]): boolean => {
  const holding = states.filter(({ level }) => isAtLeast(level, 'reducing'))
  return holding.length > 0 && holding.every(({ rail, variant }) => rail === 'kill' && variant === 'killed')
}

/** Rails that leave trading active and hold something back all the same. */
const stillHeld = (states: readonly RailState[]): readonly string[] =>
  states
    .filter(({ level }) => isAtLeast(level, 'degraded'))
    .map(({ rail, scope, level, text }) => `${rail} (${scope}) is ${level}: ${text}`)
