import type { FileSeen } from './multipart.ts'

export interface SentMessage {
  readonly messageId: number
  readonly chat: string
  /** As a reader sees it; of a photo, its caption. */
  text: string
  /** As it was sent. */
  html: string
  photo?: FileSeen
  buttons: readonly { readonly text: string; readonly callback_data: string }[]
  readonly answers: number | undefined
  edits: number
  deleted: boolean
}

export interface Failure {
  readonly error_code: number
  readonly description: string
  readonly parameters?: Readonly<Record<string, number>>
}

export const NOT_MODIFIED =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message'

export const refused = (error_code: number, description: string): Failure => ({ error_code, description })
export const isFailure = (result: unknown): result is Failure =>
  typeof result === 'object' && result !== null && 'error_code' in result
