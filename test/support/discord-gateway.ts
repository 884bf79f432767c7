import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'

const OP = { dispatch: 0, heartbeat: 1, identify: 2, resume: 6, invalidSession: 9, hello: 10, ack: 11 } as const
const HEARTBEAT_EVERY_MS = 1_000
const AUTHENTICATION_FAILED = 4004

interface Options {
  readonly http: Server
  readonly token: string
  readonly applicationId: string
  readonly guildId: string
  readonly channelId: string
  /** Called after everything that happens. */
  readonly changed: () => void
}

/** The gateway half of the loopback Discord: one session, its events numbered and replayed on resume. */
export function createDiscordGateway({ http, token, applicationId, guildId, channelId, changed }: Options) {
  const sockets = new WebSocketServer({ server: http })
  let session = { id: '', resumable: false, log: [] as { t: string; d: unknown }[] }
  let live: WebSocket | undefined
  let sessionCount = 0
  const counts = { identified: 0, resumed: 0, heartbeats: 0 }

  const send = (socket: WebSocket, frame: Record<string, unknown>) => socket.send(JSON.stringify(frame))
  const replay = (socket: WebSocket, after: number) =>
    session.log.forEach((event, i) => {
      if (i + 1 > after) send(socket, { op: OP.dispatch, s: i + 1, ...event })
    })
  const dispatch = (t: string, d: unknown): void => {
    session.log.push({ t, d })
    if (live) send(live, { op: OP.dispatch, s: session.log.length, t, d })
  }

  function identify(socket: WebSocket): void {
    // Interactions sent while nobody was connected belong to no session: they are gone, as on Discord.
    session = { id: `session-${++sessionCount}`, resumable: true, log: [] }
    live = socket
    counts.identified++
    const { port } = http.address() as { port: number }
    const user = { id: applicationId, username: 'breakwater', discriminator: '0', avatar: null, bot: true }
    dispatch('READY', {
      v: 10,
      user,
      guilds: [{ id: guildId, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: `ws://127.0.0.1:${port}`,
      application: { id: applicationId, flags: 0 },
    })
    const channel = { id: channelId, type: 0, name: 'desk', position: 0, permission_overwrites: [] }
    dispatch('GUILD_CREATE', {
      id: guildId,
      name: 'Desk',
      owner_id: '1',
      channels: [channel],
      roles: [],
      members: [],
      emojis: [],
      features: [],
      member_count: 1,
    })
  }

  function resume(socket: WebSocket, { session_id, seq }: { session_id: string; seq: number }): void {
    if (session_id !== session.id || !session.resumable) {
      send(socket, { op: OP.invalidSession, d: false })
      return
    }
    live = socket
    counts.resumed++
    replay(socket, seq)
    dispatch('RESUMED', {})
  }

  sockets.on('connection', (socket) => {
    send(socket, { op: OP.hello, d: { heartbeat_interval: HEARTBEAT_EVERY_MS } })
    socket.on('close', () => {
      if (live === socket) live = undefined
      changed()
    })
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString())
      if (frame.op === OP.heartbeat) {
        counts.heartbeats++
        send(socket, { op: OP.ack })
      } else if (frame.d?.token !== token) socket.close(AUTHENTICATION_FAILED, 'Authentication failed.')
      else if (frame.op === OP.identify) identify(socket)
      else if (frame.op === OP.resume) resume(socket, frame.d)
      changed()
    })
  })

  return {
    dispatch,
    counts: counts as Readonly<typeof counts>,
    /** Open sockets, also those that never identified. */
    get sockets(): number {
      return sockets.clients.size
    },
    get connected(): boolean {
      return live !== undefined
    },
    drop(resumable: boolean): void {
      session.resumable = resumable
      for (const socket of sockets.clients) socket.terminate()
      live = undefined
    },
    close(): void {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    },
  }
}
