import type { z } from 'zod'
import type { Card } from '../../domain/card.ts'
import type { Command, Incoming } from '../command.ts'
import { optionSpecs } from '../options.ts'
import { parseCommandLine } from '../parse.ts'
import type { Texts } from '../texts.ts'

export type Understood =
  | { readonly kind: 'understood'; readonly command: Command; readonly raw: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unknown'; readonly card: Card }
  | { readonly kind: 'refused'; readonly command: Command; readonly card: Card }

const LONGEST_SAID = 60

/** Which command something typed or chosen is, and its options as given. */
export function understand(
  commands: readonly Command[],
  input: Exclude<Incoming['input'], { kind: 'press' }>,
  texts: Texts,
): Understood {
  if (input.kind === 'named') {
    const command = commands.find((candidate) => candidate.name === input.name)
    const raw = Object.fromEntries(Object.entries(input.options).map(([name, value]) => [name, recordable(value)]))
    return command
      ? { kind: 'understood', command, raw }
      : { kind: 'unknown', card: unknownCommand(recordable(input.name), commands, texts) }
  }
  const parsed = parseCommandLine(recordable(input.text), commands)
  switch (parsed.kind) {
    case 'parsed':
      return { kind: 'understood', command: parsed.command, raw: parsed.options }
    case 'unknown':
      return { kind: 'unknown', card: unknownCommand(parsed.said, commands, texts) }
    case 'too-many':
      return {
        kind: 'refused',
        command: parsed.command,
        card: {
          tone: 'refused',
          title: texts.tooManyWords({ command: parsed.command.name }),
          text: texts.didNotExpect({
            extra: parsed.extra.slice(0, LONGEST_SAID).toWellFormed(),
            usage: usage(parsed.command, texts),
          }),
        },
      }
  }
}

/** Without what no database holds and no platform carries, whatever the option is used for: NUL and halves of pairs. */
export const recordable = <Value>(value: Value): Value =>
  typeof value === 'string' ? (value.toWellFormed().replaceAll('\0', '\uFFFD') as Value) : value

function unknownCommand(said: string, commands: readonly Command[], texts: Texts): Card {
  const [first] = said.toLowerCase().split(/\s+/)
  const near = commands
    .filter((candidate) => candidate.name.split(' ')[0] === first)
    .map((candidate) => `/${candidate.name}`)
  return {
    tone: 'refused',
    title: texts.unknownCommand({ said: said.slice(0, LONGEST_SAID).toWellFormed() }),
    text: near.length > 0 ? texts.didYouMean({ near }) : texts.helpLists,
  }
}

/** What is wrong with each option, and how the command is used. */
export const wrongOptions = (
  command: Command,
  raw: Readonly<Record<string, unknown>>,
  { error, texts }: { error: z.ZodError; texts: Texts },
): Card => ({
  tone: 'refused',
  title: texts.doesNotFit({ command: command.name }),
  text: `${error.issues.map((issue) => describeIssue(issue, raw, texts)).join('\n')}\n${usage(command, texts)}`,
})

const KINDS: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'yes or no',
}

/** Which option, what it has to be, what was said: in the words of people, not of the schema. */
function describeIssue(issue: z.core.$ZodIssue, raw: Readonly<Record<string, unknown>>, texts: Texts): string {
  const option = issue.path.join('.') || 'options'
  const given = raw[option]
  if (given === undefined) return texts.missing({ option })
  const expected = issue.code === 'invalid_type' ? `Expected ${KINDS[issue.expected] ?? issue.expected}` : issue.message
  return texts.expected({ option, expected, was: String(given).slice(0, LONGEST_SAID).toWellFormed() })
}

export const usage = (command: Command, texts: Texts): string =>
  texts.usage({
    line: `/${command.name} ${optionSpecs(command)
      .map((option) => (option.required ? `<${option.name}>` : `[${option.name}]`))
      .join(' ')}`.trim(),
  })
