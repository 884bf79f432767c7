import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFlattening } from '../../src/app/flatten.ts'
import { fraction, MINUTE } from '../../src/domain/units.ts'
import { member, openDesk, type TestDesk } from '../support/desk.ts'

const ana = member('ana')

/** A desk that holds a hedge of nearly a third of its ten coins. */
async function hedgedDesk(
  t: Parameters<typeof openDesk>[0],
  options?: Parameters<typeof openDesk>[1],
): Promise<TestDesk> {
  const desk = await openDesk(t, options)
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  await desk.forecast()
  const { proposalId } = await desk.propose(0.3)
  assert.equal((await desk.app.approveProposal({ proposalId, approver: member('cleo') })).kind, 'approved')
  await desk.pass(45 * MINUTE)
  assert.equal((await desk.find({ proposalId })).state, 'executed')
  await desk.forecast()
  return desk
}

async function askToFlatten(desk: TestDesk): Promise<string> {
  const asked = await desk.app.askToFlatten({ by: ana, reason: 'the exchange burns' })
  assert.equal(asked.kind, 'asked')
  return asked.kind === 'asked' ? asked.request.requestId : ''
}

const hedge = async (desk: TestDesk): Promise<number> =>
  (await desk.app.reportStatus()).assets.find(({ holding }) => holding.asset === 'ETH')!.holding.hedge

/** Lets executions run and rounds of watching follow them. */
async function passWatched(desk: TestDesk, minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    await desk.pass(MINUTE)
    await desk.forecast()
    await desk.app.watchRisk()
  }
}

test('one admin, once, takes every hedge off: state, orders and record say whose decision it was', async (t) => {
  const desk = await hedgedDesk(t)
  assert.ok((await hedge(desk)) > 2.5)
  const requestId = await askToFlatten(desk)
  assert.ok((await hedge(desk)) > 2.5, 'asking changes nothing')
  assert.equal((await desk.app.confirmFlatten({ requestId, by: ana })).kind, 'approved')
  assert.equal((await desk.store.settings.tradingState()).state, 'reducing')
  await passWatched(desk, 12)
  assert.ok((await hedge(desk)) < 0.01, `${await hedge(desk)} is left`)
  assert.equal((await readFlattening(desk.store))?.phase, 'flat')

  const [proposal] = await desk.store.proposals.list({ asset: 'ETH', states: ['executed'], limit: 1 })
  assert.deepEqual([proposal?.decidedBy, proposal?.emergency], ['ana', { requestId, by: 'ana' }])
  const audited = await desk.store.audit.recent(5, { action: 'risk.flat' })
  assert.deepEqual(audited.map(({ action, actor }) => `${action} ${actor}`).reverse(), [
    'risk.flatten ana',
    'risk.flatten-approved ana',
    'risk.flattened system',
  ])
  await desk.settle()
  assert.ok(desk.channel.posts.some(({ versions }) => versions[0]!.title === 'Every hedge is off'))
})

test('nobody else confirms it, and nobody twice', async (t) => {
  const desk = await hedgedDesk(t)
  const requestId = await askToFlatten(desk)
  assert.equal((await desk.app.confirmFlatten({ requestId, by: member('ben') })).kind, 'not-yours')
  const both = await Promise.all([
    desk.app.confirmFlatten({ requestId, by: ana }),
    desk.app.confirmFlatten({ requestId, by: ana }),
  ])
  assert.deepEqual(both.map(({ kind }) => kind).sort(), ['already-decided', 'approved'])
  assert.equal(await desk.store.audit.count('risk.flatten'), 1)
})

test('the confirmation runs out after two minutes', async (t) => {
  const desk = await hedgedDesk(t)
  const requestId = await askToFlatten(desk)
  await desk.pass(3 * MINUTE)
  assert.equal((await desk.app.confirmFlatten({ requestId, by: ana })).kind, 'already-decided')
  assert.equal((await desk.store.settings.tradingState()).state, 'active')
})

test('what is being executed for anything else is cancelled first', async (t) => {
  const desk = await hedgedDesk(t)
  const { proposalId } = await desk.propose(0.45)
  await desk.app.approveProposal({ proposalId, approver: member('cleo') })
  await desk.pass(2 * MINUTE)
  await desk.forecast()
  assert.equal((await desk.find({ proposalId })).state, 'executing')
  const requestId = await askToFlatten(desk)
  await desk.app.confirmFlatten({ requestId, by: ana })
  assert.equal((await desk.find({ proposalId })).control, 'canceling')
  await passWatched(desk, 15)
  assert.ok((await hedge(desk)) < 0.01, `${await hedge(desk)} is left`)
})

test('a hedge beyond the largest proposal comes off in several, each within the limit', async (t) => {
  const desk = await hedgedDesk(t)
  await desk.store.limits.set({
    key: 'maxProposalNotional',
    value: 5_000,
    requestedBy: 'ana',
    approvedBy: 'ben',
    at: desk.clock.now(),
  })
  const requestId = await askToFlatten(desk)
  await desk.app.confirmFlatten({ requestId, by: ana })
  await passWatched(desk, 20)
  assert.ok((await hedge(desk)) < 0.01, `${await hedge(desk)} is left`)
  const emergencies = (await desk.store.proposals.list({ asset: 'ETH', limit: 20 })).filter((one) => one.emergency)
  assert.ok(emergencies.length >= 2)
  for (const { notional } of emergencies) assert.ok(notional <= 5_000, String(notional))
})

test('the brake stops an emergency too', async (t) => {
  const desk = await hedgedDesk(t)
  const requestId = await askToFlatten(desk)
  await desk.app.confirmFlatten({ requestId, by: ana })
  await desk.app.changeTradingState({ to: 'halted', by: member('ben'), reason: 'wait' })
  await passWatched(desk, 12)
  assert.ok((await hedge(desk)) > 2.5, `${await hedge(desk)} is left`)
  assert.equal(await readFlattening(desk.store), undefined)
  const [last] = await desk.store.proposals.list({ asset: 'ETH', limit: 1 })
  assert.notEqual(last?.state, 'executing')
})

test('with nothing to take off, or without a price, there is nothing to confirm', async (t) => {
  const desk = await openDesk(t)
  assert.equal((await desk.app.askToFlatten({ by: ana, reason: 'x' })).kind, 'nothing-to-take-off')
  assert.equal((await desk.app.askToFlatten({ by: member('tom'), reason: 'x' })).kind, 'nothing-to-take-off')
  assert.equal(await desk.store.audit.count('request.opened'), 0)
})

test('an emergency is no way around the policy: without it a lower hedge is refused while reducing', async (t) => {
  const desk = await hedgedDesk(t)
  await desk.app.changeTradingState({ to: 'reducing', by: ana, reason: 'drill' })
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0), proposedBy: 'tom' })
  assert.equal(outcome.kind, 'denied')
})
