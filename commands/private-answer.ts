import type { Asker } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'

/** A refusal to show a secret where others would read it: Discord hides an answer from all but its asker, a Telegram group cannot. */
export const refuseInPublic = (
  { direct, identity }: Pick<Asker, 'direct' | 'identity'>,
  command: string,
): Card | undefined =>
  direct || identity.platform === 'discord'
    ? undefined
    : {
        tone: 'refused',
        title: 'Not here, others would read it',
        text: `The answer holds a one-time code. Write /${command} to the bot in a private chat.`,
      }
