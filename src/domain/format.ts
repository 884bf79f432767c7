import type { DurationMs, Price, TimestampMs } from './units.ts'

/** Text for people: short enough for a phone, exact enough to act on. One place, so that one number always looks one way. */

export function formatUsd(value: number): string {
  const [size, sign] = [Math.abs(value), value < 0 ? '−' : '']
  if (size >= 999.995e6) return `${sign}$${(size / 1e9).toFixed(2)} B`
  if (size >= 999.95e3) return `${sign}$${(size / 1e6).toFixed(2)} M`
  if (size >= 9_999.995) return `${sign}$${(size / 1e3).toFixed(1)} k`
  return `${sign}$${size.toFixed(2)}`
}

export const formatPrice = (value: Price | number): string =>
  value >= 10_000
    ? group(value.toFixed(0))
    : value >= 100
      ? group(value.toFixed(2))
      : Number(value.toPrecision(6)).toString()

export const formatQuantity = (value: number, asset: string): string =>
  `${group((Math.round(Math.abs(value) * 1e4) / 1e4).toString())} ${asset}`

/** `1 fill`, `12 fills` */
export const formatCount = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

export const formatPercent = (value: number, digits = 1): string => `${(value * 100).toFixed(digits)} %`

/** A probability; one that rounds to nothing is not nothing. */
export const formatChance = (value: number): string => (value < 0.0005 ? 'under 0.1 %' : formatPercent(value))

export const formatBps = (value: number): string => `${value.toFixed(1)} bps`

/** `2025-02-03 01:00 UTC` */
export const formatTime = (at: TimestampMs): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h` */
export function formatAge(age: DurationMs | number): string {
  const seconds = Math.max(0, Math.round(age / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.floor(hours / 24)
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
}

function group(digits: string): string {
  const [whole, decimals] = digits.split('.')
  const grouped = whole!.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return decimals ? `${grouped}.${decimals}` : grouped
}
