import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIStringSelectComponent,
  ButtonStyle,
  ComponentType,
} from 'discord.js'
import type { Button, Card, Choice } from '../../domain/card.ts'
import { toPlain } from '../plain.ts'
import { isButtonId, SELECT_ID, toCustomId } from './custom-id.ts'
import { cut } from './text.ts'

const MAX_BUTTONS_PER_ROW = 5
const MAX_ROWS = 5
const MAX_CHOICES = 25
const MAX = { label: 80, placeholder: 150, choice: 100 }
const STYLE = { primary: ButtonStyle.Primary, danger: ButtonStyle.Danger, neutral: ButtonStyle.Secondary } as const

export type Row =
  | APIActionRowComponent<APIButtonComponentWithCustomId>
  | APIActionRowComponent<APIStringSelectComponent>
/** The name of the command that a line calls: `hedge status` of `/hedge status BTC`. */
export type NameOf = (command: string) => string | undefined

/**
 * A card's buttons in rows and its list under them, by the ids that were issued for them. What has no id, or does not fit,
 * comes back as lines that say what to type.
 */
export function layOutComponents(
  { buttons = [], select, prompt }: Pick<Card, 'buttons' | 'select' | 'prompt'>,
  nameOf: NameOf,
): { readonly rows: readonly Row[]; readonly typed: readonly string[] } {
  const choices = (select?.choices ?? []).filter(({ id }) => isButtonId(id)).slice(0, MAX_CHOICES)
  const room = (choices.length > 0 ? MAX_ROWS - 1 : MAX_ROWS) * MAX_BUTTONS_PER_ROW
  const answer = prompt ? toAnswerButton(prompt) : undefined
  const typed: string[] = []
  const shown: APIButtonComponentWithCustomId[] = answer ? [answer] : []
  for (const button of buttons) {
    const customId = customIdOf(button, nameOf)
    if (shown.some(({ custom_id }) => custom_id === customId)) continue
    if (customId !== undefined && shown.length < room) shown.push(toButton(button, customId))
    else typed.push(toTyped(button))
  }
  const rest = (select?.choices ?? []).filter((choice) => !choices.includes(choice))
  return {
    rows: [...inRows(shown), ...(choices.length > 0 ? [toSelectRow(select!.placeholder, choices)] : [])],
    typed: [...typed, ...rest.map(toTyped)],
  }
}

function customIdOf({ id, command, asks }: Button, nameOf: NameOf): string | undefined {
  if (!isButtonId(id)) return undefined
  return toCustomId(id, asks === undefined ? undefined : { command: nameOf(command) ?? '', option: asks })
}

const toTyped = ({ label, command }: Pick<Button, 'label' | 'command'>): string => `${label}: type ${command}`

const toButton = ({ label, command, style }: Button, customId: string): APIButtonComponentWithCustomId => ({
  type: ComponentType.Button,
  style: STYLE[style],
  // Labels show no formatting.
  label: cut(toPlain(label).trim() || command, MAX.label),
  custom_id: customId,
})

/** A modal opens on a press only, so what asks for a value offers one. */
function toAnswerButton({ buttonId, option }: NonNullable<Card['prompt']>): APIButtonComponentWithCustomId | undefined {
  const customId = isButtonId(buttonId) ? toCustomId(buttonId, { command: '', option }) : undefined
  return customId === undefined
    ? undefined
    : { type: ComponentType.Button, style: ButtonStyle.Primary, label: 'Answer', custom_id: customId }
}

function inRows(buttons: readonly APIButtonComponentWithCustomId[]): Row[] {
  const rows: Row[] = []
  for (let at = 0; at < buttons.length; at += MAX_BUTTONS_PER_ROW) {
    rows.push({ type: ComponentType.ActionRow, components: buttons.slice(at, at + MAX_BUTTONS_PER_ROW) })
  }
  return rows
}

function toSelectRow(placeholder: string, choices: readonly Choice[]): Row {
  const shownPlaceholder = cut(toPlain(placeholder).trim(), MAX.placeholder)
  return {
    type: ComponentType.ActionRow,
    components: [
      {
        type: ComponentType.StringSelect,
        custom_id: SELECT_ID,
        ...(shownPlaceholder ? { placeholder: shownPlaceholder } : {}),
        options: choices.map(({ id, label, command, description }) => {
          const shown = cut(toPlain(description ?? '').trim(), MAX.choice)
          return {
            label: cut(toPlain(label).trim() || command, MAX.choice),
            value: id!,
            ...(shown ? { description: shown } : {}),
          }
        }),
      },
    ],
  }
}
