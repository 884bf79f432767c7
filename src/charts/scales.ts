import { formatPrice } from '../domain/format.ts'

const HOURS = 3_600_000
const DAYS = 24 * HOURS
const TIME_STEPS = [
  ...[1, 5, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOURS),
  ...[1, 2, 4, 7, 14, 28, 56, 112, 365].map((days) => days * DAYS),
]
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export interface Ticks {
  readonly values: readonly number[]
  readonly step: number
}

/** About `count` round numbers between `low` and `high`, both included where they are round. */
export function niceTicks(low: number, high: number, count: number): Ticks {
  const rough = (high - low) / count
  if (!(rough > 0)) return { values: [low], step: 0 }
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10)
  const values: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    values.push(Number((i * step).toPrecision(12)))
  }
  return { values, step }
}

/** At most `count` instants between two, on round hours or midnights UTC. */
export function timeTicks(from: number, to: number, count: number): Ticks {
  const inside = (step: number) => Math.floor(to / step) - Math.ceil(from / step) + 1
  const step = TIME_STEPS.find((step) => inside(step) <= count) ?? TIME_STEPS.at(-1)!
  const values: number[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) values.push(at)
  return { values, step }
}

/** An instant in UTC as an axis says it: the day, and above it the hour where ticks are closer than a day. */
export function formatTick(at: number, step: number): string {
  const date = new Date(at)
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`
  return step % DAYS === 0 ? day : `${date.toISOString().slice(11, 16)}\n${day}`
}

const SCALES = [
  { from: 1e15, name: ' P' },
  { from: 1e12, name: ' T' },
  { from: 1e9, name: ' B' },
  { from: 1e6, name: ' M' },
  { from: 1e3, name: ' k' },
]

/** USD to three figures, short enough for a picture: `$12.3 M`. */
export function shortUsd(value: number): string {
  const scale = SCALES.find(({ from }) => Number(value.toPrecision(3)) >= from)
  const inScale = value / (scale?.from ?? 1)
  if (inScale >= 999.5) return `$${inScale.toExponential(1).replace('e+', 'e')}${scale?.name ?? ''}`
  return `$${Number(inScale.toPrecision(3))}${scale?.name ?? ''}`
}

/** A count or a price with thousands set apart, as far as it is short; to three figures with a unit beyond. */
export function shortNumber(value: number): string {
  return Math.abs(value) >= 1e7
    ? shortUsd(value).slice(1)
    : value.toLocaleString('en-US', { maximumFractionDigits: 12 })
}

/** A price as everywhere else, but short where it would run out of its column. */
export const shortPrice = (value: number): string => (value >= 1e7 ? shortUsd(value).slice(1) : formatPrice(value))

/** Prices at ticks `step` apart, with as many decimals as tell them apart. */
export function priceTickFormatter(step: number): (value: number) => string {
  const decimals = step > 0 ? Math.min(12, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))) : 2
  const exact =
    step > 0 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-9 ? decimals + 1 : decimals
  return (value) =>
    Math.abs(value) >= 1e7
      ? shortUsd(value).slice(1)
      : value.toLocaleString('en-US', { minimumFractionDigits: exact, maximumFractionDigits: exact })
}

/** A probability as a label says it; what is not nothing never reads 0 %. */
export const shortPercent = (value: number): string =>
  value > 0 && value < 0.01 ? '<1 %' : value > 0.99 && value < 1 ? '>99 %' : `${Math.round(value * 100)} %`
