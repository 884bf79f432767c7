import type { Session } from './exchange.ts'
import { call, type TradingClient } from './trading-client.ts'

/** What of ccxt's own is used: its signature, and the nonces that never repeat within a process. */
interface Signer extends TradingClient {
  readonly walletAddress: string
  readonly privateKey: string
  incrementingNonce(): number
  signL1Action(action: unknown, nonce: number, vaultAddress?: undefined, expiresAfter?: number): unknown
  ethGetAddressFromPrivateKey(privateKey: string): string
}
const signer = (client: TradingClient): Signer => client as Signer

/** The account whose positions these are; a key of an API wallet acts for it. */
export const accountOf = ({ client }: Pick<Session, 'client'>): string => signer(client).walletAddress.toLowerCase()

/** Whose key it is that signs. */
export const signerOf = ({ client }: Session): string =>
  signer(client).ethGetAddressFromPrivateKey(signer(client).privateKey).toLowerCase()

/**
 * Signs an action and sends it.
 *
 * Not through ccxt's `createOrder` and its like: before the first of them ccxt approves a builder and sets a referrer on the
 * account, whatever its options say, and none of them can carry an expiry.
 *
 * @param expiresAfter - ms, the venue's time; refused by it when it comes later
 */
export async function act({ client }: Session, action: object, expiresAfter?: number): Promise<unknown> {
  const signing = signer(client)
  const nonce = signing.incrementingNonce()
  const signature = signing.signL1Action(action, nonce, undefined, expiresAfter)
  return call(client, 'privatePostExchange', {
    ...{ action, nonce, signature },
    ...(expiresAfter !== undefined && { expiresAfter }),
  })
}

/** Asks for something about the account. */
export const askOf = (session: Session, type: string, more: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
  ask(session.client, type, { user: accountOf(session), ...more })

export const ask = (
  client: TradingClient,
  type: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<unknown> => call(client, 'publicPostInfo', { type, ...more })
