import { DiscordAPIError, HTTPError, type RawFile, RESTJSONErrorCodes } from 'discord.js'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import { inWords, type Pictures } from '../pictures.ts'
import { type DiscordMessage, toMessages } from './card.ts'
import type { NameOf } from './components.ts'
import { discordCode, isRefused, reasonOf } from './errors.ts'

/** A channel where the bot may not attach files, or a file that Discord does not take. */
const REFUSED = new Set([400, 403, 413])

export interface Outgoing {
  readonly body: DiscordMessage
  readonly files?: RawFile[]
}

/** Makes the messages of a card and hands them to `send`; a second time, in words only, when Discord refuses the picture. */
export type SendCard = <T>(card: Card, send: (messages: readonly [Outgoing, ...Outgoing[]]) => Promise<T>) => Promise<T>

export const createCardSender =
  ({ pictures, nameOf, log }: { pictures: Pictures; nameOf: NameOf; log: Logger }): SendCard =>
  async (card, send) => {
    const inWordsOnly = () => send(toOutgoing(toMessages(inWords(card), { nameOf })))
    const picture = await pictures.of(card)
    if (!picture) return inWordsOnly()
    const file = { name: picture.fileName, data: picture.png, contentType: 'image/png' }
    try {
      return await send(toOutgoing(toMessages(card, { picture, nameOf }), [file]))
    } catch (error) {
      if (!isRefusalOfFile(error)) throw error
      log.warn(
        { title: card.title, reason: reasonOf(error) },
        'discord refused a card with its picture, sending its words',
      )
      return inWordsOnly()
    }
  }

const toOutgoing = (
  [first, ...rest]: readonly [DiscordMessage, ...DiscordMessage[]],
  files?: RawFile[],
): readonly [Outgoing, ...Outgoing[]] => [
  { body: first, ...(files ? { files } : {}) },
  ...rest.map((body) => ({ body })),
]

/** Missing permissions may be the one to attach files; whoever cannot be written to at all gets no words either. */
const isRefusalOfFile = (error: unknown): boolean =>
  (error instanceof DiscordAPIError || error instanceof HTTPError) &&
  REFUSED.has(error.status) &&
  (!isRefused(error) || discordCode(error) === RESTJSONErrorCodes.MissingPermissions)
