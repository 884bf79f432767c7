import { Decimal } from 'decimal.js'
import type { CoreEvent, CoreFill, ExchangeCore, RefusalCode } from './core.ts'
import {
  basicOrder,
  clearinghouseState,
  contexts,
  fillBody,
  frontendOrder,
  oidOf,
  statusOf,
  universe,
} from './hyperliquid-shapes.ts'
import type { Asked, PushSocket, Reply, VenueFormat } from './server.ts'

/** The account, and the key of an API wallet that acts for it. */
export const HYPERLIQUID_KEYS = {
  walletAddress: '0x31ca8395cf837de08b24da3f660e77761dfb974b',
  privateKey: '0x0123456789012345678901234567890123456789012345678901234567890123',
} as const
/** Whose key that is. */
export const API_WALLET = '0x14791697260e4c9a71f18484c9f997b308e59325'

export interface HyperliquidSettings {
  readonly core: ExchangeCore
  readonly account?: string
  readonly fillsPerPage?: number
  /** Pages of fills begin with the latest. */
  readonly newestFirst?: boolean
  /** Whether pushed fills name our id. */
  readonly namesCloid?: boolean
  readonly abstraction?: string
  readonly role?: unknown
  readonly isTestnet?: boolean
  /** A stop is answered without its id. */
  readonly stopsWait?: boolean
  readonly specialStatuses?: unknown
  /** USD that the account has traded. */
  readonly volume?: number
}

interface WireOrder {
  readonly a: number
  readonly b: boolean
  readonly p: string
  readonly s: string
  readonly r: boolean
  readonly t: {
    readonly limit?: { readonly tif: string }
    readonly trigger?: { readonly isMarket: boolean; readonly triggerPx: string; readonly tpsl: string }
  }
  readonly c?: string
}
interface Action {
  readonly type: string
  readonly orders?: readonly WireOrder[]
  readonly cancels?: readonly { readonly asset: number; readonly cloid: string }[]
  readonly time?: number
  readonly builder?: unknown
}
interface Signed {
  readonly action: Action
  readonly nonce: number
  readonly signature: unknown
  readonly expiresAfter?: number
}

const DAY = 24 * 3_600_000
const VOLUME_FOR_COUNTDOWN = 1_000_000
const LEAST_COUNTDOWN_MS = 5_000

const refused = (response: string): Reply => ({ body: { status: 'err', response } })
const statuses = (type: string, list: readonly unknown[]): Reply => ({
  body: { status: 'ok', response: { type, data: { statuses: list } } },
})

const REFUSALS: Readonly<Record<RefusalCode, string>> = {
  'unknown-instrument': 'Invalid perpetual',
  halted: 'Trading is halted.',
  'no-price': 'No liquidity available for market order.',
  'off-lot': 'Order has invalid size.',
  'off-tick': 'Price must be divisible by tick size.',
  'below-min-notional': 'Order must have minimum value of $10.',
  'insufficient-margin': 'Insufficient margin to place order.',
  'would-take': 'Post only order would have immediately matched, bbo was 2999.5@3000.5.',
  'reduce-only': 'Reduce only order would increase position.',
  'duplicate-id': 'Duplicate cloid.',
  'would-trigger': 'Invalid TP/SL price.',
}
const NOT_OPEN = 'Order was never placed, already canceled, or filled.'

/** Signs as the account's wallet does, to compare: the same numbers give the same signature. */
export interface ReferenceSigner {
  signL1Action(action: unknown, nonce: number, vaultAddress?: undefined, expiresAfter?: number): unknown
}

const file = new URL('./src/hyperliquid.js', import.meta.resolve('ccxt'))
const { default: Exchange } = (await import(file.href)) as {
  default: new (config: object) => ReferenceSigner & { setSandboxMode(enabled: boolean): void }
}
export function createReferenceSigner(isTestnet: boolean): ReferenceSigner {
  const exchange = new Exchange(HYPERLIQUID_KEYS)
  if (isTestnet) exchange.setSandboxMode(true)
  return exchange
}

/**
 * Hyperliquid over HTTP and WebSocket: two addresses, errors in answers of success, and signatures over what it understood of an
 * action. Approving a builder, setting a referrer and orders that pay a builder are answered by nobody, which fails the test.
 */
export function createHyperliquidFormat(settings: HyperliquidSettings): VenueFormat {
  const { core, fillsPerPage = 2000, newestFirst = false, isTestnet = false } = settings
  const { account = HYPERLIQUID_KEYS.walletAddress } = settings
  const signer = createReferenceSigner(isTestnet)
  const nonces = new Set<number>()

  /** By what it would write itself for the numbers that it was sent. */
  function isSigned({ action, nonce, signature, expiresAfter }: Signed): boolean {
    const understood = {
      ...action,
      ...(action.orders && { orders: action.orders.map(asUnderstood) }),
    }
    const expected = signer.signL1Action(understood, nonce, undefined, expiresAfter)
    return JSON.stringify(expected) === JSON.stringify(signature)
  }

  function exchange(signed: Signed): Reply | undefined {
    const { action, nonce, expiresAfter } = signed
    if (!['order', 'cancelByCloid', 'scheduleCancel'].includes(action.type) || action.builder) return undefined
    // A signature over something else is that of somebody unknown.
    if (!isSigned(signed)) return refused(`User or API Wallet 0x${'2'.repeat(40)} does not exist.`)
    if (nonces.has(nonce)) return refused(`Invalid nonce: duplicate nonce ${nonce}`)
    if (nonce < core.now() - 2 * DAY || nonce > core.now() + DAY) return refused(`Invalid nonce: ${nonce}`)
    nonces.add(nonce)
    if (expiresAfter !== undefined && core.now() > expiresAfter) return refused('Action expired.')
    switch (action.type) {
      case 'order':
        return statuses('order', action.orders!.map(submit))
      case 'cancelByCloid':
        return statuses('cancel', action.cancels!.map(cancel))
      default:
        return schedule(action.time)
    }
  }

  function submit({ a, b, p, s, r, t, c }: WireOrder): unknown {
    const error = (code: RefusalCode) => ({ error: `${REFUSALS[code].replace(/\.$/, '')}. asset=${a}` })
    const asset = core.instruments[a]?.asset
    if (asset === undefined) return error('unknown-instrument')
    if (!isPrice(p) || (t.trigger && !isPrice(t.trigger.triggerPx))) return error('off-tick')
    const entry = { clientId: c, asset, side: b ? 'buy' : 'sell', quantity: s } as const
    if (t.trigger) {
      const { isMarket, triggerPx, tpsl } = t.trigger
      const isThrough = b ? Number(p) >= Number(triggerPx) : Number(p) <= Number(triggerPx)
      if (!isMarket || tpsl !== 'sl' || !r || !isThrough) return error('would-trigger')
      const stop = core.submitStop({ ...entry, triggerPrice: triggerPx })
      if (stop.kind === 'taken' && settings.stopsWait) return 'waitingForTrigger'
      return stop.kind === 'refused' ? error(stop.code) : { resting: { oid: stop.order.orderId, cloid: c } }
    }
    const tif = t.limit?.tif
    const outcome = core.submit({
      ...{ ...entry, limitPrice: p, reduceOnly: r },
      ...{ timeInForce: tif === 'Ioc' ? 'ioc' : 'gtc', postOnly: tif === 'Alo' },
    })
    if (outcome.kind === 'refused') return error(outcome.code)
    const { orderId, filled, filledNotional, state } = outcome.order
    if (filled === 0 && state === 'expired')
      return { error: `Order could not immediately match against any resting orders. asset=${a}` }
    return filled > 0
      ? { filled: { oid: orderId, totalSz: String(filled), avgPx: String(filledNotional / filled), cloid: c } }
      : { resting: { oid: orderId, cloid: c } }
  }

  function cancel({ asset, cloid }: { readonly asset: number; readonly cloid: string }): unknown {
    const order = core.orderByClientId(cloid)
    return order && core.cancel(order.orderId) ? 'success' : { error: `${NOT_OPEN} asset=${asset}` }
  }

  function schedule(time: number | undefined): Reply {
    const { volume = 0 } = settings
    if (volume < VOLUME_FOR_COUNTDOWN) {
      return refused(
        `Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $${volume}.`,
      )
    }
    if (time !== undefined && time < core.now() + LEAST_COUNTDOWN_MS)
      return refused('Scheduled cancel time too early, must be at least 5 seconds from now.')
    core.countdown(time === undefined ? undefined : time - core.now())
    return { body: { status: 'ok', response: { type: 'default' } } }
  }

  function fills(startTime: number, endTime: number): readonly unknown[] {
    const wanted = core.fills().filter(({ at }) => at >= startTime && at <= endTime)
    const page = newestFirst ? wanted.toReversed() : wanted
    return page.slice(0, fillsPerPage).map((fill) => fillBody(fill, { core, account }))
  }

  function info(asked: Readonly<Record<string, unknown>>): Reply | undefined {
    if (asked.user !== undefined && asked.type !== 'userRole' && asked.user !== account) return { body: null }
    switch (asked.type) {
      case 'exchangeStatus':
        return { body: { specialStatuses: settings.specialStatuses ?? null, time: core.now() } }
      case 'meta':
        return { body: { universe: universe(core), marginTables: [], collateralToken: 0 } }
      case 'metaAndAssetCtxs':
        return { body: [{ universe: universe(core), marginTables: [], collateralToken: 0 }, contexts(core)] }
      case 'userAbstraction':
        return { body: settings.abstraction ?? 'default' }
      case 'userRole':
        return {
          body:
            settings.role ??
            (asked.user === API_WALLET ? { role: 'agent', data: { user: account } } : { role: 'user' }),
        }
      case 'orderStatus': {
        const order = typeof asked.oid === 'string' ? core.orderByClientId(asked.oid) : core.order(Number(asked.oid))
        if (!order) return { body: { status: 'unknownOid' } }
        const found = {
          order: frontendOrder(order, core),
          status: statusOf(order, core),
          statusTimestamp: order.updatedAt,
        }
        return { body: { status: 'order', order: found } }
      }
      case 'frontendOpenOrders':
        return { body: core.openOrders().map((order) => frontendOrder(order, core)) }
      case 'userFillsByTime':
        return { body: fills(Number(asked.startTime), Number(asked.endTime ?? core.now())) }
      case 'clearinghouseState':
        return { body: clearinghouseState(core) }
      default:
        return undefined
    }
  }

  return {
    name: 'Hyperliquid',
    kindOf({ path, body }) {
      const { action, type } = body as { action?: Action; type?: string }
      if (path === '/exchange') return KINDS[action?.type ?? ''] ?? 'question'
      return FREE.has(type ?? '') ? 'free' : 'question'
    },
    answer({ method, path, body }: Asked) {
      if (method !== 'POST') return undefined
      if (path === '/exchange') return exchange(body as unknown as Signed)
      return path === '/info' ? info(body) : undefined
    },
    orderIdOf: ({ body }) =>
      core.orderByClientId((body as unknown as Signed).action.cancels?.[0]?.cloid ?? '')?.orderId,
    rateLimited: (status) => ({ status, body: null }),
    serverError: (status) => ({ status, body: 'Bad gateway' }),
    hear: (socket, text) => hear(socket, text, account),
    tell: (event, socket) => tell(event, { socket, settings, account }),
  }
}

const KINDS: Readonly<Record<string, 'submit' | 'cancel'>> = { order: 'submit', cancelByCloid: 'cancel' }
const FREE = new Set(['exchangeStatus', 'meta', 'metaAndAssetCtxs', 'userAbstraction', 'userRole'])

/** Five significant figures, or whole; what a perpetual with four decimals of size has. */
function isPrice(text: string): boolean {
  const price = new Decimal(text)
  return price.isInteger() || (price.precision() <= 5 && price.decimalPlaces() <= 2)
}

const plain = (text: string): string => new Decimal(text).toFixed()
const asUnderstood = (order: WireOrder): WireOrder => ({
  ...order,
  p: plain(order.p),
  s: plain(order.s),
  t: order.t.trigger ? { trigger: { ...order.t.trigger, triggerPx: plain(order.t.trigger.triggerPx) } } : order.t,
})

function hear(socket: PushSocket, text: string, account: string): readonly unknown[] | undefined {
  const { method, subscription } = JSON.parse(text) as {
    method: string
    subscription?: { type: string; user: string }
  }
  if (method === 'ping') return [{ channel: 'pong' }]
  if (method !== 'subscribe' || !subscription) return undefined
  if (subscription.user !== account) return undefined
  socket.state.set(subscription.type, true)
  const confirmed = { channel: 'subscriptionResponse', data: { method, subscription } }
  if (subscription.type === 'orderUpdates') return [confirmed]
  if (subscription.type !== 'userFills') return undefined
  return [confirmed, { channel: 'userFills', data: { isSnapshot: true, user: subscription.user, fills: [OLD_FILL] } }]
}

/** Of before anyone listened. */
const OLD_FILL = {
  ...{
    coin: 'ETH',
    px: '2500.0',
    sz: '9.0',
    side: 'B',
    time: 1_700_000_000_000,
    startPosition: '0.0',
    dir: 'Open Long',
  },
  ...{ closedPnl: '0.0', hash: '0x00', oid: 1, crossed: true, fee: '1.0', tid: 1, feeToken: 'USDC', twapId: null },
}

function tell(
  event: CoreEvent,
  { socket, settings, account }: { socket: PushSocket; settings: HyperliquidSettings; account: string },
): readonly unknown[] {
  const { core, namesCloid = true } = settings
  const { order } = event
  const stop = order.parentId === undefined ? undefined : core.order(order.parentId)
  const about = stop ?? order
  const update = { order: basicOrder(about, core), status: statusOf(about, core), statusTimestamp: core.now() }
  const fill = (made: CoreFill) => fillBody(made, { core, account, namesCloid })
  return [
    ...(event.kind === 'fill' && socket.state.has('userFills')
      ? [{ channel: 'userFills', data: { user: account, fills: [fill(event.fill)] } }]
      : []),
    ...(socket.state.has('orderUpdates') && oidOf(about) > 0 ? [{ channel: 'orderUpdates', data: [update] }] : []),
  ]
}
