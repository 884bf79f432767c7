import { z } from 'zod'
import type { OrderReport } from '../src/app/report-orders.ts'
import { command } from '../src/chat/command.ts'
import { ORDER_STATES } from '../src/domain/execution/order.ts'
import { formatBps, formatPrice, formatQuantity, formatTime } from '../src/domain/format.ts'

/** `/orders [limit] [state]`: the latest orders and what they were filled at. */
export default command({
  name: 'orders',
  description: 'The latest orders: state, fills, average price, slippage',
  role: 'viewer',
  options: z.object({
    limit: z.coerce.number().int().min(1).max(20).default(8).describe('How many, 8 by default'),
    state: z.enum(ORDER_STATES).optional().describe('Only those in this state'),
  }),

  async run({ options, at }, app) {
    const orders = await app.reportOrders(options)
    const which = options.state === undefined ? '' : ` that are ${options.state}`
    if (orders.length === 0)
      return {
        tone: 'info',
        title: `No orders${which}`,
        text: options.state === undefined ? 'An approved proposal makes them.' : '/orders lists those in any state.',
      }
    return {
      tone: 'info',
      title: `Last ${orders.length} orders${which}`,
      fields: orders.map(fieldOf),
      footer: `${formatTime(at)}; slippage against the mid on arrival, without fees; paper money`,
    }
  },
})

function fieldOf({ order, asset, slippage }: OrderReport) {
  const { side, state, quantity, filledQuantity, averageFillPrice, proposalId, createdAt, reason } = order
  const price =
    averageFillPrice === undefined
      ? []
      : [
          `average ${formatPrice(averageFillPrice)}, slippage ${slippage === undefined ? 'not known' : formatBps(slippage)}`,
        ]
  return {
    name: `${side} ${formatQuantity(quantity, asset)}: ${state}`,
    value: [
      `filled ${formatQuantity(filledQuantity, asset)}`,
      ...price,
      `${formatTime(createdAt)}, proposal ${proposalId}`,
      ...(reason === undefined ? [] : [reason]),
    ].join('\n'),
  }
}
