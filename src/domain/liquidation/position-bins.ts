import type { LeverageBucket } from './leverage.ts'

/** Width of a bin of liquidation prices in log price: 25 basis points. */
export const BIN_WIDTH = 0.0025
/** Bins on each side of the centre: ±50 % in log price, so −39 % to +65 %. */
export const HALF_BINS = 200
export const BIN_COUNT = 2 * HALF_BINS + 1

export const LONG = 0
export const SHORT = 1
export type Leg = typeof LONG | typeof SHORT

/** Absolute bin of a price; the grid is the same for every venue and instant. */
export const binOf = (price: number): number => Math.round(Math.log(price) / BIN_WIDTH)
export const priceOf = (bin: number): number => Math.exp(bin * BIN_WIDTH)

const RESCALE_BELOW = 1e-9

export type PositionBins = ReturnType<typeof createPositionBins>

/** Positions as another set can take them over; slots are leg × buckets. */
interface Absorbed {
  readonly unlevered: Float64Array
  slotInto(slot: number, into: Float64Array, bornInto?: Float64Array): void
}

/**
 * One venue's open positions: base coins by leg, leverage bucket and bin of the liquidation price, and unleveraged coins by
 * leg. Longs and shorts are two views of the same contracts, so both legs sum to the open interest.
 *
 * Changed in place. Stored numbers are divided by a scale per leg and bucket, so that closing a share of everything is one
 * multiplication.
 */
export function createPositionBins(buckets: readonly LeverageBucket[], unleveredHours: number) {
  const levels = buckets.length
  const slots = 2 * levels
  const holding = buckets.map(({ holdingHours }) => holdingHours)
  const coins = Array.from({ length: slots }, () => new Float64Array(BIN_COUNT))
  /** Σ coins × opening time, hours: gives the mean age. */
  const births = Array.from({ length: slots }, () => new Float64Array(BIN_COUNT))
  const scale = new Float64Array(slots).fill(1)
  const totals = new Float64Array(slots)
  const unlevered = new Float64Array(2)

  const forLeg = (leg: Leg, visit: (slot: number, level: number) => void): void => {
    for (let level = 0; level < levels; level++) visit(leg * levels + level, level)
  }
  const leveraged = (leg: Leg): number => {
    let sum = 0
    for (let slot = leg * levels; slot < (leg + 1) * levels; slot++) sum += totals[slot]! * scale[slot]!
    return sum
  }
  const total = (leg: Leg): number => leveraged(leg) + unlevered[leg]!

  /** Multiplies the scale out and sums the bins again, which also takes rounding dust out of the totals. */
  const settle = (slot: number): void => {
    const factor = scale[slot]!
    let sum = 0
    for (let i = 0; i < BIN_COUNT; i++) {
      coins[slot]![i]! *= factor
      births[slot]![i]! *= factor
      sum += coins[slot]![i]!
    }
    totals[slot] = sum
    scale[slot] = 1
  }

  /** Lets every position close with its own holding time for `hours`; returns how many coins each leg lost. */
  const close = (hours: number): readonly [number, number] =>
    [LONG, SHORT].map((leg) => {
      const before = total(leg as Leg)
      forLeg(leg as Leg, (slot, level) => {
        scale[slot]! *= Math.exp(-hours / holding[level]!)
        if (scale[slot]! < RESCALE_BELOW) settle(slot)
      })
      unlevered[leg]! *= Math.exp(-hours / unleveredHours)
      return before - total(leg as Leg)
    }) as unknown as readonly [number, number]

  const slotInto = (slot: number, into: Float64Array, bornInto?: Float64Array): void => {
    const [held, born, factor] = [coins[slot]!, births[slot]!, scale[slot]!]
    for (let i = 0; i < BIN_COUNT; i++) {
      if (held[i] === 0) continue
      into[i]! += held[i]! * factor
      if (bornInto) bornInto[i]! += born[i]! * factor
    }
  }

  return {
    binCount: BIN_COUNT,
    unlevered,
    leveraged,
    total,
    close,

    /** Takes out of a leg what lies in bins `low`…`high` of the window; returns the coins and adds them to `byLevel`. */
    sweep(leg: Leg, low: number, high: number, byLevel?: Float64Array): number {
      let swept = 0
      forLeg(leg, (slot, level) => {
        let sum = 0
        const held = coins[slot]!
        for (let i = Math.max(0, low); i <= Math.min(BIN_COUNT - 1, high); i++) {
          if (held[i] === 0) continue
          sum += held[i]!
          held[i] = 0
          births[slot]![i] = 0
        }
        if (sum === 0) return
        totals[slot] = Math.max(0, totals[slot]! - sum)
        swept += sum * scale[slot]!
        if (byLevel) byLevel[level]! += sum * scale[slot]!
      })
      return swept
    },

    /** Takes `amount` coins out of a leg, the same share of everything. */
    shrink(leg: Leg, amount: number): void {
      const kept = Math.max(0, 1 - amount / Math.max(total(leg), Number.MIN_VALUE))
      forLeg(leg, (slot) => {
        scale[slot]! *= kept
        if (scale[slot]! < RESCALE_BELOW) settle(slot)
      })
      unlevered[leg]! *= kept
    },

    /** Takes `amount` coins out of a leg as if time had passed faster: positions held for short go first. */
    hasten(leg: Leg, amount: number): void {
      if (amount >= total(leg)) {
        this.shrink(leg, amount)
        return
      }
      const masses = [
        ...holding.map((_, level) => totals[leg * levels + level]! * scale[leg * levels + level]!),
        unlevered[leg]!,
      ]
      const hours = [...holding, unleveredHours]
      let extra = 0
      // Coins removed are concave in the extra time, so Newton's method from 0 rises to the answer and never passes it.
      for (let i = 0; i < 30; i++) {
        let missing = amount
        let slope = 0
        for (let j = 0; j < masses.length; j++) {
          const left = masses[j]! * Math.exp(-extra / hours[j]!)
          missing -= masses[j]! - left
          slope += left / hours[j]!
        }
        if (missing <= 1e-12 * amount || slope <= 0) break
        extra += missing / slope
      }
      forLeg(leg, (slot, level) => {
        scale[slot]! *= Math.exp(-extra / holding[level]!)
        if (scale[slot]! < RESCALE_BELOW) settle(slot)
      })
      unlevered[leg]! *= Math.exp(-extra / unleveredHours)
    },

    /** Puts coins opened at `openedAt` (hours) into a bin of the window, or leaves them out when it is outside; says which. */
    add(
      leg: Leg,
      level: number,
      { index, amount, openedAt }: { index: number; amount: number; openedAt: number },
    ): boolean {
      if (index < 0 || index >= BIN_COUNT) return false
      const slot = leg * levels + level
      const stored = amount / scale[slot]!
      coins[slot]![index]! += stored
      births[slot]![index]! += stored * openedAt
      totals[slot]! += stored
      return true
    },

    /** Makes both legs sum to `openInterest`: unleveraged coins take up the difference, then everything else. */
    balance(openInterest: number): void {
      for (const leg of [LONG, SHORT] as const) {
        const held = leveraged(leg)
        unlevered[leg] = Math.max(0, openInterest - held)
        if (held > openInterest) {
          forLeg(leg, (slot) => {
            scale[slot]! *= openInterest / held
            if (scale[slot]! < RESCALE_BELOW) settle(slot)
          })
        }
      }
    },

    /** Moves the window by `bins`; what falls out of it is far from the price and counts as unleveraged. */
    shift(bins: number): void {
      for (const leg of [LONG, SHORT] as const) {
        const before = leveraged(leg)
        forLeg(leg, (slot) => {
          for (const array of [coins[slot]!, births[slot]!]) {
            if (bins > 0) array.copyWithin(0, bins).fill(0, Math.max(0, BIN_COUNT - bins))
            else array.copyWithin(-bins, 0).fill(0, 0, Math.min(BIN_COUNT, -bins))
          }
          settle(slot)
        })
        unlevered[leg]! += before - leveraged(leg)
      }
    },

    /** Takes over another venue's positions, as when an aggregate that holds it is heard for the first time. */
    absorb(other: Absorbed): void {
      for (let slot = 0; slot < slots; slot++) {
        settle(slot)
        other.slotInto(slot, coins[slot]!, births[slot]!)
        settle(slot)
      }
      for (const leg of [LONG, SHORT] as const) unlevered[leg]! += other.unlevered[leg]!
    },
    slotInto,

    /** Hands over what a leg holds in bins `low`…`high` of the window: level, bin, coins, coins × opening time in hours. */
    visit(
      leg: Leg,
      { low, high }: { low: number; high: number },
      take: (level: number, index: number, held: number, born: number) => void,
    ): void {
      const [from, to] = [Math.max(0, low), Math.min(BIN_COUNT - 1, high)]
      forLeg(leg, (slot, level) => {
        const [held, born, factor] = [coins[slot]!, births[slot]!, scale[slot]!]
        for (let i = from; i <= to; i++) if (held[i] !== 0) take(level, i, held[i]! * factor, born[i]! * factor)
      })
    },

    /** Adds the coins of a leg to `into`, bin by bin, and coins × opening time to `bornInto`. */
    collect(leg: Leg, into: Float64Array, bornInto?: Float64Array): void {
      forLeg(leg, (slot) => slotInto(slot, into, bornInto))
    },
  }
}
