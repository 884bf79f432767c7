import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  type CommandInteractionOption,
  InteractionContextType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js'
import type { Command } from '../command.ts'
import { type OptionSpec, optionSpecs } from '../options.ts'
import { toPlain } from '../plain.ts'
import { cut } from './text.ts'

const MAX_DESCRIPTION = 100
const MAX_CHOICES = 25
const MAX_CHOICE = 100
const EVERYWHERE = {
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
  integration_types: [ApplicationIntegrationType.GuildInstall],
}
const NAME = /^[-_\p{Ll}\p{N}]{1,32}$/u

export interface SlashCommands {
  /** What Discord is told to offer: two-word names as subcommands of their first word. */
  readonly registration: RESTPostAPIChatInputApplicationCommandsJSONBody[]
  /** The command's own name (`hedge status`) and options, under the keys of its schema. */
  read(interaction: ChatInputCommandInteraction): { name: string; options: Readonly<Record<string, unknown>> }
  /** The option that is being typed, and what stands in it so far. */
  readFocused(interaction: AutocompleteInteraction): { command: string; option: string; typed: string }
  /** Where a line calls a command: `hedge status` of `/hedge status BTC`. */
  nameOf(line: string): string | undefined
}

/**
 * Declares the commands to Discord and reads them back from an interaction.
 *
 * Commands of one server can be used in that server only: private chats with the bot then offer none, though buttons in them
 * work. Commands for everywhere are offered in private chats too.
 *
 * @throws {Error} when a name cannot be a slash command, or is both a command and a group
 */
export function createSlashCommands(
  commands: readonly Command[],
  { everywhere = false }: { everywhere?: boolean } = {},
): SlashCommands {
  const keys = new Map<string, string>()
  const registration = new Map<string, RESTPostAPIChatInputApplicationCommandsJSONBody>()

  for (const command of commands) {
    const [group = '', subcommand, ...rest] = command.name.split(' ')
    if (rest.length > 0 || ![group, subcommand ?? group].every((word) => NAME.test(word))) {
      throw new Error(`Expected a command name of one or two lower-case words, was "${command.name}"`)
    }
    const specs = optionSpecs(command)
    for (const { name } of specs) keys.set(`${command.name} ${toDiscordName(name)}`, name)
    const declared = {
      name: subcommand ?? group,
      description: describe(command.description, command.name),
      // Discord wants required options before the others; the sort keeps the order within each.
      options: [...specs]
        .sort((a, b) => Number(b.required) - Number(a.required))
        .map((spec) => toOption(spec, command)),
    }

    const known = registration.get(group)
    if (subcommand === undefined) {
      if (known) throw new Error(`Expected "${group}" to be either a command or a group, was both`)
      registration.set(group, declared)
      continue
    }
    const asSubcommand = { type: ApplicationCommandOptionType.Subcommand as const, ...declared }
    if (!known) {
      registration.set(group, { name: group, description: group, options: [asSubcommand] })
    } else if (isGroup(known)) {
      known.options.push(asSubcommand)
      if (known.options.length > 25) throw new Error(`Expected at most 25 commands under "${group}"`)
    } else throw new Error(`Expected "${group}" to be either a command or a group, was both`)
  }
  for (const group of registration.values()) {
    if (isGroup(group)) group.description = describe(group.options.map(({ name }) => name).join(', '), group.name)
  }

  const keyOf = (name: string, option: string): string => keys.get(`${name} ${option}`) ?? option
  const longestFirst = commands.map(({ name }) => name).sort((a, b) => b.length - a.length)

  return {
    registration: [...registration.values()].map((one) => (everywhere ? { ...one, ...EVERYWHERE } : one)),
    read(interaction) {
      const { name, given } = called(interaction)
      return {
        name,
        options: Object.fromEntries(given.map((option) => [keyOf(name, option.name), option.value])),
      }
    },
    readFocused(interaction) {
      const { name } = called(interaction)
      const focused = interaction.options.getFocused(true)
      return { command: name, option: keyOf(name, focused.name), typed: focused.value }
    },
    nameOf: (line) => longestFirst.find((name) => `${line} `.startsWith(`/${name} `)),
  }
}

/** Two-word names arrive as a subcommand of their first word. */
function called({ commandName, options }: ChatInputCommandInteraction | AutocompleteInteraction): {
  readonly name: string
  readonly given: readonly CommandInteractionOption[]
} {
  const [first] = options.data
  return first?.type === ApplicationCommandOptionType.Subcommand
    ? { name: `${commandName} ${first.name}`, given: first.options ?? [] }
    : { name: commandName, given: options.data }
}

type Registered = RESTPostAPIChatInputApplicationCommandsJSONBody
const isGroup = (command: Registered): command is Registered & { options: APIApplicationCommandSubcommandOption[] } =>
  command.options?.[0]?.type === ApplicationCommandOptionType.Subcommand

/** Option names are lower case on Discord: `priceDrift` is shown as `price-drift`. */
const toDiscordName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const describe = (text: string, otherwise: string): string => cut(toPlain(text) || otherwise, MAX_DESCRIPTION)

function toOption(spec: OptionSpec, { complete }: Command): APIApplicationCommandBasicOption {
  const shared = {
    name: toDiscordName(spec.name),
    description: describe(spec.description, spec.name),
    required: spec.required,
  }
  switch (spec.kind) {
    case 'integer':
      return { type: ApplicationCommandOptionType.Integer, ...shared }
    case 'number':
      return { type: ApplicationCommandOptionType.Number, ...shared }
    case 'boolean':
      return { type: ApplicationCommandOptionType.Boolean, ...shared }
    case 'string':
      // Discord wants either; what is offered while typing can be narrowed and explained.
      return {
        type: ApplicationCommandOptionType.String,
        ...shared,
        ...(complete?.[spec.name] ? { autocomplete: true as const } : offer(spec.choices ?? [])),
      }
  }
}

/** A list that Discord cannot show whole is not shown at all: the command itself checks what is typed. */
const offer = (choices: readonly string[]) =>
  choices.length > 0 && choices.length <= MAX_CHOICES && choices.every((choice) => choice.length <= MAX_CHOICE)
    ? { choices: choices.map((choice) => ({ name: choice, value: choice })) }
    : {}
