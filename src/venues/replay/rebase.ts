import type { OpenInterest } from '../../domain/market/tick.ts'
import { baseQty, duration, elapsed, HOUR } from '../../domain/units.ts'
import { formatLabel } from './labels.ts'
import type { PriceAt } from './price-at.ts'

const JUMP = 0.08
const QUIET_PRICE_MOVE = 0.02
/** Over a day positions may well be closed at an unchanged price. */
const LONGEST_SPAN = duration(4 * HOUR)

/**
 * Takes out of an aggregate's open interest the steps that come from the vendor adding or dropping a venue.
 *
 * A step of more than 8 % in coins between two observations at most four hours apart, while price moved by less than 2 %, is no trading: real
 * deleveraging moves price. From there on the series is multiplied so that it goes on from where it stood: changes stay
 * true, the level stays that of the venues counted at first. Only the past is looked at, so nothing is known early.
 * (Seen: ETH +15.5 %, BTC +10.0 % at 2025-01-06 12:00; ETH −9.5 % and +11.5 % on 2025-08-21.)
 */
export function rebase(
  ticks: readonly OpenInterest[],
  priceAt: PriceAt,
  onProblem: (problem: string) => void,
): OpenInterest[] {
  let factor = 1
  return ticks.map((tick, i) => {
    const before = ticks[i - 1]
    if (before && elapsed(before.eventAt, tick.eventAt) <= LONGEST_SPAN) {
      const step = tick.openInterest / before.openInterest - 1
      const [priceBefore, price] = [priceAt(before.eventAt), priceAt(tick.eventAt)]
      const priceMove = priceBefore && price ? price / priceBefore - 1 : Number.POSITIVE_INFINITY
      if (Math.abs(step) > JUMP && Math.abs(priceMove) < QUIET_PRICE_MOVE) {
        factor /= 1 + step
        onProblem(
          `${tick.asset} ${tick.venue} open interest changed by ${percent(step)} at ${formatLabel(tick.eventAt)} while price moved ${percent(priceMove)}: the vendor added or dropped a venue; rebased from there`,
        )
      }
    }
    return factor === 1 ? tick : { ...tick, openInterest: baseQty(tick.openInterest * factor) }
  })
}

const percent = (fraction: number): string => `${fraction > 0 ? '+' : ''}${(fraction * 100).toFixed(1)} %`
