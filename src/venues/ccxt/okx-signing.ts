import type { Session } from './exchange.ts'
import type { TradingClient } from './trading-client.ts'

type Params = Record<string, unknown>
interface Signed {
  headers?: Record<string, string> | undefined
}

interface SigningClient {
  nonce: () => number
  sign(path: string, api: string, method: string, params: Params | readonly Params[], ...rest: unknown[]): Signed
  seconds(): number
}

const ALGO = 'trade/order-algo'
/** OKX refuses what was signed longer ago than this. */
const TIMESTAMP_LASTS_MS = 30_000

/**
 * What ccxt's signing lacks or adds at OKX:
 *
 * - `expTime`, until when an order may be taken, is a header; it travels here as a parameter of that name.
 * - Conditional orders know no `expTime`: they are signed as of so long ago that OKX finds them expired after that instant.
 * - Conditional orders would be given a client id and a tag of ccxt's own, as they have no `clOrdId`; ccxt sees one here, which
 *   is not sent.
 * - The login of a stream is signed with the clock of this machine instead of the venue's.
 */
export function signOkx({ client }: Pick<Session, 'client'>): void {
  const signing = client as TradingClient & SigningClient
  const { sign, nonce } = signing
  signing.seconds = () => Math.floor(client.milliseconds() / 1000)
  signing.sign = (path, api, method, params, ...rest) => {
    if (Array.isArray(params)) return sign.call(signing, path, api, method, params, ...rest)
    const { expTime, ...sent } = params as Params
    if (path === ALGO && method === 'POST') {
      Object.defineProperty(sent, 'clOrdId', { value: '-', enumerable: false })
      signing.nonce = () => Math.min(nonce.call(signing), Number(expTime) - TIMESTAMP_LASTS_MS)
      try {
        return sign.call(signing, path, api, method, sent, ...rest)
      } finally {
        signing.nonce = nonce
      }
    }
    const signed = sign.call(signing, path, api, method, sent, ...rest)
    return expTime === undefined ? signed : { ...signed, headers: { ...signed.headers, expTime: String(expTime) } }
  }
}
