import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PushSocket } from './server.ts'

export interface OkxKeys {
  readonly apiKey: string
  readonly secret: string
  readonly password: string
}

/** How far a timestamp may be from the exchange's, ms. */
export const TIMESTAMP_WINDOW = 30_000

/** Answers on the private and the business stream; who has logged in is put into `sockets`. */
export function hearOkx(
  socket: PushSocket,
  text: string,
  { keys, now, sockets }: { readonly keys: OkxKeys; readonly now: number; readonly sockets: Set<PushSocket> },
): readonly unknown[] | undefined {
  if (text === 'ping') return ['pong']
  const { op, args } = JSON.parse(text) as { op: string; args: readonly Record<string, string>[] }
  switch (op) {
    case 'login': {
      const { apiKey, passphrase, timestamp = '', sign = '' } = args[0] ?? {}
      if (Math.abs(now / 1000 - Number(timestamp)) * 1000 > TIMESTAMP_WINDOW) {
        return [{ event: 'error', code: '60006', msg: 'Timestamp request expired', connId: 'a4d3ae55' }]
      }
      const isKnown = apiKey === keys.apiKey && passphrase === keys.password
      if (!isKnown || !isSignedBy(keys.secret, `${timestamp}GET/users/self/verify`, sign)) {
        return [{ event: 'error', code: '60009', msg: 'Login failed.', connId: 'a4d3ae55' }]
      }
      sockets.add(socket)
      return [{ event: 'login', code: '0', msg: '', connId: 'a4d3ae55' }]
    }
    case 'subscribe':
      return args.map((arg) => {
        const served = socket.path.endsWith('/business') ? 'orders-algo' : 'orders'
        if (!sockets.has(socket)) return { event: 'error', code: '60011', msg: 'Please log in', connId: 'a4d3ae55' }
        if (arg.channel !== served || arg.instType !== 'SWAP') {
          return { event: 'error', code: '60018', msg: `channel:${arg.channel} doesn't exist`, connId: 'a4d3ae55' }
        }
        channelsOf(socket).add(served)
        return { event: 'subscribe', arg, connId: 'a4d3ae55' }
      })
    default:
      return undefined
  }
}

/** The channels that are listened to on this socket. */
export function channelsOf({ state }: PushSocket): Set<string> {
  const channels = (state.get('channels') as Set<string> | undefined) ?? new Set<string>()
  state.set('channels', channels)
  return channels
}

/** HMAC-SHA256 in base64. */
export function isSignedBy(secret: string, payload: string, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(payload).digest()
  const given = Buffer.from(signature, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}
