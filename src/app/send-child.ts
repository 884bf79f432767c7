import type { ChildDecision } from '../domain/execution/child.ts'
import type { Order } from '../domain/execution/order.ts'
import { clientOrderIdFor } from '../domain/hash.ts'
import { toPriceString, toQuantityString } from '../domain/instrument.ts'
import type { Proposal } from '../domain/proposal.ts'
import { checkOrder, type Denial, formatDenial } from '../domain/risk/checks.ts'
import { baseQty, fraction, later, MINUTE, type Price, price, SECOND, type TimestampMs, usd } from '../domain/units.ts'
import type { Quote } from '../ports.ts'
import type { HoldingLeg } from './book.ts'
import type { Ports } from './ports.ts'
import { settleSubmission } from './resolve-order.ts'
import { effectsOf, stricterState } from './risk-in-force.ts'
import { grossNotional, type TradeFacts, tradeRisk } from './trade-facts.ts'

/** One child order that is due: what, where, on which facts. */
export interface DueChild {
  readonly leg: HoldingLeg
  readonly slice: number
  readonly step: Extract<ChildDecision, { kind: 'place' }>
  readonly quote: Quote
  /** Mid when the slice began; the slippage that may be paid is reckoned from it. */
  readonly arrivalMid: Price
  readonly facts: TradeFacts
}

export type SentChild =
  | { readonly kind: 'sent'; readonly order: Order }
  /** Refused by the risk engine, and put on record as an order that was denied; its quantity rolls on. */
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  /** The trading state holds it back: no order is on record, and it may go once the state lets it. */
  | { readonly kind: 'held'; readonly denials: readonly Denial[] }
  /** Too many orders in this minute: no order is on record, and it may go a little later. */
  | { readonly kind: 'too-soon'; readonly retryAt: TimestampMs }

const TOO_SOON_RETRY = 10 * SECOND

/**
 * Judges one child order, stores the intent, sends it once, and books what the venue answered. The intent is stored under the
 * proposal's lease before anything leaves; whoever has lost the lease stores nothing and sends nothing.
 */
export async function sendChild(ports: Ports, proposal: Proposal, due: DueChild): Promise<SentChild> {
  const { store, clock, settings } = ports
  const { leg, slice, step, quote } = due
  const at = clock.now()
  const mid = price((quote.bestBid + quote.bestAsk) / 2)
  const { count } = await store.orders.sentSince(later(at, -MINUTE))
  const risk = tradeRisk(ports, due.facts, {
    asset: proposal.asset,
    side: proposal.side,
    parts: [{ leg: leg.leg, quantity: step.quantity }],
    at: mid,
    emergency: proposal.emergency !== undefined,
  })
  const denials = checkOrder(
    {
      ...risk,
      limitPrice: step.limitPrice,
      referencePrice: mid,
      arrivalPrice: due.arrivalMid,
      ordersLastMinute: count,
      // With one venue there is nothing to spread over.
      plannedGrossNotional:
        ports.venues.length > 1
          ? usd(Math.max(risk.grossNotionalAfter, plannedGross(proposal, due.facts, mid)))
          : risk.venues[0]!.grossNotionalAfter,
      hedgeRatioToKeep: fraction(proposal.hedgeRatioBefore),
    },
    due.facts.limits,
  )
  const intent: Order = {
    clientOrderId: clientOrderIdFor(proposal.proposalId, { leg: leg.leg, slice, attempt: step.attempt }),
    kind: 'child',
    proposalId: proposal.proposalId,
    instrumentId: leg.instrument.instrumentId,
    leg: leg.leg,
    slice,
    attempt: step.attempt,
    side: proposal.side,
    quantity: step.quantity,
    limitPrice: step.limitPrice,
    timeInForce: step.style === 'passive' ? 'gtc' : 'ioc',
    postOnly: step.style === 'passive' && leg.venue.capabilities.postOnly,
    reduceOnly: leg.venue.capabilities.reduceOnly && isReducing(leg, { side: proposal.side, quantity: step.quantity }),
    state: 'submitted',
    filledQuantity: baseQty(0),
    arrivalMid: mid,
    validUntil: later(at, settings.execution.orderValidity),
    createdAt: at,
    updatedAt: at,
  }
  if (denials.length > 0) {
    const isHeld = isHeldByState(denials)
    const isTooSoon = denials.every(({ code }) => code === 'ORDERS_EXCEED_MAX_PER_MINUTE')
    if (!isHeld && !isTooSoon)
      await store.orders.save(
        { ...intent, state: 'denied', reason: denials.map(formatDenial).join('; ') },
        proposal.lease,
      )
    await store.audit.append({
      at,
      actor: 'system',
      action: 'risk.denied',
      subject: proposal.proposalId,
      details: { slice, leg: leg.leg, attempt: step.attempt, denials },
    })
    if (isTooSoon) return { kind: 'too-soon', retryAt: later(at, TOO_SOON_RETRY) }
    return { kind: isHeld ? 'held' : 'denied', denials }
  }

  await store.orders.save(intent, proposal.lease)
  const outcome = await leg.venue.submit({
    clientOrderId: intent.clientOrderId,
    instrumentId: intent.instrumentId,
    side: intent.side,
    quantity: toQuantityString(intent.quantity, leg.instrument),
    limitPrice: toPriceString(intent.limitPrice, intent.side, leg.instrument),
    timeInForce: intent.timeInForce,
    postOnly: intent.postOnly,
    reduceOnly: intent.reduceOnly,
    validUntil: intent.validUntil!,
  })
  const { order } = await settleSubmission(ports, intent, leg.venue, outcome)
  return { kind: 'sent', order }
}

/** Gross notional of all venues once the whole of the proposal is done. */
function plannedGross({ asset, side, quantity }: Proposal, facts: TradeFacts, mid: Price): number {
  const hedge = facts.holdings.get(asset)?.hedge ?? 0
  const after = hedge + (side === 'sell' ? quantity : -quantity)
  return grossNotional(facts, { asset, at: mid }) + Math.max(0, Math.abs(after) - Math.abs(hedge)) * mid
}

/** Whether the whole order brings our position there nearer to flat. */
const isReducing = ({ position }: HoldingLeg, order: { side: 'buy' | 'sell'; quantity: number }): boolean =>
  (order.side === 'buy' ? -position : position) >= order.quantity

/** What the trading state, and not the order itself, stands against. */
export const isHeldByState = (denials: readonly Denial[]): boolean =>
  denials.some(({ code }) => code === 'TRADING_HALTED' || code === 'REDUCING_ONLY' || code === 'LIVE_NOT_PERMITTED')

/** Whether the trading state has loosened since it held these orders back. */
export async function wasLetGo(ports: Ports, denials: readonly Denial[]): Promise<boolean> {
  const [set, record] = await Promise.all([ports.store.settings.tradingState(), ports.store.rails.read()])
  const now = stricterState(set.state, effectsOf(ports, record).tradingState)
  return now === 'active' || (now === 'reducing' && denials.some(({ code }) => code === 'TRADING_HALTED'))
}
