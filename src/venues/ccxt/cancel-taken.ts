import { setTimeout as sleep } from 'node:timers/promises'
import type { RawOrder } from './exchange.ts'
import { UnreadableError } from './failures.ts'

/** Between the askings; the venues that need it are done within some milliseconds. */
const PAUSES_MS = [0, 20, 100]

/**
 * How a cancel ended at a venue that answers with having taken it, not with having done it: asked of the venue.
 *
 * @throws {UnreadableError} when the order is open still, or nobody knows of it any more: nothing is known
 */
export async function outcomeOfCancel(
  find: () => Promise<RawOrder | undefined>,
): Promise<'canceled' | 'ended-otherwise'> {
  for (const pause of PAUSES_MS) {
    if (pause > 0) await sleep(pause)
    const order = await find()
    if (order === undefined) continue
    if (order.state === 'canceled') return 'canceled'
    if (order.state !== 'accepted' && order.state !== 'partially-filled') return 'ended-otherwise'
  }
  throw new UnreadableError('Expected an order that is being cancelled to have ended, was open or unknown')
}
