import type { Panel } from '../market/panel.ts'
import type { Asset, VenueId } from '../market/tick.ts'
import { HOUR, later, type TimestampMs, timestamp } from '../units.ts'
import { createLeverageLearning, LEARNING_WINDOW, type LearningReport } from './leverage-learning.ts'
import type { LiquidationMap } from './map.ts'
import type { MapBar } from './map-bars.ts'

/** Late open interest is waited for this long; then the window is given up. */
const PATIENCE = 6 * HOUR
/** Venues that print every liquidation stand for the rest when they hold this share of open interest. */
const ENOUGH_PRINTED = 0.2

interface Waiting {
  readonly endsAt: TimestampMs
  readonly swept: readonly number[]
  readonly move: number
  readonly price: number
}

/** Gathers what the map sweeps and what was really closed, window by window, and hands it to the learning of shares. */
export interface MapLearning {
  /** To be called with each price bar, in order; returns new shares when they have been learned. */
  take(map: LiquidationMap, panel: Panel, bar: MapBar, receivedAt: TimestampMs): readonly number[] | undefined
  report(): LearningReport
}

export function createMapLearning(asset: Asset, prior: readonly number[]): MapLearning {
  const learning = createLeverageLearning(prior)
  const waiting: Waiting[] = []
  let window = Number.NaN
  let [openPrice, sweptBefore]: [number, readonly number[]] = [0, []]

  const begin = (map: LiquidationMap, { closePrice }: MapBar): void => {
    openPrice = closePrice
    sweptBefore = Array.from(map.swept.evenly)
  }

  return {
    take(map, panel, bar, receivedAt) {
      // A bar that closes on a boundary belongs to the window that ends there.
      const current = Math.ceil(bar.closesAt / LEARNING_WINDOW)
      if (Number.isNaN(window)) {
        window = current
        begin(map, bar)
      }
      if (bar.closesAt >= window * LEARNING_WINDOW) {
        waiting.push({
          endsAt: timestamp(window * LEARNING_WINDOW),
          swept: Array.from(map.swept.evenly, (coins, k) => coins - sweptBefore[k]!),
          move: Math.abs(Math.log(bar.closePrice / openPrice)),
          price: bar.closePrice,
        })
        window = Math.floor(bar.closesAt / LEARNING_WINDOW) + 1
        begin(map, bar)
      }
      let learned: readonly number[] | undefined
      while (waiting[0]) {
        const forced = forcedCoins(map, panel, { asset, ...waiting[0], known: receivedAt })
        if (forced === undefined && receivedAt < waiting[0].endsAt + PATIENCE) break
        const { endsAt, swept, move } = waiting.shift()!
        if (forced !== undefined) learned = learning.add({ endsAt, forced, swept, move }) ?? learned
      }
      return learned
    },
    report: () => learning.report(),
  }
}

/**
 * Coins that were forced out over a window: what venues that print everything printed, scaled up to all open interest; where
 * they are too few, the fall of open interest.
 *
 * @returns undefined while a venue has not yet been heard from after the window's end
 */
function forcedCoins(
  map: LiquidationMap,
  panel: Panel,
  { asset, endsAt, price, known }: { asset: Asset; endsAt: TimestampMs; price: number; known: TimestampMs },
): number | undefined {
  const startsAt = later(endsAt, -LEARNING_WINDOW)
  let [before, after, printing, printed] = [0, 0, 0, 0]
  for (const [venue, { readings }] of map.venues) {
    if (!readings.some(({ eventAt }) => eventAt >= endsAt)) return undefined
    const start = readings.findLast(({ eventAt }) => eventAt <= startsAt)
    const end = readings.findLast(({ eventAt }) => eventAt <= endsAt)
    if (!start || !end) continue
    before += start.coins
    after += end.coins
    const prints = printsOf(panel, { venue, asset, startsAt, endsAt, known })
    if (prints === undefined) continue
    printing += end.coins
    printed += prints / price
  }
  if (!(after > 0)) return undefined
  return printing >= ENOUGH_PRINTED * after ? (printed * after) / printing : Math.max(0, before - after)
}

/** USD liquidated on both sides; undefined where the venue does not print everything. */
function printsOf(
  panel: Panel,
  {
    venue,
    asset,
    startsAt,
    endsAt,
    known,
  }: { venue: VenueId; asset: Asset; startsAt: TimestampMs; endsAt: TimestampMs; known: TimestampMs },
): number | undefined {
  const prints = panel
    .between('liquidations', venue, asset, startsAt, known)
    .filter(({ eventAt }) => eventAt > startsAt && eventAt <= endsAt)
  if (prints.length === 0 || prints.some(({ coverage }) => coverage !== 'full')) return undefined
  return prints.reduce((sum, { longNotional, shortNotional }) => sum + longNotional + shortNotional, 0)
}
