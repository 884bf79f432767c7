import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../src/domain/card.ts'
import { HOUR } from '../../src/domain/units.ts'
import { member, openDesk, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals } = testSettings()

/** The card of the first proposal as it now stands in the channel. */
async function standing(desk: TestDesk): Promise<Card> {
  await desk.settle()
  return desk.channel.posts[0]!.versions.at(-1)!
}

const fieldOf = ({ fields }: Card, name: string): string | undefined =>
  fields?.find((field) => field.name === name)?.value

test('the card of a fresh proposal says what, why, at what cost, until when, and can be pressed', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId, termsHash } = await desk.propose(0.5)
  const card = await standing(desk)
  assert.equal(card.title, `Hedge proposed: ETH ${proposalId}`)
  assert.deepEqual(card.fields, [
    { name: 'Order', value: 'sell 5 ETH perp\n$15.0 k at 3,000.00' },
    { name: 'Hedge ratio', value: '0.0 % → 50.0 % of 10 ETH' },
    { name: 'Why', value: 'requested: asked for by a member\nlimits: within 0 and the maximum ratio' },
    { name: 'Expected cost', value: '6.7 bps, $10.00' },
    { name: 'Worked as', value: 'TWAP, normal, over 30 min' },
    { name: 'Expires', value: '2026-01-05 12:10 UTC' },
  ])
  assert.deepEqual(
    card.buttons?.map(({ label, command, once, asks }) => [label, command, once ?? false, asks]),
    [
      ['Approve', `/approve ${proposalId}`, true, undefined],
      ['Decline', `/decline ${proposalId}`, true, 'reason'],
      ['Why', `/hedge why ${proposalId}`, false, undefined],
      ['Resize', `/hedge resize ${proposalId}`, false, undefined],
    ],
  )
  assert.equal(
    card.footer,
    `Book main, paper money, terms ${termsHash.slice(0, 12)}, proposed by Tom 2026-01-05 12:00 UTC`,
  )
})

test('an approval is told with name, role and time; a refusal of one’s own counts nowhere', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.app.approveProposal({ proposalId, approver: member('ana') })
  await desk.store.members.put({ ...member('tom'), role: 'approver' })
  await desk.say('tom', `/approve ${proposalId}`)
  assert.equal(fieldOf(await standing(desk), 'Approvals'), '1 of 2: Ana (admin), 2026-01-05 12:00 UTC')
})

test('who declined, when and why stays on the card', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.say('cleo', `/decline ${proposalId} too early for that`)
  const card = await standing(desk)
  assert.equal(card.title, `Hedge declined: ETH ${proposalId}`)
  assert.deepEqual(card.fields?.slice(2), [
    { name: 'Decided', value: 'Cleo (approver)\n2026-01-05 12:00 UTC' },
    { name: 'Reason', value: 'too early for that' },
  ])
  assert.equal(card.buttons, undefined)
})

test('a denial is the risk engine’s, with whose press it answered, its numbers, and what to do', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.pass(121_000)
  await desk.say('ben', `/approve ${proposalId}`)
  const card = await standing(desk)
  assert.equal(fieldOf(card, 'Decided'), 'risk engine, as Ben (approver) approved\n2026-01-05 12:02 UTC')
  assert.equal(fieldOf(card, 'Reason'), 'PRICE_STALE ageMs=121000 maxMs=120000')
  assert.equal(card.text, 'Nothing was traded. When the reason is gone: /hedge propose ETH 0.5')
})

test('through the execution the card keeps who let it through', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  for (const person of ['ben', 'cleo'] as const)
    await desk.app.approveProposal({ proposalId, approver: member(person) })
  await desk.pass(HOUR)
  const card = await standing(desk)
  assert.equal(card.title, `Hedge executed: ETH ${proposalId}`)
  assert.equal(
    fieldOf(card, 'Approvals'),
    'Ben (approver), 2026-01-05 12:00 UTC\nCleo (approver), 2026-01-05 12:00 UTC',
  )
  assert.equal(fieldOf(card, 'Decided'), 'Cleo (approver)\n2026-01-05 12:00 UTC')
  assert.match(fieldOf(card, 'Filled')!, /^5 ETH of 5 ETH in \d+ fills$/)
})

test('every line of a pending card fits a phone', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast({ fundingRate: 0.0001 })
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  assert.ok(outcome.kind === 'proposed')
  await desk.app.approveProposal({ proposalId: outcome.proposal.proposalId, approver: member('ben') })
  const { fields } = await standing(desk)
  for (const line of fields!.flatMap(({ value }) => value.split('\n')))
    assert.ok(line.length <= 72, `${line.length} characters: ${line}`)
})
