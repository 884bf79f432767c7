/**
 * Kinds of value that a variable may hold. Each message completes "Expected …", so it says what to write instead.
 *
 * @module
 */
import { z } from 'zod'
import { bps, duration, fraction, timestamp, usd } from '../domain/units.ts'

/** A value read from text by `read`, which answers undefined where the text is not `what`. */
export const expected = <T>(what: string, read: (text: string) => T | undefined) =>
  z.string().transform((text, context): T => {
    const value = read(text)
    if (value !== undefined) return value
    context.issues.push({ code: 'custom', message: what, input: text })
    return z.NEVER
  })

interface Bounds {
  readonly min: number
  readonly max?: number
  readonly whole?: boolean
}

/** A plain decimal number, `what` saying its unit: no exponent, no thousands separator, no unit sign. */
export const number = (what: string, { min, max, whole = false }: Bounds) => {
  const range = max === undefined ? `${min} or more` : `from ${min} to ${max}`
  return expected(`${what}, ${range}`, (text) => {
    const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    const inside = value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER)
    return inside && (!whole || Number.isInteger(value)) ? value : undefined
  })
}

export const count = (unit: string, min = 0) => number(`a whole number of ${unit}`, { min, whole: true })
/** A fraction of one. */
export const share = (max = 1) => number('a fraction (0.25 is 25 %)', { min: 0, max }).transform(fraction)
export const dollars = (min = 0) => number('US dollars in digits only', { min }).transform(usd)
export const basisPoints = (max = 10_000) =>
  number('a number of basis points (1 is 0.01 %)', { min: 0, max }).transform(bps)
export const milliseconds = (min = 0) => count('milliseconds', min).transform(duration)

export const text = expected('some text', (value) => value)

export const choice = <const T extends readonly string[]>(options: T) =>
  expected(`one of ${options.join(', ')}`, (value): T[number] | undefined => options.find((option) => option === value))

/** Parts between commas, blanks trimmed, each once. */
export const parts = (value: string): readonly string[] => [
  ...new Set(
    value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  ),
]

export const listOf = (what: string, item: RegExp) =>
  expected(`a comma-separated list of ${what}`, (value) => {
    const items = parts(value)
    return items.length > 0 && items.every((one) => item.test(one)) ? items : undefined
  })

/** UTC days between commas, each as its midnight. */
export const days = expected('a comma-separated list of UTC dates such as 2026-03-18', (value) => {
  const midnights = parts(value).map((part) =>
    /^\d{4}-\d{2}-\d{2}$/.test(part) ? Date.parse(`${part}T00:00:00Z`) : Number.NaN,
  )
  // Date.parse takes 30 February for 2 March.
  const real = midnights.every(
    (at, i) => Number.isFinite(at) && new Date(at).toISOString().startsWith(parts(value)[i]!),
  )
  return midnights.length > 0 && real ? midnights.map(timestamp) : undefined
})

export const url = (...schemes: readonly string[]) =>
  expected(`an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`, (value) =>
    URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1))
      ? value.replace(/\/+$/, '')
      : undefined,
  )
