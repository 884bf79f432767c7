import type { z } from 'zod'
import type { App } from '../app/app.ts'
import type { Card } from '../domain/card.ts'
import { atLeast, type Member, PLATFORM_USER_ID } from '../domain/member.ts'
import type { Logger } from '../log.ts'
import type { Clock, Store } from '../ports.ts'
import type { Command, Dispatch, Incoming } from './command.ts'
import { optionSpecs } from './options.ts'
import { parseCommandLine } from './parse.ts'

interface Dependencies {
  readonly commands: readonly Command[]
  readonly app: App
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The one way in: recognise a redelivery, find the command, find the member, check the role, parse, run, answer.
 *
 * Deny by default: someone whose numeric id is not a member's may do nothing, and every *forbidden* is answered and audited.
 */
export function createDispatch({ commands, app, store, clock, log }: Dependencies): Dispatch {
  return async (incoming) => {
    const at = clock.now()
    try {
      if (!PLATFORM_USER_ID.test(incoming.platformUserId))
        throw new RangeError(`Expected a numeric user id, was ${JSON.stringify(incoming.platformUserId)}`)
      if (!(await store.commands.firstSeen(incoming.platform, incoming.interactionId, at))) return undefined
      const actor = await store.members.findByIdentity({
        platform: incoming.platform,
        platformUserId: incoming.platformUserId,
      })
      const understood = understand(commands, incoming)
      if (!actor) {
        const command = understood.kind === 'understood' ? understood.command : undefined
        return await forbid(store, at, incoming, command, undefined)
      }
      if (understood.kind === 'refused') return understood.card
      const { command, raw } = understood
      if (!atLeast(actor.role, command.role)) return await forbid(store, at, incoming, command, actor)
      const parsed = command.options.safeParse(raw)
      if (!parsed.success) return wrongOptions(command, raw, parsed.error)
      const card = await command.run({ options: parsed.data, actor, at, commands }, app)
      log.info(
        { platform: incoming.platform, memberId: actor.memberId, command: command.name, tone: card.tone },
        'command answered',
      )
      return card
    } catch (error) {
      log.error({ err: error, platform: incoming.platform, interactionId: incoming.interactionId }, 'command failed')
      return {
        tone: 'warning',
        title: 'That failed',
        text: `Nothing was traded by this command. The fault is in the log under interaction ${incoming.interactionId}; try again, and tell an admin if it stays.`,
      }
    }
  }
}

type Understood =
  | { readonly kind: 'understood'; readonly command: Command; readonly raw: Record<string, unknown> }
  | { readonly kind: 'refused'; readonly card: Card }

function understand(commands: readonly Command[], { input }: Incoming): Understood {
  if (input.kind === 'named') {
    const command = commands.find((candidate) => candidate.name === input.name)
    return command
      ? { kind: 'understood', command, raw: { ...input.options } }
      : { kind: 'refused', card: unknownCommand(input.name, commands) }
  }
  const parsed = parseCommandLine(input.text, commands)
  switch (parsed.kind) {
    case 'parsed':
      return { kind: 'understood', command: parsed.command, raw: parsed.options }
    case 'unknown':
      return { kind: 'refused', card: unknownCommand(parsed.said, commands) }
    case 'too-many':
      return {
        kind: 'refused',
        card: {
          tone: 'refused',
          title: `/${parsed.command.name} takes fewer words`,
          text: `Did not expect "${parsed.extra}". ${usage(parsed.command)}`,
        },
      }
  }
}

async function forbid(
  store: Store,
  at: ReturnType<Clock['now']>,
  incoming: Incoming,
  command: Command | undefined,
  actor: Member | undefined,
): Promise<Card> {
  await store.audit.append({
    at,
    actor: actor?.memberId ?? `${incoming.platform}:${incoming.platformUserId}`,
    action: 'command.forbidden',
    subject: command?.name ?? 'anything',
    details: {
      platform: incoming.platform,
      channel: incoming.channel,
      needs: command?.role ?? 'viewer',
      has: actor?.role ?? 'none',
    },
  })
  return {
    tone: 'refused',
    title: 'Forbidden',
    text:
      actor && command
        ? `/${command.name} needs the role ${command.role}; you are ${actor.role}. An admin can change that.`
        : `You are not a member of this desk (${incoming.platform} id ${incoming.platformUserId}). An admin can add you.`,
    ephemeral: true,
  }
}

function unknownCommand(said: string, commands: readonly Command[]): Card {
  const [first] = said.toLowerCase().split(/\s+/)
  const near = commands
    .filter((candidate) => candidate.name.split(' ')[0] === first)
    .map((candidate) => `/${candidate.name}`)
  return {
    tone: 'refused',
    title: `Unknown command: /${said.slice(0, 60)}`,
    text: near.length > 0 ? `Did you mean ${near.join(', ')}?` : '/help lists what you can say.',
  }
}

const wrongOptions = (command: Command, raw: Readonly<Record<string, unknown>>, error: z.ZodError): Card => ({
  tone: 'refused',
  title: `/${command.name}: that does not fit`,
  text: `${error.issues.map((issue) => describeIssue(issue, raw)).join('\n')}\n${usage(command)}`,
})

const LONGEST_ECHO = 60
const KINDS: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'yes or no',
}

/** Which option, what it has to be, what was said: in the words of people, not of the schema. */
function describeIssue(issue: z.core.$ZodIssue, raw: Readonly<Record<string, unknown>>): string {
  const name = issue.path.join('.') || 'options'
  const given = raw[name]
  if (given === undefined) return `${name}: missing`
  const expected = issue.code === 'invalid_type' ? `Expected ${KINDS[issue.expected] ?? issue.expected}` : issue.message
  return `${name}: ${expected}, was "${String(given).slice(0, LONGEST_ECHO).toWellFormed()}"`
}

const usage = (command: Command): string =>
  `Usage: /${command.name} ${optionSpecs(command)
    .map((option) => (option.required ? `<${option.name}>` : `[${option.name}]`))
    .join(' ')}`.trim()
