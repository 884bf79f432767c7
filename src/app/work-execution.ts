import { decideChild } from '../domain/execution/child.ts'
import { holdOf } from '../domain/execution/guard.ts'
import { isTerminal, type Order } from '../domain/execution/order.ts'
import {
  type CurrentSlice,
  dueQuantity,
  filledOutside,
  nextChangeAt,
  type Plan,
  planSchedule,
  sliceAt,
} from '../domain/execution/plan.ts'
import { seedFrom } from '../domain/hash.ts'
import type { Proposal } from '../domain/proposal.ts'
import { createRandom } from '../domain/random.ts'
import { isRelief } from '../domain/risk/account-checks.ts'
import type { Denial } from '../domain/risk/checks.ts'
import { baseQty, fraction, later, type Price, price, SECOND, type TimestampMs } from '../domain/units.ts'
import { announceProgress } from './announce-proposal.ts'
import { guardLeg } from './book-guard.ts'
import type { ExecutionOutcome } from './execute-proposal.ts'
import { finishExecution } from './finish-execution.ts'
import { type LegQuote, quoteLegs, splitOverLegs } from './legs.ts'
import type { Ports } from './ports.ts'
import { refOf, resolveOrder } from './resolve-order.ts'
import { sendChild } from './send-child.ts'
import { readTradeFacts, type TradeFacts, tradeRisk } from './trade-facts.ts'
import { venueOf } from './venues.ts'

const UNRESOLVED_RETRY_AFTER = 5 * SECOND
const NO_PRICE_RETRY_AFTER = 30 * SECOND
/** A position that is not flat is judged by daily volatility; where no venue tells one, majors have moved so much. */
const USUAL_DAILY_VOLATILITY = fraction(0.03)

/**
 * What one wake-up does for a proposal whose lease it holds: ask about every order that has not ended, take back what may not rest
 * any longer, let each child take its next step, and send what the slice of this moment has due.
 */
export async function workExecution(ports: Ports, proposal: Proposal): Promise<ExecutionOutcome> {
  const { store, clock } = ports
  const [before, open, early, cascade] = await Promise.all([
    store.orders.forProposal(proposal.proposalId),
    store.orders.unresolved(),
    readTradeFacts(ports),
    runningCascade(ports, proposal),
  ])
  const resolved = await resolveAll(ports, before, open)
  if (filledOf(resolved.orders) > filledOf(before)) await announceProgress(ports, proposal)

  if (proposal.control !== 'running') return standStill(ports, proposal, resolved)
  // While an order of it was open it may have filled meanwhile; otherwise what was read beside the orders still stands.
  const facts = resolved.isAsked ? await readTradeFacts(ports) : early
  const heldBack = heldByState(ports, proposal, { facts, filled: filledOf(resolved.orders) })
  if (heldBack) {
    const left = await withdraw(ports, resolved.orders)
    if (resolved.unresolved || left.unresolved) return retryLater(ports, resolved.retryAt)
    await store.audit.append({
      at: clock.now(),
      actor: 'system',
      action: 'risk.denied',
      subject: proposal.proposalId,
      details: { denials: [heldBack] },
    })
    return { kind: 'paused', denials: [heldBack] }
  }
  const quoted = await quoteLegs(facts, proposal.asset)
  const plan = planOf(ports, proposal, quoted)
  const now = clock.now()
  const slice = sliceAt(plan, now)
  const isDone = filledOf(resolved.orders) >= plan.quantity - smallestOf(plan) || !slice
  if (isDone) {
    const left = await withdraw(ports, resolved.orders)
    if (left.unresolved || resolved.unresolved) return retryLater(ports, resolved.retryAt)
    return finishExecution(ports, proposal)
  }
  return step(ports, proposal, { facts, quoted, plan, slice, resolved, cascade })
}

interface Resolved {
  readonly orders: readonly Order[]
  /** A venue was asked about one of them. */
  readonly isAsked: boolean
  readonly unresolved: boolean
  /** When it is worth asking again. */
  readonly retryAt: TimestampMs
}

interface Moment {
  readonly facts: TradeFacts
  readonly quoted: readonly LegQuote[]
  readonly plan: Plan
  readonly slice: CurrentSlice
  readonly resolved: Resolved
  /** Which way liquidations run just now. */
  readonly cascade: 'down' | 'up' | undefined
}

async function step(ports: Ports, proposal: Proposal, moment: Moment): Promise<ExecutionOutcome> {
  const { plan, slice, resolved, quoted } = moment
  const now = ports.clock.now()
  // While the fate of an order is not known, its quantity may be live: nothing more is sent.
  const late = resolved.orders.filter((order) => !isTerminal(order.state) && order.slice !== slice.slice)
  const over = await withdraw(ports, late)
  if (resolved.unresolved || over.unresolved) return retryLater(ports, resolved.retryAt)

  const orders = [...resolved.orders.filter((order) => !late.includes(order)), ...over.orders]
  const children = orders.filter((order) => order.slice === slice.slice)
  const parts = orders.some((order) => order.slice > slice.slice) ? [] : partsDue(moment, orders, proposal)
  const wakeAts: TimestampMs[] = []
  const denials: Denial[] = []
  let held: readonly Denial[] | undefined
  for (const { leg, quantity } of parts) {
    const outcome = await stepLeg(ports, proposal, { ...moment, children, leg, quantity })
    if (outcome.kind === 'wake') wakeAts.push(outcome.at)
    if (outcome.kind === 'denied') denials.push(...outcome.denials)
    if (outcome.kind === 'held') held = outcome.denials
  }
  if (held) return { kind: 'paused', denials: held }
  if (quoted.every(({ quote }) => !quote)) wakeAts.push(later(now, NO_PRICE_RETRY_AFTER))
  const change = nextChangeAt(plan, ports.clock.now())
  const next = Math.min(...wakeAts, change ?? plan.closesAt)
  return { kind: 'working', nextAt: Math.max(next, now + 1) as TimestampMs }
}

type LegOutcome =
  | { readonly kind: 'wake'; readonly at: TimestampMs }
  | { readonly kind: 'denied' | 'held'; readonly denials: readonly Denial[] }
  | { readonly kind: 'done' }

/** As many steps of one child as can be taken at once: a cancel is followed by the next attempt in the same wake-up. */
async function stepLeg(
  ports: Ports,
  proposal: Proposal,
  moment: Moment & {
    readonly children: readonly Order[]
    readonly leg: number
    readonly quantity: number
  },
): Promise<LegOutcome> {
  const { facts, slice, leg: place, quoted } = moment
  const { settings, clock } = ports
  const found = quoted.find(({ leg }) => leg.leg === place)
  if (!found) return { kind: 'done' } // a venue of an earlier configuration
  const { leg, quote } = found
  const guarded =
    quote &&
    guardLeg(ports, facts, {
      venue: leg.venue,
      asset: proposal.asset,
      side: proposal.side,
      quote,
      cascade: moment.cascade,
      emergency: proposal.emergency !== undefined,
    })
  let mine = moment.children.filter((order) => order.leg === place)
  for (;;) {
    const mid = quote && price((quote.bestBid + quote.bestAsk) / 2)
    const arrivalMid = mine[0]?.arrivalMid ?? mid ?? proposal.referencePrice
    const choice = proposal.schedule ?? settings.execution.schedule
    const decision = decideChild({
      leg: place,
      slice: slice.slice,
      side: proposal.side,
      quantity: baseQty(moment.quantity),
      startsAt: slice.at,
      endsAt: slice.endsAt,
      now: clock.now(),
      orders: mine,
      quote,
      instrument: leg.instrument,
      urgency: choice.urgency,
      passiveWait: settings.execution.passiveWait,
      arrivalMid,
      maxSlippage: facts.limits.maxSlippage,
      priceCollar: facts.limits.priceCollar,
      mayCross: guarded?.mayCross ?? false,
      hold: guarded && holdOf(guarded.guard),
      ...(mid !== undefined && { maxQuantity: baseQty(facts.limits.maxOrderNotional / mid) }),
    })
    switch (decision.kind) {
      case 'wait':
        return { kind: 'wake', at: decision.until }
      case 'done':
        return { kind: 'done' }
      case 'cancel': {
        const { orders, unresolved } = await withdraw(ports, [decision.order])
        if (unresolved) return { kind: 'wake', at: retryAt(ports) }
        mine = [...mine.filter((order) => order !== decision.order), ...orders]
        break
      }
      case 'place': {
        const sent = await sendChild(ports, proposal, {
          leg,
          slice: slice.slice,
          step: decision,
          quote: quote!,
          arrivalMid,
          facts,
        })
        if (sent.kind === 'too-soon') return { kind: 'wake', at: sent.retryAt }
        if (sent.kind !== 'sent') return sent
        if (sent.order.filledQuantity > 0) await announceProgress(ports, proposal)
        mine = [...mine, sent.order]
        break
      }
    }
  }
}

/** Why nothing of it may rest or be sent in the trading state of now; undefined where it may. */
function heldByState(
  ports: Ports,
  proposal: Proposal,
  { facts, filled }: { facts: TradeFacts; filled: number },
): Denial | undefined {
  if (facts.tradingState === 'active' || proposal.emergency) return undefined
  if (facts.tradingState === 'halted') return { code: 'TRADING_HALTED' }
  const risk = tradeRisk(ports, facts, {
    asset: proposal.asset,
    side: proposal.side,
    parts: [{ leg: 0, quantity: Math.max(0, proposal.quantity - filled) }],
    at: priceOf(facts, proposal),
    emergency: false,
  })
  if (risk.netDeltaAfter <= risk.netDeltaBefore || isRelief(risk)) return undefined
  return { code: 'REDUCING_ONLY', netDeltaBefore: risk.netDeltaBefore, netDeltaAfter: risk.netDeltaAfter }
}

/** Which way liquidations run just now, as far as an alert says so. */
async function runningCascade({ store }: Ports, { asset }: Proposal): Promise<'down' | 'up' | undefined> {
  const running = (await store.alerts.open(asset)).find(({ stage }) => stage === 'touched' || stage === 'cascading')
  return running && (running.cluster.side === 'sell' ? 'down' : 'up')
}

/** What each leg has of the slice: what it was given where it has begun, and its part of the rest. */
function partsDue(
  { plan, facts, quoted, slice }: Moment,
  orders: readonly Order[],
  proposal: Proposal,
): readonly { leg: number; quantity: number }[] {
  // Of other slices nothing is open any more, so that what is filled there is all there will be.
  const due = dueQuantity(plan, facts.at, { filled: filledOutside(slice.slice, orders) })
  const begun = new Map(
    orders
      .filter((order) => order.slice === slice.slice && order.attempt === 0)
      .map(({ leg, quantity }) => [leg, quantity] as const),
  )
  const given = [...begun.values()].reduce((sum, quantity) => sum + quantity, 0)
  const rest = splitOverLegs(
    facts,
    quoted.filter(({ leg }) => !begun.has(leg.leg)),
    { side: proposal.side, quantity: baseQty(Math.max(0, due - given)), referencePrice: priceOf(facts, proposal) },
  )
  return [...[...begun].map(([leg, quantity]) => ({ leg, quantity })), ...rest.parts]
}

const priceOf = ({ prices }: TradeFacts, { asset, referencePrice }: Proposal): Price =>
  prices.get(asset) ?? referencePrice

/** The plan as it was approved: a function of the proposal, so that it is the same after a restart. */
function planOf({ settings }: Ports, proposal: Proposal, quoted: readonly LegQuote[]): Plan {
  const choice = proposal.schedule ?? settings.execution.schedule
  return planSchedule({
    choice,
    quantity: proposal.quantity,
    referencePrice: proposal.referencePrice,
    startAt: proposal.executionStartedAt!,
    maxClip: settings.execution.maxClip,
    instrument: quoted[0]!.leg.instrument,
    random: createRandom(seedFrom(proposal.proposalId)),
    dailyVolatility: choice.dailyVolatility ?? USUAL_DAILY_VOLATILITY,
    dailyVolumeNotional: choice.dailyVolumeNotional,
    volumeProfile: choice.volumeProfile,
  })
}

async function resolveAll(
  ports: Ports,
  orders: readonly Order[],
  /** Of all instruments: an order that has ended may still owe us fills. */
  unresolvedOnRecord: readonly Order[],
): Promise<Resolved> {
  const owing = new Set(unresolvedOnRecord.map(({ clientOrderId }) => clientOrderId))
  const isOpen = ({ clientOrderId, state }: Order): boolean => owing.has(clientOrderId) || !isTerminal(state)
  let unresolved = false
  const known: Order[] = []
  for (const order of orders) {
    if (!isOpen(order)) {
      known.push(order)
      continue
    }
    const resolution = await resolveOrder(ports, order, venueOf(ports, order.instrumentId))
    if (resolution.kind === 'unresolved') unresolved = true
    known.push(resolution.order)
  }
  return { orders: known, isAsked: orders.some(isOpen), unresolved, retryAt: retryAt(ports) }
}

/** Takes back what rests, and asks what became of it. */
async function withdraw(
  ports: Ports,
  orders: readonly Order[],
): Promise<{ readonly orders: readonly Order[]; readonly unresolved: boolean }> {
  let unresolved = false
  const known: Order[] = []
  for (const order of orders) {
    if (isTerminal(order.state)) {
      known.push(order)
      continue
    }
    const venue = venueOf(ports, order.instrumentId)
    const outcome = await venue.cancel(refOf(order))
    const resolution = await resolveOrder(ports, order, venue)
    // An order that the venue has still open was not taken back, whatever it answered.
    if (outcome.kind === 'unknown' || resolution.kind === 'unresolved' || !isTerminal(resolution.order.state))
      unresolved = true
    known.push(resolution.order)
  }
  return { orders: known, unresolved }
}

/** A person has paused it or wants it ended: nothing rests any longer. */
async function standStill(
  ports: Ports,
  proposal: Proposal,
  { orders, unresolved }: Resolved,
): Promise<ExecutionOutcome> {
  const withdrawn = await withdraw(ports, orders)
  if (unresolved || withdrawn.unresolved) return retryLater(ports, retryAt(ports))
  return proposal.control === 'canceling' ? finishExecution(ports, proposal) : { kind: 'paused', denials: [] }
}

const filledOf = (orders: readonly Order[]): number => orders.reduce((sum, order) => sum + order.filledQuantity, 0)
const smallestOf = ({ instrument, referencePrice }: Plan): number => instrument.minNotional / referencePrice

const retryAt = ({ clock, settings }: Ports): TimestampMs =>
  later(clock.now(), Math.min(UNRESOLVED_RETRY_AFTER, settings.execution.orderValidity))
const retryLater = (ports: Ports, at: TimestampMs): ExecutionOutcome => ({
  kind: 'working',
  nextAt: Math.max(at, ports.clock.now() + 1) as TimestampMs,
})
