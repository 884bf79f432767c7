import {
  type DiscordMessageSeen,
  failure,
  type MessageBody,
  ok,
  type Reply,
  seen,
  snowflake,
  toApi,
} from './discord-shapes.ts'

interface Channel {
  readonly id: string
  /** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
  readonly type: number
  /** Whose private chat it is. */
  readonly userId?: string
}

const [GUILD_TEXT, DM] = [0, 1]

/** The channels of the loopback Discord, private chats among them, and what stands in them. */
export function createDiscordChannels({ guildId, channelId }: { guildId: string; channelId: string }) {
  const channels = new Map<string, Channel>([[channelId, { id: channelId, type: GUILD_TEXT }]])
  const messages: DiscordMessageSeen[] = []
  const deleted: DiscordMessageSeen[] = []
  const nonces = new Map<string, string>()
  const blocking = new Set<string>()
  const unknownUsers = new Set<string>()

  const directOf = (userId: string): Channel => {
    const known = [...channels.values()].find((one) => one.userId === userId)
    if (known) return known
    const channel = { id: snowflake(), type: DM, userId }
    channels.set(channel.id, channel)
    return channel
  }

  const toApiChannel = ({ id, type, userId }: Channel) =>
    userId === undefined
      ? { id, type, guild_id: guildId, name: 'desk', position: 0, permission_overwrites: [] }
      : { id, type, recipients: [{ id: userId, username: `user${userId}`, discriminator: '0', avatar: null }] }

  function post(channel: string, body: MessageBody): Reply {
    const known = body.enforce_nonce ? messages.find(({ id }) => id === nonces.get(`${body.nonce}`)) : undefined
    if (known) return ok(toApi(known))
    const reference = body.message_reference
    if (
      reference &&
      reference.fail_if_not_exists !== false &&
      !messages.some(({ id }) => id === reference.message_id)
    ) {
      return failure(400, 50035, 'Invalid Form Body: message_reference: Unknown message')
    }
    const message = seen(channel, body)
    messages.push(message)
    if (body.nonce) nonces.set(body.nonce, message.id)
    return ok(toApi(message))
  }

  function messageAt(method: string, channel: string, id: string, body: MessageBody): Reply {
    const at = messages.findIndex((message) => message.id === id && message.channelId === channel)
    const before = messages[at]
    if (!before) return failure(404, 10008, 'Unknown Message')
    if (method === 'DELETE') {
      deleted.push(...messages.splice(at, 1))
      return { status: 204 }
    }
    if (method === 'PATCH') messages[at] = seen(channel, body, before)
    return ok(toApi(messages[at]!))
  }

  return {
    messages: messages as readonly DiscordMessageSeen[],
    deleted: deleted as readonly DiscordMessageSeen[],
    blocking,
    unknownUsers,
    directOf,
    add(type: number = GUILD_TEXT): string {
      const id = snowflake()
      channels.set(id, { id, type })
      return id
    },
    remove: (id: string) => void channels.delete(id),
    /** Where an interaction in this channel says that it is. */
    describe(id: string): Channel & { readonly direct: boolean } {
      const channel = channels.get(id)
      if (!channel) throw new Error(`Expected a channel of this Discord, was ${id}`)
      return { ...channel, direct: channel.userId !== undefined }
    },
    deleteMessage(id: string): void {
      const at = messages.findIndex((message) => message.id === id)
      if (at >= 0) deleted.push(...messages.splice(at, 1))
    },

    reply(method: string, [kind, id = '', what, messageId]: readonly string[], body: MessageBody): Reply | undefined {
      if (kind === 'users' && what === 'channels' && method === 'POST') {
        const user = body.recipient_id ?? ''
        if (unknownUsers.has(user)) return failure(404, 10013, 'Unknown User')
        return ok(toApiChannel(directOf(user)))
      }
      if (kind === 'guilds' && method === 'GET' && what === undefined) {
        return id === guildId ? ok({ id: guildId, name: 'Desk' }) : failure(404, 10004, 'Unknown Guild')
      }
      if (kind !== 'channels') return undefined
      const channel = channels.get(id)
      if (!channel) return failure(404, 10003, 'Unknown Channel')
      if (what === undefined && method === 'GET') return ok(toApiChannel(channel))
      if (what !== 'messages') return undefined
      if (messageId !== undefined) return messageAt(method, id, messageId, body)
      if (channel.userId !== undefined && blocking.has(channel.userId)) {
        return failure(403, 50007, 'Cannot send messages to this user')
      }
      return post(id, body)
    },
  }
}
