import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Proposal } from '../../src/domain/proposal.ts'
import { usd } from '../../src/domain/units.ts'
import { member, openDesk, type Person, PRICE, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals, limits } = testSettings()
/** 63 bps above where every proposal here was quoted. */
const MOVED = PRICE * 1.0063

const approve = (desk: TestDesk, { proposalId }: Pick<Proposal, 'proposalId'>, by: Person) =>
  desk.app.approveProposal({ proposalId, approver: member(by) })

test('a price that ran away gets fresh terms instead of a denial: same ratio, price of now, same proposer, a new id', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const old = await desk.propose(0.5)
  await desk.forecast({ price: MOVED })
  const decision = await approve(desk, old, 'ben')
  assert.ok(decision.kind === 'requoted', decision.kind)
  const { fresh } = decision
  assert.notEqual(fresh.proposalId, old.proposalId)
  assert.deepEqual(
    [fresh.state, fresh.hedgeRatioAfter, fresh.quantity, fresh.referencePrice, fresh.proposedBy, fresh.replaces],
    ['pending', 0.5, 5, MOVED, 'tom', old.proposalId],
  )
  assert.deepEqual(await desk.find(fresh), fresh)
  const stored = await desk.find(old)
  assert.deepEqual(
    [stored.state, stored.reason],
    ['superseded', `replaced by ${fresh.proposalId}: price moved 63.0 bps since it was quoted`],
  )
  const actions = (await desk.store.audit.recent(3)).map(({ action, actor, subject }) => [action, actor, subject])
  assert.deepEqual(actions.reverse(), [
    ['proposal.opened', 'tom', fresh.proposalId],
    ['proposal.requoted', 'ben', old.proposalId],
    ['proposal.superseded', 'system', old.proposalId],
  ])
  assert.equal(desk.queue.waiting().filter(({ name }) => name === 'execute-proposal').length, 0)
})

test('the presser hears how far the price moved, where the fresh terms are, and that nothing was traded', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.forecast({ price: MOVED })
  const card = await desk.say('ben', `/approve ${proposalId}`)
  const [fresh] = await desk.store.proposals.list({ states: ['pending'], limit: 1 })
  assert.equal(
    card.text,
    `Price moved 63.0 bps since it was quoted; fresh terms are ${fresh!.proposalId}. Nothing was traded.`,
  )
  const again = await desk.say('cleo', `/approve ${proposalId}`)
  assert.equal(again.title, `${proposalId} is already superseded`)
  assert.match(again.text!, new RegExp(`replaced by ${fresh!.proposalId}`))
})

test('one press re-quotes once, and twenty at the same moment open one fresh proposal', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const old = await desk.propose(0.5)
  await desk.forecast({ price: MOVED })
  const people = Array.from({ length: 20 }, (_, i) => (['ben', 'cleo', 'ana'] as const)[i % 3]!)
  const kinds = (await Promise.all(people.map((person) => approve(desk, old, person)))).map(({ kind }) => kind)
  assert.equal(kinds.filter((kind) => kind === 'requoted').length, 1)
  assert.equal(kinds.filter((kind) => kind === 'already-decided').length, 19)
  assert.equal((await desk.store.proposals.list({ limit: 10 })).length, 2)
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
})

test('approvals of the old terms do not carry over to the fresh ones', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast()
  const old = await desk.propose(0.5)
  assert.equal((await approve(desk, old, 'ben')).kind, 'waiting')
  await desk.forecast({ price: MOVED })
  const decision = await approve(desk, old, 'cleo')
  assert.ok(decision.kind === 'requoted')
  assert.deepEqual((await desk.find(decision.fresh)).approvals, [])
  assert.equal((await approve(desk, decision.fresh, 'cleo')).kind, 'waiting')
  assert.equal((await approve(desk, decision.fresh, 'ben')).kind, 'approved')
})

test('someone who has approved already asks for no fresh terms by pressing again', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast()
  const old = await desk.propose(0.5)
  await approve(desk, old, 'ben')
  await desk.forecast({ price: MOVED })
  assert.equal((await approve(desk, old, 'ben')).kind, 'already-approved-by-you')
  assert.equal((await desk.find(old)).state, 'pending')
})

test('what the policy proposed is re-quoted to the ratio that was looked at, and stays the policy’s', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  assert.ok(outcome.kind === 'proposed')
  await desk.forecast({ price: MOVED, fundingRate: 0.001 })
  const decision = await approve(desk, outcome.proposal, 'ben')
  assert.ok(decision.kind === 'requoted', decision.kind)
  assert.equal(decision.fresh.proposedBy, 'system')
  assert.equal(decision.fresh.quantity, outcome.proposal.quantity)
  const step = decision.fresh.steps.find(({ name }) => name === 'requested')
  assert.equal(step?.note, `as in ${outcome.proposal.proposalId}: price moved 63.0 bps since it was quoted`)
})

test('where fresh terms would be denied too, the old ones are denied with every reason', async (t) => {
  const desk = await openDesk(t, { settings: { limits: { ...limits, maxProposalNotional: usd(15_000) } } })
  await desk.forecast()
  const old = await desk.propose(0.5)
  await desk.forecast({ price: MOVED })
  const decision = await approve(desk, old, 'ben')
  assert.ok(decision.kind === 'denied', decision.kind)
  assert.deepEqual(
    decision.denials.map(({ code }) => code),
    ['PRICE_DRIFTED', 'NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL'],
  )
  const stored = await desk.find(old)
  assert.deepEqual(
    [stored.state, stored.reason],
    ['denied', 'PRICE_DRIFTED driftBps=63 maxBps=50; NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL notional=15095 max=15000'],
  )
  assert.deepEqual(await desk.store.proposals.list({ states: ['pending'], limit: 5 }), [])
  assert.equal(await desk.store.audit.count('risk.denied'), 1, 'one refusal is on record once')
})

test('where fresh terms are not worth trading, the old ones are denied and say so', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const old = await desk.propose(0.002)
  assert.equal(old.quantity, 0.02)
  await desk.forecast({ price: 400 })
  const decision = await approve(desk, old, 'ben')
  assert.equal(decision.kind, 'denied')
  assert.match(
    (await desk.find(old)).reason!,
    /PRICE_DRIFTED .*; fresh terms are not worth trading: BELOW_MIN_NOTIONAL/,
  )
})

test('under a halt a price that ran away is denied, not re-quoted', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const old = await desk.propose(0.5)
  await desk.forecast({ price: MOVED })
  await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
  const decision = await approve(desk, old, 'ben')
  assert.deepEqual(decision.kind === 'denied' && decision.denials.map(({ code }) => code), [
    'PRICE_DRIFTED',
    'TRADING_HALTED',
  ])
})

test('the cards name each other: what replaced the old one and why, what the fresh one replaces', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const old = await desk.propose(0.5)
  await desk.settle()
  await desk.forecast({ price: MOVED })
  const decision = await approve(desk, old, 'ben')
  assert.ok(decision.kind === 'requoted')
  await desk.settle()
  const [first, second] = desk.channel.posts.map(({ versions }) => versions.at(-1)!)
  const fieldOf = (card: typeof first, name: string) => card?.fields?.find((field) => field.name === name)?.value
  assert.equal(first?.buttons, undefined, 'the old card can no longer be pressed')
  assert.match(
    fieldOf(first, 'Reason')!,
    new RegExp(`replaced by ${decision.fresh.proposalId}: price moved 63\\.0 bps`),
  )
  assert.equal(fieldOf(second, 'Replaces'), old.proposalId)
  assert.deepEqual(
    second?.buttons?.map(({ label }) => label),
    ['Approve', 'Decline', 'Why', 'Resize'],
  )
})
