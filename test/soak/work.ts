import { setTimeout as sleep } from 'node:timers/promises'
import { roundToLot } from '../../src/domain/instrument.ts'
import type { Asset } from '../../src/domain/market/tick.ts'
import { baseQty, fraction, price } from '../../src/domain/units.ts'
import { DEMO_MEMBERS } from '../../src/main/demo-members.ts'
import type { Random, VenueEvent } from '../../src/ports.ts'
import type { Tally } from './tally.ts'
import type { World } from './world.ts'

const APPROVER = DEMO_MEMBERS.find(({ role }) => role === 'approver')!
/** Least change of the hedge ratio that a parent is made for. */
const LEAST_CHANGE = 0.2
/** Events that are booked at once. */
const AT_ONCE = 8
/** With more events waiting than this the market trades more slowly. */
const MOST_WAITING = 300
/** Of an order, what somebody trades with at once. */
const PART = 0.04
const LOOK_MS = 50
const SETTLE_WITHIN_MS = 120_000

/** Books what the venue pushes, several at once and in whatever order they come. */
export function listen({ venue, app }: World, tally: Tally, signal: AbortSignal): { waiting(): number } {
  const waiting: VenueEvent[] = []
  let working = 0
  const work = async (): Promise<void> => {
    working++
    for (let event = waiting.shift(); event; event = waiting.shift()) {
      try {
        tally.count('heard', (await app.applyVenueEvent(event)).kind)
      } catch (error) {
        tally.error(error)
      }
    }
    working--
  }
  void venue.watch((event) => {
    tally.count('events', event.kind)
    waiting.push(event)
    if (working < AT_ONCE) void work()
  }, signal)
  return { waiting: () => waiting.length + working }
}

/** One parent after the other on one asset, each to another hedge ratio. */
export async function trade(
  { app, store, clock, mid }: World,
  asset: Asset,
  { tally, random, isEnough }: { tally: Tally; random: Random; isEnough: () => boolean },
): Promise<void> {
  let held = 0
  while (!isEnough()) {
    const ratio = 0.05 + 0.9 * random()
    if (Math.abs(ratio - held) < LEAST_CHANGE) continue
    const at = clock.now()
    await store.forecasts.save(
      {
        ...{ asset, at, prediction: { kind: 'undetermined', reason: 'NO_MODEL', detail: 'no model is loaded' } },
        market: {
          ...{
            price: price(mid(asset)),
            priceAt: at,
            hourlyVolatility: fraction(0.0075),
            fundingCorrelation: fraction(0),
          },
          ...{ openInterest: baseQty(1_000_000), freshness: [] },
        },
      },
      [],
    )
    const proposed = await app.proposeHedge({ asset, requestedRatio: fraction(ratio), proposedBy: 'tom' })
    if (proposed.kind !== 'proposed') {
      tally.count(
        'hindrances',
        proposed.kind === 'denied' ? proposed.denials.map(({ code }) => code).join('+') : proposed.kind,
      )
      await sleep(5 * LOOK_MS)
      continue
    }
    const { proposalId } = proposed.proposal
    const decision = await app.approveProposal({ proposalId, approver: APPROVER })
    if (decision.kind !== 'approved') {
      tally.count('hindrances', decision.kind)
      await sleep(5 * LOOK_MS)
      continue
    }
    tally.count('parents', asset)
    for (;;) {
      const stands = await store.proposals.find(proposalId)
      if (stands && stands.state !== 'approved' && stands.state !== 'executing') {
        tally.count('ends', stands.state)
        break
      }
      await sleep(LOOK_MS)
    }
    held = ratio
  }
}

/** Somebody takes a part of one of our orders that rest. */
export async function tradeWith(
  { ledger, venue, fillPart }: World,
  asset: Asset,
  { random, waiting }: { random: Random; waiting: () => number },
): Promise<void> {
  if (waiting() > MOST_WAITING) return
  const instrument = await venue.instrument(asset)
  const { book } = await ledger.read('paper', instrument.instrumentId)
  const resting = book.orders.filter(({ kind, clientOrderId }) => kind === 'limit' && clientOrderId !== undefined)
  const order = resting[Math.floor(random() * resting.length)]
  if (!order) return
  const lot = Number(instrument.lotSize)
  const part = Math.max(lot, roundToLot(baseQty(Number(order.quantity) * PART * (0.5 + random())), instrument))
  await fillPart(
    { clientOrderId: order.clientOrderId!, instrumentId: instrument.instrumentId },
    Math.min(part, Number(order.open)),
  )
}

/** Waits until nothing is executed, nothing runs and nothing is left to hear. */
export async function settle({ app, store, queue }: World, waiting: () => number): Promise<void> {
  const until = performance.now() + SETTLE_WITHIN_MS
  const isBusy = async (): Promise<boolean> =>
    waiting() > 0 ||
    queue.size() > 0 ||
    (await store.proposals.list({ states: ['approved', 'executing'], limit: 1 })).length > 0 ||
    (await store.orders.unresolved()).some(({ kind }) => kind === 'child')
  while (await isBusy()) {
    if (performance.now() > until) return
    await app.reconcile().catch(() => undefined)
    await sleep(5 * LOOK_MS)
  }
}
