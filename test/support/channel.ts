import type { Card } from '../../src/domain/card.ts'
import type { Notifier } from '../../src/ports.ts'

/** A chat channel that keeps what it was sent; `breakFor` makes the next sends fail as a platform that is away does. */
export interface TestChannel extends Notifier {
  /** Every post with all its versions, oldest first. */
  readonly posts: readonly { readonly messageId: string; readonly versions: readonly Card[] }[]
  breakFor(sends: number): void
}

export function createChannel(name: string): TestChannel {
  const posts: { messageId: string; versions: Card[] }[] = []
  let broken = 0
  const maybeFail = (): void => {
    if (broken === 0) return
    broken--
    throw new Error('503 the chat is away')
  }
  return {
    platform: 'console',
    channels: [name],
    posts,
    breakFor(sends) {
      broken = sends
    },
    async post(_, card) {
      maybeFail()
      const messageId = `m${posts.length + 1}`
      posts.push({ messageId, versions: [card] })
      return { messageId }
    },
    async edit(_, messageId, card) {
      maybeFail()
      const post = posts.find((candidate) => candidate.messageId === messageId)
      if (!post) throw new Error(`Expected a post of this channel, was ${messageId}`)
      post.versions.push(card)
      return { messageId }
    },
  }
}
