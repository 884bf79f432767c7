import type { Card } from '../../src/domain/card.ts'
import { DeliveryRefusedError, type Urgency } from '../../src/domain/delivery.ts'
import type { Platform } from '../../src/domain/member.ts'
import type { Notifier } from '../../src/ports.ts'

/** One message in a chat, with all its versions, oldest first. */
export interface Post {
  readonly messageId: string
  readonly channel: string
  readonly versions: readonly Card[]
}

/**
 * A chat that keeps what it was sent. It can be away (`breakFor`: the next sends fail, and the one after may work), closed
 * (`refuse`: no try helps until it is `accept`ed again), and slow or paced as a platform with limits is.
 */
export interface TestChannel extends Notifier {
  /** Every post, oldest first. */
  readonly posts: readonly Post[]
  postsIn(channel: string): readonly Post[]
  breakFor(sends: number): void
  refuse(channel: string, reason?: string): void
  accept(channel: string): void
  /** What `readyIn` answers from now on, in ms. */
  pace(readyIn: (channel: string, urgency: Urgency) => number): void
  /** Sends to the channel from now on arrive only once this is resolved. */
  hold(channel: string, until: Promise<void>): void
}

export function createChannel(name: string, { platform = 'console' }: { platform?: Platform } = {}): TestChannel {
  const posts: { messageId: string; channel: string; versions: Card[] }[] = []
  const refusals = new Map<string, string>()
  const holds = new Map<string, Promise<void>>()
  let broken = 0
  let readyIn: Notifier['readyIn'] = () => 0

  const arrive = async (channel: string): Promise<void> => {
    await holds.get(channel)
    const refusal = refusals.get(channel)
    if (refusal !== undefined) throw new DeliveryRefusedError(refusal)
    if (broken === 0) return
    broken--
    throw new Error('503 the chat is away')
  }
  return {
    platform,
    channels: [name],
    posts,
    postsIn: (channel) => posts.filter((post) => post.channel === channel),
    breakFor(sends) {
      broken = sends
    },
    refuse: (channel, reason = 'the bot was blocked') => void refusals.set(channel, reason),
    accept: (channel) => void refusals.delete(channel),
    pace(given) {
      readyIn = given
    },
    hold: (channel, until) => void holds.set(channel, until),
    readyIn: (channel, urgency) => readyIn(channel, urgency),
    async probe(channel) {
      const reason = refusals.get(channel)
      return reason === undefined ? { works: true } : { works: false, reason }
    },
    async post(channel, card) {
      await arrive(channel)
      const messageId = `m${posts.length + 1}`
      posts.push({ messageId, channel, versions: [card] })
      return { messageId }
    },
    async edit(channel, messageId, card) {
      await arrive(channel)
      const post = posts.find((candidate) => candidate.messageId === messageId)
      if (!post) throw new Error(`Expected a post of this channel, was ${messageId}`)
      post.versions.push(card)
      return { messageId }
    },
  }
}
