import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { plainPath, type WatchdogSettings } from './settings.ts'

const LARGEST_BEAT = 4096
/** Whoever is slower than that has no beat to give. */
const REQUEST_MS = 5_000
const MOST_CONNECTIONS = 256
const BASE = 'http://watchdog'
/** Whoever asked went away in the middle of asking. */
const GONE = 'ECONNRESET'
/** Nothing that people read can be slipped into an alert by whoever beats. */
const STATE = /^[\w -]{1,40}$/

export interface Doors {
  /** A beat that may count. */
  onBeat(beat: { readonly state: string | undefined }): void
  /** Someone without the secret. */
  onStranger(): void
  /** A request that we could not answer. */
  onFault(error: Error): void
  health(): { readonly ok: boolean; readonly facts: object }
}

/** Takes beats at the secret path, and tells everyone at /health how it stands. */
export function createBeatServer(beat: WatchdogSettings['beat'], doors: Doors): Server {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? '/'
    if (!url.startsWith('/') || !URL.canParse(url, BASE)) return reply(response, 400)
    const { pathname, search } = new URL(url, BASE)
    if (pathname === '/health') return answerHealth(request, response, doors)
    if (!isLetIn(request, plainPath(pathname, search), beat)) {
      doors.onStranger()
      return reply(response, 404)
    }
    if (request.method !== 'POST') return reply(response, 405, { allow: 'POST' })
    const text = await readBody(request)
    if (text === undefined) return reply(response, 413, { connection: 'close' })
    const read = readBeat(text)
    if (read === undefined) return reply(response, 400)
    doors.onBeat(read)
    reply(response, 204)
  }
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS },
    (request, response) => {
      handle(request, response).catch((error: NodeJS.ErrnoException) => {
        response.destroy()
        if (error.code !== GONE) doors.onFault(error)
      })
    },
  )
  server.maxConnections = MOST_CONNECTIONS
  return server
}

function answerHealth(request: IncomingMessage, response: ServerResponse, doors: Doors): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    const { ok, facts } = doors.health()
    response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(facts))
  } else reply(response, 405, { allow: 'GET, HEAD' })
}

function isLetIn(request: IncomingMessage, path: string, beat: WatchdogSettings['beat']): boolean {
  if (beat === undefined) return true
  const authorized = beat.authorization === undefined || isSame(request.headers.authorization ?? '', beat.authorization)
  return isSame(path, beat.path) && authorized
}

/** In the same time wherever they differ. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Undefined: longer than any beat. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > LARGEST_BEAT) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Undefined: not a beat. */
function readBeat(text: string): { state: string | undefined } | undefined {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined
  const { state } = given as { state?: unknown }
  return { state: typeof state === 'string' && STATE.test(state) ? state : undefined }
}

function reply(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end()
}
