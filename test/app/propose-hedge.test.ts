import assert from 'node:assert/strict'
import { test } from 'node:test'
import { termsHashOf } from '../../src/domain/hash.ts'
import type { Proposal, ProposalTerms } from '../../src/domain/proposal.ts'
import { baseQty, fraction, HOUR, later, MINUTE, usd } from '../../src/domain/units.ts'
import { member, openDesk, PRICE, START } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals, limits } = testSettings()

test('the first proposal holds the terms it was judged on, its expiry and every step of its size', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast({ fundingRate: 0.0001 })
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  assert.equal(outcome.kind, 'proposed')
  const { proposal } = outcome as Extract<typeof outcome, { kind: 'proposed' }>
  assert.deepEqual(
    proposal.steps.map(({ name }) => name),
    ['exposure', 'held now', 'base', 'overlay', 'funding', 'limits', 'no-trade band', 'pace', 'lot rounding'],
  )
  assert.equal(proposal.side, 'sell')
  assert.equal(proposal.exposure, 10)
  assert.equal(proposal.referencePrice, PRICE)
  assert.equal(proposal.notional, proposal.quantity * PRICE)
  assert.equal(proposal.hedgeRatioBefore, 0)
  assert.equal(proposal.hedgeRatioAfter, proposal.quantity / 10)
  assert.equal(proposal.expiresAt, later(START, approvals.expiry))
  assert.equal(proposal.state, 'pending')
  assert.deepEqual(await desk.find(proposal), proposal)
  assert.equal(await desk.store.audit.count('proposal.opened'), 1)
})

test('a proposal to a requested ratio is exactly that many lots', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.3217)
  assert.equal(proposal.quantity, 3.217)
  assert.equal(proposal.hedgeRatioAfter, 0.3217)
})

test('the hash covers every term: changing any one of them changes it', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const terms = termsOf(await desk.propose(0.5))
  const hash = termsHashOf(terms)
  assert.equal((await desk.store.proposals.list({ limit: 1 }))[0]!.termsHash, hash)
  const keys = Object.keys(terms) as (keyof ProposalTerms)[]
  assert.equal(keys.length, 20)
  for (const key of keys) {
    const changed = { ...terms, [key]: changedValue(terms[key]) }
    assert.notEqual(termsHashOf(changed), hash, `${key} is covered`)
  }
  const steps = [...terms.steps.slice(0, -1), { ...terms.steps.at(-1)!, note: 'another note' }]
  assert.notEqual(termsHashOf({ ...terms, steps }), hash, 'the note of one step is covered')
})

test('a new proposal supersedes the pending one of the same book and asset, and no other', async (t) => {
  const desk = await openDesk(t, {
    settings: { book: { name: 'main', exposures: { ETH: baseQty(10), BTC: baseQty(1) } } },
  })
  await desk.forecast()
  await desk.forecast({ asset: 'BTC' })
  const bitcoin = await desk.propose(0.5, 'BTC')
  const first = await desk.propose(0.5)
  const second = await desk.propose(0.6)
  assert.equal((await desk.find(first)).state, 'superseded')
  assert.equal((await desk.find(second)).state, 'pending')
  assert.equal((await desk.find(bitcoin)).state, 'pending')
  assert.equal(await desk.store.audit.count('proposal.superseded'), 1)
  const decision = await desk.app.approveProposal({ proposalId: first.proposalId, approver: member('ben') })
  assert.equal(decision.kind, 'already-decided')
})

test('no proposal is made while another of the same asset is approved or executing', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const first = await desk.propose(0.5)
  await desk.app.approveProposal({ proposalId: first.proposalId, approver: member('ben') })
  const whileApproved = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.9), proposedBy: 'tom' })
  assert.equal(whileApproved.kind, 'busy')
  await desk.settle()
  assert.equal((await desk.find(first)).state, 'executing')
  const whileExecuting = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.9), proposedBy: 'tom' })
  assert.equal(whileExecuting.kind, 'busy')
})

test('a proposal and an approval at the same moment never leave two open proposals', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  for (let round = 0; round < 15; round++) {
    const first = await desk.propose(0.5)
    await Promise.all([
      desk.app.approveProposal({ proposalId: first.proposalId, approver: member('ben') }),
      desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.6), proposedBy: 'tom' }),
    ])
    const open = await desk.store.proposals.list({ states: ['pending', 'approved', 'executing'], limit: 10 })
    assert.deepEqual(open.length, 1, `round ${round}: ${open.map(({ state }) => state).join(' and ')}`)
    await desk.store.proposals.move(open[0]!.proposalId, ['pending', 'approved'], 'declined', {})
  }
})

test('unasked, none is made within the cooldown of a declined one; a member may ask at once', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const automatic = async () => {
    await desk.forecast()
    return (await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })).kind
  }
  assert.equal(await automatic(), 'proposed')
  assert.equal(await automatic(), 'cooling-down', 'an equal one is on the table')
  const [pending] = await desk.store.proposals.list({ limit: 1 })
  await desk.app.declineProposal({ proposalId: pending!.proposalId, by: member('ben') })
  await desk.pass(HOUR - 1)
  assert.equal(await automatic(), 'cooling-down')
  await desk.pass(1)
  assert.equal(await automatic(), 'proposed')
  await desk.app.declineProposal({ proposalId: (await desk.propose(0.7)).proposalId, by: member('ben') })
  await desk.propose(0.7)
})

test('unasked, nothing replaces what a member put on the table', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const theirs = await desk.propose(0.1)
  await desk.forecast()
  assert.equal((await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })).kind, 'cooling-down')
  assert.equal((await desk.find(theirs)).state, 'pending')
})

test('proposals that nobody let through use up nothing of the day', async (t) => {
  const desk = await openDesk(t, { settings: { limits: { ...limits, maxDailyProposals: 1 } } })
  await desk.forecast()
  for (const ratio of [0.1, 0.2]) {
    const proposal = await desk.propose(ratio)
    await desk.app.declineProposal({ proposalId: proposal.proposalId, by: member('ben') })
  }
  const traded = await desk.propose(0.3)
  await desk.say('ben', `/approve ${traded.proposalId}`)
  await desk.pass(HOUR)
  await desk.forecast()
  const next = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'tom', requestedRatio: fraction(0.4) })
  assert.ok(next.kind === 'denied')
  assert.deepEqual(next.denials, [{ code: 'PROPOSALS_EXCEED_MAX_PER_DAY', count: 1, max: 1 }])
})

test('an asset that the book does not hold is named with those that it does', async (t) => {
  const desk = await openDesk(t)
  assert.deepEqual(await desk.app.proposeHedge({ asset: 'DOGE', proposedBy: 'tom' }), {
    kind: 'unknown-asset',
    known: ['ETH'],
  })
})

test('without a forecast nothing is proposed', async (t) => {
  const desk = await openDesk(t)
  assert.deepEqual(await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'tom' }), { kind: 'no-forecast' })
})

test('a denial names its code and numbers, is audited, and opens nothing', async (t) => {
  const desk = await openDesk(t, { settings: { limits: { ...limits, maxProposalNotional: usd(10_000) } } })
  await desk.forecast()
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.5), proposedBy: 'tom' })
  const denials = [{ code: 'NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL', notional: 15_000, max: 10_000 }]
  assert.deepEqual(outcome, { kind: 'denied', denials })
  assert.deepEqual(await desk.store.proposals.list({ limit: 5 }), [])
  const [entry] = await desk.store.audit.recent(1)
  assert.deepEqual(entry, { at: START, actor: 'tom', action: 'risk.denied', subject: 'ETH', details: { denials } })
})

test('a ratio over the maximum is denied, though it could be clipped', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(1.5), proposedBy: 'tom' })
  assert.deepEqual(outcome, {
    kind: 'denied',
    denials: [{ code: 'HEDGE_RATIO_EXCEEDS_MAX', ratio: 1.5, max: 1 }],
  })
})

test('on a stale price nothing is proposed', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  await desk.pass(2 * MINUTE)
  assert.equal((await desk.propose(0.5)).state, 'pending', 'twice the cadence is still fresh')
  await desk.pass(1)
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.6), proposedBy: 'tom' })
  assert.deepEqual(outcome, {
    kind: 'denied',
    denials: [{ code: 'PRICE_STALE', ageMs: 2 * MINUTE + 1, maxMs: 2 * MINUTE }],
  })
})

test('the same refusal of automatic proposals is recorded once per cooldown, a member’s every time', async (t) => {
  const desk = await openDesk(t, { settings: { limits: { ...limits, maxProposalNotional: usd(1) } } })
  for (const proposedBy of ['system', 'system', 'tom', 'tom']) {
    await desk.forecast()
    assert.equal((await desk.app.proposeHedge({ asset: 'ETH', proposedBy })).kind, 'denied')
  }
  assert.equal(await desk.store.audit.count('risk.denied'), 3)
  await desk.pass(HOUR)
  await desk.forecast()
  await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  assert.equal(await desk.store.audit.count('risk.denied'), 4)
})

test('above the large notional the larger quorum is needed', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorumLargeAbove: usd(15_000) } } })
  await desk.forecast()
  assert.equal((await desk.propose(0.5)).quorum, 1, 'at the limit')
  assert.equal((await desk.propose(0.501)).quorum, 2, 'above it')
})

test('a change smaller than the venue’s minimum or inside the band is held, with its steps', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const tiny = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.0001), proposedBy: 'tom' })
  assert.ok(tiny.kind === 'held' && tiny.reason === 'BELOW_MIN_NOTIONAL' && tiny.steps.length > 2)
  const proposal = await desk.propose(0.5)
  await desk.app.approveProposal({ proposalId: proposal.proposalId, approver: member('ben') })
  await desk.pass(90 * MINUTE)
  await desk.forecast()
  const settled = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  assert.ok(settled.kind === 'held' && settled.reason === 'INSIDE_BAND' && settled.ratio === 0.5, settled.kind)
})

function termsOf(proposal: Proposal): ProposalTerms {
  const { proposalId, termsHash, state, approvals, lease, control, ...terms } = proposal
  return terms
}

function changedValue(value: unknown): unknown {
  if (typeof value === 'number') return value + 0.001
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') return `${value}x`
  return []
}
