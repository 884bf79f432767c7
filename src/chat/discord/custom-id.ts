/** As it is issued: 80 bits in Crockford base32. */
const BUTTON_ID = /^[0-9a-z]{16}$/
const ASKING = /^([0-9a-z]{16})\?([-\w ]*)\?(\w+)$/
const MAX_CUSTOM_ID = 100

/** The list to pick from; what was picked says which button it stands for. */
export const SELECT_ID = 'choices'

export type Pressed =
  | { readonly kind: 'press'; readonly buttonId: string }
  /** Wants a value for this option of the command first. */
  | { readonly kind: 'ask'; readonly buttonId: string; readonly command: string; readonly option: string }
  | { readonly kind: 'foreign' }

export const isButtonId = (id: string | undefined): id is string => id !== undefined && BUTTON_ID.test(id)

/**
 * What Discord sends back when the button is pressed: its id, and what it asks for. A modal has to be opened at once, before
 * anything could be looked up.
 *
 * @returns undefined when Discord cannot carry it
 */
export function toCustomId(buttonId: string, asks?: { command: string; option: string }): string | undefined {
  if (!asks) return buttonId
  const full = `${buttonId}?${asks.command}?${asks.option}`
  const short = `${buttonId}??${asks.option}`
  return [full, short].find((customId) => customId.length <= MAX_CUSTOM_ID && ASKING.test(customId))
}

export function readCustomId(customId: string): Pressed {
  if (isButtonId(customId)) return { kind: 'press', buttonId: customId }
  const [, buttonId, command, option] = ASKING.exec(customId) ?? []
  return buttonId !== undefined && command !== undefined && option !== undefined
    ? { kind: 'ask', buttonId, command, option }
    : { kind: 'foreign' }
}
