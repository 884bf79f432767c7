import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/app/settings.ts'
import type { Incoming } from '../../src/chat/command.ts'
import type { Button, Card } from '../../src/domain/card.ts'
import type { Member, Platform } from '../../src/domain/member.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import { createRandom } from '../../src/domain/random.ts'
import { baseQty, usd } from '../../src/domain/units.ts'
import { createChannel, type TestChannel } from '../support/channel.ts'
import type { Cleanup } from '../support/database.ts'
import { openDesk, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const CHANNELS = [
  { platform: 'discord', channel: '700000000000000001' },
  { platform: 'telegram', channel: '-1001' },
] as const
const ASSETS = { ETH: 3000, BTC: 60_000, SOL: 150, XRP: 2 }

/** Fifty approvers, each with an identity on both platforms. */
const APPROVERS: readonly Member[] = Array.from({ length: 50 }, (_, i) => ({
  memberId: `approver${i}`,
  name: `Approver ${i}`,
  role: 'approver',
  identities: [
    { platform: 'discord', platformUserId: String(800_000_000_000_000_000n + BigInt(i)) },
    { platform: 'telegram', platformUserId: String(5000 + i) },
  ],
}))

interface Crowd {
  readonly desk: TestDesk
  readonly channels: Readonly<Record<'discord' | 'telegram', TestChannel>>
}

async function openCrowd(t: Cleanup, settings: Partial<Settings> = {}): Promise<Crowd> {
  const channels = {
    discord: createChannel(CHANNELS[0].channel, { platform: 'discord' }),
    telegram: createChannel(CHANNELS[1].channel, { platform: 'telegram' }),
  }
  const { approvals } = testSettings()
  const desk = await openDesk(t, {
    notifiers: Object.values(channels),
    settings: {
      book: {
        name: 'main',
        exposures: { ETH: baseQty(10), BTC: baseQty(1), SOL: baseQty(100), XRP: baseQty(10_000) },
      },
      approvals: { ...approvals, quorum: 2, quorumLarge: 3, quorumLargeAbove: usd(12_000) },
      channels: CHANNELS,
      access: { channels: CHANNELS.map((place) => ({ ...place, most: 'admin' })), commands: {} },
      ...settings,
    },
  })
  for (const each of APPROVERS) await desk.store.members.put(each)
  for (const [asset, price] of Object.entries(ASSETS)) await desk.forecast({ asset, price })
  return { desk, channels }
}

/** A card's button as it stands in a channel of the desk, with the id that the platform would send. */
function buttonOn(channel: TestChannel, { proposalId }: Proposal, label: string): Button & { id: string } {
  const post = channel.posts.find(({ versions }) => versions[0]!.title.includes(proposalId))
  const button = post?.versions.at(-1)?.buttons?.find((one) => one.label === label)
  assert.ok(button?.id, `${label} of ${proposalId} stands in the channel`)
  return { ...button, id: button.id }
}

interface Press {
  readonly proposal: Proposal
  readonly label: 'Approve' | 'Decline'
  readonly incoming: Incoming
}

function pressesOf({ channels }: Crowd, proposals: readonly Proposal[], labels: readonly Press['label'][]): Press[] {
  return proposals.flatMap((proposal) =>
    labels.flatMap((label) =>
      CHANNELS.flatMap(({ platform, channel }) => {
        const { id } = buttonOn(channels[platform], proposal, label)
        return APPROVERS.map(
          (member): Press => ({
            proposal,
            label,
            incoming: {
              platform,
              platformUserId: identityOn(platform, member),
              channel,
              direct: false,
              interactionId: `${proposal.proposalId}-${label}-${platform}-${member.memberId}`,
              input: {
                kind: 'press',
                buttonId: id,
                ...(label === 'Decline' && { values: { reason: `${member.name} would rather wait` } }),
              },
            },
          }),
        )
      }),
    ),
  )
}

const identityOn = (platform: Platform, { identities }: Member): string =>
  identities.find((identity) => identity.platform === platform)!.platformUserId

interface Answered extends Press {
  readonly answer: Card | undefined
}

const answer = async (desk: TestDesk, press: Press): Promise<Answered> => ({
  ...press,
  answer: await desk.dispatch(press.incoming),
})

/** Every press at the same moment, in an order of chance. */
const pressAll = (desk: TestDesk, presses: readonly Press[], random: () => number): Promise<Answered[]> =>
  Promise.all(shuffled(presses, random).map((press) => answer(desk, press)))

/** The same, but that everyone declines as soon as their approval is answered. */
async function approveThenDecline(
  desk: TestDesk,
  presses: readonly Press[],
  random: () => number,
): Promise<Answered[]> {
  const declineAfter = ({ proposal, incoming }: Press): Press =>
    presses.find(
      (press) =>
        press.label === 'Decline' &&
        press.proposal === proposal &&
        press.incoming.platformUserId === incoming.platformUserId,
    )!
  const approvals = shuffled(presses, random).filter(({ label }) => label === 'Approve')
  const pairs = approvals.map(async (press) => [await answer(desk, press), await answer(desk, declineAfter(press))])
  return (await Promise.all(pairs)).flat()
}

const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)

/** What is on record and on its way of one proposal. */
async function outcomeOf(desk: TestDesk, { proposalId }: Proposal) {
  const entries = (await desk.store.audit.recent(10_000)).filter(({ subject }) => subject === proposalId)
  return {
    proposal: await desk.find({ proposalId }),
    decisions: entries.map(({ action }) => action).filter((action) => /approved|declined|expired|denied/.test(action)),
    approvals: entries.filter(({ action }) => action === 'proposal.approval').length,
    executions: desk.queue.waiting().filter(({ jobId }) => jobId.startsWith(`execute-${proposalId}-`)).length,
  }
}

test('fifty people press Approve and Decline on both platforms at the same moment: one decision each, everyone is answered', async (t) => {
  const crowd = await openCrowd(t)
  const { desk } = crowd
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  const proposals: Proposal[] = []
  for (const asset of Object.keys(ASSETS)) proposals.push(await desk.propose(0.5, asset))
  assert.deepEqual(
    proposals.map(({ quorum }) => quorum),
    [3, 3, 2, 2],
  )
  await desk.settle()

  // A decline decides alone, so that it wins where all come at once; both orders are heard at the same time.
  const random = createRandom(seed)
  const pressesFor = (some: readonly Proposal[]) => pressesOf(crowd, some, ['Approve', 'Decline'])
  const answered = (
    await Promise.all([
      pressAll(desk, pressesFor(proposals.slice(0, 2)), random),
      approveThenDecline(desk, pressesFor(proposals.slice(2)), random),
    ])
  ).flat()
  assert.equal(answered.length, 800)
  for (const { answer, incoming } of answered) {
    assert.ok(answer, `${incoming.interactionId} is answered`)
    assert.notEqual(answer.title, 'That failed', incoming.interactionId)
  }
  for (const one of proposals) {
    const { proposal, decisions, approvals, executions } = await outcomeOf(desk, one)
    const titles = answered.filter((press) => press.proposal === one).map(({ answer }) => answer!.title)
    const decided = titles.filter((title) => /^(Approved|Declined) /.test(title))
    assert.deepEqual(decisions, [`proposal.${proposal.state}`], 'one decision is on record')
    assert.equal(decided.length, 1, 'one presser hears that they decided')
    assert.equal(approvals, proposal.approvals.length)
    const approvers = new Set(proposal.approvals.map(({ memberId }) => memberId))
    assert.equal(approvers.size, proposal.approvals.length, 'each member counts once')
    if (proposal.state === 'approved') assert.equal(approvers.size, proposal.quorum)
    else assert.ok(proposal.state === 'declined' && approvers.size < proposal.quorum, proposal.state)
    assert.equal(executions, proposal.state === 'approved' ? 1 : 0)
  }
  assert.equal((await desk.store.audit.verify()).kind, 'intact')

  await desk.settle()
  for (const channel of Object.values(crowd.channels)) {
    const standing = channel.posts
      .flatMap(({ versions }) => versions.at(-1)?.buttons ?? [])
      .filter(({ command }) => /^\/(approve|decline)/.test(command ?? ''))
    assert.deepEqual(standing, [], 'no card can be decided on any more, on either platform')
  }
})

test('fifty people approve on both platforms at the same moment: three of them count, and one execution is woken', async (t) => {
  const crowd = await openCrowd(t)
  const { desk } = crowd
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  const proposal = await desk.propose(0.5)
  await desk.settle()
  const answered = await pressAll(desk, pressesOf(crowd, [proposal], ['Approve']), createRandom(seed))
  const { proposal: stored, decisions, executions } = await outcomeOf(desk, proposal)
  assert.deepEqual([stored.state, decisions, executions], ['approved', ['proposal.approved'], 1])
  assert.equal(new Set(stored.approvals.map(({ memberId }) => memberId)).size, 3)
  assert.equal(stored.approvals.length, 3)
  const counted = answered.filter(({ answer }) => answer?.tone === 'ok').map(({ answer }) => answer!.title)
  assert.deepEqual(counted.sort(), [
    `Approved ${proposal.proposalId}`,
    'Counted: 1 of 3 approvals',
    'Counted: 2 of 3 approvals',
  ])
  assert.equal(answered.filter(({ answer }) => answer === undefined).length, 0)
})

test('both identities of one person are one person: their second approval counts nothing', async (t) => {
  const crowd = await openCrowd(t)
  const { desk } = crowd
  const proposal = await desk.propose(0.5)
  await desk.settle()
  const mine = pressesOf(crowd, [proposal], ['Approve']).filter(({ incoming }) =>
    APPROVERS[7]!.identities.some(({ platformUserId }) => platformUserId === incoming.platformUserId),
  )
  assert.deepEqual(
    mine.map(({ incoming }) => incoming.platform),
    ['discord', 'telegram'],
  )
  const titles = []
  for (const { incoming } of mine) titles.push((await desk.dispatch(incoming))!.title)
  assert.deepEqual(titles, ['Counted: 1 of 3 approvals', 'You have already approved this one'])
  assert.equal((await desk.find(proposal)).approvals.length, 1)
})
