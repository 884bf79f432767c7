import type { Platform, Role } from '../../domain/member.ts'

/**
 * What the chat itself says, before and instead of a command: one file a language, all with the same keys. Another language is
 * another file beside this one, of type `Texts`, and an entry in `LANGUAGES` and in `../texts.ts`.
 */
export const texts = {
  forbidden: 'Forbidden',
  notAMember: ({ platform, id }: { platform: Platform; id: string }) =>
    `You are not a member of this desk (${platform} id ${id}). An admin can invite you: /start tells how.`,
  noRole: 'You have no role on this desk any more. An admin can give you one with /role.',
  roleTooLow: ({ command, needs, has }: { command: string; needs: Role; has: Role }) =>
    `/${command} needs the role ${needs}; you are ${has}. An admin can change that.`,
  notADeskChannel: ({ command }: { command: string }) =>
    `/${command} is not answered in this channel, because others read it. Ask in a channel of the desk, or write to the bot directly.`,
  channelTooLow: ({ command, needs }: { command: string; needs: Role }) =>
    `/${command} needs the role ${needs}, and this channel is not open to that. Ask in another channel of the desk, or write to the bot directly.`,

  unknownCommand: ({ said }: { said: string }) => `Unknown command: /${said}`,
  didYouMean: ({ near }: { near: readonly string[] }) => `Did you mean ${near.join(', ')}?`,
  helpLists: '/help lists what you can say.',
  tooManyWords: ({ command }: { command: string }) => `/${command} takes fewer words`,
  didNotExpect: ({ extra, usage }: { extra: string; usage: string }) => `Did not expect "${extra}". ${usage}`,
  doesNotFit: ({ command }: { command: string }) => `/${command}: that does not fit`,
  missing: ({ option }: { option: string }) => `${option}: missing`,
  expected: ({ option, expected, was }: { option: string; expected: string; was: string }) =>
    `${option}: ${expected}, was "${was}"`,
  usage: ({ line }: { line: string }) => `Usage: ${line}`,
  pick: ({ command, option }: { command: string; option: string }) => `/${command}: which ${option}?`,
  pickOne: ({ usage }: { usage: string }) => `Pick one, or type it. ${usage}`,

  unknownButton: 'Unknown button',
  unknownButtonWhy:
    'This button is not one of ours, or it is too old. Nothing was done. /hedge status shows what can be decided now.',
  misplacedButton: 'This button belongs to a message in another place. Nothing was done. Press it where it was posted.',
  buttonOfAnother: 'This button was given to someone else. Nothing was done.',
  pressedAlready: 'You have pressed this already',
  pressedAlreadyWhy: ({ command }: { command: string }) => `Nothing was done again. If in doubt, type ${command}`,

  slowDown: 'Slow down',
  slowDownWhy: ({ seconds }: { seconds: number }) =>
    `Too many at once: what you send in the next ${seconds} s is not answered. Nothing of it is done.`,

  failed: 'That failed',
  failedWhy: ({ interactionId }: { interactionId: string }) =>
    `Nothing was traded by this command. The fault is in the log under interaction ${interactionId}; try again, and tell an admin if it stays.`,
} as const

export type Texts = { readonly [Key in keyof typeof texts]: Widen<(typeof texts)[Key]> }
type Widen<T> = T extends string ? string : T extends (facts: infer Facts) => string ? (facts: Facts) => string : never
