import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export interface Asked {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}
export interface VenueBehaviour {
  /** The JSON answer to a request; undefined is a 404. */
  answer(asked: Asked): unknown
  /** What the venue says to a message on its WebSocket. */
  hear?(text: string, path: string): readonly unknown[]
}

/**
 * A venue on loopback: JSON over HTTP, and WebSocket on the same port.
 *
 * `replace(path, change)` alters the answers to a path (its last part) from now on: to send NaN, an error, nothing. `stop`
 * and `restart` take the venue away and bring it back on the same port; `push` sends a message on every open socket.
 */
export async function startVenueServer({ answer, hear }: VenueBehaviour) {
  const changes = new Map<string, (answer: unknown) => unknown>()
  const sockets = new Set<WebSocket>()
  const asked: string[] = []
  let [server, webSockets] = open()
  let port = 0

  function open() {
    const http = createServer(async (request, response) => {
      const { path, query } = parse(request)
      const body = await readBody(request)
      asked.push(path)
      let result = answer({ path, query, body })
      const name = String(body.type ?? path.split('/').at(-1))
      result = changes.get(name)?.(result) ?? result
      response.writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' })
      // JSON knows no NaN; a venue that sends one writes it as text.
      response.end(JSON.stringify(result ?? { error: `not found: ${path}` }))
    })
    const ws = new WebSocketServer({ server: http })
    ws.on('connection', (socket, request) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('message', (data) => {
        for (const said of hear?.(String(data), request.url ?? '') ?? []) send(socket, said)
      })
    })
    return [http, ws] as const
  }
  const send = (socket: WebSocket, message: unknown): void =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  const listen = async (): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    port = (server.address() as AddressInfo).port
  }
  const stop = async (): Promise<void> => {
    for (const socket of webSockets.clients) socket.terminate()
    webSockets.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  await listen()
  return {
    endpoint: { baseUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` },
    asked: asked as readonly string[],
    replace: (name: string, change: (answer: unknown) => unknown): void => void changes.set(name, change),
    restore: (name: string): void => void changes.delete(name),
    push(message: unknown): void {
      for (const socket of sockets) send(socket, message)
    },
    listeners: (): number => sockets.size,
    stop,
    async restart(): Promise<void> {
      ;[server, webSockets] = open()
      await listen()
    },
  }
}
export type VenueServer = Awaited<ReturnType<typeof startVenueServer>>

const parse = (request: IncomingMessage) => {
  const url = new URL(request.url ?? '/', 'http://loopback')
  return { path: url.pathname, query: Object.fromEntries(url.searchParams) }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
}
