import type { Ports } from '../../src/app/ports.ts'
import { settleSubmission } from '../../src/app/resolve-order.ts'
import type { Order } from '../../src/domain/execution/order.ts'
import { clientOrderIdFor } from '../../src/domain/hash.ts'
import { toPriceString, toQuantityString } from '../../src/domain/instrument.ts'
import type { ProposalId } from '../../src/domain/proposal.ts'
import { baseQty, later, price } from '../../src/domain/units.ts'
import { PRICE, type TestDesk } from '../support/desk.ts'

export interface ByHand {
  readonly side?: 'buy' | 'sell'
  readonly quantity?: number
  /** Rests a percent away from the market; else it takes what is there. */
  readonly rests?: boolean
  readonly slice?: number
}

/** A proposal that is being executed, and nobody works on it: its orders are sent by the test. */
export async function openExecution(desk: TestDesk): Promise<ProposalId> {
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.store.proposals.move(proposalId, ['pending'], 'approved', {})
  await desk.store.proposals.move(proposalId, ['approved'], 'executing', { executionStartedAt: desk.clock.now() })
  return proposalId
}

/** Puts an intent on record, as an execution does before it sends. */
export async function intend(
  { store, venues: [venue], clock, settings, instanceId }: Ports,
  proposalId: ProposalId,
  { side = 'sell', quantity = 2, rests = false, slice = 0 }: ByHand = {},
): Promise<Order> {
  const { instrumentId } = await venue.instrument('ETH')
  const at = clock.now()
  const away = rests ? 0.01 : -0.005
  const order: Order = {
    clientOrderId: clientOrderIdFor(proposalId, { leg: 0, slice, attempt: 0 }),
    kind: 'child',
    proposalId,
    instrumentId,
    leg: 0,
    slice,
    attempt: 0,
    side,
    quantity: baseQty(quantity),
    limitPrice: price(PRICE * (1 + (side === 'sell' ? away : -away))),
    timeInForce: rests ? 'gtc' : 'ioc',
    postOnly: false,
    reduceOnly: false,
    state: 'submitted',
    filledQuantity: baseQty(0),
    validUntil: later(at, settings.execution.orderValidity),
    createdAt: at,
    updatedAt: at,
  }
  const lease = (await store.proposals.takeLease(proposalId, instanceId, settings.execution.leaseTtl))!
  await store.orders.save(order, lease)
  await store.proposals.releaseLease(proposalId, lease)
  return order
}

/** Sends an intent and hears nothing of it. */
export async function sendUnheard({ venues: [venue] }: Ports, order: Order) {
  const instrument = await venue.instrument('ETH')
  const { clientOrderId, instrumentId, side, timeInForce, postOnly, reduceOnly } = order
  return venue.submit({
    clientOrderId,
    instrumentId,
    side,
    timeInForce,
    postOnly,
    reduceOnly,
    quantity: toQuantityString(order.quantity, instrument),
    limitPrice: toPriceString(order.limitPrice, side, instrument),
    validUntil: order.validUntil!,
  })
}

/** Intent, sending and answer, as an execution does them. */
export async function trade(ports: Ports, proposalId: ProposalId, options: ByHand = {}): Promise<Order> {
  const order = await intend(ports, proposalId, options)
  const outcome = await sendUnheard(ports, order)
  return (await settleSubmission(ports, order, ports.venues[0], outcome)).order
}
