/**
 * What the words of a command line mean; each refuses what it cannot read with the value and what was expected.
 *
 * @module
 */
import { InvalidArgumentError } from 'commander'
// By file: the package as a whole is hundreds of them, and takes longer to read than everything else here.
import { addDays } from 'date-fns/addDays'
import { isValid } from 'date-fns/isValid'
import { parseISO } from 'date-fns/parseISO'
import { DAY, type DurationMs, duration, HOUR, MINUTE, type TimestampMs, timestamp } from '../domain/units.ts'

const DATE = /^\d{4}-\d{2}-\d{2}$/
export const instant = (value: string): TimestampMs => {
  // A date alone is UTC's midnight; ISO 8601 without a zone would be read in this machine's.
  const at = parseISO(DATE.test(value) ? `${value}T00:00:00Z` : value)
  if (!isValid(at) || !(DATE.test(value) || /(Z|[+-]\d{2}:?\d{2})$/.test(value))) {
    throw new InvalidArgumentError(`Expected a UTC date such as 2025-02-03 or 2025-02-03T01:00Z, was ${value}.`)
  }
  return timestamp(at.getTime())
}
export const span = (value: string): DurationMs => {
  const found = /^(\d+)(m|h|d)$/.exec(value)
  const length = found ? Number(found[1]) * { m: MINUTE, h: HOUR, d: DAY }[found[2] as 'm' | 'h' | 'd'] : 0
  if (!(length > 0)) throw new InvalidArgumentError(`Expected a time such as 30m, 4h or 1d, was ${value}.`)
  return duration(length)
}
export const positive = (value: string): number => {
  const number = Number(value)
  if (!(number > 0)) throw new InvalidArgumentError(`Expected a number above zero, was ${value}.`)
  return number
}
export const wholeDays = (value: string): number => {
  const days = Number(value)
  if (!(Number.isInteger(days) && days > 0))
    throw new InvalidArgumentError(`Expected whole days, 1 or more, was ${value}.`)
  return days
}
export const wholeNumber = (value: string): number => {
  const parsed = Number(value)
  if (!(Number.isInteger(parsed) && parsed > 0))
    throw new InvalidArgumentError(`Expected a whole number, 1 or more, was ${value}.`)
  return parsed
}
export const wholeNumbers = (value: string): readonly number[] => value.split(',').map((one) => wholeNumber(one.trim()))
export const number = (value: string): number => {
  const parsed = Number(value)
  if (!Number.isFinite(parsed)) throw new InvalidArgumentError(`Expected a number, was ${value}.`)
  return parsed
}

export const symbols = (value: string): readonly string[] => {
  const named = value.split(',').map((symbol) => symbol.trim().toUpperCase())
  if (named.some((symbol) => !/^[A-Z0-9]{1,12}$/.test(symbol))) {
    throw new InvalidArgumentError(`Expected assets such as ETH,BTC, was ${value}.`)
  }
  return [...new Set(named)]
}
export const moreSymbols = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...new Set([...(before ?? []), ...symbols(value)]),
]

/** A day given as the end of a window belongs to it. */
export function endOf(value: string): TimestampMs {
  const at = instant(value)
  return DATE.test(value) ? timestamp(addDays(at, 1).getTime()) : at
}
