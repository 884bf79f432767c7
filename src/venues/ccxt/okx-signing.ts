import type { Session } from './exchange.ts'
import type { TradingClient } from './trading-client.ts'

type Params = Record<string, unknown>
interface Signed {
  headers?: Record<string, string> | undefined
}

interface SigningClient {
  sign(path: string, api: string, method: string, params: Params | readonly Params[], ...rest: unknown[]): Signed
  seconds(): number
}

const ALGO = 'trade/order-algo'

/**
 * What ccxt's signing lacks or adds at OKX:
 *
 * - `expTime`, until when an order may be taken, is a header; it travels here as a parameter of that name.
 * - Conditional orders would be given a client id and a tag of ccxt's own, as they have no `clOrdId`; ccxt sees one here, which
 *   is not sent.
 * - The login of a stream is signed with the clock of this machine instead of the venue's.
 */
export function signOkx({ client }: Pick<Session, 'client'>): void {
  const signing = client as TradingClient & SigningClient
  const { sign } = signing
  signing.seconds = () => Math.floor(client.milliseconds() / 1000)
  signing.sign = (path, api, method, params, ...rest) => {
    if (Array.isArray(params)) return sign.call(signing, path, api, method, params, ...rest)
    const { expTime, ...sent } = params as Params
    if (path === ALGO && method === 'POST') Object.defineProperty(sent, 'clOrdId', { value: '-', enumerable: false })
    const signed = sign.call(signing, path, api, method, sent, ...rest)
    return expTime === undefined ? signed : { ...signed, headers: { ...signed.headers, expTime: String(expTime) } }
  }
}
