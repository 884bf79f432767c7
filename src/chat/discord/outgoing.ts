import { randomBytes } from 'node:crypto'
import {
  type APIChannel,
  ChannelType,
  MessageFlags,
  type RawFile,
  type REST,
  RESTJSONErrorCodes,
  type RESTPostAPIChannelMessageResult,
  Routes,
} from 'discord.js'
import type { Card } from '../../domain/card.ts'
import { DeliveryRefusedError, directUserOf, type Urgency } from '../../domain/delivery.ts'
import type { Notifier } from '../../ports.ts'
import type { FloodGate } from '../flood.ts'
import type { Directs } from './directs.ts'
import { discordCode, isUnknownMessage, NOT_FOR_TEXT, reasonOf, refusalOf } from './errors.ts'
import type { Outgoing, SendCard } from './send.ts'

/** How long a probe may take: it is asked by someone who waits, or for many members in a row. */
const PROBE_TIMEOUT_MS = 10_000
const FOR_TEXT: readonly ChannelType[] = [
  ChannelType.GuildText,
  ChannelType.DM,
  ChannelType.GuildVoice,
  ChannelType.GuildAnnouncement,
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.GuildStageVoice,
]

/** Messages in order to a channel; their ids. */
export type Post = (
  channel: string,
  messages: readonly { readonly body: object; readonly files?: RawFile[] }[],
) => Promise<readonly string[]>

interface Sending {
  readonly channel: string
  readonly urgency: Urgency
  readonly signal: AbortSignal
}

interface Dependencies {
  /**
   * What is urgent has a client of its own: in discord.js requests to a channel wait for each other, also while one is
   * repeated after a fault.
   */
  readonly rest: (urgency: Urgency) => REST
  readonly gate: FloodGate
  readonly directs: Directs
  readonly sendCard: SendCard
  readonly timeoutMs: number
}

/** Posts and edits to channels and private chats, under the flood limits; ids of several messages stand as `id1,id2`. */
export function createOutgoing({ rest, gate, directs, sendCard, timeoutMs }: Dependencies) {
  const send = <T>({ channel, urgency, signal }: Sending, request: (rest: REST) => Promise<T>): Promise<T> =>
    gate.pass(channel, urgency, async () => {
      signal.throwIfAborted()
      return request(rest(urgency))
    })

  /** A private chat that Discord has forgotten is opened once more. */
  const inChannel = async <T>({ channel, signal }: Sending, work: (id: string) => Promise<T>): Promise<T> => {
    try {
      return await work(await directs.idOf(channel, { signal }))
    } catch (error) {
      if (discordCode(error) !== RESTJSONErrorCodes.UnknownChannel || !directs.forget(channel)) throw error
      return work(await directs.idOf(channel, { signal }))
    }
  }

  const create = async (id: string, message: { body: object; files?: RawFile[] }, to: Sending): Promise<string> => {
    // The nonce makes a request that discord.js repeats after a fault of the network one message, not two.
    const once = { nonce: randomBytes(12).toString('hex'), enforce_nonce: true }
    const { body, files } = message
    const created = await send(to, (client) =>
      client.post(Routes.channelMessages(id), { body: { ...body, ...once }, files, signal: to.signal }),
    )
    return (created as RESTPostAPIChannelMessageResult).id
  }

  const remove = (id: string, messageId: string, to: Sending): Promise<unknown> =>
    send(to, (client) => client.delete(Routes.channelMessage(id, messageId), { signal: to.signal })).catch((error) => {
      if (!isUnknownMessage(error)) throw error
    })

  /** All of them or none: half a card that is posted again later would stand there twice. */
  const createAll = async (
    id: string,
    messages: readonly { body: object; files?: RawFile[] }[],
    to: Sending,
  ): Promise<readonly string[]> => {
    const created: string[] = []
    try {
      for (const message of messages) created.push(await create(id, message, to))
      return created
    } catch (error) {
      const cleaning = { ...to, signal: AbortSignal.timeout(timeoutMs) }
      await Promise.allSettled(created.map((messageId) => remove(id, messageId, cleaning)))
      throw error
    }
  }

  const replaceAll = async (
    id: string,
    standing: readonly string[],
    messages: readonly Outgoing[],
    to: Sending,
  ): Promise<readonly string[]> => {
    const kept = standing.slice(0, messages.length)
    for (const [i, messageId] of kept.entries()) {
      const message = messages[i]!
      const found = await send(to, (client) =>
        client.patch(Routes.channelMessage(id, messageId), { ...message, signal: to.signal }),
      ).then(
        () => true,
        (error) => {
          if (isUnknownMessage(error)) return false
          throw error
        },
      )
      if (found) continue
      // Someone deleted a part: the rest goes too, so that the whole card stands together and in order.
      for (const other of standing.filter((one) => one !== messageId)) await remove(id, other, to)
      return createAll(id, messages, to)
    }
    const added = await createAll(id, messages.slice(kept.length), to)
    for (const messageId of standing.slice(messages.length)) await remove(id, messageId, to)
    return [...kept, ...added]
  }

  return {
    say: ((channel, messages) =>
      within(timeoutMs, `post to ${describe(channel)}`, (signal) => {
        const to: Sending = { channel: directs.nameOf(channel), urgency: 'normal', signal }
        return createAll(channel, messages, to)
      })) satisfies Post as Post,

    async post(channel: string, card: Card, { urgency = 'normal' }: { urgency?: Urgency | undefined } = {}) {
      const silent = card.silent ? { flags: MessageFlags.SuppressNotifications } : {}
      const ids = await within(timeoutMs, `post to ${describe(channel)}`, (signal) => {
        const to: Sending = { channel, urgency, signal }
        return sendCard(card, (messages) => {
          const shown = messages.map((message) => ({ ...message, body: { ...message.body, ...silent } }))
          return inChannel(to, (id) => createAll(id, shown, to))
        })
      })
      return { messageId: ids.join(',') }
    },

    async edit(
      channel: string,
      messageId: string,
      card: Card,
      { urgency = 'normal' }: { urgency?: Urgency | undefined } = {},
    ) {
      const standing = messageId.split(',')
      const ids = await within(timeoutMs, `edit a message in ${describe(channel)}`, (signal) => {
        const to: Sending = { channel, urgency, signal }
        return sendCard(card, (messages) => inChannel(to, (id) => replaceAll(id, standing, messages, to)))
      })
      return { messageId: ids.join(',') }
    },

    async probe(channel: string): ReturnType<Notifier['probe']> {
      try {
        const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS)
        if (directUserOf(channel) !== undefined) {
          await directs.idOf(channel, { signal, anew: true })
          return { works: true }
        }
        const { type } = (await rest('normal').get(Routes.channel(channel), { signal })) as APIChannel
        return FOR_TEXT.includes(type)
          ? { works: true }
          : { works: false, reason: `Discord: ${describe(channel)}: ${NOT_FOR_TEXT}` }
      } catch (error) {
        return { works: false, reason: `Discord: ${describe(channel)}: ${refusalOf(error) ?? reasonOf(error)}` }
      }
    },
  }
}

const describe = (channel: string): string => {
  const user = directUserOf(channel)
  return user === undefined ? `channel ${channel}` : `user ${user}`
}

/** Gives up in time, and makes sure that what was given up is not sent later. */
async function within<T>(timeoutMs: number, what: string, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs)
  const late = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => late.reject(new Error(`no answer within ${timeoutMs / 1000} s`)))
  const sent = send(signal)
  sent.catch(() => {})
  try {
    return await Promise.race([sent, late.promise])
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal !== undefined)
      throw new DeliveryRefusedError(`Discord did not let us ${what}: ${refusal}`, { cause: error })
    throw new Error(`Discord did not let us ${what}: ${reasonOf(error)}`, { cause: error })
  }
}
