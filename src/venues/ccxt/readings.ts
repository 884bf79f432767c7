import { Decimal } from 'decimal.js'
import { UnreadableError } from './failures.ts'

/** As JSON writes numbers; ccxt makes texts of most of them. */
const DECIMAL = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

/** Reads one property of an answer without trusting its shape. */
export const field = (value: unknown, name: string | number): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[name] : undefined

/** @throws {UnreadableError} when it is no list */
export function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new UnreadableError(`Expected a list of ${what}, was ${shown(value)}`)
}

/**
 * A decimal number as text without an exponent; venues send text or numbers, of which 1.0e-5 is one.
 *
 * @throws {UnreadableError} when it is none
 */
export function decimalText(value: unknown, what: string): string {
  const text = typeof value === 'number' && Number.isFinite(value) ? String(value) : value
  if (typeof text === 'string' && DECIMAL.test(text)) return /e/i.test(text) ? new Decimal(text).toFixed() : text
  throw new UnreadableError(`Expected a ${what}, was ${shown(value)}`)
}

/** The same where nothing, an empty text and zero mean that there is none. */
export function optionalDecimal(value: unknown, what: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const text = decimalText(value, what)
  return Number(text) === 0 ? undefined : text
}

/** An id, which venues send as text or as a number. @throws {UnreadableError} when there is none */
export function idText(value: unknown, what: string): string {
  if ((typeof value === 'string' && value !== '') || Number.isSafeInteger(value)) return String(value)
  throw new UnreadableError(`Expected a ${what}, was ${shown(value)}`)
}

/** @throws {UnreadableError} when it is none of them */
export function oneOf<T extends string>(value: unknown, choices: Readonly<Record<string, T>>, what: string): T {
  const choice = Object.hasOwn(choices, String(value)) ? choices[String(value)] : undefined
  if (choice !== undefined) return choice
  throw new UnreadableError(`Expected a ${what}, was ${shown(value)}`)
}

/** @throws {UnreadableError} when it is no instant in ms */
export function instant(value: unknown, what: string): number {
  const at = Number(value)
  if (Number.isSafeInteger(at) && at > 0) return at
  throw new UnreadableError(`Expected a ${what} in ms, was ${shown(value)}`)
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 100)
