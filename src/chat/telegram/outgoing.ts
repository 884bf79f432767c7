import { type Api, InputFile } from 'grammy'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import { type DrawnPicture, inWords, type Pictures } from '../pictures.ts'
import type { Calls, TelegramError } from './calls.ts'
import { renderAlt, renderCaption, renderCard, toKeyboard } from './html.ts'
import { formatStanding, messagesOf, parseStanding, type Standing } from './standing.ts'
import { createTurns } from './turns.ts'

/** Where a card goes: the chat, its topic, and the message it answers. */
export interface Address {
  readonly chat: string
  readonly topic?: number | undefined
  readonly answers?: number | undefined
}

type Keyboard = ReturnType<typeof keyboardOf>

/** A card as the messages it takes. */
interface Layout {
  readonly photo?: { readonly picture: DrawnPicture; readonly caption: string }
  readonly texts: readonly string[]
  /** Under the last text, or under the photo when its caption holds the whole card. */
  readonly keyboard: Keyboard
}

const HTML = { parse_mode: 'HTML' } as const
const LAYOUT = { ...HTML, link_preview_options: { is_disabled: true } } as const
const GONE = /message to edit not found|message can't be edited/
/** A group where photos are not allowed, a file that Telegram does not take, a message that cannot hold one. */
const REFUSED: readonly (number | undefined)[] = [400, 403, 413]

/**
 * Sends and edits cards, one chat's in order.
 *
 * A card is one message, or several when it is long, with the buttons under the last. With a picture it is a photo whose
 * caption is the whole card; a card too long for a caption follows its photo, which is then captioned with its alt text.
 *
 * An edit changes messages in place where Telegram can: text to text, photo to photo (only the caption when it shows the
 * same). It cannot turn a text into a photo on every server, nor a photo into a text, nor put one above the other later.
 * So a picture that comes is sent anew with the whole card, and a picture that goes is deleted after its text stands as a
 * message. What is new is always sent before what is old is deleted: a fault in between leaves a card twice, never none.
 *
 * @returns from `send` and `edit` where the card stands, as text for a later `edit`
 * @throws {RangeError} when a button's command does not fit
 * @throws {TelegramError} when Telegram refuses; a refused picture alone is logged and the card sent in words
 */
export function createOutgoing({
  api,
  calls,
  pictures,
  signal,
  log,
}: {
  api: Api
  calls: Calls
  pictures: Pictures
  signal: Parameters<Api['getMe']>[0]
  log: Logger
}) {
  const inTurn = createTurns()

  const layOut = async (card: Card): Promise<Layout> => {
    const keyboard = keyboardOf(card)
    const picture = await pictures.of(card)
    if (!picture) return { texts: renderCard(inWords(card)), keyboard }
    const caption = renderCaption(card)
    return caption === undefined
      ? { photo: { picture, caption: renderAlt(picture.alt) }, texts: renderCard(card), keyboard }
      : { photo: { picture, caption }, texts: [], keyboard }
  }

  const sendText = async (to: Address, text: string, keyboard: Keyboard | undefined): Promise<string> => {
    const options = { ...LAYOUT, ...placeOf(to), ...keyboard }
    const message = await calls.toChat(to.chat, (chat) => api.sendMessage(chat, text, options, signal))
    return String(message.message_id)
  }

  const sendPhoto = async (
    to: Address,
    { photo: { picture, caption }, texts, keyboard }: Layout & Required<Pick<Layout, 'photo'>>,
  ): Promise<string> => {
    const options = { ...HTML, caption, ...placeOf(to), ...(texts.length === 0 ? keyboard : {}) }
    const message = await calls.toChat(to.chat, (chat) => api.sendPhoto(chat, fileOf(picture), options, signal))
    return String(message.message_id)
  }

  const sendTexts = async (to: Address, { texts, keyboard }: Layout): Promise<readonly string[]> => {
    const ids: string[] = []
    for (const [i, text] of texts.entries()) {
      const place = i === 0 ? to : { ...to, answers: undefined }
      ids.push(await sendText(place, text, i === texts.length - 1 ? keyboard : undefined))
    }
    return ids
  }

  const sendAnew = async (to: Address, card: Card, layout: Layout): Promise<Standing> => {
    const { photo } = layout
    if (!photo) return { texts: await sendTexts(to, layout) }
    let id: string
    try {
      id = await sendPhoto(to, { ...layout, photo })
    } catch (thrown) {
      const { code, message } = thrown as TelegramError
      if (!REFUSED.includes(code)) throw thrown
      log.warn({ chat: to.chat, title: card.title, reason: message }, 'telegram refused a picture, sending its words')
      return { texts: await sendTexts(to, { ...layout, texts: renderCard(inWords(card)) }) }
    }
    return { photo: { id, hash: photo.picture.hash }, texts: await sendTexts({ ...to, answers: undefined }, layout) }
  }

  const inPlace = async (chat: string, change: (target: string) => Promise<unknown>): Promise<void> => {
    await calls.toChat(chat, change).catch((error: TelegramError) => {
      if (!error.message.includes('message is not modified')) throw error
    })
  }

  const editText = (chat: string, id: string, text: string, keyboard: Keyboard | undefined) =>
    inPlace(chat, (target) => api.editMessageText(target, Number(id), text, { ...LAYOUT, ...keyboard }, signal))

  const editPhoto = (
    chat: string,
    { id, hash }: NonNullable<Standing['photo']>,
    { photo: { picture, caption }, texts, keyboard }: Layout & Required<Pick<Layout, 'photo'>>,
  ) => {
    const buttons = texts.length === 0 ? keyboard : {}
    return inPlace(chat, (target) =>
      hash === picture.hash
        ? api.editMessageCaption(target, Number(id), { ...HTML, caption, ...buttons }, signal)
        : api.editMessageMedia(
            target,
            Number(id),
            { type: 'photo', media: fileOf(picture), caption, ...HTML },
            buttons,
            signal,
          ),
    )
  }

  /** The texts first, so that what leaves the caption already stands below it. */
  const change = async (chat: string, was: Standing, layout: Layout): Promise<Standing> => {
    const { photo, texts: wanted, keyboard } = layout
    const texts: string[] = []
    for (const [i, text] of wanted.entries()) {
      const buttons = i === wanted.length - 1 ? keyboard : undefined
      const id = was.texts[i]
      if (id !== undefined) await editText(chat, id, text, buttons)
      texts.push(id ?? (await sendText({ chat }, text, buttons)))
    }
    if (!photo || !was.photo) return { texts }
    await editPhoto(chat, was.photo, { ...layout, photo })
    return { photo: { id: was.photo.id, hash: photo.picture.hash }, texts }
  }

  const remove = async (chat: string, ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      await calls
        .toChat(chat, (target) => api.deleteMessage(target, Number(id), signal))
        .catch((error: TelegramError) => log.warn({ chat, reason: error.message }, 'telegram message not removed'))
    }
  }

  const edit = async (chat: string, was: Standing, card: Card): Promise<Standing> => {
    const layout = await layOut(card)
    const now =
      layout.photo && !was.photo
        ? await sendAnew({ chat }, card, layout)
        : await change(chat, was, layout).catch((thrown: TelegramError) => {
            const photoRefused = layout.photo !== undefined && REFUSED.includes(thrown.code)
            if (!GONE.test(thrown.message) && !photoRefused) throw thrown
            log.warn(
              { chat, was, reason: thrown.message },
              'telegram message cannot be edited: the card is posted anew',
            )
            return sendAnew({ chat }, card, layout)
          })
    const kept = messagesOf(now)
    await remove(
      chat,
      messagesOf(was).filter((id) => !kept.includes(id)),
    )
    return now
  }

  return {
    send: (to: Address, card: Card): Promise<string> =>
      inTurn(to.chat, async () => formatStanding(await sendAnew(to, card, await layOut(card)))),
    edit: (chat: string, messageId: string, card: Card): Promise<string> =>
      inTurn(chat, async () => formatStanding(await edit(chat, parseStanding(messageId), card))),
  }
}

const fileOf = ({ png, fileName }: DrawnPicture): InputFile => new InputFile(png, fileName)

const placeOf = ({ topic, answers }: Address) => ({
  ...(topic === undefined ? {} : { message_thread_id: topic }),
  ...(answers === undefined ? {} : { reply_parameters: { message_id: answers, allow_sending_without_reply: true } }),
})

const keyboardOf = ({ buttons }: Card) =>
  buttons?.length ? { reply_markup: { inline_keyboard: toKeyboard(buttons) } } : {}
