import { VenueUnreachableError } from '../../domain/execution/venue-unreachable.ts'
import type { Asset } from '../../domain/market/tick.ts'
import type { CcxtVenueOptions } from './ccxt-venue.ts'
import { type ContractMarket, marketFrom, type RawMarket } from './contracts.ts'
import type { Judgement, Question, Session, TradingExchange } from './exchange.ts'
import { RequestFailure, reasonOf, UnreadableError } from './failures.ts'
import type { Limiter } from './limiter.ts'
import { type Ears, openTradingClient, type TradingClient } from './trading-client.ts'

export interface Connection {
  /** Opens it when it is not open; many at once open it once, and a failure is tried anew by the next. */
  open(): Promise<Session>
  /** The same for a question. @throws {VenueUnreachableError} when it cannot be opened */
  session(): Promise<Session>
  /** The session if it is open. */
  current(): Session | undefined
  /**
   * Puts a question. A clock that was off is set right and the question put once more: a question changes nothing.
   *
   * @throws {VenueUnreachableError} when there is no answer, or none that can be read
   */
  ask<T>(question: Question, put: (session: Session) => Promise<T>): Promise<T>
  /** The venue's clock less ours, never more than it truly is: what is signed is never ahead of the venue. */
  offsetMs(): number
  /** Asks the venue for its time. */
  synchronise(session: Session): Promise<void>
  /** What an error means for the request; undefined where the venue said nothing. Takes note of "too many requests". */
  judge(error: unknown): Judgement | undefined
  close(): Promise<void>
}

const DEFAULT_TIMEOUT_MS = 4_000
const SYNCHRONISE_EVERY_MS = 600_000

export function createConnection(
  {
    exchange,
    keys,
    endpoint,
    sandbox = false,
    assets = [],
    clock,
    log,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  }: CcxtVenueOptions,
  { limiter, ears }: { limiter: Limiter; ears: Ears },
): Connection {
  let offsetMs = 0
  let synchronisedAt = Number.NEGATIVE_INFINITY
  let opening: Promise<Session> | undefined
  let session: Session | undefined
  const venueNow = (): number => Math.floor(clock.now() + offsetMs)

  async function openNow(): Promise<Session> {
    const client = await openTradingClient(exchange.module, {
      venueId: exchange.venueId,
      keys,
      endpoint,
      useSandbox: sandbox ? (exchange.useSandbox ?? ((opened) => opened.setSandboxMode(true))) : undefined,
      options: exchange.options,
      marketParams: exchange.marketParams,
      timeoutMs,
      now: venueNow,
      ears,
    })
    const opened = toSession(client, { exchange, venueNow })
    for (const asset of assets) opened.marketOf(asset)
    await synchronise(opened)
    await exchange.prepare?.(opened)
    log.info({ venue: exchange.venueId, sandbox, clockOffsetMs: offsetMs }, 'trading venue connected')
    session = opened
    return opened
  }

  function open(): Promise<Session> {
    opening ??= openNow().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function synchronise({ client }: Pick<Session, 'client'>): Promise<void> {
    if (!exchange.serverTime) return
    const serverTime = await exchange.serverTime(client)
    // It was stamped before it came here, so this is at most the true difference.
    offsetMs = serverTime - clock.now()
    synchronisedAt = clock.now()
  }

  /** Clocks drift apart; nobody waits for it. */
  function keepSynchronised(opened: Session): void {
    if (clock.now() - synchronisedAt < SYNCHRONISE_EVERY_MS) return
    synchronisedAt = clock.now()
    synchronise(opened).catch((error: unknown) => {
      log.warn({ venue: exchange.venueId, reason: reasonOf(error) }, 'venue does not tell its time')
    })
  }

  function judge(error: unknown): Judgement | undefined {
    if (!(error instanceof RequestFailure) || error.answer === undefined) return undefined
    const judgement = exchange.judge(error.answer)
    if (judgement.kind === 'busy') limiter.hold(judgement.retryAfterMs)
    return judgement
  }

  function fail(question: string, error: unknown): never {
    if (!isOfTheWire(error)) throw error
    throw new VenueUnreachableError(`${exchange.venueId} ${question}: ${reasonOf(error)}`, { cause: error })
  }

  async function put<T>(question: Question, work: (session: Session) => Promise<T>): Promise<T> {
    const opened = await open()
    const weight = exchange.limits.weights[question] ?? 1
    if (!(await limiter.take(weight, { isOrder: false, patienceMs: timeoutMs }))) {
      throw new VenueUnreachableError(`${exchange.venueId} ${question}: held back by its request limit`)
    }
    keepSynchronised(opened)
    try {
      return await work(opened)
    } catch (error) {
      if (judge(error)?.kind !== 'clock') throw error
      await synchronise(opened)
      log.warn({ venue: exchange.venueId, clockOffsetMs: offsetMs }, 'our clock was off the venue’s')
      return work(opened)
    }
  }

  return {
    open,
    session: () => open().catch((error: unknown) => fail('connection', error)),
    current: () => session,
    ask: (question, work) => put(question, work).catch((error: unknown) => fail(question, error)),
    offsetMs: () => offsetMs,
    synchronise,
    judge,
    async close() {
      const opened = await opening?.catch(() => undefined)
      await opened?.client.close()
    },
  }
}

/** What a venue or the way to it can do; anything else is a fault of ours, and is thrown as it is. */
export const isOfTheWire = (error: unknown): boolean =>
  error instanceof RequestFailure || error instanceof UnreadableError || isCcxtError(error)

/** ccxt's errors have no common name, and its class would have to be imported with all of ccxt. */
function isCcxtError(error: unknown): boolean {
  for (let type = error; type instanceof Error; type = Object.getPrototypeOf(type)) {
    if (type.constructor.name === 'BaseError') return true
  }
  return false
}

function toSession(
  client: TradingClient,
  { exchange, venueNow }: { exchange: TradingExchange; venueNow: () => number },
): Session {
  const bySymbol = new Map<string, ContractMarket>()
  const marketOf = (asset: Asset): ContractMarket => {
    const symbol = exchange.symbolOf(asset)
    const known = bySymbol.get(symbol)
    if (known) return known
    const raw = client.markets?.[symbol]
    if (raw === undefined) throw new RangeError(`Expected a perpetual of ${asset} at ${exchange.venueId}, was none`)
    const market = exchange.market?.(client, asset) ?? marketFrom(asset, raw)
    bySymbol.set(symbol, market)
    return market
  }
  let byId: ReadonlyMap<string, Asset> | undefined
  return {
    client,
    ids: exchange.ids,
    venueNow,
    marketOf,
    markets: () => [...bySymbol.values()],
    knownMarket(idOrSymbol) {
      byId ??= perpetualsOf(client.markets ?? {}, exchange)
      const asset = byId.get(idOrSymbol)
      return asset === undefined ? undefined : marketOf(asset)
    },
  }
}

/** By id and by symbol, the markets that `symbolOf` would name. */
function perpetualsOf(
  markets: Readonly<Record<string, RawMarket>>,
  { symbolOf }: TradingExchange,
): ReadonlyMap<string, Asset> {
  const found = new Map<string, Asset>()
  for (const { id, symbol, base, swap } of Object.values(markets)) {
    if (swap !== true || base === undefined || symbolOf(base) !== symbol) continue
    found.set(id, base).set(symbol, base)
  }
  return found
}
