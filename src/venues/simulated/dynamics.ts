import { createCascade, emptyCascade } from './cascade.ts'
import { createOpenings } from './openings.ts'
import { binOf, createPositionBook, LONG } from './position-book.ts'
import { BIN_WIDTH, VENUES, type WorldParameters } from './presets.ts'
import { createPriceProcess, initialPriceState, type SharedShock } from './price-process.ts'

/** The model's own price unit; the world converts it to dollars. */
export const MODEL_PRICE = 100
/** Gain looks at this many bins below the price: 3 %. */
const GAIN_BINS = 12

export type Dynamics = ReturnType<typeof createDynamics>

/**
 * The mechanics in the model's own units: price from 100, amounts in multiples of the long-run open interest.
 *
 * Each `step` draws normal and uniform numbers in the order of the reference prototype, so that the two can be compared step
 * by step.
 */
export function createDynamics(parameters: WorldParameters, normal: () => number, uniform: () => number) {
  const state = initialPriceState(parameters)
  const book = createPositionBook()
  const cascade = emptyCascade()
  const movePrice = createPriceProcess(parameters, normal, uniform)
  const liquidate = createCascade(parameters, book, MODEL_PRICE)
  const open = createOpenings(parameters, book, { normal, startPrice: MODEL_PRICE })
  let mood = 0

  return {
    state,
    book,
    /** What the last step liquidated, and the range of log price in it. */
    cascade,
    step(shared?: SharedShock): void {
      const before = state.logPrice
      movePrice(state, shared)
      liquidate(state, before, cascade)
      mood = open(state)
    },
    /** Sentiment in (−1, 1) after the last step. */
    mood: (): number => mood,
    price: (): number => MODEL_PRICE * Math.exp(state.logPrice),
    openInterest(): number {
      let sum = 0
      for (let venue = 0; venue < VENUES.length; venue++) sum += book.openInterest(venue)
      return sum
    },
    /** Price move that the longs just below would cause when liquidated, over the move that reaches them. */
    gain(): number {
      const bin = binOf(state.logPrice)
      let near = 0
      for (let below = bin - GAIN_BINS; below < bin; below++) near += book.waiting(LONG, below)
      const price = MODEL_PRICE * Math.exp(state.logPrice)
      return (parameters.kappa * near * price) / (GAIN_BINS * BIN_WIDTH) / state.depth
    },
  }
}
