import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, usd } from '../../src/domain/units.ts'
import { member, openDesk, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals, limits } = testSettings()

const pending = async (desk: TestDesk) => (await desk.store.proposals.list({ states: ['pending'], limit: 9 }))[0]

test('/hedge resize without a percentage offers three parts of the change to pick from', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  const card = await desk.say('tom', `/hedge resize ${proposalId}`)
  assert.equal(card.ephemeral, true)
  assert.deepEqual(
    card.select?.choices.map(({ label, description, command }) => [label, description, command]),
    [
      ['75 %: sell about 3.75 ETH', 'to 37.5 % hedged', `/hedge resize ${proposalId} 75`],
      ['50 %: sell about 2.5 ETH', 'to 25.0 % hedged', `/hedge resize ${proposalId} 50`],
      ['25 %: sell about 1.25 ETH', 'to 12.5 % hedged', `/hedge resize ${proposalId} 25`],
    ],
  )
  assert.equal((await desk.find({ proposalId })).state, 'pending', 'looking changes nothing')
})

test('half of a change is a new proposal of the presser in its place, and approvals start again', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast()
  const old = await desk.propose(0.6)
  await desk.app.approveProposal({ proposalId: old.proposalId, approver: member('cleo') })
  const answer = await desk.say('ben', `/hedge resize ${old.proposalId} 50`)
  const fresh = (await pending(desk))!
  assert.equal(answer.title, `Proposed ${fresh.proposalId}`)
  assert.match(answer.text!, new RegExp(`^It takes the place of ${old.proposalId}\\.`))
  assert.deepEqual(
    [fresh.hedgeRatioAfter, fresh.quantity, fresh.proposedBy, fresh.replaces, fresh.approvals],
    [0.3, 3, 'ben', old.proposalId, []],
  )
  assert.equal(fresh.steps.find(({ name }) => name === 'requested')?.note, `50 % of the change in ${old.proposalId}`)
  const stored = await desk.find(old)
  assert.deepEqual(
    [stored.state, stored.reason],
    ['superseded', `replaced by ${fresh.proposalId}: resized to 50 % of its change by Ben`],
  )
  const [entry] = await desk.store.audit.recent(1, { action: 'proposal.resized' })
  assert.deepEqual(
    [entry?.actor, entry?.subject, entry?.details],
    ['ben', old.proposalId, { by: fresh.proposalId, percent: 50 }],
  )
  const own = await desk.app.approveProposal({ proposalId: fresh.proposalId, approver: member('ben') })
  assert.equal(own.kind, 'self-approval', 'who resized it is who proposed it')
})

test('a share counts from the hedge that is held, and may be more than the whole or a decimal', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const first = await desk.propose(0.2)
  await desk.app.approveProposal({ proposalId: first.proposalId, approver: member('ben') })
  await desk.pass(60 * MINUTE)
  await desk.forecast()
  const second = await desk.propose(0.4)
  assert.equal(second.hedgeRatioBefore, 0.2)
  await desk.say('tom', `/hedge resize ${second.proposalId} 150`)
  assert.equal((await pending(desk))!.hedgeRatioAfter, 0.5)
  const third = (await pending(desk))!
  await desk.say('tom', `/hedge resize ${third.proposalId} 12.5`)
  assert.equal((await pending(desk))!.quantity, 0.375)
})

test('the quorum is that of the new size', async (t) => {
  const desk = await openDesk(t, {
    settings: { approvals: { ...approvals, quorum: 1, quorumLarge: 2, quorumLargeAbove: usd(10_000) } },
  })
  await desk.forecast()
  const large = await desk.propose(0.5)
  assert.equal(large.quorum, 2)
  await desk.say('tom', `/hedge resize ${large.proposalId} 50`)
  assert.equal((await pending(desk))!.quorum, 1)
})

test('a size that cannot be proposed leaves the old one on the table', async (t) => {
  const desk = await openDesk(t, { settings: { limits: { ...limits, maxProposalNotional: usd(15_000) } } })
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  const denied = await desk.say('tom', `/hedge resize ${proposalId} 150`)
  assert.equal(denied.text, 'NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL notional=22500 max=15000')
  assert.equal(await desk.store.audit.count('risk.denied'), 1)
  const tiny = await openDesk(t)
  await tiny.forecast()
  const small = await tiny.propose(0.01)
  assert.equal((await tiny.say('tom', `/hedge resize ${small.proposalId} 1`)).title, 'Nothing to do')
  assert.deepEqual([(await desk.find({ proposalId })).state, (await tiny.find(small)).state], ['pending', 'pending'])
})

test('what is not pending is answered as it stands, with and without a percentage', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.say('ben', `/decline ${proposalId} no`)
  for (const more of ['', ' 50'])
    assert.equal(
      (await desk.say('tom', `/hedge resize ${proposalId}${more}`)).title,
      `${proposalId} is already declined`,
    )
  const late = await desk.propose(0.5)
  desk.clock.advanceTo(late.expiresAt)
  assert.equal((await desk.say('tom', `/hedge resize ${late.proposalId} 50`)).title, `${late.proposalId} expired`)
  assert.equal((await desk.say('tom', '/hedge resize 0000000000 50')).title, 'There is no proposal 0000000000')
})

test('a resize and an approval at the same moment: one of the two, and never a second open proposal', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  for (let round = 0; round < 15; round++) {
    const { proposalId } = await desk.propose(0.5)
    const [resized, approved] = await Promise.all([
      desk.say('tom', `/hedge resize ${proposalId} 50`),
      desk.say('ben', `/approve ${proposalId}`),
    ])
    const { state } = await desk.find({ proposalId })
    const open = await desk.store.proposals.list({ states: ['pending', 'approved'], limit: 9 })
    assert.equal(open.length, 1, `round ${round}`)
    if (state === 'approved') {
      assert.equal(approved.title, `Approved ${proposalId}`)
      assert.match(resized.title, /is (already )?approved$/)
    } else {
      assert.equal(approved.title, `${proposalId} is already superseded`)
      assert.equal(resized.title, `Proposed ${open[0]!.proposalId}`)
    }
    await desk.store.proposals.move(open[0]!.proposalId, ['pending', 'approved'], 'declined', {})
  }
})

test('a percentage is a number from 1 to 400', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  for (const percent of ['0', '0.5', '401', '-50', 'half', '1e9'])
    assert.match((await desk.say('tom', `/hedge resize ${proposalId} ${percent}`)).text!, /^percent: Expected/)
  assert.equal((await pending(desk))!.proposalId, proposalId)
})

test('what can be decided is offered where its id is asked for', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  const ask = (command: string, platformUserId = '1') =>
    desk.complete({
      platform: 'console',
      platformUserId,
      channel: 'desk',
      direct: true,
      command,
      option: 'proposal',
      typed: '',
    })
  const offered = [{ value: proposalId, label: `${proposalId}: sell 5 ETH, $15.0 k` }]
  for (const command of ['approve', 'decline', 'hedge why', 'hedge resize'])
    assert.deepEqual(await ask(command), offered)
  assert.deepEqual(await ask('approve', '5'), [], 'not to whom the command is forbidden')
  desk.clock.advanceTo((await desk.find({ proposalId })).expiresAt)
  assert.deepEqual(await ask('approve'), [])
})
