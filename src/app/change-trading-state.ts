import type { Member } from '../domain/member.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import { announce, wakeDelivery } from './announce.ts'
import type { Ports } from './ports.ts'

export type TradingStateChange = {
  readonly kind: 'changed' | 'unchanged'
  readonly from: TradingState
  readonly to: TradingState
}

/** Moves the trading state, tells the desk, and on the way back to active wakes what had been held. Survives restarts. */
export const createChangeTradingState =
  (ports: Ports, reconcile: () => Promise<unknown>) =>
  async (input: { to: TradingState; by: Member; reason: string }): Promise<TradingStateChange> => {
    const { store, settings, clock, queue, ids } = ports
    const at = clock.now()
    const change = await store.transaction(async (tx): Promise<TradingStateChange> => {
      const { state: from } = await tx.settings.tradingState()
      if (from === input.to) return { kind: 'unchanged', from, to: input.to }
      await tx.settings.setTradingState(input.to, input.by.memberId, at, input.reason)
      await tx.audit.append({
        at,
        actor: input.by.memberId,
        action: `trading-state.${input.to}`,
        subject: settings.book.name,
        details: { from, reason: input.reason },
      })
      await announce(tx, ports, {
        cardKey: `trading-state:${ids.rowId()}`,
        at,
        urgency: 'urgent',
        card: {
          tone: input.to === 'active' ? 'ok' : 'warning',
          title: `Trading state: ${input.to}`,
          text: `${input.by.name} moved it from ${from}. Reason: ${input.reason}`,
        },
      })
      return { kind: 'changed', from, to: input.to }
    })
    if (change.kind === 'changed' && input.to !== 'halted') await reconcile()
    await wakeDelivery(queue)
    return change
  }
