import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '../../src/domain/member.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import { later, MINUTE } from '../../src/domain/units.ts'
import type { Store } from '../../src/ports.ts'
import type { Cleanup } from '../support/database.ts'
import { member, openDesk, type Person, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals, access } = testSettings()
const QUORUM_OF_TWO = { approvals: { ...approvals, quorum: 2 } }

const approve = (desk: TestDesk, { proposalId }: Pick<Proposal, 'proposalId'>, by: Person) =>
  desk.app.approveProposal({ proposalId, approver: member(by) })

/** A desk on which something happens after a press was let through and before it is decided. */
async function openInterruptible(t: Cleanup, settings: Parameters<typeof testSettings>[0] = {}) {
  const between: (() => Promise<unknown>)[] = []
  const desk = await openDesk(t, {
    settings,
    wrapStore: (store): Store => ({
      ...store,
      async transaction(work) {
        await between.shift()?.()
        return store.transaction(work)
      },
    }),
  })
  return { desk, interrupt: (act: () => Promise<unknown>) => void between.push(act) }
}

const fieldOf = (desk: TestDesk, name: string): string | undefined =>
  desk.channel.posts[0]!.versions.at(-1)!.fields?.find((field) => field.name === name)?.value

test('a role taken between the press and the decision: the approval does not count, and its sender hears why', async (t) => {
  const { desk, interrupt } = await openInterruptible(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  interrupt(() => desk.store.members.setRole('ben', 'trader'))
  const card = await desk.say('ben', `/approve ${proposal.proposalId}`)
  assert.equal(card.title, 'Forbidden')
  assert.equal(
    card.text,
    'This needs the role approver; yours is now trader. Nothing changed. An admin can give it back.',
  )
  const stored = await desk.find(proposal)
  assert.deepEqual([stored.state, stored.approvals], ['pending', []])
  const [entry] = await desk.store.audit.recent(1, { action: 'command.forbidden' })
  assert.deepEqual([entry?.actor, entry?.subject, entry?.details.has], ['ben', 'approve', 'trader'])
})

test('a role taken between the press and the decision: nothing is declined, denied or re-quoted either', async (t) => {
  const { desk, interrupt } = await openInterruptible(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  const press = async (act: () => ReturnType<typeof approve>) => {
    await desk.store.members.setRole('ben', 'approver')
    interrupt(() => desk.store.members.setRole('ben', 'none'))
    assert.equal((await act()).kind, 'forbidden')
    assert.equal((await desk.find(proposal)).state, 'pending')
  }
  await press(() => desk.app.declineProposal({ proposalId: proposal.proposalId, by: member('ben') }))
  await desk.forecast({ price: 3100 })
  await press(() => approve(desk, proposal, 'ben'))
  assert.equal((await desk.store.proposals.list({ limit: 9 })).length, 1, 'no fresh terms')
  await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
  await press(() => approve(desk, proposal, 'ben'))
})

test('an approval counts no longer once its giver’s role is taken, and the card says so', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  assert.equal((await approve(desk, proposal, 'ben')).kind, 'waiting')
  await desk.store.members.setRole('ben', 'viewer')
  const second = await approve(desk, proposal, 'cleo')
  assert.ok(second.kind === 'waiting' && second.missing === 1, second.kind)
  await desk.settle()
  assert.equal(
    fieldOf(desk, 'Approvals'),
    [
      '1 of 2: Cleo (approver), 2026-01-05 12:00 UTC',
      'Ben (viewer), 2026-01-05 12:00 UTC: does not count, role taken since',
    ].join('\n'),
  )
  assert.equal((await approve(desk, proposal, 'ana')).kind, 'approved')
  const stored = await desk.find(proposal)
  assert.deepEqual([stored.state, stored.reason], ['approved', 'not counted, for the role was taken: Ben'])
  const [entry] = await desk.store.audit.recent(1, { action: 'proposal.approved' })
  assert.deepEqual([entry?.details.approvers, entry?.details.notCounted], [['cleo', 'ana'], ['ben']])
})

test('a role given back makes its approval count again, and pressing again is enough to decide', async (t) => {
  const desk = await openDesk(t, { settings: QUORUM_OF_TWO })
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  await approve(desk, proposal, 'ben')
  await desk.store.members.setRole('ben', 'none')
  await approve(desk, proposal, 'cleo')
  assert.equal((await approve(desk, proposal, 'cleo')).kind, 'already-approved-by-you')
  await desk.store.members.setRole('ben', 'approver')
  assert.equal((await approve(desk, proposal, 'cleo')).kind, 'approved')
  assert.equal((await desk.find(proposal)).approvals.length, 2)
})

test('approvals while a role is taken at the same moment: only what counted as it was decided met the quorum', async (t) => {
  const desk = await openDesk(t, { settings: QUORUM_OF_TWO })
  await desk.forecast()
  for (let round = 0; round < 12; round++) {
    for (const person of ['ben', 'cleo', 'ana'] as const) await desk.store.members.put(member(person))
    const proposal = await desk.propose(0.5)
    const [taken] = await Promise.all([
      desk.store.members.setRole('ben', 'viewer'),
      ...(['ben', 'cleo', 'ben', 'cleo'] as const).map((person) => approve(desk, proposal, person)),
    ])
    assert.equal(taken, 'changed')
    const stored = await desk.find(proposal)
    const [approved] = await desk.store.audit.recent(1, { action: 'proposal.approved' })
    const approvers = approved?.subject === proposal.proposalId ? approved.details.approvers : undefined
    if (stored.state === 'approved') assert.deepEqual([...(approvers as string[])].sort(), ['ben', 'cleo'])
    else assert.equal(approvers, undefined, `round ${round}`)
    // Ben's approval may have come before his role went; Cleo's alone never decides.
    await desk.store.proposals.move(proposal.proposalId, ['approved', 'pending'], 'declined', {})
  }
})

test('a desk that lets only admins approve holds approvals to that, and asks no one else', async (t) => {
  const rules = { ...access, commands: { approve: 'admin' as Role } }
  const desk = await openDesk(t, { settings: { access: rules } })
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  assert.equal((await approve(desk, proposal, 'ben')).kind, 'forbidden')
  assert.equal((await approve(desk, proposal, 'ana')).kind, 'approved')
})

test('a press of before a restart is honoured after it while the proposal waits', async (t) => {
  const before = await openDesk(t)
  await before.forecast()
  const proposal = await before.propose(0.5)
  await before.settle()
  await before.die()
  const after = await openDesk(t, {
    database: before.database,
    channel: before.channel,
    startAt: later(proposal.proposedAt, MINUTE),
  })
  const id = before.channel.posts[0]!.versions[0]!.buttons![0]!.id!
  const card = await after.dispatch({
    platform: 'console',
    platformUserId: '2',
    channel: 'desk',
    direct: false,
    interactionId: 'pressed-while-away',
    input: { kind: 'press', buttonId: id },
  })
  assert.equal(card?.title, `Approved ${proposal.proposalId}`)
  await after.settle()
  assert.ok(['approved', 'executing'].includes((await after.find(proposal)).state))
})

test('a press that is heard only after the expiry is answered so, and the proposal expires with it', async (t) => {
  const before = await openDesk(t)
  await before.forecast()
  const proposal = await before.propose(0.5)
  await before.settle()
  await before.die()
  const after = await openDesk(t, {
    database: before.database,
    channel: before.channel,
    startAt: later(proposal.expiresAt, MINUTE),
  })
  const [approveButton, declineButton] = before.channel.posts[0]!.versions[0]!.buttons!
  const press = (buttonId: string, values?: Record<string, string>) =>
    after.dispatch({
      platform: 'console',
      platformUserId: '2',
      channel: 'desk',
      direct: false,
      interactionId: `late-${buttonId}`,
      input: { kind: 'press', buttonId, ...(values && { values }) },
    })
  const titles = [
    (await press(approveButton!.id!))?.title,
    (await press(declineButton!.id!, { reason: 'too late anyway' }))?.title,
  ]
  assert.deepEqual(titles, [`${proposal.proposalId} expired`, `${proposal.proposalId} expired`])
  const stored = await after.find(proposal)
  assert.deepEqual([stored.state, stored.decidedBy, stored.reason], ['expired', 'system', undefined])
  await after.settle()
  assert.equal(after.channel.posts[0]!.versions.at(-1)!.buttons, undefined)
})
