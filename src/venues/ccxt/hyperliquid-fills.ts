import { Decimal } from 'decimal.js'
import type { Session } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { askOf } from './hyperliquid-actions.ts'
import { fillIdOf, timeOf } from './hyperliquid-shapes.ts'
import { decimalText, field, list } from './readings.ts'

/** Later than any fill that is there: a venue's clock is known to within a request. */
const AHEAD_MS = 60_000

/**
 * Every fill of the account from an instant on, oldest first. Hyperliquid gives pages by time and keeps the latest ten thousand.
 *
 * What a full page leaves out may lie before or behind it, so both are asked for; each fill is counted once.
 *
 * @throws {UnreadableError} when more fills share one millisecond than a page has
 */
export async function fillsFrom(
  session: Session,
  { since, fillsPerPage }: { readonly since: number; readonly fillsPerPage: number },
): Promise<readonly unknown[]> {
  const found = new Map<string, unknown>()

  async function between(startTime: number, endTime: number): Promise<void> {
    const asked = { startTime, endTime, aggregateByTime: false }
    const page = list(await askOf(session, 'userFillsByTime', asked), 'fills')
    for (const fill of page) found.set(fillIdOf(fill), fill)
    if (page.length < fillsPerPage) return
    const times = page.map(timeOf)
    const [first, last] = [Math.min(...times), Math.max(...times)]
    if (first === last) throw new UnreadableError(`Expected fewer than ${fillsPerPage} fills within ${first} ms`)
    if (first > startTime) await between(startTime, first)
    if (last < endTime) await between(last, endTime)
  }

  await between(since, session.venueNow() + AHEAD_MS)
  return [...found.values()].sort((a, b) => timeOf(a) - timeOf(b))
}

/** What was paid per coin on average; undefined where nothing was. */
export function averageOf(fills: readonly unknown[]): string | undefined {
  let [size, notional] = [new Decimal(0), new Decimal(0)]
  for (const fill of fills) {
    const filled = decimalText(field(fill, 'sz'), 'size')
    size = size.plus(filled)
    notional = notional.plus(new Decimal(filled).mul(decimalText(field(fill, 'px'), 'price')))
  }
  return size.gt(0) ? notional.div(size).toFixed() : undefined
}
