import type { Picture } from './picture.ts'

/** What the product says, once, in plain text; each platform escapes and lays it out for itself. */
export interface Card {
  readonly tone: 'ok' | 'info' | 'warning' | 'critical' | 'refused'
  readonly title: string
  /** Plain paragraphs, in order. */
  readonly text?: string
  /** Name and value, laid out as a short table. */
  readonly fields?: readonly { readonly name: string; readonly value: string }[]
  readonly buttons?: readonly Button[]
  /** A list to pick one command from. */
  readonly select?: Select
  /** Asks for one more value in words; the answer runs the command. */
  readonly prompt?: Prompt
  readonly footer?: string
  /** Drawn and attached where the platform shows pictures; its `alt` text where it does not. */
  readonly picture?: Picture
  /** Only the asker sees it where the platform can do that. */
  readonly ephemeral?: boolean
  /** Shown without sound where the platform can do that. */
  readonly silent?: boolean
  /** Look of the picture for this reader; what suits the platform where undefined. */
  readonly theme?: 'light' | 'dark'
}

/** A button is a command typed for you: `/approve 7K3M9QX2TB`. */
export interface Button {
  readonly label: string
  readonly command: string
  readonly style: 'primary' | 'danger' | 'neutral'
  /** Counts once for each member; without it the button may be pressed again and again. */
  readonly once?: boolean
  /** Option of the command that the presser is asked for in words first. */
  readonly asks?: string
  /** What is sent to the platform in place of the command: an opaque id, issued when the card is put on record or answered. */
  readonly id?: string
}

/** At most 25 choices; each is a command typed for you. */
export interface Select {
  readonly placeholder: string
  readonly choices: readonly Choice[]
}

export interface Choice extends Pick<Button, 'label' | 'command' | 'once' | 'id'> {
  readonly description?: string
}

export interface Prompt {
  /** The button that was pressed; its command runs with the value. */
  readonly buttonId: string
  readonly option: string
  readonly question: string
}
