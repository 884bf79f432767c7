import type { VenueId } from '../../domain/market/tick.ts'
import { type DurationMs, duration, HOUR } from '../../domain/units.ts'

const EIGHT_HOURS = duration(8 * HOUR)

/**
 * The interval in which each venue's recorded rate is given: what a position pays per settlement. Read off the spacing of
 * the recorded rows (2020–2025); venues that settle oftener for some coins do not for the ones recorded here.
 */
const INTERVALS: Readonly<Record<VenueId, DurationMs>> = {
  binance: EIGHT_HOURS,
  bybit: EIGHT_HOURS,
  okx: EIGHT_HOURS,
  deribit: EIGHT_HOURS,
  gate: EIGHT_HOURS,
  kucoin: EIGHT_HOURS,
  mexc: EIGHT_HOURS,
  htx: EIGHT_HOURS,
  bitget: EIGHT_HOURS,
  bitmex: EIGHT_HOURS,
  dydx: HOUR,
  hyperliquid: HOUR,
  kraken: HOUR,
  lighter: HOUR,
}

/** Undefined for a venue whose interval we do not know: its rate cannot be compared with anything. */
export const fundingIntervalOf = (venue: VenueId): DurationMs | undefined => INTERVALS[venue]

/** The vendor gives its OI-weighted mean per eight hours, whatever the bar (magnitudes agree with Binance's settled rate). */
export const AGGREGATE_INTERVAL = EIGHT_HOURS
