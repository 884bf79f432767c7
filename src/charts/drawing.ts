import { Worker } from 'node:worker_threads'
import type { Picture, ReliabilityPicture } from '../domain/picture.ts'
import type { DrawRequest, WorkerReply } from './worker.ts'

/** Drawing that takes longer hangs: the thread is ended, and the next picture gets a new one. */
const PATIENCE_MS = 20_000
const WORKER = new URL('./worker.ts', import.meta.url)
/** Loads fonts, charts and renderer, as any picture does. */
const SAMPLE: ReliabilityPicture = { kind: 'reliability', title: 'Warm-up', subtitle: '', alt: '', curves: [] }

export interface Drawing {
  /** @throws {RangeError} for a map without a snapshot; {Error} when the thread failed or took too long */
  draw(picture: Picture, options: { dark: boolean }): Promise<{ readonly png: Buffer }>
  /** Starts the thread and draws once, so that the first picture need not wait for either. Never throws. */
  warmUp(): Promise<void>
  /** Ends the thread; a picture asked for afterwards starts another. */
  close(): Promise<void>
}

interface Waiting {
  readonly request: DrawRequest
  resolve(drawn: { png: Buffer }): void
  reject(error: Error): void
}

interface Running {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
  ready: boolean
  timer?: NodeJS.Timeout
}

/**
 * Draws in one thread beside the one that answers people: a picture takes a few hundred ms of a processor. The thread starts
 * with the first picture and keeps no process alive while it has nothing to do. Where none can be started, pictures are drawn
 * here, one at a time, and whoever asks meanwhile waits.
 *
 * @param script - what the thread runs
 */
export function createDrawing({ script = WORKER }: { script?: URL } = {}): Drawing {
  let running: Running | undefined
  let noThreads = false
  let lastId = 0

  const start = (): Running => {
    // Flags of this process, such as a program given on its command line, are not the thread's.
    const worker = new Worker(script, { execArgv: [] })
    const thread: Running = { worker, waiting: new Map(), ready: false }
    worker.on('message', (reply: WorkerReply) => receive(thread, reply))
    worker.on('error', (error) => lose(thread, toError(error)))
    worker.on('exit', (code) => lose(thread, new Error(`Expected the drawing thread to stay, was ended with ${code}`)))
    worker.unref()
    running = thread
    return thread
  }

  const startIfPossible = (): Running | undefined => {
    if (noThreads) return undefined
    try {
      return start()
    } catch {
      noThreads = true
      return undefined
    }
  }

  const lose = (thread: Running, error: Error): void => {
    if (running === thread) running = undefined
    clearTimeout(thread.timer)
    const left = [...thread.waiting.values()]
    thread.waiting.clear()
    if (thread.ready) for (const { reject } of left) reject(error)
    else {
      noThreads = true
      for (const each of left) drawHere(each)
    }
  }

  const receive = (thread: Running, reply: WorkerReply): void => {
    if (reply.kind === 'ready') {
      thread.ready = true
      return
    }
    const one = thread.waiting.get(reply.id)
    thread.waiting.delete(reply.id)
    watch(thread)
    if (reply.kind === 'drawn')
      one?.resolve({ png: Buffer.from(reply.png.buffer, reply.png.byteOffset, reply.png.length) })
    else one?.reject(reply.name === 'RangeError' ? new RangeError(reply.message) : new Error(reply.message))
  }

  /** Keeps the process and the clock on a thread that has work, and neither on one that has none. */
  const watch = (thread: Running): void => {
    clearTimeout(thread.timer)
    if (thread.waiting.size === 0) {
      thread.worker.unref()
      return
    }
    thread.worker.ref()
    thread.timer = setTimeout(() => {
      // It did start, and then hung: drawing the same here would hang everything.
      thread.ready = true
      lose(
        thread,
        new Error(`Expected a picture within ${PATIENCE_MS / 1000} s, was none: the drawing thread is ended`),
      )
      void thread.worker.terminate()
    }, PATIENCE_MS)
    thread.timer.unref()
  }

  const draw: Drawing['draw'] = (picture, { dark }) =>
    new Promise((resolve, reject) => {
      const request = { id: ++lastId, picture, dark }
      const one = { request, resolve, reject }
      const thread = running ?? startIfPossible()
      if (!thread) return drawHere(one)
      thread.worker.postMessage(request)
      thread.waiting.set(request.id, one)
      watch(thread)
    })

  return {
    draw,
    warmUp: () => draw(SAMPLE, { dark: false }).then(nothing, nothing),
    async close() {
      const thread = running
      if (!thread) return
      running = undefined
      thread.ready = true
      lose(thread, new Error('Expected the drawing to stay open, was closed'))
      await thread.worker.terminate()
    },
  }
}

/** The one that a process draws with. */
const shared = createDrawing()
export const drawBeside: Drawing['draw'] = (picture, options) => shared.draw(picture, options)
/** For the start of a process that will draw; see `Drawing.warmUp`. */
export const warmUp = (): Promise<void> => shared.warmUp()
export const closeDrawing = (): Promise<void> => shared.close()

function drawHere({ request, resolve, reject }: Waiting): void {
  import('./draw.ts')
    .then(({ drawPicture }) => resolve({ png: drawPicture(request.picture, { dark: request.dark }).png }))
    .catch((error: unknown) => reject(toError(error)))
}

const nothing = (): void => undefined
const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
