import {
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  type ModalSubmitInteraction,
  TextInputStyle,
} from 'discord.js'
import type { Command } from '../command.ts'
import { optionSpecs } from '../options.ts'
import { toPlain } from '../plain.ts'
import { cut } from './text.ts'

const MAX = { title: 45, label: 45, description: 100, value: 200 }
const FIELD = 'value'

/** The window that asks for one more value before a button does what it says. */
export function toModal(
  customId: string,
  { command, option }: { command: Command | undefined; option: string },
): APIModalInteractionResponseCallbackData {
  const spec = command && optionSpecs(command).find(({ name }) => name === option)
  const asked = toPlain(spec?.description ?? option).trim() || option
  return {
    custom_id: customId,
    title: cut(toPlain(command?.description ?? '').trim() || 'One more value', MAX.title),
    components: [
      {
        type: ComponentType.Label,
        label: cut(asked, MAX.label),
        ...(asked.length > MAX.label ? { description: cut(asked, MAX.description) } : {}),
        component: {
          type: ComponentType.TextInput,
          custom_id: FIELD,
          style: TextInputStyle.Short,
          min_length: 1,
          max_length: MAX.value,
          required: true,
        },
      },
    ],
  }
}

/** What was entered; empty when the window is not one of ours. */
export const readModal = ({ fields }: ModalSubmitInteraction): string => {
  const field = fields.fields.get(FIELD)
  return field?.type === ComponentType.TextInput ? field.value : ''
}
