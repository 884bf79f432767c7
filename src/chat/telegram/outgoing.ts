import { type Api, InputFile } from 'grammy'
import type { ForceReply } from 'grammy/types'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import { type DrawnPicture, inWords, type Pictures } from '../pictures.ts'
import type { Calls, TelegramError } from './calls.ts'
import { MESSAGE_LIMIT, renderAlt, renderCaption, renderCard, toKeyboard, unissued, withTyped } from './html.ts'
import { type Errand, isPerson } from './limits.ts'
import { type Asked, renderMention, renderReference, toForceReply, withQuestion } from './prompt.ts'
import { formatStanding, messagesOf, parseStanding, type Standing } from './standing.ts'
import { createTurns } from './turns.ts'

/** Where a card goes: the chat, its topic, the message it answers, and who is to answer what it asks. */
export interface Address extends Errand {
  readonly topic?: number | undefined
  readonly answers?: number | undefined
  readonly asked?: Asked | undefined
}

type Keyboard = ReturnType<typeof keyboardOf>

/** A card as the messages it takes. */
interface Layout {
  readonly photo?: { readonly picture: DrawnPicture; readonly caption: string }
  readonly texts: readonly string[]
  /** Under the last text, or under the photo when its caption holds the whole card. */
  readonly keyboard: Keyboard
  /** Instead of a keyboard, where the card asks for words. */
  readonly reply?: { readonly reply_markup: ForceReply }
}

const HTML = { parse_mode: 'HTML' } as const
const LAYOUT = { ...HTML, link_preview_options: { is_disabled: true } } as const
const GONE = /message to edit not found|message can't be edited/
/** A group where photos are not allowed, a file that Telegram does not take, a message that cannot hold one. */
const REFUSED: readonly (number | undefined)[] = [400, 403, 413]

/**
 * Sends and edits cards: in one chat, those of the same urgency in order, answers and what the desk is told each in a line
 * of their own. What is urgent may come between the messages of a long card.
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

  const layOut = async (full: Card, to: Address): Promise<Layout> => {
    const untyped = unissued(full).map(({ label }) => label)
    if (untyped.length > 0)
      log.warn({ title: full.title, untyped }, 'telegram card with buttons to type: no id was issued')
    const card = withTyped(full)
    if (card.prompt) return layOutQuestion({ ...card, prompt: card.prompt }, to)
    const keyboard = keyboardOf(card)
    const picture = await pictures.of(card)
    if (!picture) return { texts: renderCard(inWords(card)), keyboard }
    const caption = renderCaption(card)
    return caption === undefined
      ? { photo: { picture, caption: renderAlt(picture.alt) }, texts: renderCard(card), keyboard }
      : { photo: { picture, caption }, texts: [], keyboard }
  }

  const sendText = async (to: Address, text: string, more: object): Promise<string> => {
    const options = { ...LAYOUT, ...placeOf(to), ...more }
    const message = await calls.toChat(to, (chat) => api.sendMessage(chat, text, options, signal))
    return String(message.message_id)
  }

  const sendPhoto = async (to: Address, layout: WithPhoto, more: object): Promise<string> => {
    const { picture, caption } = layout.photo
    const options = { ...HTML, caption, ...placeOf(to), ...more }
    const message = await calls.toChat(to, (chat) => api.sendPhoto(chat, fileOf(picture), options, signal))
    return String(message.message_id)
  }

  const sendTexts = async (
    to: Address,
    { texts, keyboard, reply }: Layout,
    more: object,
  ): Promise<readonly string[]> => {
    const ids: string[] = []
    for (const [i, text] of texts.entries()) {
      const place = i === 0 ? to : { ...to, answers: undefined }
      ids.push(await sendText(place, text, i === texts.length - 1 ? { ...more, ...keyboard, ...reply } : more))
    }
    return ids
  }

  const sendAnew = async (to: Address, card: Card, layout: Layout): Promise<Standing> => {
    const { photo } = layout
    const quietly = card.silent ? { disable_notification: true } : {}
    if (!photo) return { texts: await sendTexts(to, layout, quietly) }
    let id: string
    try {
      id = await sendPhoto(
        to,
        { ...layout, photo },
        { ...quietly, ...(layout.texts.length === 0 ? layout.keyboard : {}) },
      )
    } catch (thrown) {
      const { code, message } = thrown as TelegramError
      if (!REFUSED.includes(code)) throw thrown
      log.warn({ chat: to.chat, title: card.title, reason: message }, 'telegram refused a picture, sending its words')
      return { texts: await sendTexts(to, { ...layout, texts: renderCard(inWords(withTyped(card))) }, quietly) }
    }
    const texts = await sendTexts({ ...to, answers: undefined }, layout, quietly)
    return { photo: { id, hash: photo.picture.hash }, texts }
  }

  const inPlace = async (to: Errand, change: (target: string) => Promise<unknown>): Promise<void> => {
    await calls.toChat(to, change).catch((error: TelegramError) => {
      if (!error.message.includes('message is not modified')) throw error
    })
  }

  const editText = (to: Errand, id: string, text: string, keyboard: Keyboard | undefined) =>
    inPlace(to, (target) => api.editMessageText(target, Number(id), text, { ...LAYOUT, ...keyboard }, signal))

  const editPhoto = (to: Errand, { id, hash }: NonNullable<Standing['photo']>, layout: WithPhoto) => {
    const { picture, caption } = layout.photo
    const buttons = layout.texts.length === 0 ? layout.keyboard : {}
    return inPlace(to, (target) =>
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
  const change = async (to: Errand, was: Standing, layout: Layout): Promise<Standing> => {
    const { photo, texts: wanted, keyboard } = layout
    const texts: string[] = []
    for (const [i, text] of wanted.entries()) {
      const buttons = i === wanted.length - 1 ? keyboard : undefined
      const id = was.texts[i]
      if (id !== undefined) await editText(to, id, text, buttons)
      texts.push(id ?? (await sendText(to, text, { ...buttons })))
    }
    if (!photo || !was.photo) return { texts }
    await editPhoto(to, was.photo, { ...layout, photo })
    return { photo: { id: was.photo.id, hash: photo.picture.hash }, texts }
  }

  const remove = async (chat: string, ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      await calls
        .inChat(chat, (target) => api.deleteMessage(target, Number(id), signal))
        .catch((error: TelegramError) => log.warn({ chat, reason: error.message }, 'telegram message not removed'))
    }
  }

  const edit = async (to: Errand, was: Standing, card: Card): Promise<Standing> => {
    const { chat } = to
    const layout = await layOut(card, to)
    const now =
      layout.photo && !was.photo
        ? await sendAnew(to, card, layout)
        : await change(to, was, layout).catch((thrown: TelegramError) => {
            const photoRefused = layout.photo !== undefined && REFUSED.includes(thrown.code)
            if (!GONE.test(thrown.message) && !photoRefused) throw thrown
            log.warn(
              { chat, was, reason: thrown.message },
              'telegram message cannot be edited: the card is posted anew',
            )
            return sendAnew(to, card, layout)
          })
    const kept = messagesOf(now)
    await remove(
      chat,
      messagesOf(was).filter((id) => !kept.includes(id)),
    )
    return now
  }

  const send = async (to: Address, card: Card): Promise<string> =>
    formatStanding(await sendAnew(to, card, await layOut(card, to)))

  return {
    answer: (to: Address, card: Card): Promise<string> => inTurn(lineOf(to, 'answers'), () => send(to, card)),
    post: (to: Address, card: Card): Promise<string> => inTurn(lineOf(to, 'posts'), () => send(to, card)),
    edit: (to: Errand, messageId: string, card: Card): Promise<string> =>
      inTurn(lineOf(to, 'posts'), async () => formatStanding(await edit(to, parseStanding(messageId), card))),
  }
}

type WithPhoto = Layout & Required<Pick<Layout, 'photo'>>

const lineOf = ({ chat, urgency }: Errand, kind: 'answers' | 'posts'): string => `${chat} ${urgency} ${kind}`

/** The question last, and under it who is asked and the line that finds the way back. */
function layOutQuestion(card: Card & Required<Pick<Card, 'prompt'>>, { chat, asked }: Address): Layout {
  const named = asked !== undefined && !isPerson(chat) ? [renderMention(asked)] : []
  const end = `\n\n${[...named, renderReference(card.prompt)].join('\n')}`
  const texts = renderCard(inWords(withQuestion(card)), MESSAGE_LIMIT - end.length)
  return {
    texts: texts.map((text, i) => (i === texts.length - 1 ? text + end : text)),
    keyboard: {},
    reply: { reply_markup: toForceReply(card.prompt) },
  }
}

const fileOf = ({ png, fileName }: DrawnPicture): InputFile => new InputFile(png, fileName)

const placeOf = ({ topic, answers }: Address) => ({
  ...(topic === undefined ? {} : { message_thread_id: topic }),
  ...(answers === undefined ? {} : { reply_parameters: { message_id: answers, allow_sending_without_reply: true } }),
})

const keyboardOf = (card: Card) => {
  const keys = toKeyboard(card)
  return keys.length > 0 ? { reply_markup: { inline_keyboard: keys } } : {}
}
