import type { Session, WireRef } from './exchange.ts'
import { RequestFailure, reasonOf, UnreadableError } from './failures.ts'
import { act, askOf } from './hyperliquid-actions.ts'
import { foundNothing, isUnknownOrder } from './hyperliquid-judge.ts'
import { oidOf } from './hyperliquid-shapes.ts'
import { field, list } from './readings.ts'

/** One for each order of an action. */
export const statusesOf = (answer: unknown): readonly unknown[] =>
  list(field(field(field(answer, 'response'), 'data'), 'statuses'), 'statuses')

/**
 * Sends an order. An answer without its id is followed by a question, and whatever becomes of that is no answer to the order:
 * one that was taken is never said to be refused.
 *
 * @returns the id that it was given
 */
export async function place(
  session: Session,
  { clientId, action, expiresAfter }: { clientId: string; action: object; expiresAfter: number },
): Promise<string> {
  let answer: unknown
  try {
    answer = await act(session, action, expiresAfter)
  } catch (error) {
    if (!(error instanceof RequestFailure && error.answer && foundNothing(error.answer))) throw error
    // Taken and over, as on other venues, where that is no error. What the venue said stands where its id is not to be had.
    return idOf(session, clientId).catch(() => {
      throw error
    })
  }
  const [status] = statusesOf(answer)
  const placed = field(status, 'resting') ?? field(status, 'filled')
  if (placed !== undefined) return oidOf(placed)
  // A stop may be answered with `waitingForTrigger` alone.
  return idOf(session, clientId).catch((error: unknown) => {
    throw new UnreadableError(`Expected the id of an order that was taken as ${status}, was ${reasonOf(error)}`)
  })
}

async function idOf(session: Session, clientId: string): Promise<string> {
  const found = await known(session, { clientId })
  if (found === undefined) throw new UnreadableError(`Expected an order ${clientId}, was none`)
  return oidOf(field(found, 'order'))
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
