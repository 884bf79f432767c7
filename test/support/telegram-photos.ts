import { type FileSeen, isPng } from './multipart.ts'
import { readHtml } from './telegram-html.ts'
import { type Failure, NOT_MODIFIED, type Params, refused, type SentMessage, type Shown } from './telegram-shapes.ts'

const CAPTION_LIMIT = 1024

interface Chat {
  readonly add: (params: Params, shown: Shown) => SentMessage
  readonly find: (params: Params) => SentMessage | undefined
  readonly keyboardOf: (params: Params) => Pick<SentMessage, 'buttons' | 'rows'>
  readonly asMessage: (sent: SentMessage) => unknown
}

/** What the loopback Telegram does with photos: uploads only, PNG only, captions within their limit. */
export function photoMethods({ add, find, keyboardOf, asMessage }: Chat) {
  return {
    sendPhoto(params: Params, { files }: { files: readonly FileSeen[] }) {
      const [photo, caption] = [fileNamed(params.photo, files), captionOf(params)]
      if (!photo) return refused(400, 'Bad Request: IMAGE_PROCESS_FAILED')
      if ('error_code' in caption) return caption
      return asMessage(add(params, { ...caption, photo }))
    },

    editMessageMedia(params: Params, { files }: { files: readonly FileSeen[] }) {
      const sent = find(params)
      if (!sent) return refused(400, 'Bad Request: message to edit not found')
      // Newer servers let a photo take the place of a text; nothing may depend on it.
      if (!sent.photo) return refused(400, 'Bad Request: there is no media in the message to edit')
      const media = params.media as Params
      const [photo, caption] = [fileNamed(media.media, files), captionOf(media)]
      if (media.type !== 'photo' || !photo) return refused(400, 'Bad Request: IMAGE_PROCESS_FAILED')
      if ('error_code' in caption) return caption
      Object.assign(sent, { ...caption, photo, ...keyboardOf(params), edits: sent.edits + 1 })
      return asMessage(sent)
    },

    editMessageCaption(params: Params) {
      const sent = find(params)
      if (!sent) return refused(400, 'Bad Request: message to edit not found')
      if (!sent.photo) return refused(400, 'Bad Request: there is no caption in the message to edit')
      const [caption, keyboard] = [captionOf(params), keyboardOf(params)]
      if ('error_code' in caption) return caption
      if (sent.html === caption.html && JSON.stringify(sent.buttons) === JSON.stringify(keyboard.buttons))
        return refused(400, NOT_MODIFIED)
      Object.assign(sent, { ...caption, ...keyboard, edits: sent.edits + 1 })
      return asMessage(sent)
    },
  }
}

const fileNamed = (reference: unknown, files: readonly FileSeen[]): FileSeen | undefined =>
  files.find(({ field, bytes }) => reference === `attach://${field}` && isPng(bytes))

function captionOf({ caption = '' }: Params): Failure | Omit<Shown, 'photo'> {
  const read = readHtml(String(caption))
  if ('error' in read) return refused(400, `Bad Request: can't parse entities: ${read.error}`)
  if (read.text.length > CAPTION_LIMIT) return refused(400, 'Bad Request: message caption is too long')
  return { ...read, html: String(caption) }
}
