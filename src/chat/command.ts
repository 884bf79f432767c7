import type { z } from 'zod'
import type { App } from '../app/app.ts'
import type { Card } from '../domain/card.ts'
import type { Member, Platform, Role } from '../domain/member.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Notifier } from '../ports.ts'

/** One thing that people can say, written once and shown by every platform. */
export interface Command<Options extends z.ZodObject = z.ZodObject> {
  /** One or two words: `approve`, `hedge status`. */
  readonly name: string
  /** At most 100 characters: it is the slash command's help. */
  readonly description: string
  /** The least role that may run it. */
  readonly role: Role
  /** Keys in the order of positional arguments; `.describe()` texts are the help of each option. */
  readonly options: Options
  run(context: CommandContext<z.output<Options>>, app: App): Promise<Card>
}

export interface CommandContext<Options> {
  readonly options: Options
  readonly actor: Member
  readonly at: TimestampMs
  /** Everything that can be said, in the order of /help. */
  readonly commands: readonly Command[]
}

/** Keeps the option types for `run` while the list of commands stays a plain array. */
export const command = <Options extends z.ZodObject>(definition: Command<Options>): Command =>
  definition as unknown as Command

/** What a platform heard. */
export interface Incoming {
  readonly platform: Platform
  readonly platformUserId: string
  readonly channel: string
  /** The platform's own id of this message or press, to recognise a redelivery. */
  readonly interactionId: string
  readonly input:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'named'; readonly name: string; readonly options: Readonly<Record<string, unknown>> }
}

/** Authorises, parses, runs, answers, logs. Undefined when this interaction was already answered. Never throws. */
export type Dispatch = (incoming: Incoming) => Promise<Card | undefined>

/** A chat platform: takes commands in, puts cards out. */
export interface ChatAdapter extends Notifier {
  start(dispatch: Dispatch): Promise<void>
  close(): Promise<void>
}
