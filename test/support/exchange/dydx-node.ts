import type { CoreOrder, ExchangeCore, RefusalCode } from './core.ts'
import { assetOfPair, fromQuantums, fromSubticks, orderUuid, type Placement } from './dydx-shapes.ts'
import { decodeTransaction, type PlacedOrder, type Transaction } from './dydx-tx.ts'
import type { Reply } from './server.ts'

const FIRST_HEIGHT = 60_000_000
const BLOCK_MS = 1_000
const FILLS_PER_BLOCK = 3
const SHORT_BLOCK_WINDOW = 20
const LONGEST_LIFE_S = 95 * 24 * 3600
const NONCE_WINDOW_MS = 30_000
const MOST_NONCES = 20
const LONG = 64

export interface NodeSettings {
  readonly core: ExchangeCore
  readonly address: string
  readonly accountNumber: number
  readonly chainId: string
  /** The account's own key, base64. */
  readonly ownKey: string
  /** Keys that the account lets trade, by the id of the permission. */
  readonly permitted: ReadonlyMap<number, string>
}

/** Blocks pass with the exchange's clock, with every question about them, and when one is full. */
export interface Chain {
  height(): number
  /** A question after which the next block is there. */
  tick(): number
  placementOf(order: CoreOrder): Placement
  heightOfFill(tradeId: number): number
  /** Post-only orders that crossed: taken, and gone in the next block. */
  readonly crossed: ReadonlyMap<string, CoreOrder>
  placements(): ReadonlyMap<string, number>
  broadcast(hex: string): Reply
  onCrossed(listener: (order: CoreOrder) => void): void
  readonly transactions: readonly Transaction[]
}

type Module = 'clob' | 'sdk'
interface Refusal {
  readonly code: number
  readonly codespace: Module
  readonly log: string
}
const refusal = (codespace: Module, code: number, log: string): Refusal => ({ code, codespace, log })

const REFUSALS: Readonly<Record<RefusalCode, Refusal>> = {
  'unknown-instrument': refusal('clob', 8, 'ClobPair ID does not reference a valid CLOB'),
  halted: refusal('clob', 34, 'Order conflicts with ClobPair status'),
  'no-price': refusal('clob', 28, 'Oracle price must be > 0.'),
  'off-lot': refusal('clob', 4, 'Invalid order quantums'),
  'off-tick': refusal('clob', 6, 'Invalid order subticks'),
  'below-min-notional': refusal('clob', 4, 'Invalid order quantums'),
  'insufficient-margin': refusal('clob', 3007, 'Stateful order collateralization check failed'),
  'would-take': refusal('clob', 2003, 'Post-only order would cross one or more maker orders'),
  'reduce-only': refusal('clob', 2001, 'Reduce-only orders cannot increase the position size'),
  'duplicate-id': refusal('clob', 3005, 'Existing stateful order has higher-or-equal priority than the new one'),
  'would-trigger': refusal('clob', 6001, 'Conditional order trigger subticks is invalid'),
}
/** The nodes take an immediate order that cannot be filled, and drop it without a word. */
const DROPPED: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['no-price', 'insufficient-margin'])

/** A node of the chain: it decodes what was signed, checks it as the chain does, and matches it in the core at once. */
export function createChain(settings: NodeSettings): Chain {
  const { core, address } = settings
  const startedAt = core.now()
  const placements = new Map<number, Placement>()
  const latest = new Map<string, number>()
  const fillHeights = new Map<number, number>()
  const crossed = new Map<string, CoreOrder>()
  const transactions: Transaction[] = []
  let nonces: number[] = []
  let extra = 0
  let fillsInBlock = 0
  let hearCrossed: (order: CoreOrder) => void = () => undefined
  let arriving: Omit<Placement, 'height'> | undefined

  const height = (): number => FIRST_HEIGHT + Math.floor((core.now() - startedAt) / BLOCK_MS) + extra

  core.on(({ kind, order, ...event }) => {
    if (kind === 'order' && !placements.has(order.orderId)) remember(order.orderId)
    if (!('fill' in event)) return
    fillHeights.set(event.fill.tradeId, height())
    fillsInBlock += 1
    if (fillsInBlock < FILLS_PER_BLOCK) return
    fillsInBlock = 0
    extra += 1
  })

  function remember(orderId: number): void {
    // Another hand's, placed elsewhere.
    const foreign = { id: String(orderId), number: orderId % 2 ** 32, flags: LONG, goodTilBlock: undefined }
    const placement = {
      ...foreign,
      goodTilBlockTime: Math.floor(core.now() / 1000) + 3600,
      ...arriving,
      height: height(),
    }
    placements.set(orderId, placement)
    latest.set(placement.id, orderId)
  }

  function checkSigner({ authenticators, publicKey, isSigned }: Transaction): Refusal | undefined {
    const { accountNumber, chainId, ownKey, permitted } = settings
    const key = authenticators.length === 0 ? ownKey : permitted.get(authenticators[0]!)
    if (key === undefined || publicKey !== key || !isSigned({ publicKey: key, accountNumber, chainId })) {
      return refusal('sdk', 4, 'signature verification failed; please verify account number and chain-id: unauthorized')
    }
    return undefined
  }

  /** As the chain keeps them: twenty, within half a minute of the block's time, none twice. */
  function checkNonce(nonce: number): Refusal | undefined {
    if (Math.abs(nonce - core.now()) > NONCE_WINDOW_MS) {
      return refusal('sdk', 32, `timestamp nonce ${nonce} not within valid time window: incorrect account sequence`)
    }
    nonces = nonces.filter((each) => each >= core.now() - NONCE_WINDOW_MS)
    const smallest = Math.min(...nonces)
    if (nonces.includes(nonce) || (nonces.length >= MOST_NONCES && nonce < smallest)) {
      return refusal('sdk', 32, `timestamp nonce ${nonce} rejected: incorrect account sequence`)
    }
    if (nonces.length >= MOST_NONCES) nonces.splice(nonces.indexOf(smallest), 1)
    nonces.push(nonce)
    return undefined
  }

  function checkLife({
    id,
    goodTilBlock,
    goodTilBlockTime,
    reduceOnly,
    timeInForce,
  }: PlacedOrder): Refusal | undefined {
    if (reduceOnly && timeInForce !== 'ioc')
      return refusal('clob', 9003, 'Reduce-only is currently disabled for non-IOC orders')
    if (id.flags === LONG) {
      const life = (goodTilBlockTime ?? 0) - core.now() / 1000
      if (timeInForce === 'ioc') return refusal('clob', 3002, 'Stateful orders cannot require immediate execution')
      if (life <= 0) return refusal('clob', 3003, 'The block time is greater than the GoodTilBlockTime of the message')
      return life > LONGEST_LIFE_S
        ? refusal(
            'clob',
            3004,
            'The GoodTilBlockTime of the message is further than StatefulOrderTimeWindow into the future',
          )
        : undefined
    }
    if (goodTilBlock === undefined) return refusal('clob', 5, 'Invalid order goodTilBlock')
    if (height() + 1 > goodTilBlock)
      return refusal('clob', 10, 'The next block height is greater than the GoodTilBlock of the message')
    return goodTilBlock > height() + SHORT_BLOCK_WINDOW
      ? refusal('clob', 11, 'The GoodTilBlock of the message is further than ShortBlockWindow blocks into the future')
      : undefined
  }

  function place(message: PlacedOrder): Refusal | undefined {
    const { id, timeInForce, goodTilBlock, goodTilBlockTime } = message
    const late = checkLife(message)
    if (late) return late
    const asset = assetOfPair(id.clobPair)
    if (asset === undefined) return REFUSALS['unknown-instrument']
    const earlier = core.orderByClientId(String(id.number))
    if (id.flags !== LONG && earlier && earlier.filled > 0) return refusal('clob', 24, 'Order is fully filled')
    const uuid = orderUuid(address, id.number, id.flags, id.clobPair)
    arriving = { id: uuid, number: id.number, flags: id.flags, goodTilBlock, goodTilBlockTime }
    const quantity = fromQuantums(asset, message.quantums)
    const limitPrice = fromSubticks(asset, message.subticks)
    const outcome = core.submit({
      ...{ clientId: String(id.number), asset, side: message.side, quantity, limitPrice },
      ...{ reduceOnly: message.reduceOnly, postOnly: timeInForce === 'post-only' },
      timeInForce: timeInForce === 'ioc' ? 'ioc' : 'gtc',
    })
    const placement = arriving
    arriving = undefined
    if (outcome.kind === 'taken') return undefined
    if (outcome.code === 'would-take') {
      cross(placement, { asset, message, quantity, limitPrice })
      return undefined
    }
    return id.flags !== LONG && DROPPED.has(outcome.code) ? undefined : REFUSALS[outcome.code]
  }

  function cross(
    placement: Omit<Placement, 'height'>,
    of: { asset: string; message: PlacedOrder; quantity: string; limitPrice: string },
  ): void {
    const order: CoreOrder = {
      ...{ orderId: -1 - crossed.size, clientId: String(placement.number), asset: of.asset, kind: 'limit' },
      ...{ owner: 'client', side: of.message.side, quantity: Number(of.quantity), limitPrice: Number(of.limitPrice) },
      ...{ triggerPrice: undefined, timeInForce: 'gtc', postOnly: true, reduceOnly: false, createdAt: core.now() },
      ...{ state: 'canceled', filled: 0, filledNotional: 0, updatedAt: core.now(), reason: 'POST_ONLY' },
      ...{ childId: undefined, parentId: undefined },
    }
    placements.set(order.orderId, { ...placement, height: height() })
    crossed.set(placement.id, order)
    hearCrossed(order)
  }

  function cancel(number: number, goodTilBlockTime: number | undefined): Refusal | undefined {
    const order = core.orderByClientId(String(number))
    const placement = order && placements.get(order.orderId)
    if (!order || !placement || order.state !== 'open' || placement.flags !== LONG)
      return refusal('clob', 3006, 'Stateful order does not exist')
    if ((goodTilBlockTime ?? 0) < (placement.goodTilBlockTime ?? 0))
      return refusal('clob', 29, 'Invalid stateful order cancellation')
    core.cancel(order.orderId)
    return undefined
  }

  function check(transaction: Transaction): Refusal | undefined {
    const { message, nonce } = transaction
    const unsigned = checkSigner(transaction)
    if (unsigned) return unsigned
    if (message.kind === 'other') return refusal('sdk', 18, `Expected an order, was ${message.typeUrl}`)
    if (message.id.owner !== address || message.id.subaccount !== 0) return refusal('sdk', 4, 'unauthorized')
    // An order of some blocks cannot be played back after them, and needs no nonce.
    const stale = message.id.flags === LONG ? checkNonce(nonce) : undefined
    if (stale) return stale
    return message.kind === 'place' ? place(message) : cancel(message.id.number, message.goodTilBlockTime)
  }

  return {
    height,
    tick() {
      extra += 1
      return height()
    },
    placementOf: (order) => placements.get(order.orderId)!,
    heightOfFill: (tradeId) => fillHeights.get(tradeId) ?? height(),
    crossed,
    placements: () => latest,
    transactions,
    onCrossed(listener) {
      hearCrossed = listener
    },
    broadcast(hex) {
      const transaction = decodeTransaction(hex)
      transactions.push(transaction)
      const { code, codespace, log } = check(transaction) ?? { code: 0, codespace: '', log: '[]' }
      return { body: { jsonrpc: '2.0', id: -1, result: { code, data: '', log, codespace, hash: 'A1'.repeat(32) } } }
    },
  }
}
