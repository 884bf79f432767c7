import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planSchedule } from '../../src/domain/execution/plan.ts'
import { formatQuantity } from '../../src/domain/format.ts'
import { seedFrom } from '../../src/domain/hash.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import { createRandom } from '../../src/domain/random.ts'
import { duration, fraction, HOUR, MINUTE, price, SECOND, usd } from '../../src/domain/units.ts'
import { member, openDesk, PRICE, START, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { limits, execution } = testSettings()

test('an execution sends the slices of its plan at their times and fills the plan', async (t) => {
  const desk = await openDesk(t)
  const proposal = await approved(desk, 0.5)
  await desk.pass(HOUR)
  const stored = await desk.find(proposal)
  assert.deepEqual([stored.state, stored.reason], ['executed', undefined])
  const plan = await planOf(desk, stored)
  const orders = await desk.store.orders.forProposal(proposal.proposalId)
  assert.equal(plan.length, 4)
  assert.deepEqual(
    orders.filter(({ attempt }) => attempt === 0).map(({ slice, createdAt }) => ({ slice, createdAt })),
    plan.map(({ slice, at }) => ({ slice, createdAt: at })),
  )
  assert.deepEqual(
    [...Map.groupBy(orders, ({ slice }) => slice).values()].map((children) =>
      children.map(({ timeInForce, postOnly, state }) => `${timeInForce} ${postOnly} ${state}`),
    ),
    plan.map(() => ['gtc true canceled', 'ioc false filled']),
    'each slice rests at the touch first, and crosses when nobody came',
  )
  assert.equal(await filled(desk, proposal), 5)
  assert.equal(await atVenue(desk, proposal), -5, 'the venue holds the same')
  await assertSound(desk)
})

test('a hedge taken back by a later proposal buys what the first one sold', async (t) => {
  const desk = await openDesk(t)
  await approved(desk, 0.5)
  await desk.pass(HOUR)
  const back = await approved(desk, 0.2)
  assert.deepEqual([back.side, back.quantity], ['buy', 3])
  await desk.pass(HOUR)
  assert.equal(await atVenue(desk, back), -2)
  const { assets } = await desk.app.reportStatus()
  assert.equal(assets[0]!.holding.hedge, 2)
  assert.equal(assets[0]!.holding.hedgeRatio, 0.2)
})

test('one card is posted and then edited in place, from offer to the last fill', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.settle()
  await desk.app.approveProposal({ proposalId, approver: member('ben') })
  await desk.pass(HOUR)
  const [post, ...others] = desk.channel.posts
  assert.deepEqual(others, [])
  assert.deepEqual(
    post!.versions.map(({ title, buttons }) => [title.split(':')[0], buttons?.length ?? 0]),
    [
      ['Hedge proposed', 4],
      ['Hedge approved', 2],
      ...Array.from({ length: 4 }, () => ['Hedge executing', 2]),
      ['Hedge executed', 0],
    ],
  )
  const last = Object.fromEntries(post!.versions.at(-1)!.fields!.map(({ name, value }) => [name, value]))
  assert.equal(last.Filled, '5 ETH of 5 ETH in 4 fills')
  assert.match(last['Average price']!, /^2,99\d\.\d\d$/)
  assert.match(last['Realised cost']!, /^\d+\.\d bps against \d+\.\d bps expected$/)
  assert.equal(last.Decided, 'Ben (approver)\n2026-01-05 12:00 UTC')
})

test('a halt pauses an execution between two slices and resume goes on to the end', async (t) => {
  const desk = await openDesk(t)
  const proposal = await approved(desk, 0.5)
  await desk.pass(10 * MINUTE)
  const before = await filled(desk, proposal)
  assert.ok(before > 0 && before < 5)
  await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
  await desk.pass(10 * MINUTE)
  assert.equal(await filled(desk, proposal), before, 'nothing traded while halted')
  assert.equal(await desk.store.audit.count('risk.denied'), 1)
  assert.deepEqual(
    desk.queue.waiting().filter(({ name }) => name === 'execute-proposal'),
    [],
  )
  await desk.app.resumeTrading({ by: member('ana'), reason: 'over' })
  await desk.pass(HOUR)
  assert.equal((await desk.find(proposal)).state, 'executed')
  assert.equal(await filled(desk, proposal), 5)
  await assertSound(desk)
})

test('while reducing, a protective execution goes on and one that adds risk is held back until resume', async (t) => {
  const desk = await openDesk(t)
  const hedge = await approved(desk, 0.5)
  await desk.app.changeTradingState({ to: 'reducing', by: member('ana'), reason: 'drill' })
  await desk.pass(HOUR)
  assert.equal(await filled(desk, hedge), 5, 'selling against a long book shrinks its net delta')

  await desk.app.resumeTrading({ by: member('ana'), reason: 'over' })
  const back = await approved(desk, 0.2)
  await desk.app.changeTradingState({ to: 'reducing', by: member('ana'), reason: 'drill' })
  await desk.pass(10 * MINUTE)
  assert.equal(await filled(desk, back), 0)
  await desk.app.resumeTrading({ by: member('ana'), reason: 'over' })
  await desk.pass(HOUR)
  assert.equal(await filled(desk, back), 3)
})

test('a resume that comes while the paused wake-up still holds its lease is not lost', async (t) => {
  let resumeInside: (() => Promise<void>) | undefined
  const desk = await openDesk(t, {
    wrapStore: (store) => ({
      ...store,
      proposals: {
        ...store.proposals,
        async releaseLease(proposalId, lease) {
          await resumeInside?.()
          await store.proposals.releaseLease(proposalId, lease)
        },
      },
    }),
  })
  await desk.forecast()
  const proposal = await desk.propose(0.3)
  await desk.say('ben', `/approve ${proposal.proposalId}`)
  await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
  resumeInside = async () => {
    resumeInside = undefined
    await desk.app.resumeTrading({ by: member('ana'), reason: 'over' })
  }
  await desk.pass(HOUR)
  assert.equal(resumeInside, undefined, 'the wake-up ran while halted')
  assert.equal((await desk.find(proposal)).state, 'executed')
})

test('an execution halted past its deadline ends with what it had', async (t) => {
  const desk = await openDesk(t)
  const proposal = await approved(desk, 0.5)
  await desk.pass(3 * MINUTE)
  await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
  await desk.pass(2 * HOUR)
  await desk.app.resumeTrading({ by: member('ana'), reason: 'over' })
  await desk.pass(SECOND)
  const stored = await desk.find(proposal)
  const done = await filled(desk, proposal)
  assert.equal(stored.state, 'executed')
  assert.equal(stored.reason, `left ${formatQuantity(5 - done, 'ETH')} unfilled`)
})

test('without a quote an execution waits, and without one until its deadline it fails', async (t) => {
  const desk = await openDesk(t)
  const proposal = await approved(desk, 0.5)
  desk.setPrice(undefined)
  await desk.pass(5 * MINUTE)
  assert.equal((await desk.store.orders.forProposal(proposal.proposalId)).length, 0)
  desk.setPrice(PRICE)
  await desk.pass(HOUR)
  assert.equal((await desk.find(proposal)).state, 'executed')
  assert.equal(await filled(desk, proposal), 5)

  const other = await openDesk(t)
  const hopeless = await approved(other, 0.5)
  other.setPrice(undefined)
  await other.pass(2 * HOUR)
  const stored = await other.find(hopeless)
  assert.deepEqual([stored.state, stored.reason], ['failed', 'nothing could be filled'])
  assert.equal(other.channel.posts[0]!.versions.at(-1)!.tone, 'warning')
})

test('a rate limit delays slices and drops none', async (t) => {
  const desk = await openDesk(t, {
    settings: {
      limits: { ...limits, maxOrdersPerMinute: 1 },
      execution: {
        ...execution,
        passiveWait: duration(5_000),
        schedule: { ...execution.schedule, duration: duration(8 * MINUTE) },
      },
    },
  })
  const proposal = await approved(desk, 0.5)
  await desk.pass(HOUR)
  assert.ok((await desk.store.audit.count('risk.denied')) > 0)
  assert.equal((await desk.find(proposal)).state, 'executed')
  const orders = await desk.store.orders.forProposal(proposal.proposalId)
  for (const [i, order] of orders.entries()) {
    const sameMinute = orders.slice(0, i).filter(({ createdAt }) => order.createdAt - createdAt <= MINUTE)
    assert.equal(sameMinute.length, 0, `order ${i} a minute after the one before it`)
  }
})

test('no order is larger than the limit per order, however large the clip', async (t) => {
  const desk = await openDesk(t, { settings: { limits: { ...limits, maxOrderNotional: usd(3_000) } } })
  const proposal = await approved(desk, 0.5)
  await desk.pass(2 * HOUR)
  const orders = await desk.store.orders.forProposal(proposal.proposalId)
  assert.ok(orders.length > 4, 'what was cut off goes out in the slices after the plan')
  for (const order of orders) assert.ok(order.quantity * PRICE <= 3_000)
  const left = 5 - (await filled(desk, proposal))
  assert.ok(left * PRICE < 20, `${left} ETH is below the smallest order of the venue`)
})

async function approved(desk: TestDesk, ratio: number): Promise<Proposal> {
  await desk.forecast()
  const proposal = await desk.propose(ratio)
  const decision = await desk.app.approveProposal({ proposalId: proposal.proposalId, approver: member('ben') })
  assert.equal(decision.kind, 'approved')
  return proposal
}

const planOf = async (desk: TestDesk, proposal: Proposal) =>
  planSchedule({
    choice: proposal.schedule!,
    quantity: proposal.quantity,
    referencePrice: price(PRICE),
    startAt: START,
    maxClip: execution.maxClip,
    instrument: await desk.venue.instrument('ETH'),
    random: createRandom(seedFrom(proposal.proposalId)),
    dailyVolatility: fraction(0.03),
  }).slices.filter(({ at }) => at < START + execution.schedule.duration)

const filled = async ({ store }: TestDesk, { proposalId }: Proposal): Promise<number> =>
  Number((await store.orders.fills(proposalId)).reduce((sum, { quantity }) => sum + quantity, 0).toFixed(9))

const atVenue = async ({ venue }: TestDesk, { instrumentId }: Proposal) =>
  (await venue.positions()).find((position) => position.instrumentId === instrumentId)?.quantity ?? 0

async function assertSound({ store, ledger }: TestDesk): Promise<void> {
  assert.equal((await store.audit.verify()).kind, 'intact')
  assert.ok([...(await ledger.acceptances('paper')).values()].every((times) => times === 1))
}
