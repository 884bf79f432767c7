import type { Bot } from 'grammy'
import type { Message } from 'grammy/types'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import type { Command, Dispatch, Incoming } from '../command.ts'
import { BUTTON_ID } from './html.ts'
import { readMessage } from './incoming.ts'
import type { Address } from './outgoing.ts'

/**
 * What people write and press, given to `dispatch` in the order each chat gave it, and its answer to `answer`.
 *
 * A press is acknowledged first and worked on later: Telegram forgets it after seconds, and the work may wait. It counts by
 * its id, so one under a message that Telegram no longer shows works as well.
 */
export function listen(
  bot: Bot,
  {
    commands,
    dispatch,
    inTurn,
    answer,
    hint,
    acknowledge,
    log,
  }: {
    commands: readonly Pick<Command, 'name'>[]
    dispatch: Dispatch
    inTurn: (chat: string, work: () => Promise<void>) => Promise<void>
    answer: (to: Address, card: Card) => Promise<void>
    hint: (to: Address, text: string) => void
    acknowledge: (queryId: string) => void
    log: Logger
  },
): void {
  const run = (
    to: Address & { isPrivate: boolean },
    heard: { from: number; update: number; input: Incoming['input'] },
  ): Promise<void> =>
    inTurn(to.chat, async () => {
      const card = await dispatch({
        platform: 'telegram',
        platformUserId: String(heard.from),
        channel: to.chat,
        direct: to.isPrivate,
        interactionId: `update-${heard.update}`,
        input: heard.input,
      })
      // Not waited for: the next command need not wait for what Telegram lets through.
      if (card) void answer(to, card)
    })

  bot.on('message:text', async ({ message, update, me }) => {
    const heard = readMessage(message, { bot: me, commands })
    const to = addressOf(message, { answers: message.message_id, by: message.from })
    if (heard.kind === 'input') {
      await run(to, { from: message.from.id, update: update.update_id, input: heard.input })
    } else if (heard.kind === 'hint') {
      hint(to, heard.text)
    }
  })

  bot.on('callback_query', async ({ callbackQuery, update }) => {
    const { id, data = '', message, from } = callbackQuery
    acknowledge(id)
    if (!message || !BUTTON_ID.test(data)) {
      log.warn({ update: update.update_id }, 'telegram press ignored: not one of our buttons')
      return
    }
    const to = addressOf(message, { answers: message.message_id, by: from })
    await run(to, { from: from.id, update: update.update_id, input: { kind: 'press', buttonId: data } })
  })
}

type Heard = Pick<Message, 'chat'> & Partial<Pick<Message, 'is_topic_message' | 'message_thread_id'>>

const addressOf = (
  message: Heard,
  { answers, by }: { answers: number; by: { id: number; first_name: string } },
): Address & { readonly isPrivate: boolean } => ({
  chat: String(message.chat.id),
  urgency: 'normal',
  topic: message.is_topic_message ? message.message_thread_id : undefined,
  answers,
  asked: { id: by.id, name: by.first_name },
  isPrivate: message.chat.type === 'private',
})
