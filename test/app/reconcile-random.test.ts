import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createApplyVenueEvent } from '../../src/app/apply-venue-event.ts'
import type { Ports } from '../../src/app/ports.ts'
import { createReconcile } from '../../src/app/reconcile.ts'
import { settleSubmission } from '../../src/app/resolve-order.ts'
import { type ClientOrderId, isTerminal } from '../../src/domain/execution/order.ts'
import { clientOrderIdFor } from '../../src/domain/hash.ts'
import { DEFAULT_LIMITS } from '../../src/domain/risk/limits.ts'
import { baseQty, timestamp, usd } from '../../src/domain/units.ts'
import type { Store } from '../../src/ports.ts'
import { type Happening, happenings, openRandomVenue } from '../domain/execution/random-market.ts'
import { openDesk, type TestDesk } from '../support/desk.ts'

const RUNS = Number(process.env.RECONCILE_RECORD_RUNS ?? 12)
const SEED = Number(process.env.RECONCILE_SEED ?? Date.now() % 2 ** 31)
const KILLED = 'killed'

test('over whatever happens and wherever we die, the record ends equal to the venue’s ledger', async (t) => {
  t.diagnostic(`seed ${SEED}, ${RUNS} runs`)
  const exposures = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`A${i}`, baseQty(10)]))
  const most = usd(1e12)
  const limits = { ...DEFAULT_LIMITS, maxDailyProposals: 10_000, maxDayNotional: most, maxGrossNotional: most }
  const desk = await openDesk(t, { settings: { book: { name: 'main', exposures }, limits } })
  let run = 0
  await fc.assert(
    fc.asyncProperty(happenings, fc.boolean(), (path, namesOurs) =>
      playOnRecord(desk, { path, namesOurs, asset: `A${run++}` }),
    ),
    // Each try, also while a failure is made smaller, needs an asset of its own.
    { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
  )
  assert.equal((await desk.store.settings.tradingState()).state, 'active', 'nothing was unexplained at two looks')
  assert.equal(await desk.store.audit.count('trading-state.reducing'), 0)
})

async function playOnRecord(
  desk: TestDesk,
  { path, namesOurs, asset }: { path: readonly Happening[]; namesOurs: boolean; asset: string },
): Promise<void> {
  const market = openRandomVenue({ namesOurs, asset, from: desk.clock.now() })
  const { venue, ledger, instrumentId } = market
  const book = { name: 'main', exposures: { [asset]: baseQty(10) } }
  const ports: Ports = {
    ...desk.ports,
    store: desk.store,
    venues: [venue],
    clock: { kind: 'virtual', now: market.now },
    settings: { ...desk.ports.settings, book },
  }
  await createReconcile(ports)()
  await desk.forecast({ asset, price: 3000 })
  const { proposalId } = await desk.propose(0.5, asset)
  await desk.store.proposals.move(proposalId, ['pending'], 'approved', {})
  await desk.store.proposals.move(proposalId, ['approved'], 'executing', { executionStartedAt: market.now() })
  const sent: ClientOrderId[] = []

  for (const happening of path) {
    switch (happening.kind) {
      case 'send': {
        const drawn = market.draw(happening)
        const at = { leg: 0, slice: sent.length, attempt: 0 }
        const clientOrderId = clientOrderIdFor(proposalId, at)
        const order = { ...drawn.order, ...at, clientOrderId, proposalId }
        const lease = (await ports.store.proposals.takeLease(proposalId, ports.instanceId, 60_000 as never))!
        await ports.store.orders.save(order, lease)
        await ports.store.proposals.releaseLease(proposalId, lease)
        sent.push(clientOrderId)
        market.setFate(happening.fate)
        const outcome = await venue.submit({ ...drawn.request, clientOrderId })
        // Unheard or lost, it is noted as unknown, or we die before that.
        if (outcome.kind !== 'unknown' || happening.size % 2 === 0) await settleSubmission(ports, order, venue, outcome)
        break
      }
      case 'cancel': {
        const clientOrderId = sent[happening.pick % Math.max(1, sent.length)]
        if (clientOrderId) await venue.cancel((await ports.store.orders.find(clientOrderId))!)
        break
      }
      case 'push': {
        const events = market.pushed()
        const event = events[happening.pick % Math.max(1, events.length)]
        if (event) await createApplyVenueEvent(ports)(event)
        break
      }
      case 'reconcile':
        await reconcileUntilKilled(ports, happening.diesAfter)
        break
      case 'fill-resting':
      case 'other-hand':
      case 'liquidate':
      case 'deleverage':
      case 'pass':
        await market.act(happening)
        break
    }
  }
  market.pass(120_000)
  for (let round = 0; round < 3; round++) await createReconcile(ports)()

  const all = await ledger.fillsSince('paper', instrumentId, timestamp(0))
  const own = all.filter(({ clientOrderId }) => clientOrderId !== undefined)
  const booked = await ports.store.orders.allFills(instrumentId)
  const children = booked.filter(({ clientOrderId }) => sent.includes(clientOrderId))
  const pairs = (fills: readonly { tradeId: string; clientOrderId?: ClientOrderId | undefined; quantity: number }[]) =>
    fills.map(({ tradeId, clientOrderId, quantity }) => `${tradeId} ${clientOrderId} ${quantity}`).sort()
  assert.deepEqual(pairs(children), pairs(own), 'no fill twice, none lost, none of others')
  for (const order of await ports.store.orders.findMany(sent)) {
    const theirs = await ledger.find('paper', order.clientOrderId)
    assert.equal(order.state, theirs?.state ?? 'expired')
    assert.ok(Math.abs(order.filledQuantity - (theirs?.filledQuantity ?? 0)) < 1e-6)
    assert.ok(isTerminal(order.state) || theirs !== undefined)
  }
  const [leg] = (await createReconcile(ports)()).legs
  assert.ok(leg?.kind === 'checked')
  const { booked: more, verdict, theirs, ours, standing } = leg
  assert.deepEqual([more, verdict, standing.unexplainedQuantity], [0, 'clean', 0])
  assert.ok(Math.abs(ours + standing.foreignQuantity - theirs) < 1e-6)
  await ports.store.proposals.move(proposalId, ['executing'], 'executed', {})
  for (const order of await market.otherHands()) assert.notEqual(order!.state, 'canceled', 'left alone')
  for (const times of (await ledger.acceptances('paper')).values()) assert.equal(times, 1, 'sent once')
}

/** Dies in the middle of the so-and-so-many-th transaction: what was written in it is gone, and what was before it stays. */
async function reconcileUntilKilled(ports: Ports, diesAfter: number | undefined): Promise<void> {
  let left = diesAfter ?? Number.POSITIVE_INFINITY
  const store: Store = {
    ...ports.store,
    transaction: (work) =>
      ports.store.transaction(async (tx) => {
        const result = await work(tx)
        if (left-- <= 0) throw new Error(KILLED)
        return result
      }),
  }
  try {
    await createReconcile({ ...ports, store })()
  } catch (error) {
    const faults = error instanceof AggregateError ? error.errors : [error]
    if (faults.some((fault) => (fault as Error).message !== KILLED)) throw error
  }
}
