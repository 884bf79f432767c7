import type { ExchangeCore } from './core.ts'
import { createMoney } from './core-money.ts'
import type {
  CoreEvent,
  CoreInstrument,
  CoreOrder,
  CoreQuote,
  CoreSettings,
  CoreState,
  LedgerLine,
  OrderEntry,
  RefusalCode,
  Refused,
  Side,
  StopEntry,
  Taken,
} from './core-types.ts'

const INSTRUMENTS: readonly CoreInstrument[] = [
  { asset: 'BTC', lotSize: '0.001', tickSize: '0.1', minNotional: 50 },
  { asset: 'ETH', lotSize: '0.001', tickSize: '0.01', minNotional: 20 },
  { asset: 'SOL', lotSize: '0.1', tickSize: '0.01', minNotional: 5 },
]
/** Levels behind the touch, each as large as it and so much further away. */
const LEVELS = 20
const LEVEL_STEP = 0.0005
const FIRST_ORDER_ID = 8_000_000_001
const FIRST_TRADE_ID = 500_000_001

const refused = (code: RefusalCode): Refused => ({ kind: 'refused', code })
const signOf = (side: Side): 1 | -1 => (side === 'buy' ? 1 : -1)

export function createBook(settings: CoreSettings): ExchangeCore {
  const { duplicateIds = 'refused-while-open', countdown: reach = 'spares-stops' } = settings
  const instruments = new Map((settings.instruments ?? INSTRUMENTS).map((each) => [each.asset, each]))
  const quotes = new Map<string, CoreQuote>()
  const setMarks = new Map<string, number>()
  const halted = new Set<string>()
  const orders = new Map<number, CoreOrder>()
  const open = new Map<number, CoreOrder>()
  const byClientId = new Map<string, CoreOrder>()
  const accepted = new Map<string, number>()
  const ledger: LedgerLine[] = []
  const listeners = new Set<(event: CoreEvent) => void>()
  let skewMs = 0
  let deadline: number | undefined
  let nextOrderId = FIRST_ORDER_ID
  let nextTradeId = FIRST_TRADE_ID

  const now = (): number => settings.now() + skewMs
  const mark = (asset: string): number | undefined => {
    const quote = quotes.get(asset)
    return setMarks.get(asset) ?? (quote && (quote.bestBid + quote.bestAsk) / 2)
  }
  const money = createMoney({ ...settings, mark })
  const tell = (event: CoreEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const note = (what: LedgerLine['what'], order: Pick<CoreOrder, 'clientId'> & { orderId?: number }, detail: string) =>
    void ledger.push({ at: now(), what, orderId: order.orderId, clientId: order.clientId, detail })
  const left = (order: CoreOrder): number => snap(order.quantity - order.filled, instruments.get(order.asset)!)

  function take(entry: OrderEntry & { kind: CoreOrder['kind']; triggerPrice?: string; parentId?: number }): CoreOrder {
    const order: CoreOrder = {
      orderId: nextOrderId++,
      clientId: entry.clientId,
      asset: entry.asset,
      kind: entry.kind,
      owner: entry.owner ?? 'client',
      side: entry.side,
      quantity: Number(entry.quantity),
      limitPrice: entry.limitPrice === undefined ? undefined : Number(entry.limitPrice),
      triggerPrice: entry.triggerPrice === undefined ? undefined : Number(entry.triggerPrice),
      timeInForce: entry.timeInForce ?? 'gtc',
      postOnly: entry.postOnly ?? false,
      reduceOnly: entry.reduceOnly ?? false,
      createdAt: now(),
      updatedAt: now(),
      state: 'open',
      filled: 0,
      filledNotional: 0,
      reason: undefined,
      childId: undefined,
      parentId: entry.parentId,
    }
    orders.set(order.orderId, order)
    open.set(order.orderId, order)
    // What a triggered stop became is no order that anyone sent.
    if (order.clientId !== undefined && order.parentId === undefined) {
      byClientId.set(order.clientId, order)
      accepted.set(order.clientId, (accepted.get(order.clientId) ?? 0) + 1)
    }
    note('taken', order, `${order.kind} ${order.side} ${order.quantity} ${order.asset}`)
    tell({ kind: 'order', order, change: 'new' })
    return order
  }

  function end(order: CoreOrder, state: Exclude<CoreState, 'open'>, reason?: string): void {
    order.state = state
    order.reason = reason
    order.updatedAt = now()
    open.delete(order.orderId)
    note(state === 'triggered' ? 'triggered' : 'ended', order, reason === undefined ? state : `${state} ${reason}`)
    // The last trade has said that it is filled.
    if (state !== 'filled') tell({ kind: 'order', order, change: state === 'triggered' ? 'triggered' : 'ended' })
  }

  function fill(order: CoreOrder, quantity: number, price: number, liquidity: 'maker' | 'taker'): void {
    const instrument = instruments.get(order.asset)!
    order.filled = snap(order.filled + quantity, instrument)
    order.filledNotional += quantity * price
    order.updatedAt = now()
    const cause = order.owner === 'liquidation' || order.owner === 'deleveraging' ? order.owner : 'order'
    const { orderId, clientId, asset, side } = order
    const facts = {
      tradeId: nextTradeId++,
      orderId,
      clientId,
      asset,
      side,
      quantity,
      price,
      liquidity,
      at: now(),
      cause,
    } as const
    const booked = money.book(facts, (position) => snap(position, instrument))
    const whole = left(order) <= 0
    if (whole) order.state = 'filled'
    note('filled', order, `${quantity} at ${price}`)
    tell({ kind: 'fill', order, fill: booked })
    if (whole) end(order, 'filled')
  }

  /** Walks the levels from the touch, up to the limit. A reduce-only order never goes through zero. */
  function takeLiquidity(order: CoreOrder): void {
    const quote = quotes.get(order.asset)
    const instrument = instruments.get(order.asset)!
    if (!quote) return
    const touch = order.side === 'buy' ? quote.bestAsk : quote.bestBid
    for (let level = 0; level < LEVELS && open.has(order.orderId); level++) {
      const price = onTick(touch * (1 + signOf(order.side) * LEVEL_STEP * level), instrument)
      if (order.limitPrice !== undefined && (price - order.limitPrice) * signOf(order.side) > 1e-9) return
      const room = order.reduceOnly ? Math.max(0, -signOf(order.side) * money.position(order.asset)) : Infinity
      const quantity = snap(Math.min(left(order), quote.size, room), instrument)
      if (quantity <= 0) return
      fill(order, quantity, price, 'taker')
    }
  }

  function refusal(entry: OrderEntry & { triggerPrice?: string }): RefusalCode | undefined {
    const instrument = instruments.get(entry.asset)
    if (!instrument) return 'unknown-instrument'
    const earlier = entry.clientId === undefined ? undefined : byClientId.get(entry.clientId)
    if (earlier && duplicateIds !== 'taken' && (duplicateIds === 'refused-for-ever' || open.has(earlier.orderId))) {
      return 'duplicate-id'
    }
    if (halted.has(entry.asset)) return 'halted'
    if (!isOn(entry.quantity, instrument.lotSize)) return 'off-lot'
    for (const price of [entry.limitPrice, entry.triggerPrice]) {
      if (price !== undefined && !isOn(price, instrument.tickSize)) return 'off-tick'
    }
    const quote = quotes.get(entry.asset)
    const quantity = Number(entry.quantity)
    const held = money.position(entry.asset)
    if (entry.reduceOnly && held * signOf(entry.side) >= 0) return 'reduce-only'
    if (entry.triggerPrice !== undefined) return undefined
    if (!quote) return 'no-price'
    const limit = entry.limitPrice === undefined ? undefined : Number(entry.limitPrice)
    const reference = limit ?? mark(entry.asset)!
    if (!entry.reduceOnly && entry.owner !== 'other-hand' && quantity * reference < instrument.minNotional - 1e-9)
      return 'below-min-notional'
    const adds = Math.max(0, Math.abs(held + signOf(entry.side) * quantity) - Math.abs(held))
    if (adds > 0 && !money.affords(adds * reference, open.values())) return 'insufficient-margin'
    const crosses = limit !== undefined && (entry.side === 'buy' ? limit >= quote.bestAsk : limit <= quote.bestBid)
    return entry.postOnly && crosses ? 'would-take' : undefined
  }

  function submit(entry: OrderEntry): Taken | Refused {
    const code = refusal(entry)
    if (code) {
      note('refused', { clientId: entry.clientId }, code)
      return refused(code)
    }
    const order = take({ ...entry, kind: entry.limitPrice === undefined ? 'market' : 'limit' })
    takeLiquidity(order)
    // A market order that finds nothing more, and what would rest of an immediate one, is gone.
    if (open.has(order.orderId) && (order.timeInForce === 'ioc' || order.kind === 'market')) end(order, 'expired')
    return { kind: 'taken', order }
  }

  function submitStop(entry: StopEntry): Taken | Refused {
    const at = mark(entry.asset)
    const code =
      refusal({ ...entry, reduceOnly: false }) ??
      (at === undefined
        ? 'no-price'
        : reaches(entry.side, at, Number(entry.triggerPrice))
          ? 'would-trigger'
          : undefined)
    if (code) {
      note('refused', { clientId: entry.clientId }, code)
      return refused(code)
    }
    return { kind: 'taken', order: take({ ...entry, kind: 'stop', reduceOnly: true }) }
  }

  function triggerStops(asset: string): void {
    const at = mark(asset)
    if (at === undefined) return
    for (const stop of [...open.values()]) {
      if (stop.kind !== 'stop' || stop.asset !== asset || !reaches(stop.side, at, stop.triggerPrice!)) continue
      const held = money.position(asset)
      if (held * signOf(stop.side) >= 0) {
        end(stop, 'expired', 'reduce-only')
        continue
      }
      stop.childId = nextOrderId
      end(stop, 'triggered')
      const child = take({
        ...{ clientId: stop.clientId, asset, side: stop.side, quantity: String(stop.quantity), reduceOnly: true },
        ...{ kind: 'market', parentId: stop.orderId },
      })
      takeLiquidity(child)
      if (open.has(child.orderId)) end(child, 'expired')
    }
  }

  /** What rests and is now within reach of the quote trades at its own limit, as much as the touch is large. */
  function matchResting(asset: string, quote: CoreQuote): void {
    for (const order of [...open.values()]) {
      if (order.asset !== asset || order.limitPrice === undefined || halted.has(asset)) continue
      const within = order.side === 'buy' ? quote.bestAsk <= order.limitPrice : quote.bestBid >= order.limitPrice
      if (!within) continue
      const room = order.reduceOnly ? Math.max(0, -signOf(order.side) * money.position(asset)) : Infinity
      const quantity = snap(Math.min(left(order), quote.size, room), instruments.get(asset)!)
      if (quantity > 0) fill(order, quantity, order.limitPrice, 'maker')
    }
  }

  return {
    instruments: [...instruments.values()],
    now,
    skew(ms) {
      skewMs = ms
    },
    quote: (asset) => quotes.get(asset),
    setQuote(asset, quote) {
      if (!quote) return void quotes.delete(asset)
      quotes.set(asset, quote)
      matchResting(asset, quote)
      triggerStops(asset)
    },
    mark,
    setMark(asset, at) {
      setMarks.set(asset, at)
      triggerStops(asset)
    },
    halted: (asset) => halted.has(asset),
    setHalted: (asset, isHalted) => void (isHalted ? halted.add(asset) : halted.delete(asset)),
    submit,
    submitStop,
    cancel(orderId) {
      const order = open.get(orderId)
      if (order) end(order, 'canceled')
      return order !== undefined
    },
    countdown(ttlMs) {
      deadline = ttlMs === undefined ? undefined : now() + ttlMs
    },
    settle() {
      if (deadline === undefined || now() < deadline) return
      deadline = undefined
      for (const order of [...open.values()]) {
        if (order.kind !== 'stop' || reach === 'takes-stops') end(order, 'canceled', 'countdown')
      }
    },
    order: (orderId) => orders.get(orderId),
    orderByClientId: (clientId) => byClientId.get(clientId),
    openOrders: (asset) => [...open.values()].filter((order) => asset === undefined || order.asset === asset),
    orders: () => [...orders.values()],
    fills: () => money.fills,
    positions: () => money.positions(),
    position: money.position,
    account: () => money.account(open.values()),
    fillResting(orderId, quantity) {
      const order = open.get(orderId)
      if (order?.limitPrice === undefined) throw new Error(`Expected an order that rests, was ${orderId}`)
      fill(order, quantity, order.limitPrice, 'maker')
    },
    forceClose(asset, quantity, cause) {
      const side = money.position(asset) > 0 ? 'sell' : 'buy'
      const price = onTick(mark(asset)!, instruments.get(asset)!)
      const names = { liquidation: 'autoclose', deleveraging: 'adl_autoclose' } as const
      const clientId = `${names[cause]}-${nextOrderId}`
      const order = take({
        ...{ clientId, asset, side, quantity, limitPrice: String(price), timeInForce: 'ioc' },
        ...{ reduceOnly: true, owner: cause, kind: 'limit' },
      })
      fill(order, Number(quantity), price, 'taker')
    },
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    ledger,
    acceptances: (clientId) => accepted.get(clientId) ?? 0,
  }
}

/** A buying stop waits for the mark to rise to it, a selling one for it to fall. */
const reaches = (side: Side, mark: number, trigger: number): boolean =>
  side === 'buy' ? mark >= trigger : mark <= trigger

const placesOf = (step: string): number => step.split('.')[1]?.length ?? 0
const snap = (quantity: number, { lotSize }: CoreInstrument): number =>
  Number((Math.floor(quantity / Number(lotSize) + 1e-6) * Number(lotSize)).toFixed(placesOf(lotSize)))
const onTick = (price: number, { tickSize }: CoreInstrument): number =>
  Number((Math.round(price / Number(tickSize)) * Number(tickSize)).toFixed(placesOf(tickSize)))

function isOn(text: string, step: string): boolean {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) <= 0) return false
  const steps = Number(text) / Number(step)
  return Math.abs(steps - Math.round(steps)) < 1e-6
}
