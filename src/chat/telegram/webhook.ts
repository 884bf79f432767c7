import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { finished } from 'node:stream/promises'
import type { Update } from 'grammy/types'
import type { Logger } from '../../log.ts'
import { handledOrLate } from './poll.ts'

export interface WebhookOptions {
  /** Where Telegram sends updates to: https, as the world sees it. Its path is the one this process listens on. */
  readonly url: string
  /** Telegram repeats it in every request: 1 to 256 of `A-Z`, `a-z`, `0-9`, `_` and `-`. */
  readonly secret: string
  /** On which this process listens, behind whatever holds the certificate; 0 = any that is free. */
  readonly port: number
}

const SECRET_HEADER = 'x-telegram-bot-api-secret-token'
const MAX_BODY_BYTES = 1_000_000
const HEADERS_WITHIN_MS = 5_000
const REQUEST_WITHIN_MS = 15_000

/** What is wrong with a request, as it is answered. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Takes updates as Telegram posts them. An update is answered when it is handled, or after five seconds: until it is
 * answered Telegram sends it again, so a redelivery is for `handle` to recognise.
 *
 * @param handle - never rejects
 * @param isReady - Telegram is asked to come again while this is false
 * @throws {Error} when the port is taken
 */
export async function listenForWebhook(
  { url, secret, port }: WebhookOptions,
  { handle, isReady, log }: { handle: (update: Update) => Promise<void>; isReady: () => boolean; log: Logger },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const path = new URL(url).pathname
  const underway = new Set<Promise<void>>()
  let closing = false

  const read = async (request: IncomingMessage): Promise<Update> => {
    if ((request.url ?? '').split('?')[0] !== path) throw new Refusal(404, 'not found')
    if (request.method !== 'POST') throw new Refusal(405, 'not a POST')
    if (!isSame(request.headers[SECRET_HEADER], secret)) throw new Refusal(401, 'wrong secret')
    const update = parseUpdate(await readBody(request))
    if (closing || !isReady()) throw new Refusal(503, 'not ready')
    return update
  }

  const respond = async (response: ServerResponse, status: number): Promise<void> => {
    // What was refused unread is not read: the connection ends with the answer.
    const ends = status !== 200 || closing
    response.writeHead(status, { ...(ends && { connection: 'close' }), ...(status === 405 && { allow: 'POST' }) }).end()
    await finished(response)
  }

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const update = await read(request)
      await whileUnderway(async () => {
        await handledOrLate([handle(update)])
        await respond(response, 200)
      })
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      log.warn({ status: thrown.status }, `telegram webhook refused a request: ${thrown.message}`)
      await respond(response, thrown.status)
    }
  }

  const whileUnderway = async (work: () => Promise<void>): Promise<void> => {
    const done = work()
    underway.add(done)
    await done.finally(() => underway.delete(done))
  }

  const server = createServer((request, response) => {
    take(request, response).catch((error) => {
      log.warn({ reason: String(error) }, 'telegram webhook lost a connection')
      response.destroy()
    })
  })
  server.headersTimeout = HEADERS_WITHIN_MS
  server.requestTimeout = REQUEST_WITHIN_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, () => {
      server.off('error', reject)
      resolve()
    })
  })

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      closing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.allSettled(underway)
      server.closeAllConnections()
      await closed
    },
  }
}

/** In a time that tells nothing of where they differ, nor of their length. */
function isSame(given: string | string[] | undefined, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(secret))
}

/** What is too long is read to its end and dropped, so that its sender hears why. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > MAX_BODY_BYTES) throw new Refusal(413, `more than ${MAX_BODY_BYTES} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

function parseUpdate(body: string): Update {
  try {
    const update = JSON.parse(body)
    if (Number.isInteger(update?.update_id)) return update
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new Refusal(400, 'not an update')
}
