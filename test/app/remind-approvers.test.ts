import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directChannel } from '../../src/domain/delivery.ts'
import type { Member } from '../../src/domain/member.ts'
import type { OnCall } from '../../src/domain/on-call.ts'
import type { ProposalId } from '../../src/domain/proposal.ts'
import { fraction } from '../../src/domain/units.ts'
import { createChannel } from '../support/channel.ts'
import type { Cleanup } from '../support/database.ts'
import { member, openDesk, START } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals } = testSettings()
const GROUP = '-1001'

/** Those who may approve, each with a private chat. */
const WITH_CHATS: readonly Member[] = (['ana', 'ben', 'cleo'] as const).map((person, i) => ({
  ...member(person),
  identities: [...member(person).identities, { platform: 'telegram', platformUserId: String(500 + i) }],
}))
const chatOf = (person: string): string =>
  directChannel(WITH_CHATS.find(({ memberId }) => memberId === person)!.identities[1]!)

async function openTelegramDesk(t: Cleanup, { order }: { order?: readonly string[] } = {}) {
  const telegram = createChannel(GROUP, { platform: 'telegram' })
  const desk = await openDesk(t, {
    notifiers: [telegram],
    settings: {
      channels: [{ platform: 'telegram', channel: GROUP }],
      approvals: { ...approvals, quorum: 2 },
    },
  })
  for (const each of WITH_CHATS) await desk.store.members.put(each)
  if (order) {
    const onCall: OnCall = { order, every: 'off', since: START }
    await desk.store.settings.set('on-call', JSON.stringify(onCall))
  }
  await desk.forecast()
  const titlesIn = (channel: string) => telegram.postsIn(channel).map(({ versions }) => versions[0]!.title)
  return { desk, telegram, titlesIn }
}

type Opened = Awaited<ReturnType<typeof openTelegramDesk>>

const SHARE = (share: number): number => share * approvals.expiry

test('a proposal that still waits at seven tenths of its time is said again to the desk, once', async (t) => {
  const { desk, titlesIn } = await openTelegramDesk(t)
  const { proposalId } = await desk.propose(0.5)
  await desk.pass(SHARE(0.7) - 1)
  assert.deepEqual(titlesIn(GROUP), [`Hedge proposed: ETH ${proposalId}`])
  await desk.pass(1)
  assert.deepEqual(titlesIn(GROUP), [`Hedge proposed: ETH ${proposalId}`, `Still waiting: ETH ${proposalId}`])
  await desk.app.reconcile()
  await desk.settle()
  assert.equal(titlesIn(GROUP).length, 2, 'said again it changes nothing')
})

test('a reminder that comes too early says nothing', async (t) => {
  const { desk, titlesIn } = await openTelegramDesk(t)
  const proposal = await desk.propose(0.5)
  await desk.app.remindApprovers(proposal)
  await desk.settle()
  assert.equal(titlesIn(GROUP).length, 1)
})

test('with nobody on call, every approver is asked in private at 85 % of the time, and the desk sees who', async (t) => {
  const { desk, telegram, titlesIn } = await openTelegramDesk(t)
  const { proposalId } = await desk.propose(0.5)
  await desk.app.approveProposal({ proposalId, approver: member('ben') })
  await desk.pass(SHARE(0.85) - 1)
  assert.deepEqual([titlesIn(chatOf('ana')), titlesIn(chatOf('cleo'))], [[], []])
  await desk.pass(1)
  const asked = [`Still waiting: ETH ${proposalId}`]
  assert.deepEqual([titlesIn(chatOf('ana')), titlesIn(chatOf('cleo'))], [asked, asked])
  assert.deepEqual(titlesIn(chatOf('ben')), [], 'who has approved is not asked again')
  const reminder = telegram.postsIn(GROUP)[1]!.versions.at(-1)!
  assert.deepEqual(reminder.fields?.slice(1), [
    { name: 'Needs', value: '1 more of 2 approvals' },
    { name: 'Expires', value: '2026-01-05 12:10 UTC' },
    { name: 'Asked in private', value: 'Ana, Cleo' },
  ])
  assert.equal(await desk.store.audit.count('proposal.escalated'), 1)
})

test('the card of a new proposal goes to who is on call in private, and the reminder to the next one', async (t) => {
  const { desk, titlesIn } = await openTelegramDesk(t, { order: ['cleo', 'ben', 'ana'] })
  const { proposalId } = await desk.propose(0.5)
  await desk.settle()
  assert.deepEqual(titlesIn(chatOf('cleo')), [`Hedge proposed: ETH ${proposalId}`])
  await desk.pass(SHARE(0.85))
  assert.deepEqual(titlesIn(chatOf('ben')), [`Still waiting: ETH ${proposalId}`])
  assert.deepEqual(titlesIn(chatOf('ana')), [])
  await desk.app.reconcile()
  await desk.pass(1000)
  assert.deepEqual(titlesIn(chatOf('ana')), [], 'it goes further once, however often it is said')
  const [entry] = await desk.store.audit.recent(1, { action: 'proposal.escalated' })
  assert.deepEqual(entry?.details, { to: ['ben'] })
})

test('who proposed it is passed over where their approval does not count', async (t) => {
  const { desk, titlesIn } = await openTelegramDesk(t, { order: ['cleo', 'ben'] })
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'cleo', requestedRatio: fraction(0.5) })
  assert.ok(outcome.kind === 'proposed')
  await desk.settle()
  assert.deepEqual([titlesIn(chatOf('cleo')).length, titlesIn(chatOf('ben')).length], [0, 1])
})

test('a decision takes the buttons off every card and every reminder, wherever they stand', async (t) => {
  const decide = {
    approved: async ({ desk }: Opened, proposalId: ProposalId) => {
      for (const person of ['ana', 'ben'] as const)
        await desk.app.approveProposal({ proposalId, approver: member(person) })
    },
    declined: ({ desk }: Opened, proposalId: ProposalId) =>
      desk.app.declineProposal({ proposalId, by: member('ben'), reason: 'not now' }),
    expired: ({ desk }: Opened) => desk.pass(SHARE(0.15)),
    'denied by the risk engine': async ({ desk }: Opened, proposalId: ProposalId) => {
      await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
      await desk.app.approveProposal({ proposalId, approver: member('ben') })
    },
    replaced: ({ desk }: Opened) => desk.propose(0.6),
  }
  for (const [word, act] of Object.entries(decide)) {
    const opened = await openTelegramDesk(t, { order: ['cleo', 'ben'] })
    const { desk, telegram } = opened
    const { proposalId } = await desk.propose(0.5)
    await desk.pass(SHARE(0.85))
    await desk.forecast()
    const standing = () => telegram.posts.filter(({ versions }) => versions.at(-1)!.title.includes(proposalId))
    assert.equal(standing().filter(({ versions }) => versions.at(-1)!.buttons).length, 4, word)
    await act(opened, proposalId)
    await desk.settle()
    assert.equal(standing().length, 4)
    for (const { versions } of standing()) {
      const decides = versions.at(-1)!.buttons?.filter(({ command }) => /^\/(approve|decline) /.test(command ?? ''))
      assert.deepEqual(decides ?? [], [], word)
    }
    const reminders = standing().filter(({ versions }) => versions[0]!.title.startsWith('Still waiting'))
    assert.deepEqual(
      reminders.map(({ versions }) => versions.at(-1)!.title),
      Array(2).fill(`Decided: ${word}: ETH ${proposalId}`),
    )
  }
})

test('fresh terms stand wherever the old ones stood in private', async (t) => {
  const { desk, titlesIn } = await openTelegramDesk(t, { order: ['cleo'] })
  const old = await desk.propose(0.5)
  await desk.forecast({ price: 3100 })
  await desk.store.settings.set('on-call', JSON.stringify({ order: ['ben'], every: 'off', since: START }))
  const decision = await desk.app.approveProposal({ proposalId: old.proposalId, approver: member('ana') })
  assert.ok(decision.kind === 'requoted')
  await desk.settle()
  const title = `Hedge proposed: ETH ${decision.fresh.proposalId}`
  assert.ok(titlesIn(chatOf('cleo')).includes(title) && titlesIn(chatOf('ben')).includes(title))
})
