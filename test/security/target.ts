import assert from 'node:assert/strict'
import pg from 'pg'
import type { Member } from '../../src/domain/member.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import { type ChatDesk, type ChatDeskOptions, GROUP, openChatDesk, PEOPLE, person } from '../support/chat-desk.ts'
import type { Cleanup } from '../support/database.ts'
import type { DiscordMessageSeen } from '../support/discord-shapes.ts'
import type { SentMessage } from '../support/telegram-server.ts'

export const WIDE = { heard: 1_000_000, refused: 1_000_000, completed: 1_000_000 }
export const STRANGER = 899
/** A second trader, for what one member is shown and another is not. */
export const TARA = person('tara', 'trader', 905)
export const ADA = person('ada', 'admin', 906)

export const idOf = (member: Member): number => Number(member.identities[0]!.platformUserId)

/** What changes whenever anyone says anything, right or not. */
const NOISE = ['audit_log', 'audit_head', 'seen_interactions', 'buttons', 'instances']

export interface Offer {
  readonly proposal: Proposal
  readonly onDiscord: DiscordMessageSeen
  readonly onTelegram: SentMessage
}

export interface Target extends ChatDesk {
  /** A proposal to this hedge ratio, pending, with its card in the channel of each platform; asked for by Tom. */
  offer(ratio?: number): Promise<Offer>
  /** The id behind a button of a card. */
  idOn(message: DiscordMessageSeen | SentMessage, label: string): string
  /** Resolves when everything that was said and pressed in a Telegram chat so far has been heard and answered. */
  heard(chat?: number): Promise<void>
  /** Someone writes in a Telegram chat and waits for what they are told. */
  tell(by: number, text: string, chat?: number): Promise<SentMessage>
  stateOf(proposal: Proposal): Promise<string>
  /** Every row of the database that a person can bring about. */
  record(): Promise<readonly string[]>
  /** Every row of the database. */
  everything(): Promise<string>
}

/** A whole desk on both platforms with one of each role, two admins and two traders, worth attacking. */
export async function openTarget(t: Cleanup, options: ChatDeskOptions = {}): Promise<Target> {
  const chatDesk = await openChatDesk(t, {
    paceLimits: WIDE,
    members: [...Object.values(PEOPLE), TARA, ADA],
    ...options,
  })
  const { desk, discord, telegram } = chatDesk
  await desk.forecast()
  let asked = 0

  const rowsOf = async (except: readonly string[]): Promise<readonly string[]> => {
    await desk.settle()
    const client = new pg.Client({ connectionString: desk.database.connectionString })
    await client.connect()
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        "select table_name as name from information_schema.tables where table_schema = 'public' order by 1",
      )
      const texts: string[] = []
      for (const { name } of tables.filter((table) => !except.includes(table.name))) {
        const { rows } = await client.query<{ text: string }>(
          `select to_jsonb(one)::text as text from ${client.escapeIdentifier(name)} one order by 1`,
        )
        texts.push(...rows.map(({ text }) => `${name} ${text}`))
      }
      return texts
    } finally {
      await client.end()
    }
  }

  const target: Target = {
    ...chatDesk,

    async offer(ratio = 0.5) {
      const proposal = await desk.propose(ratio)
      await desk.settle()
      const isIt = ({ text }: { text: string }): boolean => text.includes(`Hedge proposed: ETH ${proposal.proposalId}`)
      const onTelegram = telegram.messages.find((message) => isIt(message) && message.chat === String(GROUP))
      const onDiscord = discord.messages.find((message) => isIt(message) && message.channelId === discord.channelId)
      assert.ok(onTelegram && onDiscord, 'the card stands on both platforms')
      return { proposal, onDiscord, onTelegram }
    },

    idOn(message, label) {
      const id =
        'messageId' in message
          ? message.buttons.find(({ text }) => text === label)?.callback_data
          : message.components.flatMap((row) => row.components).find((one) => one.label === label)?.custom_id
      assert.ok(id, `${label} stands on the card`)
      return id.split('?')[0]!
    },

    async heard(chat = GROUP) {
      // Twice: of what arrives together, a message may be read before a press that was sent before it.
      for (let i = 0; i < 2; i++) {
        const word = `marker${asked++}.`
        telegram.say(`/${word}`, { from: { id: idOf(ADA) }, chat })
        await telegram.waitFor(({ text }) => text.includes(word))
      }
    },

    async tell(by, text, chat = GROUP) {
      const before = telegram.messages.length
      telegram.say(text, { from: { id: by }, chat })
      return telegram.until(
        () => telegram.messages.slice(before).find((message) => message.chat === String(chat) && message.answers),
        { what: `an answer to ${text}` },
      )
    },

    stateOf: async (proposal) => (await desk.find(proposal)).state,
    record: () => rowsOf(NOISE),
    everything: async () => (await rowsOf([])).join('\n'),
  }
  return target
}
