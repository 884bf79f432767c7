import { createHmac, timingSafeEqual } from 'node:crypto'
import type { CoreEvent, CoreFill, CoreOrder, ExchangeCore, RefusalCode } from './core.ts'
import {
  contractSizeOf,
  instrumentBody,
  nameOf,
  orderBody,
  positionBody,
  seqOf,
  summaryBody,
  tradeBody,
} from './deribit-shapes.ts'
import type { Asked, PushSocket, Reply, VenueFormat } from './server.ts'

export const DERIBIT_KEYS = { apiKey: 'loopback-id', secret: 'loopback-secret' } as const

export interface DeribitSettings {
  readonly core: ExchangeCore
  readonly keys?: { readonly apiKey: string; readonly secret: string }
  /** What a session opened with the key is granted. */
  readonly scope?: string
  readonly addresses?: readonly string[]
  /** All coins together are collateral. */
  readonly crossCollateral?: boolean
  /** How long orders and trades are among the recent records. */
  readonly recentOrdersMs?: number
  readonly recentTradesMs?: number
  readonly locked?: boolean
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** In microseconds, as on every answer. */
const TIMES = { usIn: 1767978373489878, usOut: 1767978373495006, usDiff: 5128, testnet: false }
const success = (result: unknown): Reply => ({ body: { jsonrpc: '2.0', result, ...TIMES } })
const failure = (code: number, message: string, data?: unknown, status = 400): Reply => ({
  status,
  body: { jsonrpc: '2.0', error: { code, message, ...(data !== undefined && { data }) }, ...TIMES },
})
const invalid = (param: string, reason: string): Reply => failure(-32602, 'Invalid params', { param, reason })

const REFUSALS: Readonly<Record<RefusalCode, Reply>> = {
  'unknown-instrument': failure(13020, 'instrument_not_found'),
  halted: failure(10012, 'book_closed'),
  'no-price': failure(11030, 'other_reject', 'no_liquidity'),
  'off-lot': invalid('amount', 'must be a multiple of contract size'),
  'off-tick': failure(10043, 'price_wrong_tick'),
  'below-min-notional': failure(10002, 'qty_too_low'),
  'insufficient-margin': failure(10009, 'not_enough_funds'),
  'would-take': failure(11054, 'post_only_reject'),
  'reduce-only': failure(11030, 'other_reject', 'reduce_direction'),
  'duplicate-id': failure(11030, 'other_reject', 'duplicate'),
  'would-trigger': failure(11036, 'invalid_trigger_price'),
}

/** Deribit over HTTP and WebSocket: JSON-RPC's wrapping, its codes, its signatures, its recent and its historical records. */
export function createDeribitFormat(settings: DeribitSettings): VenueFormat {
  const { core, keys = DERIBIT_KEYS, scope = 'account:read trade:read_write wallet:read' } = settings
  const { recentOrdersMs = 30 * MINUTE, recentTradesMs = 24 * HOUR, addresses = ['192.0.2.1'] } = settings
  const assets = new Map(core.instruments.map(({ asset }) => [nameOf(asset), asset]))
  const signedBy = (text: string, given: string): boolean => {
    const expected = createHmac('sha256', keys.secret).update(text).digest()
    const actual = Buffer.from(given, 'hex')
    return actual.length === expected.length && timingSafeEqual(actual, expected)
  }

  function refusal({ method, path, search, headers }: Asked): Reply | undefined {
    const [, id, ts, signature, nonce] =
      /^deri-hmac-sha256 id=(.*),ts=(\d+),sig=([0-9a-f]+),nonce=(.*)$/.exec(String(headers.authorization)) ?? []
    if (id !== keys.apiKey) return failure(13004, 'invalid_credentials')
    const request = `${method}\n${path}${search === '' ? '' : `?${search}`}\n\n`
    return signedBy(`${ts}\n${nonce}\n${request}`, signature ?? '') ? undefined : failure(13004, 'invalid_credentials')
  }

  const isRecentOrder = (order: CoreOrder): boolean =>
    order.state === 'open' || core.now() - order.updatedAt <= recentOrdersMs
  const underLabel = (label: string | undefined): readonly CoreOrder[] =>
    core.orders().filter((order) => order.owner === 'client' && order.clientId === label && label !== undefined)

  function submit({ query }: Asked, side: 'buy' | 'sell'): Reply {
    const asset = assets.get(query.instrument_name ?? '')
    if (asset === undefined) return REFUSALS['unknown-instrument']
    if ((query.label ?? '').length > 64) return invalid('label', 'too long')
    const contracts = Number(query.amount) / contractSizeOf(asset)
    if (query.contracts !== undefined && Math.abs(Number(query.contracts) - contracts) > 1e-6) {
      return invalid('contracts', 'contracts and amount do not match')
    }
    if (query.valid_until !== undefined && core.now() > Number(query.valid_until)) return failure(13888, 'timed_out')
    const entry = { clientId: query.label, asset, side, quantity: query.amount ?? '' }
    if (query.type === 'stop_market') {
      if (query.trigger !== 'mark_price') return invalid('trigger', 'invalid')
      const stop = core.submitStop({ ...entry, triggerPrice: query.trigger_price ?? '' })
      return stop.kind === 'refused' ? REFUSALS[stop.code] : success({ order: orderBody(stop.order), trades: [] })
    }
    const outcome = core.submit({
      ...entry,
      limitPrice: query.type === 'limit' ? (query.price ?? '') : undefined,
      timeInForce: query.time_in_force === 'immediate_or_cancel' ? 'ioc' : 'gtc',
      // Without `reject_post_only` it would be put at another price.
      postOnly: query.post_only === 'true' && query.reject_post_only === 'true',
      reduceOnly: query.reduce_only === 'true',
    })
    if (outcome.kind === 'refused') return REFUSALS[outcome.code]
    const trades = core.fills().filter(({ orderId }) => orderId === outcome.order.orderId)
    return success({ order: orderBody(outcome.order), trades: trades.map((fill) => tradeBody(fill, core)) })
  }

  function trades({ query }: Asked): readonly CoreFill[] {
    const isHistorical = query.historical === 'true'
    return core.fills().filter((fill) => core.now() - fill.at > recentTradesMs === isHistorical)
  }

  function tradesOfInstrument(asked: Asked): Reply {
    const { instrument_name, count = '10', start_timestamp, start_seq } = asked.query
    const wanted = trades(asked).filter(
      (fill) =>
        nameOf(fill.asset) === instrument_name &&
        (start_timestamp === undefined || fill.at >= Number(start_timestamp)) &&
        (start_seq === undefined || seqOf(fill) >= Number(start_seq)),
    )
    const page = wanted.slice(0, Number(count))
    return success({ trades: page.map((fill) => tradeBody(fill, core)), has_more: page.length < wanted.length })
  }

  function cancelByLabel(label: string | undefined): Reply {
    return success(underLabel(label).filter(({ orderId }) => core.cancel(orderId)).length)
  }

  function ask(asked: Asked): Reply | undefined {
    const { query } = asked
    const name = asked.path.replace('/api/v2/', '')
    if (name.startsWith('private/')) {
      const refused = refusal(asked)
      if (refused) return refused
    }
    switch (name) {
      case 'public/get_time':
        return success(core.now())
      case 'public/get_instruments':
        return success(core.instruments.map((each) => instrumentBody(each, core.halted(each.asset))))
      case 'public/status':
        return success({ locked: settings.locked ? 'true' : 'false', locked_indices: [] })
      case 'public/ticker': {
        const asset = assets.get(query.instrument_name ?? '')
        if (asset === undefined) return REFUSALS['unknown-instrument']
        return success({ instrument_name: query.instrument_name, state: core.halted(asset) ? 'closed' : 'open' })
      }
      case 'public/auth':
        if (query.client_id !== keys.apiKey || query.client_secret !== undefined)
          return failure(13004, 'invalid_credentials')
        return signedBy(`${query.timestamp}\n${query.nonce}\n${query.data ?? ''}`, query.signature ?? '')
          ? success({ token_type: 'bearer', scope, expires_in: 900, access_token: 'a', refresh_token: 'r' })
          : failure(13004, 'invalid_credentials')
      case 'private/list_api_keys':
        if (!scope.includes('account:read')) return failure(13021, 'forbidden')
        return success([{ id: 1, client_id: keys.apiKey, enabled: true, ip_whitelist: addresses, max_scope: scope }])
      case 'private/buy':
        return submit(asked, 'buy')
      case 'private/sell':
        return submit(asked, 'sell')
      case 'private/cancel_by_label':
        return cancelByLabel(query.label)
      case 'private/get_order_state_by_label':
        return success(underLabel(query.label).filter(isRecentOrder).map(orderBody))
      case 'private/get_order_state': {
        const order = core.order(Number(query.order_id))
        return order && isRecentOrder(order) ? success(orderBody(order)) : failure(10004, 'order_not_found')
      }
      case 'private/get_order_history_by_instrument': {
        const isHistorical = query.historical === 'true'
        const ended = core.orders().filter((order) => order.state !== 'open' && isRecentOrder(order) !== isHistorical)
        return success(ended.slice(-Number(query.count ?? 20)).map(orderBody))
      }
      case 'private/get_open_orders_by_instrument':
        return success(core.openOrders(assets.get(query.instrument_name ?? '') ?? '').map(orderBody))
      case 'private/get_user_trades_by_order':
        return success(
          trades(asked)
            .filter(({ orderId }) => orderId === Number(query.order_id))
            .map((fill) => tradeBody(fill, core)),
        )
      case 'private/get_user_trades_by_instrument':
        return tradesOfInstrument(asked)
      case 'private/get_positions':
        return success(core.positions().map(positionBody))
      case 'private/get_account_summary':
        return success(summaryBody(core, settings.crossCollateral ?? false))
      default:
        return undefined
    }
  }

  return {
    name: 'Deribit',
    kindOf({ path }) {
      if (path.includes('/public/')) return 'free'
      if (/\/(buy|sell)$/.test(path)) return 'submit'
      return path.endsWith('/cancel_by_label') ? 'cancel' : 'question'
    },
    answer: ask,
    orderIdOf: ({ query }) => underLabel(query.label).at(-1)?.orderId,
    rateLimited: (status) => failure(10028, 'too_many_requests', undefined, status),
    serverError: (status) =>
      status === 503 ? failure(11094, 'internal_server_error', undefined, 500) : { status, body: 'Bad gateway' },
    hear: (socket, text) => hear(socket, text, { keys, signedBy }),
    tell: (event, socket) => tell(event, { socket, core }),
  }
}

function hear(
  socket: PushSocket,
  text: string,
  { keys, signedBy }: { keys: { apiKey: string }; signedBy: (text: string, given: string) => boolean },
): readonly unknown[] | undefined {
  const { id, method, params } = JSON.parse(text) as { id: number; method: string; params: Record<string, unknown> }
  const answered = (result: unknown) => [{ jsonrpc: '2.0', id, result }]
  if (method === 'public/auth') {
    const isOurs = params.client_id === keys.apiKey && params.grant_type === 'client_signature'
    if (!isOurs || !signedBy(`${params.timestamp}\n${params.nonce}\n${params.data}`, String(params.signature)))
      return [{ jsonrpc: '2.0', id, error: { code: 13004, message: 'invalid_credentials' } }]
    socket.state.set('isKnown', true)
    return answered({ token_type: 'bearer', access_token: 'a', refresh_token: 'r', expires_in: 900 })
  }
  if (method !== 'private/subscribe') return undefined
  if (!socket.state.get('isKnown')) return [{ jsonrpc: '2.0', id, error: { code: 13009, message: 'unauthorized' } }]
  const channels = params.channels as string[]
  for (const channel of channels) socket.state.set(channel, true)
  return answered(channels)
}

function tell(event: CoreEvent, { socket, core }: { socket: PushSocket; core: ExchangeCore }): readonly unknown[] {
  const push = (channel: string, data: unknown) =>
    socket.state.has(channel) ? [{ jsonrpc: '2.0', method: 'subscription', params: { channel, data } }] : []
  const order = push('user.orders.any.any.raw', orderBody(event.order))
  return event.kind === 'fill' ? [...push('user.trades.any.any.raw', [tradeBody(event.fill, core)]), ...order] : order
}
