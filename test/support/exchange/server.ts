import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import type { CoreEvent, ExchangeCore } from './core.ts'
import { createFaultQueue, type Fault, type FaultQueue, type Faults, type RequestKind } from './faults.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  /** As it stood in the address, without `?`; what a signature is over. */
  readonly search: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON or as a form; empty when there is none. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface Reply {
  readonly status?: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One open WebSocket. What the venue's format knows of it (who it is, what it hears) it keeps in `state`. */
export interface PushSocket {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly state: Map<string, unknown>
  send(message: unknown): void
}

/** How one venue asks and answers, over a core that knows no format. */
export interface VenueFormat {
  readonly name: string
  kindOf(asked: Asked): RequestKind
  /** Undefined: no such route. That fails the test: an adapter that asks what nobody answers is not tested. */
  answer(asked: Asked): Reply | undefined
  /** The order that a cancel request is about, for races. */
  orderIdOf(asked: Asked): number | undefined
  rateLimited(status: 429 | 418): Reply
  serverError(status: number): Reply
  /** False: this socket may not be opened. */
  connect?(socket: PushSocket): boolean
  /** Answers to what came on a socket; undefined: not understood, which fails the test. */
  hear?(socket: PushSocket, text: string): readonly unknown[] | undefined
  /** What this socket is told of an event. */
  tell(event: CoreEvent, socket: PushSocket): readonly unknown[]
}

export interface ExchangeServer {
  readonly core: ExchangeCore
  readonly faults: FaultQueue
  readonly endpoint: { readonly baseUrl: string; readonly wsUrl: string }
  /** Method and path of every request that arrived, lost ones too. */
  readonly asked: readonly string[]
  /** Requests and messages that nobody answers. */
  readonly unanswered: readonly string[]
  sockets(): number
  /** Says something on every socket, as it is. */
  push(message: unknown): void
  setReachable(reachable: boolean): Promise<void>
  dropSockets(): void
  holdEvents(): void
  releaseEvents(how?: { readonly reversed?: boolean; readonly times?: number }): void
  /** Fails when something was asked that nobody answers. */
  stop(): Promise<void>
}

const SETTLE_EVERY_MS = 20

/** One exchange on loopback: HTTP and WebSocket on one port, up in a few milliseconds. */
export async function startExchangeServer({
  core,
  format,
  faults: plan,
  late,
  onRequest,
}: {
  core: ExchangeCore
  format: VenueFormat
  faults?: Faults
  /** Lets the exchange's clock go on by so much: a request that is late by it arrives then. */
  late?: (ms: number) => void
  onRequest?: (asked: Asked) => void
}): Promise<ExchangeServer> {
  const faults = createFaultQueue(plan)
  const asked: string[] = []
  const unanswered: string[] = []
  const open = new Map<WebSocket, PushSocket>()
  const held: (() => void)[] = []
  let isHolding = false
  let swapped: (() => void) | undefined
  let port = 0
  let http = createServer()

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = await parse(request)
    const name = `${question.method} ${question.path}`
    asked.push(name)
    onRequest?.(question)
    const kind = format.kindOf(question)
    const fault = faults.next(kind)
    if (fault?.kind === 'delayed') await sleep(fault.ms)
    core.settle()
    const reply = deal(question, fault)
    if (reply === 'lost')
      return fault && 'how' in fault && fault.how === 'cut' ? void request.socket.destroy() : undefined
    if (fault?.kind === 'slow') await sleep(fault.ms)
    const text = JSON.stringify(reply.body)
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers })
    if (fault?.kind === 'stalled') return void response.write(text.slice(0, text.length / 2))
    response.end(fault?.kind === 'garbled' ? text.slice(0, text.length / 2) : text)
  }

  function deal(question: Asked, fault: Fault | undefined): Reply | 'lost' {
    switch (fault?.kind) {
      case 'lose-request':
        return 'lost'
      case 'lose-answer':
        answer(question)
        return 'lost'
      case 'rate-limit':
        return format.rateLimited(fault.status)
      case 'server-error':
        if (fault.taken) answer(question)
        return format.serverError(fault.status)
      case 'late':
        late?.(fault.ms)
        return answer(question)
      case 'fill-first':
        fillFirst(question)
        return answer(question)
      default:
        return answer(question)
    }
  }

  function answer(question: Asked): Reply {
    const reply = format.answer(question)
    if (reply) return reply
    unanswered.push(`${question.method} ${question.path}`)
    return { status: 501, body: { error: `Nobody answers ${question.method} ${question.path}` } }
  }

  function fillFirst(question: Asked): void {
    const orderId = format.orderIdOf(question)
    const order = orderId === undefined ? undefined : core.order(orderId)
    if (order?.state === 'open' && order.limitPrice !== undefined) {
      core.fillResting(order.orderId, order.quantity - order.filled)
    }
  }

  const send = (socket: WebSocket, message: unknown): void => {
    if (socket.readyState === socket.OPEN) {
      socket.send(typeof message === 'string' ? message : JSON.stringify(message))
    }
  }

  function deliver(messages: readonly (readonly [WebSocket, string])[], times: number): void {
    for (let i = 0; i < times; i++) for (const [socket, text] of messages) send(socket, text)
  }

  const stopTelling = core.on((event) => {
    const messages = [...open].flatMap(([socket, facts]) =>
      format.tell(event, facts).map((message) => [socket, JSON.stringify(message)] as const),
    )
    if (messages.length === 0) return
    if (isHolding) return void held.push(() => deliver(messages, 1))
    const { times, isSwapped } = faults.push()
    if (isSwapped && swapped === undefined) {
      swapped = () => deliver(messages, times)
      return
    }
    deliver(messages, times)
    swapped?.()
    swapped = undefined
  })

  function listen(): Promise<void> {
    http = createServer((request, response) => {
      respond(request, response).catch((error: unknown) => {
        unanswered.push(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`)
        response.destroy()
      })
    })
    const webSockets = new WebSocketServer({ server: http })
    webSockets.on('connection', (socket, request) => {
      const url = new URL(request.url ?? '/', 'http://loopback')
      const facts: PushSocket = {
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        state: new Map(),
        send: (message) => send(socket, message),
      }
      if (format.connect?.(facts) === false) return socket.close(1008, 'refused')
      open.set(socket, facts)
      socket.on('close', () => open.delete(socket))
      socket.on('message', (data) => {
        const answers = format.hear?.(facts, String(data))
        if (answers === undefined) unanswered.push(`WebSocket ${url.pathname}: ${String(data).slice(0, 200)}`)
        for (const message of answers ?? []) send(socket, message)
      })
    })
    return new Promise((resolve, reject) => {
      http.once('error', reject)
      http.listen(port, '127.0.0.1', () => {
        port = (http.address() as AddressInfo).port
        resolve()
      })
    })
  }

  const dropSockets = (): void => {
    for (const socket of open.keys()) socket.terminate()
    open.clear()
  }
  const shut = async (): Promise<void> => {
    if (!http.listening) return
    dropSockets()
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }

  // Time goes by whether anyone asks or not.
  const settling = setInterval(() => core.settle(), SETTLE_EVERY_MS).unref()

  await listen()
  return {
    core,
    faults,
    endpoint: { baseUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` },
    asked,
    unanswered,
    sockets: () => open.size,
    push(message) {
      for (const socket of open.keys()) send(socket, message)
    },
    setReachable: async (reachable) => (reachable === http.listening ? undefined : reachable ? listen() : shut()),
    dropSockets,
    holdEvents() {
      isHolding = true
    },
    releaseEvents({ reversed = false, times = 1 } = {}) {
      isHolding = false
      const waiting = held.splice(0)
      for (const release of reversed ? waiting.reverse() : waiting) for (let i = 0; i < times; i++) release()
    },
    async stop() {
      clearInterval(settling)
      stopTelling()
      await shut()
      assert.deepEqual(unanswered, [], `Nobody answers ${format.name}'s calls`)
    },
  }
}

async function parse(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://loopback')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    search: url.search.slice(1),
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    text,
    body:
      text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text)),
  }
}
