import { createGaussian, createRandom } from '../domain/random.ts'
import { DAY, HOUR, later, MINUTE, SECOND, type TimestampMs, timestamp } from '../domain/units.ts'

/** One minute of trade prices and coins traded. */
export interface MinuteBar {
  /** When it opened. */
  readonly at: TimestampMs
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** Where minutes and depth come from. The book around them is synthetic in every case. */
export interface SlippageSource {
  readonly name: string
  readonly asset: string
  readonly origin: 'synthetic' | 'recorded'
  readonly tickSize: string
  /** Unbroken, oldest first. */
  readonly bars: readonly MinuteBar[]
  /** USD within 1 % of mid on the thinner side, as last known; undefined = not known. */
  readonly depthAt: (at: TimestampMs) => number | undefined
  /** What minutes and depth are, in words. */
  readonly note: string
}

export const STEP = 5 * SECOND
const STEPS_PER_MINUTE = MINUTE / STEP
/** Coefficient of the square-root law, what stays of it, and how fast the rest goes (specification §5). */
const IMPACT_Y = 0.7
const PERMANENT = 1 / 3
const DECAY_PER_STEP = 2 ** (-STEP / HOUR)
/** Recorded depth reaches this far. */
const DEPTH_REACH = 0.01
const WALK_POINTS = 48

/**
 * Trade prices every five seconds: a random walk from each minute's open to its close that stays within its high and low and
 * touches one of them.
 */
export function pathOf(bars: readonly MinuteBar[], seed: number): { prices: Float64Array; volumes: Float64Array } {
  const gauss = createGaussian(createRandom(seed))
  const prices = new Float64Array(bars.length * STEPS_PER_MINUTE + 1)
  const volumes = new Float64Array(prices.length)
  const walk = new Float64Array(STEPS_PER_MINUTE + 1)
  for (const [minute, bar] of bars.entries()) {
    for (let i = 1; i <= STEPS_PER_MINUTE; i++) walk[i] = walk[i - 1]! + gauss()
    let scale = Number.POSITIVE_INFINITY
    for (let i = 1; i < STEPS_PER_MINUTE; i++) {
      const share = i / STEPS_PER_MINUTE
      const straight = bar.open + (bar.close - bar.open) * share
      const away = walk[i]! - walk[STEPS_PER_MINUTE]! * share
      if (away !== 0) scale = Math.min(scale, Math.max(0, (away > 0 ? bar.high - straight : bar.low - straight) / away))
    }
    if (!Number.isFinite(scale)) scale = 0
    for (let i = 0; i <= STEPS_PER_MINUTE; i++) {
      const share = i / STEPS_PER_MINUTE
      const step = minute * STEPS_PER_MINUTE + i
      const away = walk[i]! - walk[STEPS_PER_MINUTE]! * share
      prices[step] = bar.open + (bar.close - bar.open) * share + scale * away
      if (i > 0) volumes[step] = bar.volume / STEPS_PER_MINUTE
    }
  }
  return { prices, volumes }
}

export interface BookTerms {
  readonly side: 'buy' | 'sell'
  readonly dailyVolume: number
  readonly dailyVolatility: number
  /** USD within 1 % of mid. */
  readonly depth: number
  /** Whole spread as a fraction. */
  readonly spread: number
}

/**
 * The market as one parent order finds it: recorded prices, moved by what the order itself has filled. Everything filled so far
 * moves the price by the square-root law, a third for good, the rest with a half-life of an hour; and what is taken at once
 * pays the book's own slope where that is steeper.
 */
export function createOwnBook(prices: Float64Array, terms: BookTerms) {
  const { side, dailyVolume, dailyVolatility, depth, spread } = terms
  const sign = side === 'buy' ? 1 : -1
  const impact = (filled: number): number => IMPACT_Y * dailyVolatility * Math.sqrt(filled / dailyVolume)
  let filled = 0
  let transient = 0
  const add = (quantity: number): void => {
    const before = impact(filled)
    filled += quantity
    transient += (1 - PERMANENT) * (impact(filled) - before)
  }
  const midAt = (step: number): number => prices[step]! * (1 + sign * (PERMANENT * impact(filled) + transient))
  /** How far past the touch the last of so many coins trades, as a fraction. */
  const beyond = (quantity: number, mid: number): number =>
    Math.max(impact(filled + quantity) - impact(filled), (DEPTH_REACH * quantity * mid) / depth)

  return {
    midAt,
    pass(): void {
      transient *= DECAY_PER_STEP
    },
    rest(quantity: number): void {
      add(quantity)
    },
    /** Takes what is there up to a limit; without one all of it. */
    take(quantity: number, step: number, limit?: number): { quantity: number; average: number } {
      const mid = midAt(step)
      const touch = mid * (1 + (sign * spread) / 2)
      const room = limit === undefined ? Number.POSITIVE_INFINITY : sign * (limit / touch - 1)
      if (room < 0) return { quantity: 0, average: touch }
      let taken = quantity
      if (beyond(quantity, mid) > room) {
        let [low, high] = [0, quantity]
        for (let i = 0; i < WALK_POINTS; i++) {
          const middle = (low + high) / 2
          if (beyond(middle, mid) > room) high = middle
          else low = middle
        }
        taken = low
      }
      let paid = 0
      for (let i = 0; i < WALK_POINTS; i++) paid += beyond((taken * (i + 0.5)) / WALK_POINTS, mid)
      add(taken)
      return { quantity: taken, average: touch * (1 + (sign * paid) / WALK_POINTS) }
    },
  }
}

export type OwnBook = ReturnType<typeof createOwnBook>

const DAYS_OF_PROFILE = 30
const PROFILE_PARTS = 288
const BARS_PER_DAY = DAY / MINUTE

/** What was known before a bar: volume and volatility of the day before it. */
export function dayBefore(bars: readonly MinuteBar[], index: number): { volume: number; volatility: number } {
  let [volume, squares] = [0, 0]
  for (let i = index - BARS_PER_DAY; i < index; i++) {
    volume += bars[i]!.volume
    squares += Math.log(bars[i]!.close / bars[i]!.open) ** 2
  }
  return { volume, volatility: Math.sqrt(squares) }
}

/** Median volume by part of the UTC day over the whole days that had closed, at most thirty. */
export function volumeProfileBefore(bars: readonly MinuteBar[], at: TimestampMs): readonly number[] {
  const first = bars[0]!.at
  const lastMidnight = Math.floor(at / DAY) * DAY
  const days: number[][] = []
  for (let day = lastMidnight - DAY; day >= first && days.length < DAYS_OF_PROFILE; day -= DAY) {
    const parts = new Array<number>(PROFILE_PARTS).fill(0)
    const start = Math.round((day - first) / MINUTE)
    for (let i = 0; i < BARS_PER_DAY; i++) {
      parts[Math.floor((i * PROFILE_PARTS) / BARS_PER_DAY)]! += bars[start + i]!.volume
    }
    days.push(parts)
  }
  return Array.from({ length: PROFILE_PARTS }, (_, part) => median(days.map((day) => day[part]!)))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const SYNTHETIC_PRICE = 3_000
const SYNTHETIC_VOLATILITY = 0.03
const SYNTHETIC_DAY_COINS = 5_000_000
const SYNTHETIC_DEPTH_USD = 60e6

/**
 * Minutes of a made-up market: volatility that comes in clusters, volume that follows it and the hour of the day, no drift.
 *
 * @param days - of 1,440 minutes
 */
export function syntheticMinutes(days: number, seed: number): SlippageSource {
  const gauss = createGaussian(createRandom(seed))
  const bars: MinuteBar[] = []
  const restless: number[] = []
  let state = 0
  let last = SYNTHETIC_PRICE
  for (let i = 0; i < days * BARS_PER_DAY; i++) {
    if (i % 60 === 0) {
      state = 0.9 * state + 0.2 * gauss()
      restless.push(Math.exp(state))
    }
    const busy = 1 + 0.5 * Math.cos(2 * Math.PI * ((i % BARS_PER_DAY) / BARS_PER_DAY - 0.62))
    const sigma = (SYNTHETIC_VOLATILITY / Math.sqrt(BARS_PER_DAY)) * Math.exp(state) * Math.sqrt(busy)
    let [price, high, low] = [last, last, last]
    for (let step = 0; step < STEPS_PER_MINUTE; step++) {
      price *= Math.exp((sigma / Math.sqrt(STEPS_PER_MINUTE)) * gauss())
      high = Math.max(high, price)
      low = Math.min(low, price)
    }
    const volume = (SYNTHETIC_DAY_COINS / BARS_PER_DAY) * busy * Math.exp(state + 0.5 * gauss() - 0.125)
    bars.push({ at: timestamp(i * MINUTE), open: last, high, low, close: price, volume })
    last = price
  }
  return {
    name: 'synthetic',
    asset: 'ETH',
    origin: 'synthetic',
    tickSize: '0.01',
    bars,
    depthAt: (at) => SYNTHETIC_DEPTH_USD / (restless[Math.floor(at / HOUR)] ?? 1),
    note: `${days} days of made-up minutes: ${SYNTHETIC_VOLATILITY * 100} % a day in clusters, about ${SYNTHETIC_DAY_COINS / 1e6} M coins a day, ${SYNTHETIC_DEPTH_USD / 1e6} M USD within 1 %, thinner when restless`,
  }
}

export const endOf = ({ bars }: SlippageSource): TimestampMs => later(bars.at(-1)!.at, MINUTE)
