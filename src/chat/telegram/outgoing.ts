import type { Api } from 'grammy'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import type { Calls, TelegramError } from './calls.ts'
import { renderCard, toKeyboard } from './html.ts'

/** Where a card goes: the chat, its topic, and the message it answers. */
export interface Address {
  readonly chat: string
  readonly topic?: number | undefined
  readonly answers?: number | undefined
}

const LAYOUT = { parse_mode: 'HTML', link_preview_options: { is_disabled: true } } as const

/**
 * Sends and edits cards, one chat's in order. A long card is several messages, with the buttons under the last.
 *
 * @throws {RangeError} when a button's command does not fit
 * @throws {TelegramError} when Telegram refuses
 */
export function createOutgoing({
  api,
  calls,
  signal,
  log,
}: {
  api: Api
  calls: Calls
  signal: Parameters<Api['getMe']>[0]
  log: Logger
}) {
  /** @returns the ids of the messages, in order */
  const send = async (to: Address, card: Card): Promise<readonly string[]> => {
    const keyboard = keyboardOf(card)
    const parts = renderCard(card)
    const ids: string[] = []
    for (const [i, part] of parts.entries()) {
      const options = {
        ...LAYOUT,
        ...(to.topic === undefined ? {} : { message_thread_id: to.topic }),
        ...(to.answers !== undefined && i === 0
          ? { reply_parameters: { message_id: to.answers, allow_sending_without_reply: true } }
          : {}),
        ...(i === parts.length - 1 ? keyboard : {}),
      }
      const message = await calls.toChat(to.chat, (chat) => api.sendMessage(chat, part, options, signal))
      ids.push(String(message.message_id))
    }
    return ids
  }

  const editPart = (chat: string, id: string, part: string, keyboard: ReturnType<typeof keyboardOf>) =>
    calls
      .toChat(chat, (target) => api.editMessageText(target, Number(id), part, { ...LAYOUT, ...keyboard }, signal))
      .catch((error: TelegramError) => {
        if (!error.message.includes('message is not modified')) throw error
      })

  /** Changes a sent card in place. One that grew goes on below, one that shrank takes its surplus away. */
  const edit = async (chat: string, ids: readonly string[], card: Card): Promise<void> => {
    const keyboard = keyboardOf(card)
    const parts = renderCard(card)
    const inPlace = parts.slice(0, ids.length)
    try {
      for (const [i, part] of inPlace.entries()) {
        await editPart(chat, ids[i]!, part, i === inPlace.length - 1 ? keyboard : {})
      }
    } catch (thrown) {
      if (!/message to edit not found|message can't be edited/.test((thrown as TelegramError).message)) throw thrown
      log.warn({ chat, messageIds: ids }, 'telegram message is gone: the card is posted anew')
      await send({ chat }, card)
      return
    }
    for (const part of parts.slice(ids.length)) {
      await calls.toChat(chat, (target) => api.sendMessage(target, part, LAYOUT, signal))
    }
    for (const surplus of ids.slice(parts.length)) {
      await calls
        .toChat(chat, (target) => api.deleteMessage(target, Number(surplus), signal))
        .catch((error: TelegramError) => log.warn({ chat, reason: error.message }, 'telegram message not removed'))
    }
  }

  return { send, edit }
}

const keyboardOf = ({ buttons }: Card) =>
  buttons?.length ? { reply_markup: { inline_keyboard: toKeyboard(buttons) } } : {}
