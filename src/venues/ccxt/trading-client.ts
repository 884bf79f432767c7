import { AsyncLocalStorage } from 'node:async_hooks'
import type { VenueId } from '../../domain/market/tick.ts'
import { type Endpoint, type OpenedExchange, openExchange } from '../live/client.ts'
import type { RawMarket } from './contracts.ts'
import { type Answered, RequestFailure, reasonOf } from './failures.ts'

type Params = Readonly<Record<string, unknown>>
type Verb = (...args: unknown[]) => Promise<unknown>

/** What signs our requests; each venue takes some of them. */
export interface VenueKeys {
  readonly apiKey?: string | undefined
  readonly secret?: string | undefined
  /** OKX calls it a passphrase. */
  readonly password?: string | undefined
  /** Hyperliquid and dYdX: the account's address, and the key of the wallet that may trade for it. */
  readonly walletAddress?: string | undefined
  readonly privateKey?: string | undefined
  /** What else ccxt wants to know of the account, such as a subaccount. */
  readonly options?: Params | undefined
}

/** The part of a ccxt.pro exchange that trades. A venue's mapping reaches its implicit methods by `call`. */
export interface TradingClient extends OpenedExchange {
  readonly options: Record<string, unknown>
  markets?: Readonly<Record<string, RawMarket>> | undefined
  readonly clients: Record<string, { readonly connected: Promise<unknown>; close(): unknown }>
  timeout: number
  milliseconds(): number
  loadMarkets(reload?: boolean, params?: Params): Promise<unknown>
  market(symbol: string): RawMarket
  setSandboxMode(enabled: boolean): void
  enableDemoTrading(enabled: boolean): void
  createOrder(
    symbol: string,
    type: string,
    side: string,
    amount: number,
    price?: number,
    params?: Params,
  ): Promise<unknown>
  cancelOrder(id: string | undefined, symbol: string, params?: Params): Promise<unknown>
  watchOrders(symbol?: string, since?: number, limit?: number, params?: Params): Promise<unknown>
  watchMyTrades(symbol?: string, since?: number, limit?: number, params?: Params): Promise<unknown>
  close(): Promise<unknown>
}

/** What is told of WebSockets. */
export interface Ears {
  /** Every message that the venue pushes, before ccxt reads it. */
  message(message: unknown): void
  opened(): void
}

/** The seams of ccxt's base class that are wrapped so that a failure tells how far it got. */
interface Seams {
  fetch: Verb
  handleErrors: (...args: unknown[]) => unknown
  handleHttpStatusCode: (...args: unknown[]) => unknown
  handleMessage: (client: unknown, message: unknown) => unknown
  onConnected: (client: unknown, message?: unknown) => unknown
  delay: (ms: number, method: (...args: unknown[]) => unknown, ...args: unknown[]) => void
  spawn: (method: (...args: unknown[]) => unknown, ...args: unknown[]) => unknown
  loadProxyModules(): Promise<unknown>
  loadFetchImplementation(): Promise<unknown>
}

export interface TradingClientOptions {
  readonly venueId: VenueId
  readonly keys: VenueKeys
  readonly endpoint?: Endpoint | undefined
  /** Chooses the venue's practice exchange; left out for the real one. */
  readonly useSandbox?: ((client: TradingClient) => void) | undefined
  readonly options: Params
  readonly marketParams?: Params | undefined
  readonly timeoutMs: number
  /** ms, the venue's clock: what requests are signed with. */
  readonly now: () => number
  readonly ears: Ears
}

/**
 * A ccxt.pro exchange with keys, by its own file and with its markets loaded. ccxt neither paces nor retries it; whatever it
 * throws is a `RequestFailure` that tells whether the request left and what was answered.
 *
 * @throws {RequestFailure} when the markets cannot be loaded
 */
export async function openTradingClient(
  module: string,
  { venueId, keys, endpoint, useSandbox, options, marketParams, timeoutMs, now, ears }: TradingClientOptions,
): Promise<TradingClient> {
  const { options: accountOptions, ...credentials } = keys
  const client = await openExchange<TradingClient>(module, {
    venueId,
    endpoint,
    config: {
      ...credentials,
      enableRateLimit: false,
      timeout: timeoutMs,
      options: { ...options, ...accountOptions, maxRetriesOnFailure: 0 },
    },
    choose: useSandbox,
  })
  client.milliseconds = now
  wrap(client as unknown as Seams, { timeoutMs, ears })
  await client.loadMarkets(false, marketParams)
  return client
}

/** Calls one of ccxt's implicit methods, such as `fapiPrivatePostOrder`. */
export function call(client: TradingClient, method: string, params: Params = {}): Promise<unknown> {
  const verb = (client as unknown as Record<string, Verb | undefined>)[method]
  if (verb === undefined) throw new RangeError(`Expected a method of ccxt, was ${method}`)
  return verb.call(client, params)
}

/** Whether a request has left since the attempt began. */
const attempts = new AsyncLocalStorage<{ sent: boolean }>()

/** Does the work and tells, whatever comes of it, whether any request has left. */
export async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ readonly done: T } | { readonly error: unknown; readonly sent: boolean }> {
  const state = { sent: false }
  try {
    return { done: await attempts.run(state, work) }
  } catch (error) {
    return { error, sent: state.sent }
  }
}

function wrap(client: Seams, { timeoutMs, ears }: { timeoutMs: number; ears: Ears }): void {
  const { fetch, handleErrors, handleHttpStatusCode, handleMessage, onConnected } = client
  client.fetch = async (...args) => {
    const state = attempts.getStore()
    if (state) state.sent = true
    try {
      return await withDeadline(fetch.apply(client, args), timeoutMs)
    } catch (error) {
      if (error instanceof RequestFailure) throw error
      throw new RequestFailure('no-answer', reasonOf(error), { cause: error })
    }
  }
  client.handleErrors = (...args) =>
    answering(() => handleErrors.apply(client, args), args, { headers: 4, text: 5, body: 6 })
  client.handleHttpStatusCode = (...args) =>
    answering(
      () => {
        handleHttpStatusCode.apply(client, args)
        // ccxt takes a status that it has no name for as a success.
        if (Number(args[0]) >= 400) throw new Error(`HTTP ${args[0]} ${args[1]}`)
      },
      args,
      { text: 4 },
    )
  client.handleMessage = (socket, message) => {
    ears.message(message)
    return handleMessage.call(client, socket, message)
  }
  client.onConnected = (socket, message) => {
    ears.opened()
    return onConnected.call(client, socket, message)
  }
  // ccxt's own holds the process for as long as its longest timer, twenty minutes.
  client.delay = (ms, method, ...args) => void setTimeout(() => client.spawn(method, ...args), ms).unref()
}

/** ccxt's own timeout ends with the headers; a body that never ends would keep us waiting. */
async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`No answer within ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** `places` are those of ccxt's arguments; the status is the first of both. */
function answering<T>(
  read: () => T,
  args: readonly unknown[],
  places: { readonly headers?: number; readonly text: number; readonly body?: number },
): T {
  try {
    return read()
  } catch (error) {
    const answer: Answered = {
      status: Number(args[0]),
      text: String(args[places.text] ?? ''),
      body: places.body === undefined ? undefined : args[places.body],
      headers: (places.headers === undefined ? undefined : (args[places.headers] as Params)) ?? {},
      errorName: error instanceof Error ? error.constructor.name : 'Error',
    }
    throw new RequestFailure('answered', reasonOf(error), { cause: error, answer })
  }
}
