import type { Expiry, Session } from './exchange.ts'
import type { TradingClient } from './trading-client.ts'

type Sign = (
  path: string,
  api: string,
  method: string,
  params: Record<string, unknown>,
  ...rest: readonly unknown[]
) => { headers?: Record<string, string> | undefined }

interface SigningClient {
  sign: Sign
  nonce: () => number
  readonly options: Record<string, unknown>
}

/** A longer window than this is never asked for; a shorter one only refuses sooner. */
const MAX_RECV_WINDOW_MS = 60_000

/** What `signBybit` takes out of the parameters of a request again. */
export const within = (expiry: Expiry): Readonly<Record<string, unknown>> => ({ expiry })

/**
 * Lets each request say when it was signed and for how long from then on Bybit may take it: ccxt has one receive window for all,
 * and the instant at which it happens to sign. Also leaves away the name of a broker that ccxt sends with what it posts.
 */
export function signBybit({ client }: Pick<Session, 'client'>): void {
  const signing = client as TradingClient & SigningClient
  const { sign, nonce } = signing
  signing.sign = (path, api, method, { expiry, ...params }, ...rest) => {
    const window = signing.options.recvWindow
    try {
      if (expiry !== undefined) {
        const { signedAt, validUntil } = expiry as Expiry
        signing.options.recvWindow = Math.max(1, Math.min(MAX_RECV_WINDOW_MS, validUntil - signedAt))
        signing.nonce = () => signedAt
      }
      const signed = sign.call(signing, path, api, method, params, ...rest)
      delete signed.headers?.Referer
      return signed
    } finally {
      signing.options.recvWindow = window
      signing.nonce = nonce
    }
  }
}
