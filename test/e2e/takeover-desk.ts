import assert from 'node:assert/strict'
import pg from 'pg'
import { type Cleanup, type TestDatabase, testDatabase } from '../support/database.ts'
import {
  type DiscordMessageSeen,
  type DiscordServer,
  type Sent,
  startDiscordServer,
} from '../support/discord-server.ts'
import { eventually } from '../support/eventually.ts'
import { type SentMessage, startTelegramServer, type TelegramServer } from '../support/telegram-server.ts'
import { ANA, BEN, CLEO, chatSettings, DESK_CHAT, TOM } from './chat-settings.ts'
import { openDataFolder, type Product, type Settings, startProduct } from './product.ts'

export interface Desk extends TestDatabase {
  readonly discord: DiscordServer
  readonly telegram: TelegramServer
  /** One more process on the same database and the same two bots. */
  start(over?: Settings): Product
  rows<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Nobody gets at a table until the function that comes back is called: whoever needs it stands still in mid-command. */
  lockTable(name: string): Promise<() => Promise<void>>
}

/** One database, one Telegram bot and one Discord bot, for as many processes as a test starts. */
export async function openDesk(t: Cleanup): Promise<Desk> {
  const folder = await openDataFolder(t)
  const database = await testDatabase(t)
  const [discord, telegram] = [await startDiscordServer(), await startTelegramServer()]
  const client = new pg.Client({ connectionString: database.connectionString })
  client.on('error', () => {}) // the database is dropped under it
  await client.connect()
  t.after(async () => {
    await client.end()
    await discord.close()
    await telegram.close()
  })
  const settings: Settings = {
    ...chatSettings({ folder, discord, telegram }),
    DATABASE_URL: database.connectionString,
    // What is proposed here has to live through two processes.
    PROPOSAL_EXPIRY_MS: '86400000',
    PROPOSAL_MAX_DRIFT_BPS: '5000',
  }
  return {
    ...database,
    discord,
    telegram,
    start: (over = {}) => startProduct(t, ['start'], { settings: { ...settings, ...over } }),
    rows: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
    async lockTable(name) {
      await client.query('begin')
      await client.query(`lock table ${client.escapeIdentifier(name)} in access exclusive mode`)
      return async () => void (await client.query('commit'))
    },
  }
}

const FIRST_MESSAGE_ID = 5_000_000
let nextMessageId = FIRST_MESSAGE_ID

/** A message in a private chat, under an id by which its answers are known. */
export function write({ telegram }: Desk, who: { telegram: { id: number } }, text: string) {
  const messageId = nextMessageId++
  const { id } = who.telegram
  const updateId = telegram.say(text, { from: who.telegram, chat: id, more: { message_id: messageId } })
  return { updateId, answers: () => telegram.messages.filter(({ answers }) => answers === messageId) }
}

export interface Asked {
  readonly at: number
  answers(): readonly (SentMessage | DiscordMessageSeen)[]
}

export interface Talk {
  readonly telegram: readonly Asked[]
  readonly discord: readonly Asked[]
  /** One more question on Telegram. */
  ask(who: { telegram: { id: number } }): void
  stop(): void
}

/** People who go on asking for the status, on both platforms. */
export function startTalk(t: Cleanup, desk: Desk, everyMs: number): Talk {
  const [telegram, discord]: [Asked[], Asked[]] = [[], []]
  const people = [ANA, BEN, CLEO, TOM]
  const ask: Talk['ask'] = (who) => void telegram.push({ at: performance.now(), ...write(desk, who, '/hedge status') })
  const timer = setInterval(() => {
    const who = people[discord.length % people.length]!
    ask(who)
    const sent: Sent = desk.discord.sendCommand({ userId: who.discord, name: 'hedge status' })
    discord.push({ at: performance.now(), answers: () => sent.answers })
  }, everyMs)
  const stop = () => clearInterval(timer)
  t.after(async () => stop())
  return { telegram, discord, ask, stop }
}

export const answered = (asked: readonly Asked[]): number => asked.filter((one) => one.answers().length > 0).length

/** Looks again and again until there is a value. */
export async function within<T>(ms: number, what: string, look: () => T | undefined | Promise<T | undefined>) {
  const givesUpAt = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(performance.now() < givesUpAt, `Expected ${what} within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The desk's card of a proposal, once it fits on both platforms. */
export async function cardOnBoth(desk: Desk, proposalId: string, fits: (text: string) => boolean) {
  const look = () => {
    const discord = desk.discord.messages.filter(({ text }) => text.includes(proposalId))
    const telegram = desk.telegram.messages.filter(
      ({ text, chat }) => chat === String(DESK_CHAT) && text.includes(proposalId),
    )
    return { discord, telegram }
  }
  const found = await eventually(async () => {
    const { discord, telegram } = look()
    return discord[0] && telegram[0] && fits(discord[0].text) && fits(telegram[0].text) ? look() : undefined
  })
  assert.ok(found, `Expected the card of ${proposalId} on both platforms, was ${JSON.stringify(look())}`)
  assert.deepEqual([found.discord.length, found.telegram.length], [1, 1], 'a card was posted twice')
  return { discord: found.discord[0]!, telegram: found.telegram[0]! }
}
