import { formatAge, formatPercent, formatUsd } from '../format.ts'
import { LIMITS, type LimitKey, type Limits } from './limits.ts'

export type LimitValue =
  | { readonly kind: 'value'; readonly value: number }
  /** What was expected, with an example, and what was said. */
  | { readonly kind: 'refused'; readonly why: string }

type Unit = (typeof LIMITS)[LimitKey]['unit']

/** Suffixes that fit each unit, and what one of it is in the unit of the limit; '' = none was typed. */
const SUFFIXES: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  usd: { '': 1, k: 1e3, m: 1e6, b: 1e9 },
  share: { '': 1, '%': 0.01, bps: 1e-4 },
  bps: { '': 1, bps: 1, '%': 100 },
  count: { '': 1 },
  multiple: { '': 1, x: 1, '×': 1 },
  ms: { ms: 1, s: 1e3, min: 60e3, h: 3_600e3 },
}

const EXAMPLES: Readonly<Record<Unit, string>> = {
  usd: 'an amount in USD such as 250k or 1.5m',
  share: 'a share such as 25% or 0.25',
  bps: 'basis points such as 30bps',
  count: 'a whole number such as 20',
  multiple: 'a multiple such as 2.5',
  ms: 'a length of time such as 10s or 500ms',
}

/** Each has to be no further than the next: a warning that comes after what it warns of is none. */
const LADDERS: readonly (readonly LimitKey[])[] = [
  ['maxLeverage', 'hardLeverage'],
  ['minMarginRatio', 'warnMarginRatio'],
  ['emergencyLiquidationDistance', 'minLiquidationDistance', 'warnLiquidationDistance'],
  ['warnDailyLoss', 'softDailyLoss', 'hardDailyLoss'],
  ['maxRatioChangePerHour', 'maxRatioChangePerDay'],
]

const NUMBER = /^\$?\s*(\d[\d,_]*(?:\.\d+)?|\.\d+)\s*([a-z%×]*)$/

/**
 * What was typed for a limit, in the unit of that limit: `2.5`, `25%`, `1.5m`, `30bps`, `10s`, where the unit fits. Also refused:
 * beyond what the limit may be set to at all.
 */
export function parseLimitValue(key: LimitKey, typed: string): LimitValue {
  const { unit, least, most, name } = LIMITS[key]
  const text = typed.trim().toLowerCase()
  const refused = (expected: string): LimitValue => ({
    kind: 'refused',
    why: `Expected ${expected} for ${name}, was ${typed.trim().slice(0, 40).toWellFormed() || 'nothing'}`,
  })
  const [, digits, suffix] = NUMBER.exec(text) ?? []
  const scale = suffix === undefined ? undefined : SUFFIXES[unit][suffix]
  if (digits === undefined || scale === undefined) return refused(EXAMPLES[unit])
  // 30 bps of a share is 0.003, not 0.0029999999999999996.
  const value = Number((Number(digits.replaceAll(/[,_]/g, '')) * scale).toPrecision(12))
  if (unit === 'count' && !Number.isInteger(value)) return refused(EXAMPLES[unit])
  if (value < least || value > most)
    return refused(`${formatLimit(key, least)} to ${formatLimit(key, most)}, the hard bounds,`)
  return { kind: 'value', value }
}

/** A limit that would make no sense beside the others, in words; undefined when all fits. */
export function whyIncoherent(limits: Limits, key: LimitKey, value: number): string | undefined {
  const changed = { ...limits, [key]: value } as Limits
  for (const ladder of LADDERS) {
    const step = ladder
      .slice(1)
      .findIndex((higher, i) => [ladder[i], higher].includes(key) && changed[ladder[i]!] > changed[higher])
    if (step < 0) continue
    const [low, high] = [ladder[step]!, ladder[step + 1]!]
    return `Expected ${LIMITS[low].name} of at most ${LIMITS[high].name}, would be ${formatLimit(low, changed[low])} against ${formatLimit(high, changed[high])}; set the other one first`
  }
  return undefined
}

/** As people read it, so that it can be typed back. */
export function formatLimit(key: LimitKey, value: number): string {
  switch (LIMITS[key].unit) {
    case 'usd':
      return formatUsd(value)
    case 'share':
      return formatPercent(value, decimals(value * 100))
    case 'bps':
      return `${trim(value)} bps`
    case 'count':
      return String(value)
    case 'multiple':
      return `${trim(value)}×`
    case 'ms':
      return value < 1000 || value % 1000 !== 0 ? `${value} ms` : formatAge(value)
  }
}

/** Whether the change lets less through, more, or the same. */
export function compareLimit(key: LimitKey, before: number, after: number): 'stricter' | 'looser' | 'the same' {
  if (before === after) return 'the same'
  return after < before === (LIMITS[key].stricter === 'lower') ? 'stricter' : 'looser'
}

const trim = (value: number): string => Number(value.toPrecision(6)).toString()

/** So many that nothing of what was set is hidden, from one on. */
const decimals = (value: number): number =>
  Math.min(4, Math.max(1, Number(value.toPrecision(8)).toString().split('.')[1]?.length ?? 0))
