import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import { reasonOf } from './errors.ts'
import type { Asking } from './incoming.ts'
import type { Post } from './outgoing.ts'
import type { SendCard } from './send.ts'

/** One hint for each person in this time: a burst of presses that came too late is one misfortune. */
const HINT_EVERY_MS = 60_000

/** What is left to say in the channel when Discord no longer takes an answer. Never throws. */
export interface TooLate {
  /** The card, for its asker, as a reply; without one a hint that a private answer came too late. */
  answer(interaction: Asking, card: Card | undefined, options: { replyTo: string | undefined }): Promise<void>
  /** That what someone did was not done. */
  hint(interaction: Asking): Promise<void>
}

/**
 * The token of an interaction lives for 15 minutes, and it has to be acknowledged within 3 seconds. What comes later goes to
 * the channel and mentions its asker alone.
 *
 * @param now - ms on a clock that never goes back
 */
export function createTooLate({
  post,
  sendCard,
  now,
  log,
}: {
  post: Post
  sendCard: SendCard
  now: () => number
  log: Logger
}): TooLate {
  const hinted = new Map<string, number>()

  const isFirst = (asker: string): boolean => {
    const at = now()
    for (const [one, since] of hinted) if (since + HINT_EVERY_MS <= at) hinted.delete(one)
    if (hinted.has(asker)) return false
    hinted.set(asker, at)
    return true
  }

  const say = (asker: string, words: string) => ({
    content: `<@${asker}> ${words}`,
    allowed_mentions: { parse: [], users: [asker], replied_user: false },
  })

  return {
    async answer({ id, user, channelId }, card, { replyTo }) {
      const reply = replyTo ? { message_reference: { message_id: replyTo, fail_if_not_exists: false } } : {}
      const channel = channelId ?? ''
      try {
        if (!card) {
          const words = say(user.id, 'your private answer came too late to be shown; ask again.')
          await post(channel, [{ body: { ...words, ...reply } }])
          return
        }
        await sendCard(card, ([first, ...others]) => {
          const body = { ...first.body, ...say(user.id, 'here is your answer.'), ...reply }
          return post(channel, [{ ...first, body }, ...others])
        })
      } catch (error) {
        log.error({ interactionId: id, reason: reasonOf(error) }, 'discord answer lost')
      }
    },

    async hint(interaction) {
      if (!isFirst(interaction.user.id)) return
      const body = say(interaction.user.id, wordsFor(interaction))
      await post(interaction.channelId ?? '', [{ body }]).catch((error: unknown) =>
        log.warn({ interactionId: interaction.id, reason: reasonOf(error) }, 'discord hint not posted'),
      )
    },
  }
}

const wordsFor = (interaction: Asking): string =>
  interaction.isChatInputCommand()
    ? 'your command came too late and did nothing; send it again.'
    : 'your press came too late and did nothing; press again.'
