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
  readonly footer?: string
  /** Drawn and attached where the platform shows pictures; its `alt` text where it does not. */
  readonly picture?: Picture
  /** Only the asker sees it where the platform can do that. */
  readonly ephemeral?: boolean
}

/** A button is a command typed for you, at most 64 bytes: `/approve 7K3M9QX2TB`. */
export interface Button {
  readonly label: string
  readonly command: string
  readonly style: 'primary' | 'danger' | 'neutral'
}
