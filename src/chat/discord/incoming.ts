import {
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  InteractionContextType,
  type ModalSubmitInteraction,
  type StringSelectMenuInteraction,
} from 'discord.js'
import type { Completing, Incoming } from '../command.ts'
import type { SlashCommands } from './commands.ts'
import { isButtonId, type Pressed, readCustomId, SELECT_ID } from './custom-id.ts'
import { readModal } from './modal.ts'

export type Asking =
  | ChatInputCommandInteraction
  | ButtonInteraction
  | StringSelectMenuInteraction
  | ModalSubmitInteraction

/** What someone did, and what it calls for. */
export type Heard =
  | { readonly kind: 'ask'; readonly interaction: Asking; readonly input: Incoming['input'] }
  /** A value has to be asked for before the button does anything. */
  | {
      readonly kind: 'prompt'
      readonly interaction: ButtonInteraction
      readonly pressed: Extract<Pressed, { kind: 'ask' }>
    }
  /** A button, list or window that this product did not make. */
  | { readonly kind: 'foreign'; readonly interaction: Asking }
  | { readonly kind: 'complete'; readonly interaction: AutocompleteInteraction; readonly asking: Completing }

/** What an interaction means; undefined for kinds that this product never offers. */
export function hear(interaction: Interaction, slashCommands: SlashCommands): Heard | undefined {
  if (interaction.isChatInputCommand()) {
    return { kind: 'ask', interaction, input: { kind: 'named', ...slashCommands.read(interaction) } }
  }
  if (interaction.isAutocomplete()) {
    return {
      kind: 'complete',
      interaction,
      asking: { ...placeOf(interaction), ...slashCommands.readFocused(interaction) },
    }
  }
  if (interaction.isButton()) {
    const pressed = readCustomId(interaction.customId)
    switch (pressed.kind) {
      case 'press':
        return { kind: 'ask', interaction, input: pressed }
      case 'ask':
        return { kind: 'prompt', interaction, pressed }
      case 'foreign':
        return { kind: 'foreign', interaction }
    }
  }
  if (interaction.isStringSelectMenu()) {
    const [buttonId] = interaction.values
    return interaction.customId === SELECT_ID && isButtonId(buttonId)
      ? { kind: 'ask', interaction, input: { kind: 'press', buttonId } }
      : { kind: 'foreign', interaction }
  }
  if (interaction.isModalSubmit()) {
    const pressed = readCustomId(interaction.customId)
    if (pressed.kind !== 'ask') return { kind: 'foreign', interaction }
    const { buttonId, option } = pressed
    return {
      kind: 'ask',
      interaction,
      input: { kind: 'press', buttonId, values: { [option]: readModal(interaction) } },
    }
  }
  return undefined
}

/** Who and where. A private chat with the bot is one without a server; a group of friends is not one. */
export const placeOf = (
  interaction: Asking | AutocompleteInteraction,
): Pick<Incoming, 'platform' | 'platformUserId' | 'channel' | 'direct'> => ({
  platform: 'discord',
  platformUserId: interaction.user.id,
  channel: interaction.channelId ?? '',
  direct: interaction.guildId === null && interaction.context !== InteractionContextType.PrivateChannel,
})
