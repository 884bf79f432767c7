/** A number whose unit is in its type. Arithmetic drops the unit; a constructor below names the new one. */
export type Unit<Name extends string> = number & { readonly unit: Name }

export type Usd = Unit<'USD'>
export type Price = Unit<'USD per base'>
/** Base-asset quantity, signed: positive is long, negative is short. */
export type BaseQty = Unit<'base'>
/** 1 bps = 0.0001 = 0.01 %. */
export type Bps = Unit<'bps'>
/** 1 = 100 %. */
export type Fraction = Unit<'fraction'>
/** Funding as a fraction per eight hours; positive = longs pay shorts. Made in `fundingPer8h` only. */
export type FundingPer8h = Unit<'fraction per 8 h'>
export type TimestampMs = Unit<'ms since 1970-01-01 UTC'>
export type DurationMs = Unit<'ms'>

const unit =
  <U extends number>(name: string) =>
  (value: number): U => {
    if (!Number.isFinite(value)) throw new RangeError(`Expected a finite ${name}, was ${value}`)
    return value as U
  }

export const usd = unit<Usd>('USD amount')
export const price = unit<Price>('price in USD per base')
export const baseQty = unit<BaseQty>('base quantity')
export const bps = unit<Bps>('number of basis points')
export const fraction = unit<Fraction>('fraction')
export const timestamp = unit<TimestampMs>('instant in ms')
export const duration = unit<DurationMs>('duration in ms')

export const SECOND = duration(1_000)
export const MINUTE = duration(60_000)
export const HOUR = duration(3_600_000)
export const DAY = duration(86_400_000)

export const notional = (quantity: BaseQty, at: Price): Usd => usd(Math.abs(quantity) * at)
export const bpsToFraction = (value: Bps): Fraction => fraction(value / 10_000)
export const toBps = (value: number): Bps => bps(value * 10_000)

/**
 * Converts a venue's funding rate, given per its own interval, to a rate per eight hours.
 *
 * @throws {RangeError} when the interval is not positive
 */
export function fundingPer8h(rate: number, interval: DurationMs): FundingPer8h {
  if (!(interval > 0)) throw new RangeError(`Expected a positive funding interval, was ${interval} ms`)
  return unit<FundingPer8h>('funding rate')((rate * 8 * HOUR) / interval)
}

export const later = (at: TimestampMs, by: DurationMs | number): TimestampMs => timestamp(at + by)
export const elapsed = (from: TimestampMs, to: TimestampMs): DurationMs => duration(to - from)
export const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value))
