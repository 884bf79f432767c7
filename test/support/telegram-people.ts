import { type Failure, type Params, refused } from './telegram-shapes.ts'

export interface Person {
  readonly id: number
  readonly name?: string
}

const WRITES = /^(send|edit|delete)/

/** Who may be written to: people who have opened the bot and not blocked it, groups in which it may write. */
export function createPeople() {
  const started = new Set<number>()
  const blocked = new Set<number>()
  const kicked = new Set<number>()
  const muted = new Set<number>()

  const chatOf = (id: number) => ({
    id,
    ...(id < 0 ? { type: 'supergroup', title: 'Desk' } : { type: 'private', first_name: 'P' }),
  })

  return {
    chatOf,
    personOf: ({ id, name = `Person ${id}` }: Person) => ({ id, is_bot: false, first_name: name }),

    /** Opens the bot: it may write to them from now on. Whoever writes in private has done so too. */
    meet(userId: number): void {
      started.add(userId)
      blocked.delete(userId)
    },
    block: (userId: number): void => void blocked.add(userId),
    /** Removes the bot from a group. */
    kick: (groupId: number): void => void kicked.add(groupId),
    /** Takes from the bot the right to write in a group. */
    mute: (groupId: number): void => void muted.add(groupId),
    restore(groupId: number): void {
      kicked.delete(groupId)
      muted.delete(groupId)
    },

    refuse(method: string, { chat_id }: Params): Failure | undefined {
      const id = Number(chat_id)
      if (chat_id === undefined || Number.isNaN(id)) return undefined
      if (id > 0 && !started.has(id)) return refused(400, 'Bad Request: chat not found')
      if (id < 0 && kicked.has(id)) return refused(403, 'Forbidden: bot was kicked from the supergroup chat')
      if (!WRITES.test(method)) return undefined
      if (blocked.has(id)) return refused(403, 'Forbidden: bot was blocked by the user')
      if (muted.has(id)) return refused(400, 'Bad Request: not enough rights to send text messages to the chat')
      return undefined
    },

    methods: {
      getChat: ({ chat_id }: Params) => ({
        ...chatOf(Number(chat_id)),
        accent_color_id: 0,
        max_reaction_count: 11,
        accepted_gift_types: {},
        permissions: { can_send_messages: true },
      }),
      getChatMember: ({ chat_id, user_id }: Params) => ({
        user: { id: user_id, is_bot: true, first_name: 'Breakwater' },
        ...(muted.has(Number(chat_id))
          ? { status: 'restricted', is_member: true, can_send_messages: false }
          : { status: 'member' }),
      }),
      sendChatAction: () => true,
    },
  }
}
