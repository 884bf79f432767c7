import { isTerminal, type Order } from '../domain/execution/order.ts'
import { planTwap, type Slice } from '../domain/execution/twap.ts'
import { clientOrderIdFor, seedFrom } from '../domain/hash.ts'
import { type Instrument, roundToLot, toPriceString, toQuantityString } from '../domain/instrument.ts'
import type { Proposal, ProposalId } from '../domain/proposal.ts'
import { createRandom } from '../domain/random.ts'
import { checkOrder, type Denial } from '../domain/risk/checks.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import {
  baseQty,
  bpsToFraction,
  later,
  MINUTE,
  type Price,
  price,
  SECOND,
  type TimestampMs,
  usd,
} from '../domain/units.ts'
import type { Quote } from '../ports.ts'
import { wakeDelivery } from './announce.ts'
import { announceProposal } from './announce-proposal.ts'
import { isProtectiveOrder, readHolding } from './book.ts'
import { wakeExecution } from './decide-proposal.ts'
import type { Ports } from './ports.ts'
import { resolveOrder, settleOrder } from './resolve-order.ts'

export type ExecutionOutcome =
  | { readonly kind: 'working'; readonly nextAt: TimestampMs }
  | { readonly kind: 'executed' | 'failed'; readonly proposal: Proposal }
  /** The risk engine holds orders back; a resume or the next try goes on. */
  | { readonly kind: 'paused'; readonly denials: readonly Denial[] }
  /** Another live process holds the lease, or this wake-up was overtaken by a later one, or there is nothing to do. */
  | { readonly kind: 'not-ours' }

const CATCH_UP_SLICES = 3 // after the plan, for what immediate-or-cancel orders left unfilled
const RETRY_AFTER = 30 * SECOND
const UNKNOWN_RETRY_AFTER = 5 * SECOND
const LATE_SLICE_GAP_SHARE = 0.25 // slices missed while nobody ran go out spaced, not in one burst

/**
 * One wake-up of an execution: take the lease, settle what is unresolved, send at most one due slice, schedule the next.
 *
 * The plan is derived from the proposal, every intent is stored before it is sent, and its id is derived too; so a crash at
 * any line resumes here, and the same intent is the same order.
 */
export const createExecuteProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; lease: number }): Promise<ExecutionOutcome> => {
    const { store, settings } = ports
    const found = await store.proposals.find(input.proposalId)
    if (!found || (found.state !== 'approved' && found.state !== 'executing') || found.lease !== input.lease)
      return { kind: 'not-ours' }
    const lease = await store.proposals.takeLease(found.proposalId, ports.instanceId, settings.execution.leaseTtl)
    if (lease === undefined) return { kind: 'not-ours' }
    let next: TimestampMs | undefined
    let heldBack: readonly Denial[] = []
    try {
      const proposal = found.state === 'approved' ? await start(ports, found) : found
      if (proposal.state !== 'executing') return { kind: 'not-ours' }
      const outcome = await work(ports, { ...proposal, lease })
      if (outcome.kind === 'working') next = outcome.nextAt
      else if (outcome.kind === 'paused' && isHeldByState(outcome.denials)) heldBack = outcome.denials
      else if (outcome.kind === 'paused') next = later(ports.clock.now(), RETRY_AFTER)
      return outcome
    } catch (error) {
      next = later(ports.clock.now(), RETRY_AFTER)
      throw error
    } finally {
      await store.proposals.releaseLease(found.proposalId, lease)
      // A resume that came while this wake-up held the lease found nothing to wake.
      if (heldBack.length > 0 && wasLetGo(heldBack, (await store.settings.tradingState()).state))
        next = ports.clock.now()
      if (next !== undefined) await wakeExecution(ports, { ...found, lease }, next)
      await wakeDelivery(ports.queue)
    }
  }

async function start(ports: Ports, proposal: Proposal): Promise<Proposal> {
  const at = ports.clock.now()
  return ports.store.transaction(async (tx) => {
    const moved = await tx.proposals.move(proposal.proposalId, ['approved'], 'executing', {
      executionStartedAt: at,
      executionEndsAt: later(at, ports.settings.execution.duration),
    })
    if (moved.changed)
      await tx.audit.append({
        at,
        actor: 'system',
        action: 'proposal.executing',
        subject: proposal.proposalId,
        details: { termsHash: proposal.termsHash },
      })
    return moved.proposal
  })
}

async function work(ports: Ports, proposal: Proposal): Promise<ExecutionOutcome> {
  const { store, venue, clock } = ports
  const instrument = await venue.instrument(proposal.asset)
  const plan = fullPlan(ports, proposal, instrument)
  for (const order of await store.orders.forProposal(proposal.proposalId)) {
    if (isTerminal(order.state)) continue
    if ((await resolveOrder(ports, order, instrument, proposal.lease)) === 'unresolved') {
      return { kind: 'working', nextAt: later(clock.now(), UNKNOWN_RETRY_AFTER) }
    }
  }

  const orders = await store.orders.forProposal(proposal.proposalId)
  const filled = orders.reduce((sum, order) => sum + order.filledQuantity, 0)
  const quote = await venue.quote(proposal.asset)
  const remaining = plan.filter((slice) => slice.slice > Math.max(-1, ...orders.map((order) => order.slice)))
  const isWorthSending = (slice: Slice): boolean =>
    roundToLot(baseQty(slice.cumulativeQuantity - filled), instrument) * proposal.referencePrice >=
    instrument.minNotional
  // A slice too small to send is skipped; its quantity is in the cumulative quantity of the next.
  const nextSlice = remaining.find(isWorthSending)
  const deadline = later(proposal.executionEndsAt!, ports.settings.execution.duration)
  if (!nextSlice || clock.now() > deadline) return finish(ports, proposal, filled)
  if (nextSlice.at > clock.now()) return { kind: 'working', nextAt: nextSlice.at }
  if (!quote) return { kind: 'working', nextAt: later(clock.now(), RETRY_AFTER) }

  const denials = await send(ports, proposal, instrument, quote, {
    slice: nextSlice.slice,
    quantity: nextSlice.cumulativeQuantity - filled,
  })
  if (denials.length > 0) return { kind: 'paused', denials }
  const following = remaining.find((slice) => slice.slice > nextSlice.slice)
  const gap = (ports.settings.execution.duration / plan.length) * LATE_SLICE_GAP_SHARE
  return {
    kind: 'working',
    nextAt: later(clock.now(), Math.max(1, Math.round(Math.max(gap, (following?.at ?? 0) - clock.now())))),
  }
}

function fullPlan({ settings }: Ports, proposal: Proposal, instrument: Instrument): readonly Slice[] {
  const plan = planTwap({
    quantity: proposal.quantity,
    referencePrice: proposal.referencePrice,
    startAt: proposal.executionStartedAt!,
    duration: settings.execution.duration,
    maxClip: settings.execution.maxClip,
    instrument,
    random: createRandom(seedFrom(proposal.proposalId)),
  })
  const interval = Math.round(settings.execution.duration / Math.max(1, plan.length))
  const catchUp = Array.from({ length: CATCH_UP_SLICES }, (_, i) => ({
    slice: plan.length + i,
    at: later(proposal.executionEndsAt!, i * interval),
    cumulativeQuantity: roundToLot(proposal.quantity, instrument),
  }))
  return [...plan, ...catchUp]
}

async function send(
  ports: Ports,
  proposal: Proposal,
  instrument: Instrument,
  quote: Quote,
  order: { slice: number; quantity: number },
): Promise<readonly Denial[]> {
  const { store, venue, clock, settings } = ports
  const at = clock.now()
  const mid = price((quote.bestBid + quote.bestAsk) / 2)
  const slippage = bpsToFraction(settings.execution.maxSlippage)
  const limitPrice = Number(
    toPriceString(price(mid * (proposal.side === 'buy' ? 1 + slippage : 1 - slippage)), proposal.side, instrument),
  ) as Price
  const clip = settings.limits.maxOrderNotional / mid
  const quantity = roundToLot(baseQty(Math.min(order.quantity, clip)), instrument)
  const holding = await readHolding(ports, proposal.asset)
  const denials = checkOrder(
    {
      tradingState: (await store.settings.tradingState()).state,
      protective: isProtectiveOrder(holding, { side: proposal.side, quantity }),
      notional: usd(quantity * mid),
      limitPrice,
      referencePrice: mid,
      ordersLastMinute: await store.orders.countSince(later(at, -MINUTE)),
    },
    settings.limits,
  )
  if (denials.length > 0) {
    await store.audit.append({
      at,
      actor: 'system',
      action: 'risk.denied',
      subject: proposal.proposalId,
      details: { slice: order.slice, denials },
    })
    return denials
  }

  const intent: Order = {
    clientOrderId: clientOrderIdFor(proposal.proposalId, { leg: 0, slice: order.slice, attempt: 0 }),
    proposalId: proposal.proposalId,
    instrumentId: instrument.instrumentId,
    slice: order.slice,
    attempt: 0,
    side: proposal.side,
    quantity,
    limitPrice,
    state: 'submitted',
    filledQuantity: baseQty(0),
    arrivalMid: mid,
    createdAt: at,
    updatedAt: at,
  }
  await store.orders.save(intent, proposal.lease)
  const outcome = await venue.submit({
    clientOrderId: intent.clientOrderId,
    instrumentId: intent.instrumentId,
    side: intent.side,
    quantity: toQuantityString(quantity, instrument),
    limitPrice: toPriceString(limitPrice, intent.side, instrument),
    timeInForce: 'ioc',
    reduceOnly: false,
  })
  await settleOrder(ports, intent, outcome, proposal.lease)
  await announceProgress(ports, proposal)
  return []
}

async function finish(ports: Ports, proposal: Proposal, filled: number): Promise<ExecutionOutcome> {
  const { store, clock } = ports
  const at = clock.now()
  const residual = proposal.quantity - filled
  const to = filled > 0 ? 'executed' : 'failed'
  const reason =
    filled <= 0
      ? 'nothing could be filled'
      : residual * proposal.referencePrice >= 1
        ? `left ${residual.toFixed(4)} ${proposal.asset} unfilled`
        : undefined
  const moved = await store.transaction(async (tx) => {
    const transition = await tx.proposals.move(proposal.proposalId, ['executing'], to, { finishedAt: at, reason })
    if (!transition.changed) return transition
    await tx.audit.append({
      at,
      actor: 'system',
      action: `proposal.${to}`,
      subject: proposal.proposalId,
      details: { filled, residual },
    })
    const execution = {
      orders: await tx.orders.forProposal(proposal.proposalId),
      fills: await tx.orders.fills(proposal.proposalId),
    }
    await announceProposal(tx, ports, transition.proposal, { at, execution })
    return transition
  })
  return { kind: to, proposal: moved.proposal }
}

async function announceProgress(ports: Ports, proposal: Proposal): Promise<void> {
  const { store, clock } = ports
  const execution = {
    orders: await store.orders.forProposal(proposal.proposalId),
    fills: await store.orders.fills(proposal.proposalId),
  }
  await announceProposal(store, ports, proposal, { at: clock.now(), urgency: 'normal', execution })
}

const isHeldByState = (denials: readonly Denial[]): boolean =>
  denials.some((denial) => denial.code === 'TRADING_HALTED' || denial.code === 'REDUCING_ONLY')

/** Whether the trading state has loosened since it held these orders back. */
const wasLetGo = (denials: readonly Denial[], now: TradingState): boolean =>
  now === 'active' || (now === 'reducing' && denials.some((denial) => denial.code === 'TRADING_HALTED'))
