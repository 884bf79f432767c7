import type { Asset } from '../../domain/market/tick.ts'
import { createGaussian, createRandom } from '../../domain/random.ts'
import { clamp, type FundingPer8h, fundingPer8h, HOUR } from '../../domain/units.ts'
import { createDynamics, MODEL_PRICE } from './dynamics.ts'
import { binOf, LONG, SHORT } from './position-book.ts'
import {
  BIN_WIDTH,
  PRESETS,
  type PresetName,
  STEPS_PER_DAY,
  STEPS_PER_HOUR,
  VENUES,
  type WorldParameters,
} from './presets.ts'
import type { SharedShock } from './price-process.ts'

/** Positions fill up from nothing; after this the book no longer remembers that it was empty. */
const BURN_IN_DAYS = 20
const TRUTH_BINS = 60

export interface WorldOptions {
  readonly seed: number
  readonly preset: PresetName
  readonly asset: Asset
  /** USD per base, at the first step. */
  readonly startPrice: number
  /** Long-run one-sided open interest over all venues, USD. */
  readonly openInterestUsd: number
  /** Changes to the preset. */
  readonly parameters?: Partial<WorldParameters>
  /** Shocks shared with other assets: called once per step, burn-in included. */
  readonly shared?: () => SharedShock
}

/** What happened in five minutes. Plain numbers: prices in USD per base, amounts in USD unless said. */
export interface WorldStep {
  readonly openPrice: number
  readonly highPrice: number
  readonly lowPrice: number
  readonly closePrice: number
  /** True one-sided open interest by venue, base coins (`VENUES` order). */
  readonly openInterest: readonly number[]
  readonly fundingRate: FundingPer8h
  /** Taker buys as a share of volume, 0 to 1. */
  readonly takerBuyShare: number
  /** Traded over all venues. */
  readonly volume: number
  /** Liquidated by venue, true. */
  readonly longLiquidations: readonly number[]
  readonly shortLiquidations: readonly number[]
  /** Resting within 1 % of mid over all venues, true. */
  readonly bidDepth: number
  readonly askDepth: number
  /** Standard deviation of daily log returns at this step's volatility. */
  readonly dailyVolatility: number
  /** True cascade gain of the longs within 3 % below. */
  readonly gain: number
  /** Sentiment of those who open positions, −1 to 1; positive shifts leverage from shorts to longs. */
  readonly sentiment: number
}

/** The true liquidation map at this instant: what an estimator of clusters is judged against. */
export interface WorldTruth {
  readonly price: number
  /** Width of a bin in log price. */
  readonly binWidth: number
  /** Base coins by bin, all venues: element `i` is centred `(i − 60) · binWidth` from the price, in log price. */
  readonly longs: Float64Array
  readonly shorts: Float64Array
  readonly openInterest: readonly number[]
  readonly gain: number
}

export interface World {
  readonly asset: Asset
  readonly parameters: WorldParameters
  /** Moves on by five minutes. */
  step(): WorldStep
  truth(): WorldTruth
}

/**
 * A leveraged perpetual market of one asset on three venues, with ground truth. It never ends.
 *
 * The same options give the same steps. Price and positions draw from one stream of random numbers, what is measured with
 * noise (funding, taker flow, volume) from another.
 *
 * @throws {RangeError} when the start price or open interest is not positive and finite
 * @see specification §7.1
 */
export function createWorld(options: WorldOptions): World {
  requirePositive('start price', options.startPrice)
  requirePositive('open interest in USD', options.openInterestUsd)
  const parameters: WorldParameters = { ...PRESETS[options.preset], ...options.parameters }
  const random = createRandom(options.seed * 7919 + 13)
  const normal = createGaussian(random)
  const measured = createGaussian(createRandom(options.seed * 104_729 + 71))
  const dynamics = createDynamics(parameters, normal, random)
  const { state, book, cascade } = dynamics
  for (let i = 0; i < BURN_IN_DAYS * STEPS_PER_DAY; i++) dynamics.step(options.shared?.())

  const dollarsPerPrice = options.startPrice / dynamics.price()
  const coinsPerUnit = options.openInterestUsd / dollarsPerPrice
  const toPrice = (logPrice: number): number => MODEL_PRICE * Math.exp(logPrice) * dollarsPerPrice
  const toDollars = (amounts: Float64Array): readonly number[] =>
    Array.from(amounts, (amount) => amount * options.openInterestUsd)
  const openInterest = (): readonly number[] => VENUES.map((_, venue) => book.openInterest(venue) * coinsPerUnit)

  return {
    asset: options.asset,
    parameters,
    step() {
      const before = state.logPrice
      dynamics.step(options.shared?.())
      const return5m = state.logPrice - before
      const mood = dynamics.mood()
      const depth = state.depth * options.openInterestUsd * 0.01
      const funding = 1e-4 + 6e-4 * mood * Math.exp(0.3 * state.appetite) + 5e-5 * measured()
      const pressure = 0.12 * Math.tanh(return5m / state.stepVolatility)
      const hourlyVolume = 0.3 * Math.exp(0.8 * state.logVolatility + 0.2 * measured())
      return {
        openPrice: toPrice(before),
        highPrice: toPrice(Math.max(before, cascade.high)),
        lowPrice: toPrice(Math.min(before, cascade.low)),
        closePrice: toPrice(state.logPrice),
        openInterest: openInterest(),
        fundingRate: fundingPer8h(funding, EIGHT_HOURS),
        takerBuyShare: clamp(0.5 + pressure + 0.03 * mood + 0.02 * measured(), 0.05, 0.95),
        volume: (hourlyVolume / STEPS_PER_HOUR) * options.openInterestUsd,
        longLiquidations: toDollars(cascade.longs),
        shortLiquidations: toDollars(cascade.shorts),
        bidDepth: depth,
        askDepth: depth * parameters.upDepth,
        dailyVolatility: state.stepVolatility * Math.sqrt(STEPS_PER_DAY),
        gain: dynamics.gain(),
        sentiment: mood,
      }
    },
    truth() {
      const bin = binOf(state.logPrice)
      const map = (side: typeof LONG | typeof SHORT) =>
        Float64Array.from({ length: 2 * TRUTH_BINS }, (_, i) => book.waiting(side, bin + i - TRUTH_BINS) * coinsPerUnit)
      return {
        price: toPrice(state.logPrice),
        binWidth: BIN_WIDTH,
        longs: map(LONG),
        shorts: map(SHORT),
        openInterest: openInterest(),
        gain: dynamics.gain(),
      }
    },
  }
}

const EIGHT_HOURS = (8 * HOUR) as typeof HOUR

function requirePositive(what: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`Expected a positive ${what}, was ${value}`)
}
