import { DiscordAPIError, HTTPError, type RawFile } from 'discord.js'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import { inWords, type Pictures } from '../pictures.ts'
import { type DiscordMessage, toMessage } from './card.ts'
import { reasonOf } from './errors.ts'

/** A channel where the bot may not attach files, or a file that Discord does not take. */
const REFUSED = new Set([400, 403, 413])

/** Makes the request for a card and hands it to `send`; a second time, in words only, when Discord refuses the picture. */
export type SendCard = <T>(
  card: Card,
  send: (message: { body: DiscordMessage; files?: RawFile[] }) => Promise<T>,
) => Promise<T>

export const createCardSender =
  ({ pictures, log }: { pictures: Pictures; log: Logger }): SendCard =>
  async (card, send) => {
    const picture = await pictures.of(card)
    if (!picture) return send({ body: toMessage(inWords(card)) })
    const file = { name: picture.fileName, data: picture.png, contentType: 'image/png' }
    try {
      return await send({ body: toMessage(card, picture), files: [file] })
    } catch (error) {
      if (!isRefusal(error)) throw error
      log.warn(
        { title: card.title, reason: reasonOf(error) },
        'discord refused a card with its picture, sending its words',
      )
      return send({ body: toMessage(inWords(card)) })
    }
  }

const isRefusal = (error: unknown): boolean =>
  (error instanceof DiscordAPIError || error instanceof HTTPError) && REFUSED.has(error.status)
