import type { Order, OrderState } from '../domain/execution/order.ts'
import { type Bps, toBps } from '../domain/units.ts'
import type { Ports } from './ports.ts'

export interface OrderReport {
  readonly order: Order
  readonly asset: string
  /** Average fill against the mid when its proposal began to execute; positive = cost. Undefined where either is not known. */
  readonly slippage?: Bps
}

/** The latest orders, newest first. */
export const createReportOrders =
  ({ store }: Ports) =>
  async ({ limit, state }: { limit: number; state?: OrderState | undefined }): Promise<readonly OrderReport[]> =>
    (await store.orders.recent(limit, state)).map(toReport)

export function toReport(order: Order): OrderReport {
  const slippage = slippageOf(order)
  return { order, asset: order.instrumentId.split('-')[0]!, ...(slippage === undefined ? {} : { slippage }) }
}

/** Fees are not in it. */
export function slippageOf({ side, averageFillPrice, arrivalMid, filledQuantity }: Order): Bps | undefined {
  if (averageFillPrice === undefined || arrivalMid === undefined || filledQuantity === 0) return undefined
  return toBps(((side === 'buy' ? 1 : -1) * (averageFillPrice - arrivalMid)) / arrivalMid)
}
