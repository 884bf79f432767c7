import type { FileSeen } from './multipart.ts'
import type { Entity } from './telegram-html.ts'

export interface SentMessage {
  readonly messageId: number
  readonly chat: string
  /** As a reader sees it; of a photo, its caption. */
  text: string
  /** As it was sent. */
  html: string
  entities: readonly Entity[]
  photo?: FileSeen
  buttons: readonly { readonly text: string; readonly callback_data: string }[]
  /** How many buttons stand in each row. */
  rows: readonly number[]
  /** Opens the reader's keyboard for a reply. */
  readonly forceReply: { readonly selective?: boolean; readonly input_field_placeholder?: string } | undefined
  readonly answers: number | undefined
  readonly silent: boolean
  edits: number
  deleted: boolean
}

/** What of a message depends on its kind. */
export type Shown = Pick<SentMessage, 'text' | 'html' | 'entities' | 'photo'>

export interface Failure {
  readonly error_code: number
  readonly description: string
  readonly parameters?: Readonly<Record<string, number>>
}

export type Params = Record<string, unknown>

export const NOT_MODIFIED =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message'

export const refused = (error_code: number, description: string): Failure => ({ error_code, description })
export const isFailure = (result: unknown): result is Failure =>
  typeof result === 'object' && result !== null && 'error_code' in result

/** What Telegram says of buttons it does not take; undefined where they are right. */
export function refuseKeyboard(params: Params): Failure | undefined {
  const markup = params.reply_markup as { inline_keyboard?: SentMessage['buttons'][] } | undefined
  const buttons = markup?.inline_keyboard?.flat() ?? []
  if (buttons.length > 100) return refused(400, 'Bad Request: REPLY_MARKUP_TOO_LONG')
  for (const { text, callback_data } of buttons) {
    if (text.trim() === '') return refused(400, "Bad Request: can't parse inline keyboard button: text is empty")
    const bytes = Buffer.byteLength(callback_data)
    if (bytes < 1 || bytes > 64) return refused(400, 'Bad Request: BUTTON_DATA_INVALID')
  }
  return undefined
}
