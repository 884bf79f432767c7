import type { z } from 'zod'
import type { App } from '../app/app.ts'
import type { Card } from '../domain/card.ts'
import type { Identity, Member, Platform, Role } from '../domain/member.ts'
import type { Preferences } from '../domain/preferences.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Notifier } from '../ports.ts'

/** One thing that people can say, written once and shown by every platform. */
export interface Command<Options extends z.ZodObject = z.ZodObject> {
  /** One or two words: `approve`, `hedge status`. */
  readonly name: string
  /** At most 100 characters: it is the slash command's help. */
  readonly description: string
  /** The least role that may run it; `anyone`: strangers too, in any place, so it may tell nothing of the desk. */
  readonly role: Role | 'anyone'
  /** Keys in the order of positional arguments; `.describe()` texts are the help of each option. */
  readonly options: Options
  run(context: CommandContext<z.output<Options>>, app: App): Promise<Card>
  /**
   * What can be typed for an option, by its key: offered while it is typed where the platform can do that, and as a list to
   * pick from when a required option is missing. Choices need not begin with what was typed; they are narrowed by it.
   */
  readonly complete?: Readonly<Record<string, (asker: Asker, app: App) => Promise<readonly Completion[]>>>
  /** `heavy`: draws or adds up much, so only a few run at once and none before what is quick. */
  readonly weight?: 'heavy'
}

/** Who asks, and from where. */
export interface Asker {
  /** For a stranger: role `none`, and the platform's id in place of a member id (`telegram:42`). */
  readonly actor: Member
  readonly preferences: Preferences
  readonly identity: Identity
  readonly channel: string
  /** In a private chat with the bot, or at the terminal. */
  readonly direct: boolean
  readonly at: TimestampMs
  /** Everything that can be said, in the order of /help. */
  readonly commands: readonly Command[]
}

export interface Completion {
  /** What is put into the option. */
  readonly value: string
  /** What people read; the value itself when absent. */
  readonly label?: string
}

export interface CommandContext<Options> extends Asker {
  readonly options: Options
}

/** Keeps the option types for `run` while the list of commands stays a plain array. */
export const command = <Options extends z.ZodObject>(definition: Command<Options>): Command =>
  definition as unknown as Command

/** What a platform heard. */
export interface Incoming {
  readonly platform: Platform
  readonly platformUserId: string
  readonly channel: string
  /** A private chat with the bot, or the terminal; anything else is a channel that others read. */
  readonly direct: boolean
  /** The platform's own id of this message or press, to recognise a redelivery. */
  readonly interactionId: string
  readonly input:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'named'; readonly name: string; readonly options: Readonly<Record<string, unknown>> }
    /** A button or a choice, by the id that was issued for it; `values` as typed into a prompt, by option. */
    | { readonly kind: 'press'; readonly buttonId: string; readonly values?: Readonly<Record<string, string>> }
}

/** An option that is being typed. */
export interface Completing extends Omit<Incoming, 'interactionId' | 'input'> {
  readonly command: string
  readonly option: string
  readonly typed: string
}

/**
 * Authorises, parses, runs, answers, logs. Undefined when nothing is to be said: this interaction was already answered, or its
 * sender was told to slow down. Never throws.
 */
export type Dispatch = (incoming: Incoming) => Promise<Card | undefined>

/** At most 25; none for whom the command is forbidden. Never throws. */
export type Complete = (asking: Completing) => Promise<readonly Completion[]>

/** A chat platform: takes commands in, puts cards out. */
export interface ChatAdapter extends Notifier {
  start(dispatch: Dispatch, complete?: Complete): Promise<void>
  close(): Promise<void>
}
