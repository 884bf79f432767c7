import { formatUsd } from '../domain/format.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import { announce } from './announce.ts'
import type { Ports } from './ports.ts'
import type { Mismatch } from './reconcile.ts'

const BRAKED_FOR = 'position mismatch: '

/** One mismatch in numbers. */
export const describeMismatch = ({ instrumentId, ours, foreign, theirs, unexplained, notional }: Mismatch): string =>
  `${instrumentId} ours ${ours}${foreign === 0 ? '' : `, other hands' ${foreign}`}, venue ${theirs}: ${unexplained} unexplained${notional > 0 ? ` (${formatUsd(notional)})` : ''}`

/** Lets only through what shrinks risk, unless trading is held back already: never looser than what people have set. */
export async function brakeOnMismatch(ports: Ports, mismatches: readonly Mismatch[]): Promise<boolean> {
  const reason = `${BRAKED_FOR}${mismatches.map(describeMismatch).join('; ')}`
  return move(ports, {
    from: 'active',
    to: 'reducing',
    reason,
    details: { mismatches },
    text: `Our books and the venue disagree (${reason}). Only what shrinks risk goes through until three looks in a row find them in agreement. Resuming before that lasts until the next look.`,
  })
}

/** Takes back what `brakeOnMismatch` has set, and nothing that a person has. */
export async function releaseBrake(ports: Ports): Promise<boolean> {
  const before = await ports.store.settings.tradingState()
  if (!isOurs(before)) return false
  return move(ports, {
    from: 'reducing',
    to: 'active',
    reason: 'books and venue agree again',
    details: { after: before.reason },
    text: 'Our books and the venue agree again, three looks in a row. Trading goes on.',
  })
}

const isOurs = ({ state, by, reason }: { state: TradingState; by: string; reason: string }): boolean =>
  state === 'reducing' && by === 'system' && reason.startsWith(BRAKED_FOR)

function move(
  ports: Ports,
  {
    from,
    to,
    reason,
    details,
    text,
  }: { from: TradingState; to: TradingState; reason: string; details: Record<string, unknown>; text: string },
): Promise<boolean> {
  const { store, clock, settings, ids } = ports
  const at = clock.now()
  return store.transaction(async (tx) => {
    const before = await tx.settings.tradingState()
    if (to === 'active' && !isOurs(before)) return false
    if (!(await tx.settings.setTradingState(to, { by: 'system', at, reason, from }))) return false
    await tx.audit.append({
      at,
      actor: 'system',
      action: `trading-state.${to}`,
      subject: settings.book.name,
      details: { from, reason, ...details },
    })
    await announce(tx, ports, {
      cardKey: `trading-state:${ids.rowId()}`,
      at,
      urgency: 'urgent',
      card: { tone: to === 'active' ? 'ok' : 'critical', title: `Trading state: ${to}`, text },
    })
    return true
  })
}
