import { BIN_WIDTH, HOLDING_HOURS, LEVERAGES, STEPS_PER_HOUR, VENUES } from './presets.ts'

const VENUE_COUNT = VENUES.length
const LEVELS = LEVERAGES.length
/** Venue and leverage together: one number per bin and side. */
const SLOTS = VENUE_COUNT * LEVELS
/**
 * Bins are a ring, so that a price may wander for ever: 4,096 bins span a factor of e^±5, far more than a price moves
 * before a position on the other side has been closed.
 */
const RING = 4096
const MASK = RING - 1
const SIDE_SIZE = RING * SLOTS
const RESCALE_BELOW = 1e-6
const DUST = 1e-18
const DECAY = HOLDING_HOURS.map((hours) => Math.exp(-1 / (STEPS_PER_HOUR * hours)))
const UNLEVERED_DECAY = Math.exp(-1 / (STEPS_PER_HOUR * 96))

export const LONG = 0
export const SHORT = 1
export type Side = typeof LONG | typeof SHORT

export const binOf = (logPrice: number): number => Math.round(logPrice / BIN_WIDTH)

export type PositionBook = ReturnType<typeof createPositionBook>

/**
 * Every open position of a world: coins by venue, side, leverage and the bin of the liquidation price, plus unlevered
 * coins by venue and side. Closing a share of everything is one multiplication of a scale, so a step costs only the bins it touches.
 */
export function createPositionBook() {
  const coins = new Float64Array(2 * SIDE_SIZE)
  const scale = new Float64Array(2 * SLOTS).fill(1)
  /** Σ over bins of `coins`, before scaling. */
  const total = new Float64Array(2 * SLOTS)
  const unlevered = new Float64Array(2 * VENUE_COUNT)

  const levered = (venue: number, side: Side): number => {
    let sum = 0
    const first = side * SLOTS + venue * LEVELS
    for (let slot = first; slot < first + LEVELS; slot++) sum += total[slot]! * scale[slot]!
    return sum
  }

  const rescale = (side: Side, slot: number): void => {
    const factor = scale[side * SLOTS + slot]!
    let sum = 0
    for (let at = side * SIDE_SIZE + slot; at < (side + 1) * SIDE_SIZE; at += SLOTS) {
      const rescaled = coins[at]! * factor
      coins[at] = rescaled < DUST ? 0 : rescaled
      sum += coins[at]!
    }
    total[side * SLOTS + slot] = sum
    scale[side * SLOTS + slot] = 1
  }

  return {
    levered,
    /** One-sided open interest of a venue, coins. */
    openInterest: (venue: number): number => unlevered[venue]! + levered(venue, LONG),
    /** Longs less shorts of a venue, coins: zero after every step. */
    imbalance: (venue: number): number =>
      levered(venue, LONG) + unlevered[venue]! - levered(venue, SHORT) - unlevered[VENUE_COUNT + venue]!,

    /** Takes every position of a side out of bins `low`…`high` and adds its coins to `swept`, by venue. */
    sweep(side: Side, low: number, high: number, swept: Float64Array): void {
      for (let bin = low; bin <= high; bin++) {
        const start = side * SIDE_SIZE + (bin & MASK) * SLOTS
        for (let slot = 0; slot < SLOTS; slot++) {
          const held = coins[start + slot]!
          if (held <= 0) continue
          const at = side * SLOTS + slot
          swept[(slot / LEVELS) | 0]! += held * scale[at]!
          total[at]! -= held
          coins[start + slot] = 0
        }
      }
    },

    /** Those on the other side of a liquidation close `closedShare` of it; unlevered newcomers take over the rest. */
    settle(venue: number, side: Side, liquidated: number, closedShare: number): void {
      const other: Side = side === LONG ? SHORT : LONG
      const held = levered(venue, other) + unlevered[other * VENUE_COUNT + venue]!
      const kept = Math.max(0, 1 - (closedShare * liquidated) / Math.max(held, 1e-12))
      const first = other * SLOTS + venue * LEVELS
      for (let slot = first; slot < first + LEVELS; slot++) scale[slot]! *= kept
      unlevered[other * VENUE_COUNT + venue]! *= kept
      unlevered[side * VENUE_COUNT + venue]! += (1 - closedShare) * liquidated
    },

    /** One step of ordinary closing in one slot, then a new position at a liquidation bin. */
    renew(side: Side, venue: number, level: number, bin: number, opened: number): void {
      const slot = venue * LEVELS + level
      const at = side * SLOTS + slot
      scale[at]! *= DECAY[level]!
      const raw = opened / scale[at]!
      coins[side * SIDE_SIZE + (bin & MASK) * SLOTS + slot]! += raw
      total[at]! += raw
      if (scale[at]! < RESCALE_BELOW) rescale(side, slot)
    },

    /** One step of ordinary closing of unlevered coins, plus new ones; then both sides are made equal. */
    renewUnlevered(venue: number, openedLong: number, openedShort: number): void {
      const [long, short] = [venue, VENUE_COUNT + venue]
      unlevered[long] = unlevered[long]! * UNLEVERED_DECAY + openedLong
      unlevered[short] = unlevered[short]! * UNLEVERED_DECAY + openedShort
      const excess = this.imbalance(venue)
      const [fat, thin] = excess > 0 ? [long, short] : [short, long]
      const cut = Math.min(Math.abs(excess) / 2, unlevered[fat]!)
      unlevered[fat]! -= cut
      unlevered[thin]! += Math.abs(excess) - cut
    },

    /** Coins of a side waiting to be liquidated in a bin, over all venues. */
    waiting(side: Side, bin: number): number {
      const start = side * SIDE_SIZE + (bin & MASK) * SLOTS
      let sum = 0
      for (let slot = 0; slot < SLOTS; slot++) sum += coins[start + slot]! * scale[side * SLOTS + slot]!
      return sum
    },
  }
}
