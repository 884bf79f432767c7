import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Decision } from '../../src/app/decision.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import { later } from '../../src/domain/units.ts'
import type { Cleanup } from '../support/database.ts'
import { member, openDesk, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

/** Two processes of one desk on one database: one whose clock stands before the expiry, one whose clock stands at it. */
async function openTwo(t: Cleanup): Promise<{ early: TestDesk; late: TestDesk }> {
  const { limits } = testSettings()
  const early = await openDesk(t, { settings: { limits: { ...limits, maxDailyProposals: 10_000 } } })
  const late = await openDesk(t, { database: early.database, channel: early.channel })
  return { early, late }
}

type Act = (desks: { early: TestDesk; late: TestDesk }, proposal: Proposal) => Promise<Decision | undefined>

const ACTS: Record<string, Act> = {
  'ben approves': ({ early }, { proposalId }) => early.app.approveProposal({ proposalId, approver: member('ben') }),
  'cleo approves': ({ early }, { proposalId }) => early.app.approveProposal({ proposalId, approver: member('cleo') }),
  'cleo declines': ({ early }, { proposalId }) => early.app.declineProposal({ proposalId, by: member('cleo') }),
  'ana declines': ({ early }, { proposalId }) => early.app.declineProposal({ proposalId, by: member('ana') }),
  'ben approves late': ({ late }, { proposalId }) => late.app.approveProposal({ proposalId, approver: member('ben') }),
  'cleo declines late': ({ late }, { proposalId }) => late.app.declineProposal({ proposalId, by: member('cleo') }),
  'it expires': async ({ late }, proposal) => void (await late.app.expireProposal(proposal)),
}

test('approve, decline and expire at the same moment: exactly one wins, the others change nothing and say so', async (t) => {
  const desks = await openTwo(t)
  const { early, late } = desks
  await early.forecast()
  // Both clocks are given; proposals are opened on the early one, ten minutes before the late one's time.
  late.clock.advanceTo(later(early.clock.now(), early.ports.settings.approvals.expiry))
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...Object.keys(ACTS)), { minLength: 2, maxLength: 5 }),
      async (names) => {
        const proposal = await early.propose(0.5)
        const before = await early.store.audit.recent(1000)
        const decisions = await Promise.all(names.map((name) => ACTS[name]!(desks, proposal)))
        const final = await early.find(proposal)
        const added = (await early.store.audit.recent(1000)).slice(0, -before.length).map(({ action }) => action)

        assert.ok(['approved', 'declined', 'expired'].includes(final.state), final.state)
        assert.deepEqual(
          added.filter((action) => action !== 'proposal.approval'),
          [`proposal.${final.state}`],
          'one decision is on record',
        )
        assert.equal(
          added.filter((action) => action === 'proposal.approval').length,
          final.state === 'approved' ? 1 : 0,
        )
        const winners = decisions.filter((it) => it?.kind === 'approved' || it?.kind === 'declined')
        assert.equal(winners.length, final.state === 'expired' ? 0 : 1)
        for (const [i, decision] of decisions.entries()) {
          if (decision === undefined || winners.some((winner) => winner === decision)) continue
          const told = final.state === 'expired' ? 'expired' : 'already-decided'
          assert.equal(decision.kind, told, `${names[i]}, who came second to ${final.state}`)
        }
        await early.store.proposals.move(proposal.proposalId, ['approved'], 'declined', {})
      },
    ),
    { seed, numRuns: 60 },
  )
})

test('two approvers at the same moment meet a quorum of two once', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...testSettings().approvals, quorum: 2 } } })
  await desk.forecast()
  for (let round = 0; round < 15; round++) {
    const { proposalId } = await desk.propose(0.5)
    const decisions = await Promise.all(
      (['ben', 'cleo', 'ana'] as const).map((who) => desk.app.approveProposal({ proposalId, approver: member(who) })),
    )
    const kinds = decisions.map(({ kind }) => kind).sort()
    assert.deepEqual(kinds, ['already-decided', 'approved', 'waiting'], `round ${round}`)
    assert.equal((await desk.find({ proposalId })).approvals.length, 2)
    await desk.store.proposals.move(proposalId, ['approved'], 'declined', {})
  }
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
})

test('a re-quote and a decline at the same moment: one of the two is on record', async (t) => {
  const desk = await openDesk(t)
  for (let round = 0; round < 15; round++) {
    await desk.forecast({ price: 3000 })
    const { proposalId } = await desk.propose(0.5)
    await desk.forecast({ price: 3100 })
    const [approval, decline] = await Promise.all([
      desk.app.approveProposal({ proposalId, approver: member('ben') }),
      desk.app.declineProposal({ proposalId, by: member('cleo') }),
    ])
    const { state } = await desk.find({ proposalId })
    assert.deepEqual(
      [approval.kind, decline.kind],
      state === 'superseded' ? ['requoted', 'already-decided'] : ['already-decided', 'declined'],
      `round ${round}: ${state}`,
    )
    const pending = await desk.store.proposals.list({ states: ['pending'], limit: 9 })
    assert.equal(pending.length, state === 'superseded' ? 1 : 0)
  }
})

test('a denial and a decline at the same moment: one of the two is on record', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  for (let round = 0; round < 15; round++) {
    await desk.app.changeTradingState({ to: 'active', by: member('ana'), reason: 'drill over' })
    const { proposalId } = await desk.propose(0.5)
    await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
    const [approval, decline] = await Promise.all([
      desk.app.approveProposal({ proposalId, approver: member('ben') }),
      desk.app.declineProposal({ proposalId, by: member('cleo') }),
    ])
    const { state } = await desk.find({ proposalId })
    assert.deepEqual(
      [approval.kind, decline.kind],
      state === 'denied' ? ['denied', 'already-decided'] : ['already-decided', 'declined'],
      `round ${round}: ${state}`,
    )
  }
})
