import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { createLog } from '../../src/log.ts'
import { startEmbedded } from '../../src/store/embedded.ts'
import type { Cleanup } from '../support/database.ts'
import { type DiscordServer, startDiscordServer } from '../support/discord-server.ts'
import { query } from '../support/embedded.ts'
import { eventually } from '../support/eventually.ts'
import { startTelegramServer, type TelegramServer } from '../support/telegram-server.ts'
import { ANA, BEN, CLEO, chatSettings, DESK_CHAT, TOM } from './chat-settings.ts'
import {
  databaseOn,
  openDataFolder,
  type Product,
  processesOn,
  runProduct,
  type Settings,
  startProduct,
} from './product.ts'

const STOPS_WITHIN_MS = 10_000

const STRANGER = { discord: '100000000000000009', telegram: { id: 1009 } }

interface Desk {
  readonly folder: string
  readonly settings: Settings
  readonly discord: DiscordServer
  readonly telegram: TelegramServer
  start(): Promise<Product>
  /** What Discord shows as the answer to a slash command. */
  ask(who: { discord: string }, name: string, options?: Record<string, unknown>): Promise<string>
  /** What Telegram shows as the answer to a message in a private chat. */
  write(who: { telegram: { id: number } }, text: string): Promise<string>
  /** The desk's card, as it stands now on both platforms. */
  card(title: string): {
    discord: { text: string; labels: readonly string[] }
    telegram: { text: string; labels: readonly string[] }
  }
}

async function openDesk(t: Cleanup, over: Settings = {}): Promise<Desk> {
  const folder = await openDataFolder(t)
  const [discord, telegram] = [await startDiscordServer(), await startTelegramServer()]
  t.after(async () => {
    await discord.close()
    await telegram.close()
  })
  const settings = { ...chatSettings({ folder, discord, telegram }), ...over }
  const telegramAnswer = (after: number, chat: number) =>
    telegram.messages.slice(after).find((message) => message.chat === String(chat))?.text
  return {
    folder,
    settings,
    discord,
    telegram,
    async start() {
      const product = startProduct(t, ['start'], { settings })
      await product.reported(/desk is open/)
      await discord.ready()
      return product
    },
    ask: async (who, name, options) =>
      (await discord.sendCommand({ userId: who.discord, name, options }).answer()).text,
    async write(who, text) {
      const before = telegram.messages.length
      telegram.say(text, { from: who.telegram, chat: who.telegram.id })
      return telegram.until(() => telegramAnswer(before, who.telegram.id), {
        timeoutMs: 15_000,
        what: `an answer to ${text}`,
      })
    },
    card(title) {
      const onDiscord = discord.messages.find((message) => message.text.includes(title))
      const onTelegram = telegram.messages.find(
        (message) => message.chat === String(DESK_CHAT) && message.text.includes(title),
      )
      return {
        discord: {
          text: onDiscord?.text ?? '',
          labels: onDiscord?.components.flatMap((row) => row.components.map(({ label }) => label)) ?? [],
        },
        telegram: { text: onTelegram?.text ?? '', labels: onTelegram?.buttons.map(({ text }) => text) ?? [] },
      }
    },
  }
}

/** The card on both platforms once both fit. */
/** Half an hour of the market at 400 times its speed, on a busy machine. */
const AN_EXECUTION_MS = 60_000

async function cardOnBoth(desk: Desk, id: string, fits: (text: string) => boolean) {
  const found = await eventually(async () => {
    const card = desk.card(id)
    return fits(card.discord.text) && fits(card.telegram.text) ? card : undefined
  }, AN_EXECUTION_MS)
  assert.ok(found, `Expected the card of ${id} on both platforms, was ${JSON.stringify(desk.card(id))}`)
  return found
}

/** Takes the desk's queue out of the Redis that was lent; it is named after the desk's own database. */
async function cleanRedis(t: Cleanup, url: string, folder: string): Promise<void> {
  const server = await startEmbedded({ folder: join(folder, 'postgres'), log: createLog('silent') })
  const [row] = await query(
    server.connectionString(),
    `select system_identifier || '-' || oid as id from pg_control_system(), pg_database where datname = 'breakwater'`,
  )
  const redis = new Redis(url)
  t.after(async () => {
    const keys = await redis.keys(`bull:breakwater-${row!.id}-*`)
    assert.ok(keys.length > 0, 'Expected the queue in Redis, was nothing of ours there')
    await redis.del(keys)
    redis.disconnect()
  })
}

const idIn = (text: string): string => /\b[0-9A-HJKMNP-TV-Z]{10}\b/.exec(text)?.[0] ?? ''

async function withForecast(desk: Desk): Promise<string> {
  const text = await eventually(async () => {
    const status = await desk.ask(TOM, 'hedge status')
    return status.includes('no forecast yet') ? undefined : status
  })
  return text ?? 'Expected a forecast, was none'
}

async function stop(desk: Desk, product: Product): Promise<void> {
  const database = await databaseOn(desk.folder)
  const startedAt = performance.now()
  product.kill('SIGTERM')
  const { code, signal, stderr } = await product.ended
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr.slice(-2000))
  assert.ok(performance.now() - startedAt < STOPS_WITHIN_MS, 'it took more than ten seconds to stop')
  assert.notEqual(database, undefined)
  assert.equal(await databaseOn(desk.folder), undefined, 'the database server still runs')
  assert.deepEqual(await processesOn(desk.folder), [])
  assert.doesNotMatch(stderr, new RegExp(`${desk.discord.token}|${desk.telegram.token}`), 'a token was logged')
}

function assertSpoken(desk: Desk): void {
  assert.deepEqual(desk.discord.violations, [])
  assert.deepEqual(desk.telegram.problems, [])
}

test('a desk is run from Discord and Telegram, from the first question to the last fill', async (t) => {
  const desk = await openDesk(t)
  let product = await desk.start()
  let proposalId = ''

  await t.test('/hedge status is answered on both platforms', async () => {
    assert.match(await withForecast(desk), /ETH position: 100 ETH spot, 0 ETH short = 0\.0 % hedged/)
    const answer = await desk.write(TOM, '/hedge status')
    assert.match(answer, /trading active[\s\S]*100 ETH spot, 0 ETH short/)
  })

  await t.test('a stranger is forbidden on both', async () => {
    const answer = await desk.discord.sendCommand({ userId: STRANGER.discord, name: 'hedge status' }).answer()
    assert.match(answer.text, /^Forbidden/)
    assert.ok(answer.ephemeral)
    assert.match(await desk.write(STRANGER, '/hedge status'), /^.*Forbidden[\s\S]*1009/)
  })

  await t.test('a proposal from Discord stands with its buttons on both', async () => {
    proposalId = idIn(await desk.ask(TOM, 'hedge propose', { symbol: 'ETH', target: 0.6 }))
    const card = await cardOnBoth(desk, proposalId, (text) => text.includes('Hedge proposed'))
    assert.deepEqual(card.discord.labels, ['Approve', 'Decline', 'Why', 'Resize'])
    assert.deepEqual(card.telegram.labels, ['Approve', 'Decline', 'Why', 'Resize'])
    assert.match(card.telegram.text, /sell 60 ETH perp/)
    assert.match(card.telegram.text, /0 of 2/)
  })

  const press = (who: { discord: string }, label: string) => {
    const message = desk.discord.messages.find(({ text }) => text.includes(proposalId))!
    return desk.discord.pressButton({ userId: who.discord, message, label })
  }
  const pressOnTelegram = async (who: { telegram: { id: number } }): Promise<string> => {
    const card = desk.telegram.messages.find(
      ({ text, chat }) => text.includes(proposalId) && chat === String(DESK_CHAT),
    )!
    const before = desk.telegram.messages.length
    desk.telegram.press(card.messageId, 0, { from: who.telegram })
    return desk.telegram.until(
      () => desk.telegram.messages.slice(before).find(({ answers }) => answers === card.messageId)?.text,
      { timeoutMs: 15_000, what: 'an answer to a press' },
    )
  }

  await t.test('who may not approve is forbidden', async () => {
    assert.match((await press(TOM, 'Approve').answer()).text, /Forbidden[\s\S]*needs the role approver/)
  })

  await t.test('one approval in Telegram and one more let it go, of two at once the first', async () => {
    assert.match(await pressOnTelegram(BEN), /1 of 2 approvals/)
    await cardOnBoth(desk, proposalId, (text) => text.includes('1 of 2: ben'))
    assert.match(await pressOnTelegram(BEN), /pressed this already/)
    const pressed = press(CLEO, 'Approve')
    const answers = await Promise.all([pressed.answer().then(({ text }) => text), pressOnTelegram(ANA)])
    assert.equal(answers.filter((text) => text.includes(`Approved ${proposalId}`)).length, 1, answers.join('\n---\n'))
    assert.equal(answers.filter((text) => text.includes(`${proposalId} is already`)).length, 1, answers.join('\n---\n'))
    desk.discord.redeliver(pressed)
  })

  await t.test('the card loses its buttons and follows the execution to the end', async () => {
    const card = await cardOnBoth(desk, proposalId, (text) => text.includes('Hedge executed'))
    assert.deepEqual(card.discord.labels, [])
    assert.deepEqual(card.telegram.labels, [])
    for (const { text } of [card.discord, card.telegram]) {
      assert.match(text, /Approvals\W+ben \(approver\), .* UTC\n(cleo \(approver\)|ana \(admin\)), .* UTC\n/)
      assert.match(text, /60 ETH of 60 ETH in \d+ fills/)
      assert.match(text, /bps against .* expected/)
    }
    const posts = desk.discord.messages.filter(({ text }) => text.includes(proposalId))
    assert.equal(posts.length, 1, 'one card a proposal, edited')
    assert.ok(posts[0]!.edits >= 4, `Expected the card to follow the fills, was edited ${posts[0]!.edits} times`)
  })

  await t.test('a press that comes too late changes nothing', async () => {
    assert.match(await desk.write(BEN, `/approve ${proposalId}`), /already executed/)
    assert.match(await desk.ask(CLEO, 'decline', { proposal: proposalId }), /already executed/)
    assert.match(await desk.ask(TOM, 'hedge status'), /60 ETH short = 60\.0 % hedged/)
  })

  await t.test('/risk halt stops what would be proposed, /risk resume lets it', async () => {
    assert.match(await desk.ask(BEN, 'risk halt', { reason: 'not mine to pull' }), /Forbidden/)
    assert.match(await desk.write(ANA, '/risk halt trying the brake'), /active → halted/)
    const told = await cardOnBoth(desk, 'Trading state: halted', (text) => text.includes('trying the brake'))
    assert.match(told.discord.text, /ana moved it from active/i)
    assert.match(await desk.ask(TOM, 'hedge propose', { symbol: 'ETH', target: 0.9 }), /Denied[\s\S]*TRADING_HALTED/)
    assert.match(await desk.ask(ANA, 'risk resume'), /halted → active/)
    // A round of the rails that began before may still hold it, until the next.
    const next =
      (await eventually(async () => {
        const text = await desk.ask(TOM, 'hedge propose', { symbol: 'ETH', target: 0.9 })
        return text.includes('TRADING_HALTED') ? undefined : text
      })) ?? 'Expected a proposal, was denied to the end: TRADING_HALTED'
    assert.match(next, /Proposed/)
    assert.match(await desk.write(BEN, `/decline ${idIn(next)} too much`), /Declined/)
    const card = await cardOnBoth(desk, idIn(next), (text) => text.includes('Hedge declined'))
    assert.match(card.telegram.text, /too much/)
    assert.deepEqual(card.discord.labels, [])
  })

  await t.test('the record is intact while the desk runs, and checking it leaves the desk alone', async () => {
    const checked = await runProduct(t, ['breakwater', 'audit', 'verify', '--json'], { DATA_DIR: desk.folder })
    assert.equal(checked.code, 0, checked.stderr)
    const verdict = JSON.parse(checked.stdout)
    assert.equal(verdict.kind, 'intact')
    assert.ok(verdict.rows >= 10, `Expected a row for everything that was done, was ${checked.stdout}`)
    assert.match(await desk.ask(TOM, 'hedge status'), /60\.0 % hedged/)
  })

  await t.test('it stops when asked, and leaves nothing behind', async () => {
    await stop(desk, product)
    assertSpoken(desk)
  })

  await t.test('started again it knows what it holds', async () => {
    const posts = desk.discord.messages.length
    product = await desk.start()
    assert.match(await desk.ask(TOM, 'hedge status'), /60 ETH short = 60\.0 % hedged/)
    assert.match(await desk.write(TOM, '/hedge history'), new RegExp(`${proposalId} executed`))
    assert.match(await desk.write(BEN, `/approve ${proposalId}`), /already executed/)
    assert.equal(desk.discord.messages.length, posts, 'nothing that was posted before is posted again')
    await stop(desk, product)
    assertSpoken(desk)
  })

  await t.test('every request was held against what the platforms publish', (t) => {
    if (!desk.discord.validates || !desk.telegram.checked) t.skip('the published descriptions are not on this machine')
  })
})

test('a desk keeps its jobs in Redis when it is given one', {
  skip: process.env.TEST_REDIS_URL ? false : 'TEST_REDIS_URL names no server',
}, async (t) => {
  const desk = await openDesk(t, { REDIS_URL: process.env.TEST_REDIS_URL!, QUORUM_LARGE_ABOVE_USD: '1000000' })
  const product = await desk.start()
  await cleanRedis(t, process.env.TEST_REDIS_URL!, desk.folder)
  await withForecast(desk)
  const proposalId = idIn(await desk.ask(TOM, 'hedge propose', { symbol: 'ETH', target: 0.3 }))
  await cardOnBoth(desk, proposalId, (text) => text.includes('Hedge proposed'))
  assert.match(await desk.write(CLEO, `/approve ${proposalId}`), /Approved/)
  const card = await cardOnBoth(desk, proposalId, (text) => text.includes('Hedge executed'))
  assert.match(card.telegram.text, /30 ETH of 30 ETH in \d+ fills/)
  await stop(desk, product)
  assertSpoken(desk)
})
