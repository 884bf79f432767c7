import type { Session, WireRef } from './exchange.ts'
import { RequestFailure, UnreadableError } from './failures.ts'
import { act, askOf } from './hyperliquid-actions.ts'
import { foundNothing, isUnknownOrder } from './hyperliquid-judge.ts'
import { oidOf } from './hyperliquid-shapes.ts'
import { field, list } from './readings.ts'

/** One for each order of an action. */
export const statusesOf = (answer: unknown): readonly unknown[] =>
  list(field(field(field(answer, 'response'), 'data'), 'statuses'), 'statuses')

/** The id that an order was given. */
export async function place(
  session: Session,
  { clientId, action, expiresAfter }: { clientId: string; action: object; expiresAfter: number },
): Promise<string> {
  let answer: unknown
  try {
    answer = await act(session, action, expiresAfter)
  } catch (error) {
    if (!(error instanceof RequestFailure && error.answer && foundNothing(error.answer))) throw error
    // Taken and over, as on other venues, where that is no error; or refused, if nobody has heard of it.
    const over = await known(session, { clientId })
    if (over === undefined) throw error
    return oidOf(field(over, 'order'))
  }
  const [status] = statusesOf(answer)
  const placed = field(status, 'resting') ?? field(status, 'filled')
  if (placed !== undefined) return oidOf(placed)
  // A stop may be answered with `waitingForTrigger` alone.
  const waiting = await known(session, { clientId })
  if (waiting === undefined) throw new UnreadableError(`Expected the order ${clientId} to be known, was ${status}`)
  return oidOf(field(waiting, 'order'))
}

/** `{order, status}` by our id, or by the venue's where it does not know ours; undefined where it knows neither. */
export async function known(
  session: Session,
  { clientId, venueOrderId }: Pick<WireRef, 'clientId' | 'venueOrderId'>,
): Promise<unknown> {
  for (const oid of [clientId, ...(venueOrderId === undefined ? [] : [Number(venueOrderId)])]) {
    try {
      const answer = await askOf(session, 'orderStatus', { oid })
      if (field(answer, 'status') === 'order') return field(answer, 'order')
      throw new UnreadableError(`Expected an order or that there is none, was ${JSON.stringify(answer)?.slice(0, 100)}`)
    } catch (error) {
      const isUnknown = error instanceof RequestFailure && error.answer && isUnknownOrder(error.answer)
      if (!isUnknown) throw error
    }
  }
  return undefined
}
