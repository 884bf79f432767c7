/** Draws pictures in a thread of its own: see `drawing.ts`. */
import { parentPort } from 'node:worker_threads'
import type { Picture } from '../domain/picture.ts'
import { drawPicture } from './draw.ts'

export interface DrawRequest {
  readonly id: number
  readonly picture: Picture
  readonly dark: boolean
}

/** `ready` comes once, when everything that drawing needs has been loaded. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'drawn'; readonly id: number; readonly png: Uint8Array }
  | { readonly kind: 'failed'; readonly id: number; readonly name: string; readonly message: string }

const reply = (message: WorkerReply): void => parentPort?.postMessage(message)

parentPort?.on('message', ({ id, picture, dark }: DrawRequest) => {
  try {
    reply({ kind: 'drawn', id, png: drawPicture(picture, { dark }).png })
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    reply({ kind: 'failed', id, name, message })
  }
})
reply({ kind: 'ready' })
