import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Proposal, toProposalId } from '../../src/domain/proposal.ts'
import { DAY, fraction, later, usd } from '../../src/domain/units.ts'
import { member, openDesk, PRICE, START, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals } = testSettings()
const QUORUM_OF_TWO = { approvals: { ...approvals, quorum: 2 } }

const approve = (desk: TestDesk, proposal: { proposalId: string }, by: Parameters<typeof member>[0]) =>
  desk.app.approveProposal({ proposalId: toProposalId(proposal.proposalId), approver: member(by) })

test('one approval of one needed approves, is audited with the terms, and wakes the execution', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  const decision = await approve(desk, proposal, 'ben')
  assert.equal(decision.kind, 'approved')
  const stored = await desk.find(proposal)
  assert.deepEqual(
    [stored.state, stored.decidedBy, stored.decidedAt, stored.approvals],
    ['approved', 'ben', START, [{ memberId: 'ben', at: START }]],
  )
  const entries = (await desk.store.audit.recent(2)).map(({ actor, action, details }) => [
    action,
    actor,
    details.termsHash,
  ])
  assert.deepEqual(entries, [
    ['proposal.approved', 'ben', proposal.termsHash],
    ['proposal.approval', 'ben', proposal.termsHash],
  ])
  assert.ok(desk.queue.waiting().some(({ jobId }) => jobId === `execute-${proposal.proposalId}-0`))
})

test('the proposer’s own approval is refused above the limit and counts at it', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, selfApprovalMax: usd(15_000) } } })
  await desk.forecast()
  const proposeAsBen = async (ratio: number): Promise<Proposal> => {
    const outcome = await desk.app.proposeHedge({
      asset: 'ETH',
      requestedRatio: fraction(ratio),
      proposedBy: 'ben',
    })
    assert.ok(outcome.kind === 'proposed')
    return outcome.proposal
  }
  const above = await proposeAsBen(0.501)
  assert.equal((await approve(desk, above, 'ben')).kind, 'self-approval')
  assert.equal((await desk.find(above)).state, 'pending')
  assert.deepEqual((await desk.find(above)).approvals, [])
  assert.equal(await desk.store.audit.count('proposal.self-approval-refused'), 1)
  assert.equal((await approve(desk, await proposeAsBen(0.5), 'ben')).kind, 'approved')
})

test('a quorum of two needs two different members', async (t) => {
  const desk = await openDesk(t, { settings: QUORUM_OF_TWO })
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  assert.equal((await approve(desk, proposal, 'ben')).kind, 'waiting')
  assert.equal((await approve(desk, proposal, 'ben')).kind, 'already-approved-by-you')
  assert.equal((await desk.find(proposal)).state, 'pending')
  assert.equal((await approve(desk, proposal, 'cleo')).kind, 'approved')
  assert.deepEqual(
    (await desk.find(proposal)).approvals.map(({ memberId }) => memberId),
    ['ben', 'cleo'],
  )
})

test('the same member twice at the same moment counts once, and the second hears that it was counted', async (t) => {
  const desk = await openDesk(t, { settings: QUORUM_OF_TWO })
  await desk.forecast()
  for (let round = 0; round < 10; round++) {
    const proposal = await desk.propose(0.5)
    const kinds = await Promise.all([approve(desk, proposal, 'ben'), approve(desk, proposal, 'ben')])
    assert.deepEqual(kinds.map(({ kind }) => kind).sort(), ['already-approved-by-you', 'waiting'], `round ${round}`)
    assert.deepEqual((await desk.find(proposal)).approvals.length, 1)
  }
})

test('a price that has moved exactly as far as the proposal allows does not stand in the way', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const kept = await desk.propose(0.5)
  await desk.forecast({ price: PRICE * 1.005 })
  assert.equal((await approve(desk, kept, 'ben')).kind, 'approved')
})

test('a stale price denies an approval', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  await desk.pass(121_000)
  const decision = await approve(desk, proposal, 'ben')
  assert.deepEqual(decision.kind === 'denied' && decision.denials, [
    { code: 'PRICE_STALE', ageMs: 121_000, maxMs: 120_000 },
  ])
  const stored = await desk.find(proposal)
  assert.deepEqual([stored.state, stored.reason], ['denied', 'PRICE_STALE ageMs=121000 maxMs=120000'])
  assert.equal(await desk.store.audit.count('risk.denied'), 1)
})

test('an approval under a halt is denied', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
  const decision = await approve(desk, proposal, 'ben')
  assert.deepEqual(decision.kind === 'denied' && decision.denials, [{ code: 'TRADING_HALTED' }])
})

test('a millisecond before its expiry a proposal can be approved; at the instant it has expired', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const expired = await desk.propose(0.5)
  desk.clock.advanceTo(later(expired.expiresAt, -1))
  await desk.forecast()
  assert.equal((await approve(desk, await desk.propose(0.4), 'ben')).kind, 'approved')

  const other = await openDesk(t)
  await other.forecast()
  const late = await other.propose(0.5)
  other.clock.advanceTo(late.expiresAt)
  await other.forecast()
  assert.equal((await approve(other, late, 'ben')).kind, 'expired')
  const stored = await other.find(late)
  assert.deepEqual([stored.state, stored.decidedBy, stored.decidedAt], ['expired', 'system', late.expiresAt])
})

test('a proposal expires by itself at its instant, after one reminder', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  await desk.pass(approvals.expiry - 1)
  assert.equal((await desk.find(proposal)).state, 'pending')
  const reminders = desk.channel.posts.filter(({ versions }) => versions[0]!.title.startsWith('Still waiting'))
  assert.equal(reminders.length, 1)
  await desk.pass(1)
  assert.equal((await desk.find(proposal)).state, 'expired')
  assert.equal((await approve(desk, proposal, 'ben')).kind, 'expired')
  const card = desk.channel.posts[0]!.versions.at(-1)!
  assert.match(card.title, /expired/)
  assert.equal(card.buttons, undefined, 'what cannot be decided has no buttons')
  assert.match(card.text!, /^Nobody decided in time, and nothing was traded\. .*\/hedge propose ETH 0\.5$/)
  const reminder = reminders[0]!.versions.at(-1)!
  assert.match(reminder.title, /^Decided: expired/)
  assert.equal(reminder.buttons, undefined)
})

test('an expiry that comes too early or too late changes nothing', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  await desk.app.expireProposal(proposal)
  assert.equal((await desk.find(proposal)).state, 'pending')
  await desk.app.declineProposal({ proposalId: proposal.proposalId, by: member('ben'), reason: 'too early' })
  desk.clock.advanceTo(later(START, DAY))
  const before = await traces(desk)
  await desk.app.expireProposal(proposal)
  assert.deepEqual(await traces(desk), before)
  const stored = await desk.find(proposal)
  assert.deepEqual([stored.state, stored.decidedBy, stored.reason], ['declined', 'ben', 'too early'])
})

test('an unknown id is answered as not found', async (t) => {
  const desk = await openDesk(t)
  const proposalId = toProposalId('0000000000')
  assert.deepEqual(await desk.app.approveProposal({ proposalId, approver: member('ben') }), { kind: 'not-found' })
  assert.deepEqual(await desk.app.declineProposal({ proposalId, by: member('ben') }), { kind: 'not-found' })
  await desk.app.expireProposal({ proposalId })
  await desk.app.remindApprovers({ proposalId })
})

test('a second tap on a decided proposal changes nothing', async (t) => {
  for (const first of ['approve', 'decline'] as const) {
    const desk = await openDesk(t)
    await desk.forecast()
    const proposal = await desk.propose(0.5)
    const decide = {
      approve: () => approve(desk, proposal, 'ben'),
      decline: () => desk.app.declineProposal({ proposalId: proposal.proposalId, by: member('cleo') }),
    }
    await decide[first]()
    const before = await traces(desk)
    for (const tap of [decide.approve, decide.decline]) {
      assert.equal((await tap()).kind, 'already-decided')
      assert.deepEqual(await traces(desk), before, `${first}, then another tap`)
    }
  }
})

/** Everything a decision could leave behind. */
async function traces({ store, queue }: TestDesk) {
  return {
    proposals: await store.proposals.list({ limit: 100 }),
    audit: await store.audit.recent(100),
    undelivered: await store.outbox.undelivered(),
    executions: queue.waiting().filter(({ name }) => name === 'execute-proposal'),
  }
}
