import type { CoreAccount, CoreFill, CoreOrder, CorePosition, CoreSettings } from './core-types.ts'

const MAINTENANCE = 0.005

/** The account's fills, positions and margin. */
export function createMoney({
  mark,
  takerFeeBps = 5,
  makerFeeBps = 2,
  startingEquity = 1_000_000,
  leverage = 10,
}: CoreSettings & { mark: (asset: string) => number | undefined }) {
  const fills: CoreFill[] = []
  const held = new Map<string, { quantity: number; entryPrice: number }>()
  let walletBalance = startingEquity

  const markOf = (asset: string): number => mark(asset) ?? held.get(asset)?.entryPrice ?? 0
  const unrealized = (asset: string): number => {
    const position = held.get(asset)
    return position ? position.quantity * (markOf(asset) - position.entryPrice) : 0
  }
  const notional = (): number => {
    let sum = 0
    for (const [asset, { quantity }] of held) sum += Math.abs(quantity) * markOf(asset)
    return sum
  }
  const equity = (): number => [...held.keys()].reduce((sum, asset) => sum + unrealized(asset), walletBalance)
  const initialMargin = (open: Iterable<CoreOrder>): number => {
    let resting = 0
    for (const order of open) {
      if (order.limitPrice !== undefined && !order.reduceOnly)
        resting += (order.quantity - order.filled) * order.limitPrice
    }
    return (notional() + resting) / leverage
  }
  /** Where equity meets the maintenance margin, all else equal. */
  const liquidationPrice = (asset: string, quantity: number): number | undefined => {
    const at = (equity() - quantity * markOf(asset)) / (MAINTENANCE * Math.abs(quantity) - quantity)
    return at > 0 && Number.isFinite(at) ? at : undefined
  }

  return {
    fills: fills as readonly CoreFill[],
    position: (asset: string): number => held.get(asset)?.quantity ?? 0,
    affords: (more: number, open: Iterable<CoreOrder>): boolean => equity() - initialMargin(open) >= more / leverage,
    account: (open: Iterable<CoreOrder>): CoreAccount => ({
      walletBalance,
      equity: equity(),
      initialMargin: initialMargin(open),
      maintenanceMargin: notional() * MAINTENANCE,
    }),
    positions: (): readonly CorePosition[] =>
      [...held].map(([asset, { quantity, entryPrice }]) => ({
        ...{ asset, quantity, entryPrice, leverage },
        markPrice: markOf(asset),
        unrealizedPnl: unrealized(asset),
        liquidationPrice: liquidationPrice(asset, quantity),
      })),
    /** Books one trade: what closes is realised at the average entry, what opens moves it. */
    book(trade: Omit<CoreFill, 'fee' | 'realizedPnl'>, snap: (quantity: number) => number): CoreFill {
      const { asset, price } = trade
      const change = trade.side === 'buy' ? trade.quantity : -trade.quantity
      const before = held.get(asset) ?? { quantity: 0, entryPrice: price }
      const closes = before.quantity * change < 0 ? Math.min(Math.abs(change), Math.abs(before.quantity)) : 0
      const realizedPnl = closes * (price - before.entryPrice) * Math.sign(before.quantity)
      const after = before.quantity + change
      const quantity = Math.sign(after) * snap(Math.abs(after))
      const isThrough = before.quantity * quantity < 0
      const entryPrice =
        closes === 0
          ? (Math.abs(before.quantity) * before.entryPrice + Math.abs(change) * price) / Math.abs(after)
          : isThrough
            ? price
            : before.entryPrice
      if (quantity === 0) held.delete(asset)
      else held.set(asset, { quantity, entryPrice })
      const fee = (trade.quantity * price * (trade.liquidity === 'maker' ? makerFeeBps : takerFeeBps)) / 10_000
      walletBalance += realizedPnl - fee
      const booked: CoreFill = { ...trade, fee, realizedPnl }
      fills.push(booked)
      return booked
    },
  }
}
