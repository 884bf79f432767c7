import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { ANA, BEN, CLEO, TOM } from './chat-settings.ts'
import type { Product } from './product.ts'
import { answered, cardOnBoth, type Desk, openDesk, startTalk, type Talk, within } from './takeover-desk.ts'

const TAKES_OVER_WITHIN_MS = 30_000
/** Of what only has to happen: the machine may have other work, and three processes of the desk are a lot of it. */
const PATIENCE_MS = 60_000
const ASK_EVERY_MS = 400

const askDiscord = async (desk: Desk, name: string, options?: Record<string, unknown>): Promise<string> =>
  (await desk.discord.sendCommand({ userId: TOM.discord, name, options }).answer()).text

async function proposed(desk: Desk): Promise<string> {
  const forecast = await eventually(async () =>
    (await askDiscord(desk, 'hedge status')).includes('no forecast yet') ? undefined : true,
  )
  assert.ok(forecast, 'Expected a forecast, was none')
  const text = await askDiscord(desk, 'hedge propose', { symbol: 'ETH', target: 0.6 })
  const [id] = /\b[0-9A-HJKMNP-TV-Z]{10}\b/.exec(text) ?? []
  assert.ok(id, `Expected a proposal, was ${text}`)
  await cardOnBoth(desk, id, (card) => card.includes('Hedge proposed'))
  return id
}

/**
 * Stops whoever answers in the middle of commands: heard, claimed and not answered, on both platforms. Telegram hands them over at
 * once, so that none of them is confirmed yet.
 *
 * @returns lets it go on
 */
async function stopMidCommand(
  desk: Desk,
  talk: Talk,
  press: () => void = () => undefined,
): Promise<() => Promise<void>> {
  const before = await claimed(desk, 'telegram')
  const handOver = desk.telegram.hold()
  for (const who of [ANA, BEN, CLEO, TOM]) talk.ask(who)
  // As late as can be: whatever works on its own is stopped by it too, and takes one connection after the other.
  const unlock = await desk.lockTable('proposals')
  press()
  handOver()
  await within(PATIENCE_MS, 'claims on both platforms', async () =>
    (await claimed(desk, 'telegram')) >= before + 4 &&
    (await claimed(desk, 'discord')) >= 1 &&
    talk.discord.some((one) => one.answers().length === 0)
      ? true
      : undefined,
  )
  return unlock
}

const claimed = async (desk: Desk, platform: string): Promise<number> =>
  (await desk.rows('select from seen_interactions where platform = $1 and answered_at is null', [platform])).length

/** What each platform waited for after its process was gone: until the first answer from the next. */
async function timeTakeover(talk: Talk, gone: () => Promise<unknown>) {
  const before = { telegram: answered(talk.telegram), discord: answered(talk.discord) }
  const goneAt = performance.now()
  await gone()
  const heardAgain = (platform: 'telegram' | 'discord') =>
    within(TAKES_OVER_WITHIN_MS, `an answer on ${platform}`, () =>
      answered(talk[platform]) > before[platform] ? performance.now() - goneAt : undefined,
    )
  const [telegram, discord] = await Promise.all([heardAgain('telegram'), heardAgain('discord')])
  return { goneAt, telegram, discord }
}

/** Every command on Telegram was answered exactly once, every one on Discord at most once and those after `goneAt` + `away` all. */
async function assertAnsweredOnce(t: TestContext, talk: Talk, lost: { from: number; to: number }): Promise<void> {
  talk.stop()
  await within(PATIENCE_MS, 'every message on Telegram answered', () =>
    answered(talk.telegram) === talk.telegram.length ? true : undefined,
  )
  const owed = talk.discord.filter(({ at }) => at < lost.from || at > lost.to)
  await within(PATIENCE_MS, 'every command on Discord answered', () =>
    answered(owed) === owed.length ? true : undefined,
  )
  for (const one of talk.telegram) assert.equal(one.answers().length, 1)
  for (const one of talk.discord) assert.ok(one.answers().length <= 1)
  t.diagnostic(
    `Telegram: ${answered(talk.telegram)} of ${talk.telegram.length} answered, Discord: ${answered(talk.discord)} of ${talk.discord.length}`,
  )
}

/** How often the answer to each interaction was written: an edit over an answer is a second one too. */
function assertWrittenOnce(desk: Desk): void {
  const edits = desk.discord.requests.filter(
    ({ method, path, status }) => method === 'PATCH' && path.endsWith('/messages/@original') && status === 200,
  )
  assert.equal(new Set(edits.map(({ path }) => path)).size, edits.length, 'an interaction was answered twice')
}

/** How many processes have sessions on the database, this test's own store included; one without a name counts as one more. */
const sessionHolders = async (desk: Desk): Promise<number> =>
  (
    await desk.rows(
      `select distinct right(application_name, 20) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    )
  ).length

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

test('a second process takes over from one that dies and from one that freezes, and nothing is answered twice', async (t) => {
  const desk = await openDesk(t)
  const first = desk.start()
  let second: Product
  let third: Product
  let proposalId = ''

  await t.test('a second process stands by, says so, and leaves the answers to the first', async (t) => {
    await first.reported(/desk is open/)
    await desk.discord.ready()
    proposalId = await proposed(desk)
    second = desk.start()
    await second.reported(/standing by to take over/)
    const talk = startTalk(t, desk, 100)
    await within(PATIENCE_MS, 'twenty questions', () => (talk.telegram.length >= 20 ? true : undefined))
    await assertAnsweredOnce(t, talk, { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY })
    assert.equal(desk.discord.gateway.counts.identified, 1)
    assert.doesNotMatch(second.stderr, /desk is open/)
  })

  await t.test('the first is killed in mid-command: the second answers what is open, and each once', async (t) => {
    const talk = startTalk(t, desk, ASK_EVERY_MS)
    await within(PATIENCE_MS, 'answers', () => (answered(talk.telegram) >= 3 ? true : undefined))
    const card = await cardOnBoth(desk, proposalId, () => true)
    const unlock = await stopMidCommand(
      desk,
      talk,
      () => void desk.telegram.press(card.telegram.messageId, 0, { from: BEN.telegram }),
    )
    const lostFrom = talk.discord.find((one) => one.answers().length === 0)!.at
    const took = await timeTakeover(talk, async () => {
      first.kill('SIGKILL')
      await first.ended
      await unlock()
    })
    t.diagnostic(`answered after the kill: Telegram ${seconds(took.telegram)}, Discord ${seconds(took.discord)}`)
    await assertAnsweredOnce(t, talk, { from: lostFrom, to: took.goneAt + took.discord })
    assertWrittenOnce(desk)
    assert.doesNotMatch(second.stderr, /409 Conflict/)
  })

  await t.test('the approval that the first had heard counts once', async () => {
    const card = await cardOnBoth(desk, proposalId, (text) => text.includes('1 of 2: ben'))
    assert.match(
      (await desk.discord.pressButton({ userId: CLEO.discord, message: card.discord, label: 'Approve' }).answer()).text,
      /Approved/,
    )
    await cardOnBoth(desk, proposalId, (text) => /Hedge executed[\s\S]*ben[\s\S]*cleo/.test(text))
    const answers = desk.telegram.messages.filter((message) => message.answers === card.telegram.messageId)
    assert.equal(
      answers.length,
      1,
      `Expected one answer to the press, was ${answers.map(({ text }) => text).join('\n')}`,
    )
    assert.deepEqual(await desk.rows('select member_id from proposal_approvals order by seq'), [
      { member_id: 'ben' },
      { member_id: 'cleo' },
    ])
    assert.equal(
      (await desk.rows(`select from audit_log where subject = $1 and actor = 'ben'`, [proposalId])).length,
      1,
    )
    assert.equal((await desk.store.audit.verify()).kind, 'intact')
  })

  await t.test('the second freezes in mid-command: the third answers what is open, and each once', async (t) => {
    third = desk.start()
    await third.reported(/standing by to take over/)
    const talk = startTalk(t, desk, ASK_EVERY_MS)
    await within(PATIENCE_MS, 'answers', () => (answered(talk.telegram) >= 3 ? true : undefined))
    const unlock = await stopMidCommand(desk, talk)
    const lostFrom = talk.discord.find((one) => one.answers().length === 0)!.at
    const took = await timeTakeover(talk, async () => {
      second.kill('SIGSTOP')
      await unlock()
    })
    t.diagnostic(`answered after the freeze: Telegram ${seconds(took.telegram)}, Discord ${seconds(took.discord)}`)
    assert.equal(await sessionHolders(desk), 2, 'the frozen one still has database sessions')
    const wokenAt = performance.now()
    second.kill('SIGCONT')
    const { code } = await second.ended
    t.diagnostic(`the frozen one ended ${seconds(performance.now() - wokenAt)} after it woke, with ${code}`)
    assert.notEqual(code, 0)
    assert.match(second.stderr, /another process has taken over while this one stood still/)
    await assertAnsweredOnce(t, talk, { from: lostFrom, to: took.goneAt + took.discord })
    assertWrittenOnce(desk)
    assert.doesNotMatch(third.stderr, /409 Conflict/)
    assert.equal((await desk.store.audit.verify()).kind, 'intact')
  })

  await t.test('the last one stops when asked', async () => {
    third.kill('SIGTERM')
    assert.equal((await third.ended).code, 0)
  })
})
