import {
  DAY,
  type DurationMs,
  duration,
  HOUR,
  later,
  MINUTE,
  SECOND,
  type TimestampMs,
  timestamp,
} from '../../domain/units.ts'

export type Grain = '1h' | '4h' | '1d'

export const LENGTH: Readonly<Record<Grain, DurationMs>> = { '1h': HOUR, '4h': duration(4 * HOUR), '1d': DAY }

/**
 * When what a row says about its bar was true. Rows are labelled at the bar's open and say what is known at its close: the
 * one place where the label is moved.
 */
export const closesAt = (label: TimestampMs, grain: Grain): TimestampMs => later(label, LENGTH[grain])

/**
 * How long after the event each kind of source had it, since the files do not say (specification §2.2). Aggregates are
 * revised by their vendor afterwards; what is recorded is taken as what stood there after the lag.
 */
export const RECEIPT_LAG = {
  kline: duration(5 * SECOND),
  settledFunding: MINUTE,
  venueOpenInterest: duration(6 * MINUTE),
  vendor: duration(10 * MINUTE),
} as const

const LABEL = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)(?::(\d\d)(?::(\d\d))?)?Z?$/

/** Reads `2025-02-03T01:00:00Z` and its shortened forms, in UTC; undefined when it is no instant on the grain's grid. */
export function parseLabel(text: string, grain: Grain): TimestampMs | undefined {
  const parts = LABEL.exec(text)
  if (!parts) return undefined
  const [year, month, day, hour, minute = 0, second = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  const at = Date.UTC(year!, month! - 1, day!, hour!, minute, second)
  const isReal = new Date(at).toISOString().startsWith(text.slice(0, 13))
  return isReal && at % LENGTH[grain] === 0 ? timestamp(at) : undefined
}

export const formatLabel = (at: TimestampMs): string => `${new Date(at).toISOString().slice(0, 19)}Z`
