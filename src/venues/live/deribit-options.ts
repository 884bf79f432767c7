import { type OptionMark, type TenorVolatility, volatilityAt } from '../../domain/market/option-surface.ts'
import type { Asset, Gauge } from '../../domain/market/tick.ts'
import { price, type TimestampMs, timestamp } from '../../domain/units.ts'
import type { VenueClient } from './client.ts'
import { positive, type Stamp } from './readings.ts'
import { field, list } from './venue.ts'

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const EXPIRY_HOUR = 8 // UTC
const [WEEK, MONTH] = [7, 30] // days
const NAME = /^[A-Z]+-(\d{1,2})([A-Z]{3})(\d{2})-(\d+(?:d\d+)?)-([CP])$/

/**
 * What an option's name says: `ETH-25JUN21-1920-C`; a `d` is the decimal point of a strike.
 *
 * @throws {RangeError} for any other name
 */
export function parseOption(name: string): Pick<OptionMark, 'side' | 'strikePrice' | 'expiresAt'> {
  const [, day, month, year, strike, side] = NAME.exec(name) ?? []
  const monthIndex = MONTHS.indexOf(month ?? '')
  if (!strike || monthIndex < 0)
    throw new RangeError(`Expected an option's name such as ETH-25JUN21-1920-C, was ${name}`)
  return {
    side: side === 'C' ? 'call' : 'put',
    strikePrice: price(Number(strike.replace('d', '.'))),
    expiresAt: expiry(2000 + Number(year), monthIndex, Number(day)),
  }
}

const expiry = (year: number, month: number, day: number): TimestampMs =>
  timestamp(Date.UTC(year, month, day, EXPIRY_HOUR))

/**
 * Term slope and skew of the options of one coin, out of the venue's summary of all of them, as readers.
 *
 * Options that nobody marks are left out, and instruments of another kind that the answer may hold.
 */
export async function readOptionSurface(
  client: VenueClient,
  asset: Asset,
  stamp: () => Stamp,
): Promise<readonly (() => Gauge)[]> {
  const answer = await client.publicGetGetBookSummaryByCurrency({ currency: asset, kind: 'option' })
  const rows = list(field(answer, 'result'))
  const received = stamp()
  const eventAt = (): TimestampMs =>
    timestamp(positive(Math.max(...rows.map((row) => Number(field(row, 'creation_timestamp')))), 'summary time'))
  const at = (tenor: number): TenorVolatility => {
    const found = volatilityAt(rows.flatMap(readMark), { tenor, at: eventAt() })
    if (found) return found
    throw new RangeError(
      `Expected options of ${asset} with both wings before and after ${tenor} days, were none among ${rows.length}`,
    )
  }
  const gauge = (type: Gauge['type'], value: () => number) => (): Gauge => ({
    ...received,
    type,
    eventAt: eventAt(),
    value: value(),
  })
  return [
    gauge('option-term-slope', () => at(MONTH).atTheMoney - at(WEEK).atTheMoney),
    gauge('option-skew-7d', () => at(WEEK).skew),
    gauge('option-skew-30d', () => at(MONTH).skew),
  ]
}

/** Volatility comes in per cent. */
function readMark(row: unknown): readonly OptionMark[] {
  const name = String(field(row, 'instrument_name'))
  const [volatility, forward] = [Number(field(row, 'mark_iv')), Number(field(row, 'underlying_price'))]
  if (!NAME.test(name) || !(volatility > 0) || !(forward > 0)) return []
  return [{ ...parseOption(name), forwardPrice: price(forward), impliedVolatility: volatility / 100 }]
}
