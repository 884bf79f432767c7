import { type REST, type RESTPostAPICurrentUserCreateDMChannelResult, Routes } from 'discord.js'
import { directUserOf } from '../../domain/delivery.ts'

/** A channel id costs some 100 bytes; a desk has some dozen members. */
const KEPT = 10_000

export interface Directs {
  /** Discord's id of a channel; for `user:<id>` that of the private chat, opened where it is not known. */
  idOf(channel: string, options: { signal?: AbortSignal; anew?: boolean }): Promise<string>
  /** Forgets a private chat: true when there was something to forget. */
  forget(channel: string): boolean
  /** The channel as the desk calls it: `user:<id>` for a private chat that was opened here. */
  nameOf(id: string): string
}

/** Private chats have channels of their own on Discord, opened by the user's id. */
export function createDirects(rest: () => REST): Directs {
  const ids = new Map<string, string>()
  const names = new Map<string, string>()

  return {
    async idOf(channel, { signal, anew = false }) {
      const user = directUserOf(channel)
      const known = user === undefined ? channel : ids.get(channel)
      if (known !== undefined && (user === undefined || !anew)) return known
      const opened = await rest().post(Routes.userChannels(), { body: { recipient_id: user }, signal })
      const { id } = opened as RESTPostAPICurrentUserCreateDMChannelResult
      if (ids.size >= KEPT) {
        ids.clear()
        names.clear()
      }
      ids.set(channel, id)
      names.set(id, channel)
      return id
    },
    forget(channel) {
      const id = ids.get(channel)
      if (id === undefined) return false
      names.delete(id)
      return ids.delete(channel)
    },
    nameOf: (id) => names.get(id) ?? id,
  }
}
