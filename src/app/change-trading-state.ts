import type { Member } from '../domain/member.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import { announce, wakeDelivery } from './announce.ts'
import { cancelEmergencies, endFlattening } from './flatten.ts'
import type { Ports } from './ports.ts'
import { wakeAll } from './wake-execution.ts'

export type TradingStateChange =
  | { readonly kind: 'changed' | 'unchanged'; readonly from: TradingState; readonly to: TradingState }
  /** Somebody else moved it at the same moment: what it is now, and by whom. */
  | {
      readonly kind: 'overtaken'
      readonly now: { readonly state: TradingState; readonly by: string; readonly reason: string }
    }

/**
 * Moves the trading state that people set, from where it was a moment ago and from nowhere else, and tells the desk. Survives
 * restarts. Back to `active` is the way of `/risk resume`, which looks before it lets anything go on.
 */
export const createChangeTradingState =
  (ports: Ports) =>
  async (input: { to: TradingState; by: Member; reason: string }): Promise<TradingStateChange> => {
    const { state: from } = await ports.store.settings.tradingState()
    if (from === input.to) return { kind: 'unchanged', from, to: input.to }
    const change = await moveTradingState(ports, { ...input, from })
    // A brake is a brake for emergencies too.
    if (change.kind === 'changed' && input.to === 'halted') await cancelEmergencies(ports, input.by)
    // What rests does not wait for its slice to end.
    if (change.kind === 'changed') await wakeAll(ports)
    await wakeDelivery(ports.queue)
    return change
  }

/** One move in one transaction with its record and its card. */
export const moveTradingState = (
  ports: Ports,
  {
    from,
    to,
    by,
    reason,
  }: { from: TradingState; to: TradingState; by: Pick<Member, 'memberId' | 'name'>; reason: string },
): Promise<TradingStateChange> => {
  const { store, settings, clock, ids } = ports
  const at = clock.now()
  return store.transaction(async (tx): Promise<TradingStateChange> => {
    if (!(await tx.settings.setTradingState(to, { by: by.memberId, at, reason, from })))
      return { kind: 'overtaken', now: await tx.settings.tradingState() }
    if (to !== 'reducing') await endFlattening(tx)
    await tx.audit.append({
      at,
      actor: by.memberId,
      action: `trading-state.${to}`,
      subject: settings.book.name,
      details: { from, reason },
    })
    await announce(tx, ports, {
      cardKey: `trading-state:${ids.rowId()}`,
      at,
      urgency: 'urgent',
      card: {
        tone: to === 'active' ? 'ok' : 'warning',
        title: `Trading state: ${to}`,
        text: `${by.name} moved it from ${from}. Reason: ${reason}`,
      },
    })
    return { kind: 'changed', from, to }
  })
}
